/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_OS_PATH_H
#define RLXC_OS_PATH_H

#include <stdint.h>
#include <sys/types.h>

/* Lookups below a directory that somebody else may be changing. See openat2(2).
 *
 * Targets that we create, write or mount on are reached without following any link
 * (path_open_beneath, path_make_*): a link on the way is -ELOOP, leaving @dir_fd is -EXDEV. */

/* Opens @path below @dir_fd; no link, no magic link, no ".." (-EXDEV). Leading slashes are ignored.
 * A rename race is tried again 32 times, then -EAGAIN. */
int path_open_beneath(int dir_fd, const char *path, int flags);
/* The same, and a mount point on the way is -EXDEV as well. */
int path_open_same_mount(int dir_fd, const char *path, int flags);
/* As a process rooted at @dir_fd would open it: links are followed but never lead outside. */
int path_open_in_root(int dir_fd, const char *path, int flags);

/* Opens the directory @path below @dir_fd, making what is missing with @mode. O_PATH fd. */
int path_make_dir(int dir_fd, const char *path, mode_t mode);
/* Opens @path below @dir_fd, whatever it is; made as an empty regular file (parents 0755) when
 * missing. O_PATH fd. */
int path_make_file(int dir_fd, const char *path, mode_t mode);

/* mkdir -p of an absolute or relative path outside any container. 0 also when it is there,
 * -ENOTDIR: something else is. */
int path_mkdir_parents(const char *path, mode_t mode);

/* @a "/" @b, owned; NULL without memory. */
char *path_join(const char *a, const char *b);
/* What stands behind the last slash, or all of it. */
const char *path_last(const char *path);
/* Opens what stands in front of that, as path_open_beneath. @ret_name: path_last(@path). */
int path_open_parent(int dir_fd, const char *path, const char **ret_name);
/* In place: "//" and "/./" collapsed, leading "./" and trailing "/" removed, ".." kept. Only the
 * empty text becomes empty. */
void path_simplify(char *path);

/* Why a lookup beneath a root was refused, in words: "is a symbolic link" for -ELOOP and so on;
 * NULL when strerror says it well. */
const char *path_error_text(int code);

#endif

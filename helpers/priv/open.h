/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_PRIV_OPEN_H
#define RLXC_PRIV_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Files that decide what a caller gets: only root may have written them, nor any directory above
 * them. No symbolic link is followed. Checked on what was opened. */

/* Of this type, root's, and writable for nobody else? */
bool priv_is_roots(const struct stat *st, mode_t type);

/* An absolute path, every directory of it root's. With @create, what is missing is made, 0755.
 * -1: no. */
int priv_open_dir(const char *path, bool create);
/* A regular file that is root's. -1 with errno: ENOENT, or else something is wrong with it. */
int priv_open_file(int dir_fd, const char *name, int flags);

/* The process file system, verified; ends the program otherwise. */
int priv_open_proc(void);

/* The whole text, with NUL behind it. -1: failed, or longer than @size - 1. */
ssize_t priv_read(int fd, char *text, size_t size);
ssize_t priv_read_at(int dir_fd, const char *path, char *text, size_t size);

#endif

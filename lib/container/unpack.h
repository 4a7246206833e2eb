/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_UNPACK_H
#define RLXC_CONTAINER_UNPACK_H

#include "base/err.h"

#include <stddef.h>

/* Reading tar archives by rlxc-unpack, a confined program of ours (helpers/unpack/). */

/* Finds the program beside our own, in ../libexec/lxc, or where it is installed; nothing in the
 * environment can name another. Returns an fd. */
int unpack_find(struct err *err);

/* Unpacks the archive behind @archive_fd (its beginning) into the directory @dir_fd. Called as root
 * of the user namespace that the files are for. @path names the archive in messages; @excludes:
 * NULL-terminated patterns or NULL. What was left out is logged. */
int unpack_tree(int program_fd, int archive_fd, const char *path, int dir_fd, char *const *excludes,
                struct err *err);

/* The small files at the top of an archive. */
struct unpack_file {
	char *name;
	char *text; /* NUL-terminated */
	size_t len;
};
struct unpack_files {
	struct unpack_file *items;
	size_t n;
};
int unpack_files(int program_fd, int archive_fd, const char *path, struct unpack_files *ret_files,
                 struct err *err);
void unpack_files_done(struct unpack_files *files);
const struct unpack_file *unpack_file_find(const struct unpack_files *files, const char *name);

/* What rlxc-unpack --members wrote. -EBADMSG. */
int unpack_files_parse(const char *data, size_t len, struct unpack_files *ret_files);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_STORAGE_COPY_INTERNAL_H
#define RLXC_STORAGE_COPY_INTERNAL_H

#include "storage/copy.h"

#include <sys/stat.h>

/* What copy.c (the walk) and copy-file.c (a single file) share. */

struct copier {
	const struct tree_copy_options *options;
	bool no_clone, no_range; /* the file system cannot: not asked again */
	int proc_fd;             /* of /proc/self/fd, O_PATH */
	char *buffer;            /* COPY_BUFFER_SIZE bytes */
	uint64_t n_files, n_bytes;
	int64_t report_ms; /* of clock_ms: the next call of progress */
};
#define COPY_BUFFER_SIZE ((size_t)256 * 1024)

/* Contents of an open regular file, with its holes. */
int copy_data(struct copier *copier, int src_fd, int dst_fd, const struct stat *st);

/* Owner, extended attributes, mode and times, in an order in which none undoes another. Any kind of
 * file; both may be O_PATH. @has_owner: it was made with the right one. */
int copy_attributes(const struct copier *copier, int src_fd, int dst_fd, const struct stat *st,
                    bool has_owner);

/* Takes the ACLs away that a new directory has from the one above, and would hand on. */
void copy_drop_acls(int dir_fd);

/* @st, seen before, is still true. */
bool copy_is_unchanged(int src_fd, const struct stat *st);

/* Opens for reading the regular file that @path_fd, O_PATH, was seen to be. */
int copy_open_regular(const struct copier *copier, int path_fd);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_STORAGE_COPY_H
#define RLXC_STORAGE_COPY_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* A faithful copy of a tree that somebody else has filled, and may be changing.
 *
 * Kept: types, modes, owners, times, extended attributes (with them ACLs, capabilities, and
 * overlay's marks), hard links, holes, devices, fifos, sockets and whiteouts. Blocks are shared
 * where the file system can.
 *
 * MUSTs: everything is reached by descriptor, one component at a time; no link is followed, no
 * mount is entered, and no device is opened, whatever is swapped meanwhile; the destination gets
 * nothing from outside the source. Depth costs neither stack nor descriptors. */

struct tree_copy_options {
	/* The source is in use: what vanishes meanwhile is left out, and what changes is copied as
	 * it is found. Otherwise a change is -ESTALE. */
	bool live;
	/* Called now and then, or NULL. */
	void (*progress)(void *arg, uint64_t n_files, uint64_t n_bytes);
	void *progress_arg;
};

/* Copies what is in @src_fd, and its own attributes, to the empty directory @dst_fd; both may be
 * O_PATH. @src_path and @dst_path are what messages call them. What was copied stays when it
 * fails. The caller has the rights, see tree.h. -ESTALE: the source was changed. -EBUSY: something
 * is mounted in it. */
int tree_copy(int src_fd, const char *src_path, int dst_fd, const char *dst_path,
              const struct tree_copy_options *options, struct err *err);

/* Copies the entry @name of the directory @src_fd into the directory @dst_fd, where it does not
 * exist yet: a tree, or any other file. */
int tree_copy_entry(int src_fd, const char *src_path, const char *name, int dst_fd,
                    const char *dst_path, const struct tree_copy_options *options, struct err *err);

#endif

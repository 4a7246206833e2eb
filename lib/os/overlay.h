/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_OS_OVERLAY_H
#define RLXC_OS_OVERLAY_H

#include "base/strv.h"

#include <stddef.h>
#include <sys/types.h>

/* Overlays over descriptors: no path is looked up with the rights of whoever mounts. See the
 * kernel's Documentation/filesystems/overlayfs.rst. */

struct overlay_layers {
	const int *lowers; /* O_PATH directories, the uppermost first */
	size_t n_lowers;
	int upper, work; /* the same; -EBADF: an overlay that is only read */
};

/* Adds the options that name the layers to @words, for mountfd_new_words. */
int overlay_add_layers(const struct overlay_layers *layers, struct strv *words);

/* An upper and a work directory in memory: mounts a new tmpfs on the directory behind @on_fd. As
 * root of the mount namespace's user namespace. @mode: of the upper directory. */
int overlay_new_tmpfs(int on_fd, mode_t mode, int *ret_upper, int *ret_work);

/* The word in the options of an overlay that asks for these. */
#define OVERLAY_WORD_TMPFS "upper=tmpfs"

#endif

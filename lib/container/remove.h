/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_REMOVE_H
#define RLXC_CONTAINER_REMOVE_H

#include "base/err.h"
#include "container/mark.h"
#include "container/store.h"

#include <stdbool.h>

/* Removing a container's directory and root file system: for destroy, for a creation that failed,
 * and for what one that was killed has left. The caller has seen the mark or made all of it.
 *
 * What belongs to subordinate ids is removed by root of a user namespace with the container's map;
 * root does it directly. `config`, `partial` and the mark go last, so that what is left of an
 * interrupted removal is still recognised as ours. */
struct removal {
	const struct store *store;
	const char *name;
	int dir_fd;                       /* the container's directory */
	const struct conf_idmaps *idmaps; /* of the container, n == 0: none */
	const char *rootfs_path;          /* outside the directory, or NULL: then no more below */
	uint64_t rootfs_inode;
	bool rootfs_made;           /* remove the directory too, not only what is in it */
	bool keep_dir;              /* the container's directory was there before us */
	const struct strv *volumes; /* of the mark */
};

/* Nothing is mounted anywhere inside: else -EBUSY, and nothing has been changed. */
int removal_check(const struct removal *removal, struct err *err);
int removal_run(const struct removal *removal, struct err *err);
/* Removes a volume that a mark names, if it is (still) there. */
int removal_destroy_volume(const char *note, struct err *err);

#endif

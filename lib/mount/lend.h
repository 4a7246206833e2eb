/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_MOUNT_LEND_H
#define RLXC_MOUNT_LEND_H

#include "base/err.h"

#include <stdbool.h>

/* Trees of the host with a map of ids (idmap= in mount options), for a container to mount. The
 * kernel wants rights over the file system for that: root has them, others ask lxc-user-idmap(1).
 */

struct mount_lend {
	int fd;           /* O_PATH, of our own mount namespace */
	const char *path; /* what messages call it */
	bool recursive;   /* with what is mounted below; root only */
	/* Root: the namespace that has the map; -EBADF: none, ids are the host's. */
	int userns_fd;
	/* Others: the maps (see idmap_mount_own); can it be written, or is it published? */
	const char *uids, *gids;
	bool read_only, is_image;
	const char *user; /* the caller's name, for the hint */
};

/* A detached tree, or a negative errno. */
int mount_lend_make(const struct mount_lend *lend, struct err *err);
int mount_lend_ask(const struct mount_lend *lend, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_LENT_H
#define RLXC_CONTAINER_LENT_H

#include "base/err.h"
#include "container/launch.h"
#include "mount/apply.h"
#include "storage/storage.h"

/* Trees with a map of ids (idmap=): made by the monitor, which stands in the host's mount
 * namespace, and handed to the container's first process, which puts them where it had taken the
 * plain ones. */

#define LENT_MAX 24

struct lent {
	/* A step of the mount plan, LENT_ROOT, or LENT_LOWER - i for a lower directory of an
	 * overlay. */
	int16_t places[LENT_MAX];
	int fds[LENT_MAX];
	size_t n;
};
#define LENT_ROOT (-1)
#define LENT_LOWER (-2)

/* Once the maps of @init's user namespace are written. The caller ends @lent (zeroed before) also
 * after a failure. */
int lent_make(const struct launch_request *request, pid_t init, struct lent *lent, struct err *err);
void lent_done(struct lent *lent);

/* The message SYNC_MAPPED. */
int lent_tell(const struct lent *lent, int sync_fd, struct err *err);
int lent_take(int sync_fd, struct storage_root *root, struct mount_sources *sources,
              struct err *err);

#endif

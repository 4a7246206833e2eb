/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_ROOTFS_H
#define RLXC_CONTAINER_ROOTFS_H

#include "base/err.h"
#include "conf/conf.h"
#include "container/plan.h"
#include "container/store.h"
#include "storage/storage.h"

#include <stdbool.h>

/* The root file system of one start. */
struct rootfs {
	struct storage storage; /* zeroed: the configuration names none */
	struct storage_user user;
	int fd; /* from storage_open, -EBADF without one */
};
#define ROOTFS_NONE ((struct rootfs){ .fd = -EBADF })

/* What of rootfs_open changes and opens nothing: may it be what the configuration says? */
int rootfs_check(const struct store *store, const struct conf *conf, const struct start_plan *plan,
                 struct err *err);
/* Host side: opened once, for the whole start. @ret_rootfs borrows from store and plan. */
int rootfs_open(const struct store *store, const struct conf *conf, const struct start_plan *plan,
                struct rootfs *ret_rootfs, struct err *err);
void rootfs_done(struct rootfs *rootfs);
/* Is it part of a file system that is the host's as well? */
bool rootfs_is_of_host(const struct rootfs *rootfs);

/* Makes what was made for a container ours: for its root, in a process that has its id maps. */
int rootfs_take_over(const struct storage_made *made, struct err *err);
/* The same as the caller, for whatever is made->give (@idmaps n == 0: it stays). */
int rootfs_give(const struct storage_made *made, const struct conf_idmaps *idmaps,
                const struct caller *caller, struct err *err);

#endif

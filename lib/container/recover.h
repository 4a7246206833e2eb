/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_RECOVER_H
#define RLXC_CONTAINER_RECOVER_H

#include "base/err.h"
#include "container/rundir.h"

/* Containers whose monitor was killed: the state file knows what there was. */

/* @dir is locked by us. -EBUSY: the container's init lives on without its monitor; else what
 * is left (cgroups, socket) is removed and the container can start. */
int recover_left_over(const struct store *store, const char *name, const struct rundir *dir,
                      struct err *err);
/* Ends a container that has no monitor and removes what is left, @dir as well. It is locked by us.
 */
int recover_end(struct rundir *dir, struct err *err);
/* The same for one that is not. -EALREADY: a start of it, or another such end, is under way and
 * holds the lock. */
int recover_kill(struct rundir *dir, struct err *err);
/* pidfd of the init of a container without a monitor; -ESRCH. @ret_pid may be NULL. */
int recover_open_init(const struct rundir *dir, pid_t *ret_pid);

#endif

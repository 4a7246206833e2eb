/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_UNSHARE_H
#define RLXC_CONTAINER_UNSHARE_H

#include "api/rlxc.h"
#include "base/err.h"

/* A program in new namespaces of the kinds asked for, lxc-unshare(1). With MOUNT the mount tree
 * is private; with USER and a user named, exactly that user's uid and gid are mapped, to the
 * caller's own. The supplementary groups go with the change of user, where that is allowed.
 * Returns the program's exit code as spawn_run (container/spawn.h) describes it; 0 for .daemon
 * once the program runs. */
int ns_unshare(const struct rlxc_unshare_options *options, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_USERNSEXEC_H
#define RLXC_CONTAINER_USERNSEXEC_H

#include "api/rlxc.h"
#include "base/err.h"

/* A program in a new user and mount namespace, lxc-usernsexec(1): the maps of the options or the
 * caller's first ranges, both from id 0 inside; groups dropped, ids switched, mounts made slaves.
 * Descriptors, working directory and environment stay the caller's.
 * Returns the program's exit code as spawn_run (container/spawn.h) describes it. */
int userns_exec(const struct rlxc_userns_options *options, struct err *err);

#endif

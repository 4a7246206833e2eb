/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_START_CGROUP_H
#define RLXC_CONTAINER_START_CGROUP_H

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "container/plan.h"
#include "container/rundir.h"

#include <stdbool.h>

/* The cgroups of a start, made by whom they are for: a base that is ours by the starter, before the
 * monitor is born into its leaf; a scope by the monitor, whom the service manager moves into it. */

/* Makes the leaves, hands the base's controllers on, and records the paths in @dir: from now on a
 * killed start leaves nothing that the next command on the container does not find. */
int start_cgroup_make(const struct cgroup_host *host, const struct start_plan *plan,
                      const struct rundir *dir, bool with_monitor, struct cgroup *ret_cgroup,
                      struct err *err);
/* In the process that will be the monitor: asks for the scope and makes the leaves in it. When
 * there is none, @host is on the next rung, *@ret_climbed is false, and nothing was made. */
int start_cgroup_climb(const struct store *store, struct cgroup_host *host,
                       const struct start_plan *plan, const struct rundir *dir,
                       struct cgroup *ret_cgroup, bool *ret_climbed, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_STATS_H
#define RLXC_CONTAINER_STATS_H

#include "api/rlxc.h"
#include "base/strv.h"
#include "cgroup/cgroup.h"

/* The numbers that @want (RLXC_WANT_*) asks for; the others are unknown. @cgroup: with its leaves
 * open, as the monitor has them. */
void container_stats(const struct cgroup *cgroup, unsigned int want, struct rlxc_stats *ret_stats);
/* The same by the paths of the leaves, see cgroup_list_leaves. */
void container_stats_of_leaves(const struct strv *leaves, unsigned int want,
                               struct rlxc_stats *ret_stats);

#endif

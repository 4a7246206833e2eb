/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/stats.h"

#include <stddef.h>
#include <string.h>

/* The public numbers are the inner ones under another name, and so are the bits. */
_Static_assert(sizeof(struct rlxc_stats) == sizeof(struct cgroup_stats) &&
                       offsetof(struct rlxc_stats, memory_swap_bytes) ==
                               offsetof(struct cgroup_stats, memory_swap_bytes) &&
                       offsetof(struct rlxc_stats, io_write_ops) ==
                               offsetof(struct cgroup_stats, io_write_ops),
               "the two structs differ");
_Static_assert(RLXC_WANT_CPU / CGROUP_STAT_CPU == RLXC_WANT_IO / CGROUP_STAT_IO &&
                       RLXC_WANT_CPU / CGROUP_STAT_CPU == RLXC_WANT_SWAP / CGROUP_STAT_SWAP,
               "the bits differ");

static unsigned int what(unsigned int want)
{
	return (want & RLXC_WANT_STATS) / (RLXC_WANT_CPU / CGROUP_STAT_CPU);
}

void container_stats(const struct cgroup *cgroup, unsigned int want, struct rlxc_stats *ret_stats)
{
	struct cgroup_stats stats;

	cgroup_stats_read(cgroup, what(want), &stats);
	memcpy(ret_stats, &stats, sizeof(*ret_stats));
}

void container_stats_of_leaves(const struct strv *leaves, unsigned int want,
                               struct rlxc_stats *ret_stats)
{
	struct cgroup_stats stats;

	cgroup_stats_read_leaves(leaves, what(want), &stats);
	memcpy(ret_stats, &stats, sizeof(*ret_stats));
}

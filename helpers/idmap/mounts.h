/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERIDMAP_MOUNTS_H
#define RLXC_USERIDMAP_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

/* One mount, as /proc/PID/mountinfo shows it. See proc_pid_mountinfo(5). Pure. */

#define MOUNTS_TEXT_MAX (4 << 20)

struct mounts_facts {
	bool found; /* it is in that mount namespace */
	bool idmapped;
	uint64_t attr;                      /* MOUNT_ATTR_*, but for what is the default */
	char type[32];                      /* of the file system; empty: a longer name */
	unsigned int n_below, n_unbindable; /* mounts right below it, and those a copy leaves out */
};

/* Cuts @text up. */
void mounts_find(char *text, uint64_t id, struct mounts_facts *ret_facts);

/* May a user's tree on it be mounted again with a map, and do the kernel's locks keep what it has?
 */
bool mounts_allowed(const struct mounts_facts *facts);
/* Is @copy of @source as it was wanted, with a map and exactly @attr? */
bool mounts_is_copy(const struct mounts_facts *copy, const struct mounts_facts *source,
                    uint64_t attr);

#endif

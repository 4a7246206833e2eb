/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERNIC_POLICY_H
#define RLXC_USERNIC_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the administrator grants, see lxc-usernet(5). Pure: groups are looked up by a callback. */

#define POLICY_SIZE_MAX (1 << 20)
#define POLICY_COUNT_MAX 65535
#define POLICY_GRANTS_MAX 64

/* Lines of one owner add up. */
struct grant {
	bool is_group; /* the quota of all members together */
	uint32_t id;   /* uid or gid */
	uint32_t count;
};

struct policy {
	size_t n_grants; /* in the order of the file, none with a count of 0 */
	struct grant grants[POLICY_GRANTS_MAX];
	unsigned int n_ignored; /* lines that are no grant, nor empty, nor comments */
};

struct policy_question {
	uint32_t uid;
	const char *user; /* empty: has no name */
	const char *bridge;
	/* Is the one who asks in that group? */
	bool (*in_group)(void *arg, const char *group, bool is_gid, uint32_t *gid);
	void *arg;
};

/* -1: the file cannot be meant so (NUL, a line beyond 512 bytes), and nothing is granted. */
int policy_parse(const char *text, size_t len, const struct policy_question *question,
                 struct policy *ret_policy);

#endif

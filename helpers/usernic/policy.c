/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic.h"

#include "priv/auth.h"

#include "base/num.h"

#include <string.h>

#define FIELD_MAX 99

enum { OWNER, TYPE, BRIDGE, COUNT, FIELDS };

struct reader {
	const struct priv_asker *asker;
	const char *bridge;
	struct policy policy;
};

static void add(struct policy *policy, const struct grant *grant)
{
	struct grant *same = policy->grants;

	while (same < policy->grants + policy->n_grants &&
	       (same->is_group != grant->is_group || same->id != grant->id))
		same++;
	if (grant->count == 0 || same == policy->grants + POLICY_GRANTS_MAX)
		return;
	if (same == policy->grants + policy->n_grants)
		policy->grants[policy->n_grants++] = *grant;
	else if (same->count + grant->count < POLICY_COUNT_MAX)
		same->count += grant->count;
	else
		same->count = POLICY_COUNT_MAX;
}

/* Groups are asked for last: that may take a network's directory service. */
static void read_line(void *arg, char *line)
{
	struct reader *reader = arg;
	struct grant grant = {};
	char *field[FIELDS];

	if (*line == '\0' || *line == '#')
		return;
	if (priv_split(line, field, FIELDS) < FIELDS || strlen(field[OWNER]) > FIELD_MAX ||
	    num_parse_u32(field[COUNT], &grant.count) < 0 || grant.count > POLICY_COUNT_MAX ||
	    strcmp(field[TYPE], "veth") != 0 || !name_is_bridge(field[BRIDGE]))
		reader->policy.n_ignored++;
	else if (AUTH(strcmp(field[BRIDGE], reader->bridge) == 0) &&
	         priv_owner_is(field[OWNER], reader->asker, &grant.is_group, &grant.id))
		add(&reader->policy, &grant);
}

int policy_parse(const char *text, size_t len, const struct priv_asker *asker, const char *bridge,
                 struct policy *ret_policy)
{
	struct reader reader = { .asker = asker, .bridge = bridge };

	if (!AUTH(priv_each_line(text, len, read_line, &reader) == 0))
		return -1;
	*ret_policy = reader.policy;
	return 0;
}

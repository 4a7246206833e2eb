/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy.h"

#include "names.h"
#include "priv/auth.h"

#include "base/num.h"

#include <string.h>

#define LINE_MAX_BYTES 512
#define FIELD_MAX 99

enum { OWNER, TYPE, BRIDGE, COUNT, FIELDS };

/* Cuts the line into its words; text behind the last is a comment. */
static size_t split(char *line, char *fields[FIELDS])
{
	size_t n = 0;

	if (*line == ' ' || *line == '\t')
		return 0;
	for (char *at = line; n < FIELDS && *at;) {
		fields[n++] = at;
		at += strcspn(at, " \t");
		if (*at)
			*at++ = '\0';
		at += strspn(at, " \t");
	}
	return n;
}

static bool parse_id(const char *digits, uint32_t *ret_id)
{
	return num_parse_u32(digits, ret_id) == 0 && *ret_id != UINT32_MAX;
}

/* Is it the one who asks? */
static bool owner_matches(const struct policy_question *question, const char *owner,
                          struct grant *grant)
{
	if (owner[0] == '@') {
		const bool is_gid = strncmp(owner, "@gid:", 5) == 0;

		grant->is_group = true;
		if (is_gid && !parse_id(owner + 5, &grant->id))
			return false;
		return question->in_group(question->arg, owner + 1, is_gid, &grant->id);
	}
	grant->is_group = false;
	grant->id = question->uid;
	if (strncmp(owner, "uid:", 4) == 0) {
		uint32_t uid;

		return parse_id(owner + 4, &uid) && AUTH(uid == question->uid);
	}
	return AUTH(strcmp(owner, question->user) == 0);
}

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
static void read_line(char *line, const struct policy_question *question, struct policy *policy)
{
	char *field[FIELDS];
	struct grant grant = {};

	if (*line == '\0' || *line == '#')
		return;
	if (split(line, field) < FIELDS || strlen(field[OWNER]) > FIELD_MAX ||
	    num_parse_u32(field[COUNT], &grant.count) < 0 || grant.count > POLICY_COUNT_MAX ||
	    strcmp(field[TYPE], "veth") != 0 || !name_is_bridge(field[BRIDGE])) {
		policy->n_ignored++;
		return;
	}
	if (AUTH(strcmp(field[BRIDGE], question->bridge) == 0) &&
	    owner_matches(question, field[OWNER], &grant))
		add(policy, &grant);
}

int policy_parse(const char *text, size_t len, const struct policy_question *question,
                 struct policy *ret_policy)
{
	char line[LINE_MAX_BYTES + 1];
	struct policy policy = {};

	if (!AUTH(!memchr(text, '\0', len)))
		return -1;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		const size_t n = end ? (size_t)(end - text) - at : len - at;

		if (!AUTH(n <= LINE_MAX_BYTES))
			return -1;
		(void)memcpy(line, text + at, n);
		line[n] = '\0';
		read_line(line, question, &policy);
		at += n + 1;
	}
	*ret_policy = policy;
	return 0;
}

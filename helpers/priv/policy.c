/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "priv/policy.h"

#include "priv/auth.h"

#include "base/num.h"

#include <string.h>

int priv_each_line(const char *text, size_t len, void (*fn)(void *arg, char *line), void *arg)
{
	char line[PRIV_LINE_MAX + 1];

	if (!AUTH(!memchr(text, '\0', len)))
		return -1;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		const size_t n = end ? (size_t)(end - text) - at : len - at;

		if (!AUTH(n <= PRIV_LINE_MAX))
			return -1;
		(void)memcpy(line, text + at, n);
		line[n] = '\0';
		fn(arg, line);
		at += n + 1;
	}
	return 0;
}

size_t priv_split(char *line, char *words[], size_t max)
{
	size_t n = 0;

	if (*line == ' ' || *line == '\t')
		return 0;
	for (char *at = line; n < max && *at;) {
		words[n++] = at;
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

bool priv_owner_is(const char *owner, const struct priv_asker *asker, bool *ret_is_group,
                   uint32_t *ret_id)
{
	if (owner[0] == '@') {
		const bool is_gid = strncmp(owner, "@gid:", 5) == 0;

		*ret_is_group = true;
		if (is_gid && !parse_id(owner + 5, ret_id))
			return false;
		return asker->in_group(asker->arg, owner + 1, is_gid, ret_id);
	}
	*ret_is_group = false;
	*ret_id = asker->uid;
	if (strncmp(owner, "uid:", 4) == 0) {
		uint32_t uid;

		return parse_id(owner + 4, &uid) && AUTH(uid == asker->uid);
	}
	return AUTH(strcmp(owner, asker->user) == 0);
}

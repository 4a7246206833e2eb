/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lxc-usernet. Whatever is in the file, a grant is for the one who asks, by a line that names them
 * and the bridge. */
#include "usernic/usernic.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool in_group(void *arg, const char *group, bool is_gid, uint32_t *gid)
{
	(void)arg;
	if (!is_gid)
		*gid = 500;
	return is_gid ? *gid == 500 : strcmp(group, "gang") == 0;
}

static bool holds(const char *text, size_t size, const char *word)
{
	return memmem(text, size, word, strlen(word));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct priv_asker asker = { 1000, "ann", in_group, NULL };
	struct policy policy = {};
	char *text = malloc(size + 1); /* of exactly its size: a read past the end is noticed */

	if (!text)
		abort();
	(void)memcpy(text, data, size);
	if (policy_parse(text, size, &asker, "br0", &policy) < 0 && policy.n_grants)
		abort();
	if (policy.n_grants > POLICY_GRANTS_MAX)
		abort();
	for (size_t i = 0; i < policy.n_grants; i++) {
		const struct grant *grant = &policy.grants[i];

		if (grant->count < 1 || grant->count > POLICY_COUNT_MAX ||
		    grant->id != (grant->is_group ? 500 : 1000))
			abort();
		if (!holds(text, size, "br0") || !holds(text, size, "veth") ||
		    !(grant->is_group ? holds(text, size, "@gang") || holds(text, size, "@gid:500")
		                      : holds(text, size, "ann") || holds(text, size, "uid:1000")))
			abort();
	}
	free(text);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A policy of lxc.seccomp.profile, for each kind of host. What is made of it holds to the grammar
 * that rlxc-seccomp reads; what is not has a message that begins with a line number. */
#include "seccomp/policy.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void check_line(const char *line, bool first)
{
	static const char *const words[] = { "native", "newest ", "rule " };

	if (first) {
		require(strncmp(line, "default 0x", 10) == 0);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strncmp(line, words[i], strlen(words[i])) == 0)
			return;
	abort();
}

static void check_policy(char *policy)
{
	bool first = true;

	for (char *line; (line = strsep(&policy, "\n")) && *line; first = false)
		check_line(line, first);
	require(!first && !policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct seccomp_target targets[] = {
		{ .host = "x86_64", .userns = true, .may_notify = true },
		{ .host = "arm64" },
		{ .host = "other" },
	};
	_cleanup_free_ char *text = malloc(size + 1);

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		_cleanup_free_ char *policy = NULL;
		struct err err = {};
		int r = seccomp_policy_parse(text, "file", &targets[i], &policy, &err);

		if (r == 0)
			check_policy(policy);
		else
			require(r == -EINVAL && !policy && strncmp(err.msg, "file:", 5) == 0);
	}
	return 0;
}

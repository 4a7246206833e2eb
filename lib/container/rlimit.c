/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/rlimit.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	char name[12];
	int resource;
} resources[] = {
	{ "as", RLIMIT_AS },
	{ "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE },
	{ "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK },
	{ "msgqueue", RLIMIT_MSGQUEUE },
	{ "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC },
	{ "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },
	{ "rttime", RLIMIT_RTTIME },
	{ "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
};

static int find_resource(const char *name)
{
	uint32_t number;

	for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
		if (strcmp(name, resources[i].name) == 0)
			return resources[i].resource;
	if (num_parse_u32(name, &number) == 0 && number < RLIMIT_NLIMITS)
		return (int)number;
	return -EINVAL;
}

static int parse_value(const char *text, size_t len, rlim_t *ret_value)
{
	char copy[32];
	uint64_t value;

	while (len && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strcmp(copy, "unlimited") == 0) {
		*ret_value = RLIM_INFINITY;
		return 0;
	}
	if (num_parse_u64(copy, &value) < 0)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int rlimit_parse(const struct conf_pair *pair, int *ret_resource, struct rlimit *ret_limit,
                 struct err *err)
{
	const char *colon = strchr(pair->value, ':');
	size_t soft_len = colon ? (size_t)(colon - pair->value) : strlen(pair->value);
	struct rlimit limit;
	int resource = find_resource(pair->name);

	if (resource < 0) {
		err_say(err, -EINVAL, "lxc.prlimit.%s: there is no resource limit of that name",
		        pair->name);
		err_hint(err, "setrlimit(2) lists them, here in lower case and without RLIMIT_");
		return -EINVAL;
	}
	if (parse_value(pair->value, soft_len, &limit.rlim_cur) < 0 ||
	    (colon && parse_value(colon + 1, strlen(colon + 1), &limit.rlim_max) < 0))
		return err_say(err, -EINVAL,
		               "lxc.prlimit.%s = %s: expected SOFT[:HARD], numbers or 'unlimited'",
		               pair->name, pair->value);
	if (!colon)
		limit.rlim_max = limit.rlim_cur;
	if (limit.rlim_cur > limit.rlim_max) {
		err_say(err, -EINVAL, "lxc.prlimit.%s = %s: the soft limit is above the hard one",
		        pair->name, pair->value);
		err_hint(err, "the soft limit comes first: write 'lxc.prlimit.%s = %s:%.*s'",
		         pair->name, colon ? colon + 1 : "", (int)soft_len, pair->value);
		return -EINVAL;
	}
	*ret_resource = resource;
	*ret_limit = limit;
	return 0;
}

int rlimit_apply(const struct conf_pair *pair, struct err *err)
{
	struct rlimit limit;
	int resource, r;

	r = rlimit_parse(pair, &resource, &limit, err);
	if (r < 0)
		return r;
	if (setrlimit((__rlimit_resource_t)resource, &limit) == 0)
		return 0;
	r = -errno;
	err_set(err, r, "cannot set lxc.prlimit.%s = %s", pair->name, pair->value);
	if (r == -EPERM)
		err_hint(err, "a user cannot raise a hard limit: see ulimit -H and limits.conf(5)");
	return r;
}

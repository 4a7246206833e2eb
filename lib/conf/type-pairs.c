/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Families whose sub-key is the name of something outside: lxc.cgroup2.FILE, lxc.sysctl.KEY. In
 * some a second line for a name replaces the first, in others both count. */

static struct conf_pair *find(const struct conf_pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (strcmp(pairs->items[i].name, name) == 0)
			return &pairs->items[i];
	return NULL;
}

static void pair_done(struct conf_pair *pair)
{
	free(pair->name);
	free(pair->value);
	free(pair->where);
}

static int append(const struct conf_slot *slot, const char *value, struct err *err)
{
	struct conf_pairs *pairs = conf_field(slot);
	struct conf_pair *items = array_grow(pairs->items, pairs->n, sizeof(*items));
	struct conf_pair pair = {};

	if (!items)
		return err_oom(err);
	pairs->items = items;
	pair.name = strdup(slot->sub);
	pair.value = strdup(value);
	if (slot->file && asprintf(&pair.where, "%s:%u", slot->file, slot->line) < 0)
		pair.where = NULL; /* it is for messages alone */
	if (!pair.name || !pair.value) {
		pair_done(&pair);
		return err_oom(err);
	}
	items[pairs->n++] = pair;
	return 0;
}

static int refuse_bare(const struct conf_slot *slot, struct err *err)
{
	(void)err_say(err, -EINVAL, "'%s' takes no value of its own", slot->name);
	err_hint(err, "name what is to be set: '%s.NAME = VALUE'", slot->name);
	return -EINVAL;
}

static int pairs_add(const struct conf_slot *slot, const char *value, struct err *err)
{
	if (!*slot->sub)
		return refuse_bare(slot, err);
	return append(slot, value, err);
}

static int pairs_replace(const struct conf_slot *slot, const char *value, struct err *err)
{
	struct conf_pair *pair;

	if (!*slot->sub)
		return refuse_bare(slot, err);
	pair = find(conf_field(slot), slot->sub);
	if (pair)
		return conf_replace_text(&pair->value, value, err);
	return append(slot, value, err);
}

static void get_family(const struct conf_slot *slot, struct text *out)
{
	const struct conf_pairs *pairs = conf_field(slot);

	for (size_t i = 0; i < pairs->n; i++)
		text_addf(out, "%s.%s = %s\n", slot->key->name, pairs->items[i].name,
		          pairs->items[i].value);
}

/* Each value of a name in a line of its own. */
static int cgroup_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct conf_pairs *pairs = conf_field(slot);

	(void)err;
	if (!*slot->sub)
		get_family(slot, out);
	for (size_t i = 0; i < pairs->n; i++)
		if (strcmp(pairs->items[i].name, slot->sub) == 0)
			text_addf(out, "%s\n", pairs->items[i].value);
	return 0;
}

/* The plain value; of several, a line break between them. */
static int pairs_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct conf_pairs *pairs = conf_field(slot);
	const char *separator = "";

	(void)err;
	if (!*slot->sub)
		get_family(slot, out);
	for (size_t i = 0; i < pairs->n; i++) {
		if (strcmp(pairs->items[i].name, slot->sub) != 0)
			continue;
		text_addf(out, "%s%s", separator, pairs->items[i].value);
		separator = "\n";
	}
	return 0;
}

static int pairs_clear(const struct conf_slot *slot, struct err *err)
{
	struct conf_pairs *pairs = conf_field(slot);
	size_t kept = 0;

	(void)err;
	for (size_t i = 0; i < pairs->n; i++) {
		if (*slot->sub && strcmp(pairs->items[i].name, slot->sub) != 0) {
			pairs->items[kept++] = pairs->items[i];
			continue;
		}
		pair_done(&pairs->items[i]);
	}
	pairs->n = kept;
	if (!kept) {
		free(pairs->items);
		pairs->items = NULL;
	}
	return 0;
}

const struct conf_type conf_cgroup = {
	.set = pairs_add,
	.get = cgroup_get,
	.clear = pairs_clear,
};

const struct conf_type conf_proc = { .set = pairs_add, .get = pairs_get, .clear = pairs_clear };

const struct conf_type conf_sysctl = {
	.set = pairs_replace,
	.get = pairs_get,
	.clear = pairs_clear,
};

/* Resource limits by the names that getrlimit(2) knows. */
static const char *const limit_names[] = {
	"as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
	"nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack",
};

static const char *prlimit_member(unsigned int i)
{
	return i < ARRAY_SIZE(limit_names) ? limit_names[i] : NULL;
}

static bool prlimit_knows(const char *sub)
{
	uint32_t number;

	for (size_t i = 0; i < ARRAY_SIZE(limit_names); i++)
		if (strcmp(sub, limit_names[i]) == 0)
			return true;
	return num_parse_u32(sub, &number) == 0 && number < ARRAY_SIZE(limit_names);
}

/* Decimal also with zeros in front. */
static int parse_limit(const char *text, size_t len, uint64_t *ret_limit)
{
	char copy[NUM_TEXT_MAX];

	if (len == 9 && memcmp(text, "unlimited", 9) == 0) {
		*ret_limit = UINT64_MAX;
		return 0;
	}
	while (len > 1 && *text == '0') {
		text++;
		len--;
	}
	if (len >= sizeof(copy))
		return -ERANGE;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return num_parse_u64(copy, ret_limit);
}

static void add_limit(struct text *out, uint64_t limit)
{
	if (limit == UINT64_MAX)
		text_add(out, "unlimited");
	else
		text_addf(out, "%llu", (unsigned long long)limit);
}

static size_t trim(const char **text, size_t len)
{
	while (len && isblank((unsigned char)**text)) {
		(*text)++;
		len--;
	}
	while (len && isblank((unsigned char)(*text)[len - 1]))
		len--;
	return len;
}

static int parse_limits(const char *value, uint64_t *ret_soft, uint64_t *ret_hard)
{
	const char *colon = strchr(value, ':'), *soft = value, *hard = colon ? colon + 1 : value;
	size_t soft_len, hard_len;
	int r;

	soft_len = trim(&soft, colon ? (size_t)(colon - value) : strlen(value));
	hard_len = trim(&hard, strlen(hard));
	r = parse_limit(soft, soft_len, ret_soft);
	return r < 0 ? r : parse_limit(hard, hard_len, ret_hard);
}

static int prlimit_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	_cleanup_(text_done) struct text limit = {};
	uint64_t soft, hard;

	if (!*slot->sub)
		return refuse_bare(slot, err);
	if (parse_limits(value, &soft, &hard) < 0)
		return conf_bad_value(slot, value,
		                      "SOFT or SOFT:HARD, each a number or 'unlimited'", err);
	add_limit(&limit, soft);
	if (hard != soft) {
		text_add(&limit, ":");
		add_limit(&limit, hard);
	}
	if (limit.failed)
		return err_oom(err);
	return pairs_replace(slot, limit.data, err);
}

static const struct conf_family prlimit_family = { prlimit_knows, prlimit_member, NULL };

const struct conf_type conf_prlimit = {
	.set = prlimit_set,
	.get = pairs_get,
	.clear = pairs_clear,
	.family = &prlimit_family,
};

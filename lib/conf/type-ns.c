/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "conf/nsbits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_WORDS "user, mnt, pid, uts, ipc, net, cgroup or time"

static const char *const ns_words[] = { "user", "mnt",    "pid",  "uts", "ipc",
	                                "net",  "cgroup", "time", NULL };

static void hint_ns(const char *word, struct err *err)
{
	const char *nearest = strcmp(word, "mount") == 0 ? "mnt" : conf_nearest(word, ns_words);

	if (nearest)
		err_hint(err, "did you mean '%s'?", nearest);
}

static int parse_ns_list(const struct conf_slot *slot, const char *value, uint32_t *ret_bits,
                         struct err *err)
{
	uint32_t bits = 0;
	const char *word;
	size_t len;

	while (conf_next_word(&value, &word, &len)) {
		_cleanup_free_ char *name = strndup(word, len);
		int kind;

		if (!name)
			return err_oom(err);
		kind = ns_parse(name);
		if (kind < 0) {
			(void)conf_bad_value(slot, name, NS_WORDS, err);
			hint_ns(name, err);
			return -EINVAL;
		}
		bits |= NS_BIT(kind);
	}
	*ret_bits = bits;
	return 0;
}

/* lxc.namespace.clone and lxc.namespace.keep; only one of them at a time. */
static int ns_list_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	struct conf *conf = slot->base;
	uint32_t *field = conf_field(slot);
	bool is_clone = field == &conf->ns_clone;
	const char *other = is_clone ? "lxc.namespace.keep" : "lxc.namespace.clone";
	uint32_t bits = 0;
	int r;

	r = parse_ns_list(slot, value, &bits, err);
	if (r < 0)
		return r;
	if (is_clone ? conf->ns_keep != 0 : conf->ns_clone_set) {
		(void)err_say(err, -EINVAL, "'%s' and '%s' exclude each other", slot->name, other);
		err_hint(err, "put '%s =' in front to start anew", other);
		return -EINVAL;
	}
	*field |= bits;
	if (is_clone)
		conf->ns_clone_set = true;
	return 0;
}

static int ns_list_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	uint32_t bits = *(const uint32_t *)conf_field(slot);

	(void)err;
	for (int kind = 0; kind < NS_MAX; kind++)
		if (bits & NS_BIT(kind))
			text_addf(out, "%s\n", ns_name((enum ns_kind)kind));
	return 0;
}

static int ns_list_clear(const struct conf_slot *slot, struct err *err)
{
	struct conf *conf = slot->base;
	uint32_t *field = conf_field(slot);

	(void)err;
	*field = 0;
	if (field == &conf->ns_clone)
		conf->ns_clone_set = false;
	return 0;
}

const struct conf_type conf_ns_list = {
	.set = ns_list_set,
	.get = ns_list_get,
	.clear = ns_list_clear,
};

static const char *share_member(unsigned int i)
{
	return i < NS_MAX ? ns_name((enum ns_kind)i) : NULL;
}

/* Lower case only, unlike in the lists. */
static bool share_knows(const char *sub)
{
	int kind = ns_parse(sub);

	return kind >= 0 && strcmp(sub, ns_name((enum ns_kind)kind)) == 0;
}

static char **share_field(const struct conf_slot *slot)
{
	return (char **)conf_field(slot) + ns_parse(slot->sub);
}

static int share_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	return conf_replace_text(share_field(slot), value, err);
}

static int share_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const char *value = *share_field(slot);

	(void)err;
	text_add(out, value ? value : "");
	return 0;
}

static int share_clear(const struct conf_slot *slot, struct err *err)
{
	char **fields = conf_field(slot);

	(void)err;
	for (int kind = 0; kind < NS_MAX; kind++) {
		if (*slot->sub && kind != ns_parse(slot->sub))
			continue;
		free(fields[kind]);
		fields[kind] = NULL;
	}
	return 0;
}

static const struct conf_family share_family = { share_knows, share_member, NULL };

const struct conf_type conf_ns_share = {
	.set = share_set,
	.get = share_get,
	.clear = share_clear,
	.family = &share_family,
};

/* Units of time: the factor to the part they set. Blanks stand before a one-letter unit only. */
static const struct {
	char name[3];
	bool is_seconds;
	int64_t factor;
} units[] = {
	{ "h", true, 3600 },      { "m", true, 60 },     { "s", true, 1 },
	{ "ms", false, 1000000 }, { "us", false, 1000 }, { "ns", false, 1 },
};

static int parse_offset(const char *value, int64_t *ret_s, int64_t *ret_ns)
{
	long long number;
	char *end;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (end == value || errno == ERANGE)
		return -EINVAL;
	if (strlen(end + strspn(end, " \t")) == 1)
		end += strspn(end, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		int64_t product;

		if (strcmp(end, units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(number, units[i].factor, &product))
			return -ERANGE;
		*ret_s = units[i].is_seconds ? product : 0;
		*ret_ns = units[i].is_seconds ? 0 : product;
		return 0;
	}
	return -EINVAL;
}

/* key.field has the seconds, the offset key.arg the nanoseconds; one of them is 0. */
static int64_t *nanoseconds(const struct conf_slot *slot)
{
	return (int64_t *)(void *)((char *)slot->base + slot->key->arg);
}

static int time_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	int64_t s, ns;

	if (parse_offset(value, &s, &ns) < 0) {
		(void)conf_bad_value(slot, value, "a number with a unit: h, m, s, ms, us or ns",
		                     err);
		if (*value && value[strspn(value, "-0123456789")] == '\0')
			err_hint(err, "write '%s = %ss'", slot->name, SHOW(value));
		return -EINVAL;
	}
	*(int64_t *)conf_field(slot) = s;
	*nanoseconds(slot) = ns;
	return 0;
}

static int time_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	int64_t s = *(const int64_t *)conf_field(slot);

	(void)err;
	text_addf(out, "%lld%s", (long long)(s ? s : *nanoseconds(slot)), s ? "s" : "ns");
	return 0;
}

static int time_clear(const struct conf_slot *slot, struct err *err)
{
	(void)err;
	*(int64_t *)conf_field(slot) = 0;
	*nanoseconds(slot) = 0;
	return 0;
}

const struct conf_type conf_time_offset = {
	.set = time_set,
	.get = time_get,
	.clear = time_clear,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conversions of values between v1 and cgroup2: all but block devices'. Weights go by the defaults
 * of both versions, so that the ratio to everybody else on the host stays what it was.
 *
 * cpu.shares 1024 is cpu.weight 100. That is the kernel's own mapping (sched_weight_from_cgroup and
 * sched_weight_to_cgroup in kernel/sched): the scheduler sees the same number as on v1. The line
 * through both ranges that other runners used, 1 + (shares - 2) * 9999 / 262142, made of the
 * default 1024 a weight of 39, see https://github.com/opencontainers/runc/issues/4772. */
#include "cgroup/keys-internal.h"

#include "base/num.h"
#include "cgroup/cgroup-internal.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* What v1 shows for "no limit": LONG_MAX in whole pages of 4 KiB. */
#define V1_UNLIMITED 9223372036854771712ULL
#define CPU_PERIOD_DEFAULT_US 100000
#define STAT_TICK_US 10000 /* cpuacct.stat counts in USER_HZ, which is 100 */

/* ---- small parsers ---- */

bool cgroup_next_word(const char **text, struct cgroup_word *ret_word)
{
	const char *s = *text + strspn(*text, " \t\n");

	*ret_word = (struct cgroup_word){ s, strcspn(s, " \t\n") };
	*text = s + ret_word->len;
	return ret_word->len > 0;
}

bool cgroup_word_is(struct cgroup_word word, const char *text)
{
	return strlen(text) == word.len && memcmp(word.s, text, word.len) == 0;
}

int cgroup_word_number(struct cgroup_word word, uint64_t *ret_value)
{
	char copy[NUM_TEXT_MAX];

	if (word.len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, word.s, word.len);
	copy[word.len] = '\0';
	return num_parse_u64(copy, ret_value) < 0 ? -EINVAL : 0;
}

int cgroup_parse_number(const char *text, uint64_t *ret_value)
{
	struct cgroup_word word, rest;

	if (!cgroup_next_word(&text, &word) || cgroup_next_word(&text, &rest))
		return -EINVAL;
	return cgroup_word_number(word, ret_value);
}

/* As the kernel's memparse: a number with K, M, G, T, P or E. */
static int parse_size(const char *text, uint64_t *ret_bytes)
{
	static const char units[] = "kmgtpe";
	struct cgroup_word word, rest;
	const char *unit = NULL;
	unsigned int shift = 0;
	uint64_t number;

	if (!cgroup_next_word(&text, &word) || cgroup_next_word(&text, &rest))
		return -EINVAL;
	unit = strchr(units, tolower((unsigned char)word.s[word.len - 1]));
	if (unit) {
		word.len--;
		shift = 10U * (unsigned int)(unit - units + 1);
	}
	if (cgroup_word_number(word, &number) < 0)
		return -EINVAL;
	if (number > UINT64_MAX >> shift)
		return -EINVAL;
	*ret_bytes = number << shift;
	return 0;
}

void cgroup_add_number(struct text *out, uint64_t number)
{
	text_addf(out, "%llu", (unsigned long long)number);
}

uint64_t cgroup_clamp(uint64_t value, uint64_t low, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

uint64_t cgroup_scale(uint64_t value, uint64_t to, uint64_t from)
{
	return (value * to + from / 2) / from;
}

/* Word number @n, from 0. */
static bool find_word(const char *text, unsigned int n, struct cgroup_word *ret_word)
{
	do
		if (!text || !cgroup_next_word(&text, ret_word))
			return false;
	while (n--);
	return true;
}

static bool is_max(const char *text)
{
	struct cgroup_word word;

	return cgroup_next_word(&text, &word) && cgroup_word_is(word, "max");
}

/* ---- as it is, and numbers ---- */

/* Without the line's end. */
int cgroup_conv_same(const struct cgroup_conversion *c)
{
	size_t len = strlen(c->value);

	while (len && c->value[len - 1] == '\n')
		len--;
	text_add_len(c->out, c->value, len);
	return 0;
}

int cgroup_conv_number_set(const struct cgroup_conversion *c)
{
	uint64_t number;

	return cgroup_parse_number(c->value, &number) < 0 ? -EINVAL : cgroup_conv_same(c);
}

int cgroup_conv_flat_get(const struct cgroup_conversion *c)
{
	uint64_t number;

	if (cgroup_parse_key(c->value, c->key->word, &number) < 0)
		return -EINVAL;
	cgroup_add_number(c->out, number);
	return 0;
}

/* cgroup2 counts in microseconds, v1 in nanoseconds. */
int cgroup_conv_time_get(const struct cgroup_conversion *c)
{
	uint64_t us;

	if (cgroup_parse_key(c->value, c->key->word, &us) < 0 || us > UINT64_MAX / 1000)
		return -EINVAL;
	cgroup_add_number(c->out, us * 1000);
	return 0;
}

int cgroup_conv_ticks_get(const struct cgroup_conversion *c)
{
	uint64_t user, system;

	if (cgroup_parse_key(c->value, "user_usec", &user) < 0 ||
	    cgroup_parse_key(c->value, "system_usec", &system) < 0)
		return -EINVAL;
	text_addf(c->out, "user %llu\nsystem %llu", (unsigned long long)(user / STAT_TICK_US),
	          (unsigned long long)(system / STAT_TICK_US));
	return 0;
}

/* ---- limits in bytes ---- */

int cgroup_conv_limit_set(const struct cgroup_conversion *c)
{
	uint64_t bytes;

	if (strcmp(c->value, "-1") == 0) {
		text_add(c->out, "max");
		return 0;
	}
	return parse_size(c->value, &bytes) < 0 ? -EINVAL : cgroup_conv_same(c);
}

int cgroup_conv_limit_get(const struct cgroup_conversion *c)
{
	if (!is_max(c->value))
		return cgroup_conv_same(c);
	cgroup_add_number(c->out, V1_UNLIMITED);
	return 0;
}

/* Without a soft limit nothing is protected. */
int cgroup_conv_soft_set(const struct cgroup_conversion *c)
{
	if (strcmp(c->value, "-1") != 0)
		return cgroup_conv_limit_set(c);
	text_add(c->out, "0");
	return 0;
}

int cgroup_conv_soft_get(const struct cgroup_conversion *c)
{
	struct cgroup_conversion shown = *c;
	uint64_t bytes;

	if (parse_size(c->value, &bytes) == 0 && bytes == 0)
		shown.value = "max";
	return cgroup_conv_limit_get(&shown);
}

/* v1 limits memory and swap together, cgroup2 swap alone. */
int cgroup_conv_memsw_set(const struct cgroup_conversion *c)
{
	uint64_t both, memory;

	if (strcmp(c->value, "-1") == 0) {
		text_add(c->out, "max");
		return 0;
	}
	if (parse_size(c->value, &both) < 0)
		return -EINVAL;
	if (!c->sibling || is_max(c->sibling) || parse_size(c->sibling, &memory) < 0)
		return -ENODATA;
	if (both < memory)
		return -ERANGE;
	cgroup_add_number(c->out, both - memory);
	return 0;
}

int cgroup_conv_memsw_get(const struct cgroup_conversion *c)
{
	uint64_t swap, memory;

	if (is_max(c->value) || (c->sibling && is_max(c->sibling))) {
		cgroup_add_number(c->out, V1_UNLIMITED);
		return 0;
	}
	if (!c->sibling)
		return -ENODATA;
	if (parse_size(c->value, &swap) < 0 || parse_size(c->sibling, &memory) < 0 ||
	    swap > UINT64_MAX - memory)
		return -EINVAL;
	cgroup_add_number(c->out, swap + memory);
	return 0;
}

/* ---- cpu ---- */

int cgroup_conv_shares_set(const struct cgroup_conversion *c)
{
	uint64_t shares;

	if (cgroup_parse_number(c->value, &shares) < 0)
		return -EINVAL;
	/* The kernel takes anything and keeps it between 2 and 262144. */
	cgroup_add_number(
		c->out,
		cgroup_clamp(cgroup_scale(cgroup_clamp(shares, 2, 262144), 100, 1024), 1, 10000));
	return 0;
}

int cgroup_conv_shares_get(const struct cgroup_conversion *c)
{
	uint64_t weight;

	if (cgroup_parse_number(c->value, &weight) < 0 || weight > 10000)
		return -EINVAL;
	cgroup_add_number(c->out, cgroup_clamp(cgroup_scale(weight, 1024, 100), 2, 262144));
	return 0;
}

/* cpu.max is "QUOTA PERIOD", or QUOTA alone to leave the period. */
int cgroup_conv_quota_set(const struct cgroup_conversion *c)
{
	const char *quota = strcmp(c->value, "-1") == 0 ? "max" : c->value;
	struct cgroup_word word;
	uint64_t number;

	if (quota == c->value && cgroup_parse_number(c->value, &number) < 0)
		return -EINVAL;
	text_add(c->out, quota);
	if (find_word(c->sibling, 1, &word)) {
		text_add(c->out, " ");
		text_add_len(c->out, word.s, word.len);
	}
	return 0;
}

int cgroup_conv_period_set(const struct cgroup_conversion *c)
{
	struct cgroup_word quota;
	uint64_t number;

	if (cgroup_parse_number(c->value, &number) < 0)
		return -EINVAL;
	if (!find_word(c->sibling, 0, &quota))
		quota = (struct cgroup_word){ "max", 3 };
	text_add_len(c->out, quota.s, quota.len);
	text_addf(c->out, " %llu", (unsigned long long)number);
	return 0;
}

int cgroup_conv_quota_get(const struct cgroup_conversion *c)
{
	struct cgroup_word word;

	if (!find_word(c->value, 0, &word))
		return -EINVAL;
	if (cgroup_word_is(word, "max"))
		word = (struct cgroup_word){ "-1", 2 };
	text_add_len(c->out, word.s, word.len);
	return 0;
}

int cgroup_conv_period_get(const struct cgroup_conversion *c)
{
	struct cgroup_word word;

	if (find_word(c->value, 1, &word))
		text_add_len(c->out, word.s, word.len);
	return 0;
}

/* ---- freezer ---- */

int cgroup_conv_freezer_set(const struct cgroup_conversion *c)
{
	if (strcmp(c->value, "FROZEN") != 0 && strcmp(c->value, "THAWED") != 0)
		return -EINVAL;
	text_add(c->out, c->value[0] == 'F' ? "1" : "0");
	return 0;
}

/* cgroup.freeze says what was asked for, cgroup.events what is. */
int cgroup_conv_freezer_get(const struct cgroup_conversion *c)
{
	uint64_t wanted, frozen = 0;

	if (cgroup_parse_number(c->value, &wanted) < 0)
		return -EINVAL;
	if (c->sibling)
		(void)cgroup_parse_key(c->sibling, "frozen", &frozen);
	text_add(c->out, !wanted ? "THAWED" : frozen ? "FROZEN" : "FREEZING");
	return 0;
}

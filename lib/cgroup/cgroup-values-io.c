/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conversions of block devices' values between v1 and cgroup2. Weights as in systemd: blkio.weight
 * 500, the default, is io.weight 100, the default. blkio.bfq.weight and io.bfq.weight are one
 * scale. */
#include "cgroup/keys-internal.h"

#include "cgroup/cgroup-internal.h"

#include <errno.h>
#include <string.h>

static bool is_device(struct cgroup_word word)
{
	const char *colon = memchr(word.s, ':', word.len);
	uint64_t number;

	return colon &&
	       cgroup_word_number((struct cgroup_word){ word.s, (size_t)(colon - word.s) },
	                          &number) == 0 &&
	       cgroup_word_number(
		       (struct cgroup_word){ colon + 1, word.len - (size_t)(colon - word.s) - 1 },
		       &number) == 0;
}

/* "MAJOR:MINOR NUMBER" */
static int parse_device(const char *text, struct cgroup_word *ret_device, uint64_t *ret_number)
{
	struct cgroup_word number, rest;

	if (!cgroup_next_word(&text, ret_device) || !is_device(*ret_device) ||
	    !cgroup_next_word(&text, &number) || cgroup_next_word(&text, &rest))
		return -EINVAL;
	return cgroup_word_number(number, ret_number);
}

static uint64_t weight_to_v2(uint64_t weight)
{
	return cgroup_clamp(cgroup_scale(weight, 100, 500), 1, 10000);
}

static uint64_t weight_to_v1(uint64_t weight)
{
	return cgroup_clamp(cgroup_scale(weight, 500, 100), 10, 1000);
}

int cgroup_conv_weight_set(const struct cgroup_conversion *c)
{
	uint64_t weight;

	if (cgroup_parse_number(c->value, &weight) < 0 || weight < 10 || weight > 1000)
		return -EINVAL;
	cgroup_add_number(c->out, weight_to_v2(weight));
	return 0;
}

/* io.weight is "default N" and a line "MAJOR:MINOR N" for each device; written also as N alone. */
int cgroup_conv_weight_get(const struct cgroup_conversion *c)
{
	uint64_t weight;

	if (cgroup_parse_key(c->value, "default", &weight) < 0 &&
	    cgroup_parse_number(c->value, &weight) < 0)
		return strchr(c->value, ':') ? 0 : -EINVAL;
	if (weight > 10000)
		return -EINVAL;
	cgroup_add_number(c->out, weight_to_v1(weight));
	return 0;
}

int cgroup_conv_same_weight_get(const struct cgroup_conversion *c)
{
	uint64_t weight;

	if (cgroup_parse_key(c->value, "default", &weight) < 0 &&
	    cgroup_parse_number(c->value, &weight) < 0)
		return strchr(c->value, ':') ? 0 : -EINVAL;
	cgroup_add_number(c->out, weight);
	return 0;
}

/* 0 takes a device's own weight away. */
static int set_device_weight(const char *value, bool scaled, struct text *out)
{
	struct cgroup_word device;
	uint64_t weight;

	if (parse_device(value, &device, &weight) < 0 || weight > 1000 ||
	    (scaled && weight && weight < 10))
		return -EINVAL;
	text_add_len(out, device.s, device.len);
	if (!weight)
		text_add(out, " default");
	else
		text_addf(out, " %llu",
		          (unsigned long long)(scaled ? weight_to_v2(weight) : weight));
	return 0;
}

int cgroup_conv_device_weight_set(const struct cgroup_conversion *c)
{
	return set_device_weight(c->value, /* scaled= */ true, c->out);
}

int cgroup_conv_bfq_device_weight_set(const struct cgroup_conversion *c)
{
	return set_device_weight(c->value, /* scaled= */ false, c->out);
}

/* Walks lines that begin with MAJOR:MINOR; @line: the rest of it. */
static bool next_device_line(const char **text, struct cgroup_word *ret_device,
                             const char **ret_line, size_t *ret_len)
{
	while (**text) {
		const char *line = *text;
		size_t len = strcspn(line, "\n");

		*text += len + (line[len] == '\n');
		*ret_device = (struct cgroup_word){ line, strcspn(line, " \n") };
		if (!is_device(*ret_device))
			continue;
		*ret_line = line + ret_device->len;
		*ret_len = len - ret_device->len;
		return true;
	}
	return false;
}

static void start_line(struct text *out, struct cgroup_word device)
{
	if (out->len)
		text_add(out, "\n");
	text_add_len(out, device.s, device.len);
}

static int get_device_weights(const char *text, bool scaled, struct text *out)
{
	struct cgroup_word device;
	const char *line;
	size_t len;

	while (next_device_line(&text, &device, &line, &len)) {
		struct cgroup_word number;
		uint64_t weight;

		if (!cgroup_next_word(&line, &number) || cgroup_word_number(number, &weight) < 0 ||
		    weight > 10000)
			continue;
		start_line(out, device);
		text_addf(out, " %llu",
		          (unsigned long long)(scaled ? weight_to_v1(weight) : weight));
	}
	return 0;
}

int cgroup_conv_device_weight_get(const struct cgroup_conversion *c)
{
	return get_device_weights(c->value, /* scaled= */ true, c->out);
}

int cgroup_conv_bfq_device_weight_get(const struct cgroup_conversion *c)
{
	return get_device_weights(c->value, /* scaled= */ false, c->out);
}

/* io.max is "MAJOR:MINOR rbps=N wbps=max ..."; on v1 0 takes a limit away. */
int cgroup_conv_throttle_set(const struct cgroup_conversion *c)
{
	struct cgroup_word device;
	uint64_t limit;

	if (parse_device(c->value, &device, &limit) < 0)
		return -EINVAL;
	text_add_len(c->out, device.s, device.len);
	text_addf(c->out, " %s=", c->key->word);
	if (limit)
		cgroup_add_number(c->out, limit);
	else
		text_add(c->out, "max");
	return 0;
}

/* The word "@name=..." of a line. */
static bool find_field(const char *line, size_t len, const char *name,
                       struct cgroup_word *ret_value)
{
	const char *end = line + len;
	size_t name_len = strlen(name);
	struct cgroup_word word;

	while (cgroup_next_word(&line, &word) && word.s < end) {
		if (word.len <= name_len || memcmp(word.s, name, name_len) != 0 ||
		    word.s[name_len] != '=')
			continue;
		*ret_value = (struct cgroup_word){ word.s + name_len + 1, word.len - name_len - 1 };
		return true;
	}
	return false;
}

int cgroup_conv_throttle_get(const struct cgroup_conversion *c)
{
	const char *text = c->value;
	struct cgroup_word device, limit;
	const char *line;
	size_t len;

	while (next_device_line(&text, &device, &line, &len)) {
		if (!find_field(line, len, c->key->word, &limit) || cgroup_word_is(limit, "max"))
			continue;
		start_line(c->out, device);
		text_add(c->out, " ");
		text_add_len(c->out, limit.s, limit.len);
	}
	return 0;
}

static uint64_t field_number(const char *line, size_t len, char first, const char *rest)
{
	char name[16] = { first };
	struct cgroup_word word;
	uint64_t number;

	(void)strncat(name, rest, sizeof(name) - 2);
	if (!find_field(line, len, name, &word) || cgroup_word_number(word, &number) < 0)
		return 0;
	return number;
}

/* io.stat is "MAJOR:MINOR rbytes=N wbytes=N rios=N wios=N ...". */
int cgroup_conv_service_get(const struct cgroup_conversion *c)
{
	const char *text = c->value;
	uint64_t total = 0;
	struct cgroup_word device;
	const char *line;
	size_t len;

	while (next_device_line(&text, &device, &line, &len)) {
		uint64_t in = field_number(line, len, 'r', c->key->word);
		uint64_t written = field_number(line, len, 'w', c->key->word);
		uint64_t both = in + written;

		start_line(c->out, device);
		text_addf(c->out, " Read %llu", (unsigned long long)in);
		start_line(c->out, device);
		text_addf(c->out, " Write %llu", (unsigned long long)written);
		start_line(c->out, device);
		text_addf(c->out, " Total %llu", (unsigned long long)both);
		total += both;
	}
	start_line(c->out, (struct cgroup_word){ "Total ", 6 });
	cgroup_add_number(c->out, total);
	return 0;
}

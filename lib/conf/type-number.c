/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/num.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define U32_TEXT "a number from 0 to 4294967295"

/* 1 and 0 of a word that people write instead; -1 of any other. */
static int truth_of(const char *word)
{
	static const char *const words[][4] = {
		{ "no", "false", "off", "disabled" },
		{ "yes", "true", "on", "enabled" },
	};

	for (int truth = 0; truth < 2; truth++)
		for (size_t i = 0; i < ARRAY_SIZE(words[truth]); i++)
			if (strcasecmp(word, words[truth][i]) == 0)
				return truth;
	return -1;
}

static int parse_bool(const struct conf_slot *slot, const char *value, uint32_t *ret,
                      struct err *err)
{
	uint32_t number;
	int truth;

	if (num_parse_c32(value, &number) == 0 && number <= 1) {
		*ret = number;
		return 0;
	}
	(void)conf_bad_value(slot, value, "0 or 1", err);
	truth = truth_of(value);
	if (truth >= 0)
		conf_hint_line(slot, truth ? "1" : "0", err);
	return -EINVAL;
}

static int bool_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	uint32_t number = 0;
	int r = parse_bool(slot, value, &number, err);

	if (r == 0)
		*(bool *)conf_field(slot) = number == 1;
	return r;
}

static int bool_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	(void)err;
	text_add(out, *(const bool *)conf_field(slot) ? "1" : "0");
	return 0;
}

static int bool_clear(const struct conf_slot *slot, struct err *err)
{
	(void)err;
	*(bool *)conf_field(slot) = slot->key->arg;
	return 0;
}

const struct conf_type conf_bool = { .set = bool_set, .get = bool_get, .clear = bool_clear };

static int u32_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	uint32_t number;

	if (num_parse_c32(value, &number) < 0)
		return conf_bad_value(slot, value, U32_TEXT, err);
	*(uint32_t *)conf_field(slot) = number;
	return 0;
}

int conf_u32_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	(void)err;
	text_addf(out, "%u", *(const uint32_t *)conf_field(slot));
	return 0;
}

int conf_u32_clear(const struct conf_slot *slot, struct err *err)
{
	(void)err;
	*(uint32_t *)conf_field(slot) = (uint32_t)slot->key->arg;
	return 0;
}

const struct conf_type conf_u32 = { .set = u32_set, .get = conf_u32_get, .clear = conf_u32_clear };

/* 0 or 1 in a field of 32 bits. */
static int version_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	return parse_bool(slot, value, conf_field(slot), err);
}

const struct conf_type conf_version = { .set = version_set,
	                                .get = conf_u32_get,
	                                .clear = conf_u32_clear };

/* A number beside a bool (at the offset key.arg) that tells whether it was given. */
static bool *noted_flag(const struct conf_slot *slot)
{
	return (bool *)((char *)slot->base + slot->key->arg);
}

static int noted_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	int r = u32_set(slot, value, err);

	if (r == 0)
		*noted_flag(slot) = true;
	return r;
}

static int noted_clear(const struct conf_slot *slot, struct err *err)
{
	(void)err;
	*(uint32_t *)conf_field(slot) = 0;
	*noted_flag(slot) = false;
	return 0;
}

const struct conf_type conf_u32_noted = { .set = noted_set,
	                                  .get = conf_u32_get,
	                                  .clear = noted_clear };

static int int_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	int32_t number;

	if (num_parse_cint(value, &number) < 0)
		return conf_bad_value(slot, value, "a number from -2147483648 to 2147483647", err);
	*(int32_t *)conf_field(slot) = number;
	return 0;
}

int conf_int_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	(void)err;
	text_addf(out, "%d", *(const int32_t *)conf_field(slot));
	return 0;
}

int conf_int_clear(const struct conf_slot *slot, struct err *err)
{
	(void)err;
	*(int32_t *)conf_field(slot) = slot->key->arg;
	return 0;
}

const struct conf_type conf_int = { .set = int_set, .get = conf_int_get, .clear = conf_int_clear };

/* How many of something: at least one, 0 while unset. */
static int count_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	int32_t number;

	if (num_parse_cint(value, &number) < 0 || number <= 0)
		return conf_bad_value(slot, value, "a number of at least 1", err);
	*(int32_t *)conf_field(slot) = number;
	return 0;
}

static int count_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	return *(const int32_t *)conf_field(slot) ? conf_int_get(slot, out, err) : 0;
}

const struct conf_type conf_count = { .set = count_set, .get = count_get, .clear = conf_int_clear };

/* "64K", "1 MB": suffixes of one or two letters are powers of 1024. */
static int parse_bytes(const char *text, uint64_t *ret_bytes)
{
	static const struct {
		char suffix[3];
		unsigned int shift;
	} units[] = {
		{ "", 0 },   { "B", 0 },   { "K", 10 }, { "KB", 10 },
		{ "M", 20 }, { "MB", 20 }, { "G", 30 }, { "GB", 30 },
	};
	long long number;
	char *end;

	errno = 0;
	number = strtoll(text, &end, 0);
	if (end == text)
		return -EINVAL;
	if (errno == ERANGE || number < 0)
		return -ERANGE;
	end += strspn(end, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcasecmp(end, units[i].suffix) != 0)
			continue;
		if (number > INT64_MAX >> units[i].shift)
			return -ERANGE;
		*ret_bytes = (uint64_t)number << units[i].shift;
		return 0;
	}
	return -EINVAL;
}

/* A ring buffer or log has at least a page and is a power of two long. */
static uint64_t round_size(uint64_t bytes)
{
	uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE);

	while (size < bytes)
		size *= 2;
	return size;
}

static int size_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	uint64_t bytes = 131072;

	if (strcmp(value, "auto") != 0 && parse_bytes(value, &bytes) < 0)
		return conf_bad_value(slot, value, "'auto' or a size such as 65536, 64K or 1MB",
		                      err);
	if (bytes > 1ULL << 62)
		return conf_bad_value(slot, value, "a size of at most 4 EiB", err);
	*(uint64_t *)conf_field(slot) = round_size(bytes);
	return 0;
}

static int size_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	(void)err;
	text_addf(out, "%llu", (unsigned long long)*(const uint64_t *)conf_field(slot));
	return 0;
}

static int size_clear(const struct conf_slot *slot, struct err *err)
{
	(void)err;
	*(uint64_t *)conf_field(slot) = 0;
	return 0;
}

const struct conf_type conf_size = { .set = size_set, .get = size_get, .clear = size_clear };

/* LXC takes its default for whatever it cannot read here, so no value is an error. */
static int tmpfs_size_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	uint64_t bytes = 0;

	if (parse_bytes(value, &bytes) < 0 || bytes == 0 || bytes > INT32_MAX) {
		log_warn("'%s' must be a size in bytes, not '%s', continuing with %d", slot->name,
		         SHOW(value), slot->key->arg);
		return conf_int_clear(slot, err);
	}
	*(int32_t *)conf_field(slot) = (int32_t)bytes;
	return 0;
}

const struct conf_type conf_tmpfs_size = {
	.set = tmpfs_size_set,
	.get = conf_int_get,
	.clear = conf_int_clear,
};

static int level_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	static const char *const names[] = { "trace", "debug", "info",  "notice", "warn",
		                             "error", "crit",  "alert", "fatal",  NULL };
	int level = log_level_parse(value);
	const char *nearest;

	if (level < 0) {
		(void)conf_bad_value(slot, value, "a log level (TRACE to FATAL, or 0 to 8)", err);
		nearest = conf_nearest(value, names);
		if (nearest)
			conf_hint_line(slot, nearest, err);
		return -EINVAL;
	}
	*(int32_t *)conf_field(slot) = level;
	return 0;
}

static int level_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	int32_t level = *(const int32_t *)conf_field(slot);

	(void)err;
	text_add(out, level < 0 ? "NOTSET" : log_level_name((enum log_level)level));
	return 0;
}

const struct conf_type conf_level = { .set = level_set, .get = level_get, .clear = conf_int_clear };

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/subid.h"

#include "base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "first+count first+count ..." of what @text grants to u, uid 1001. */
static void format(const struct subids *ids, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ids->n; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%u+%u", i ? " " : "",
		                        ids->items[i].first, ids->items[i].count);
}

static void test_parse(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "v:100000:65536\n", "" },
		{ "u:0:0\n", "" },
		{ "u:4294967295:2\n", "" },
		{ "u:4294967296:2\n", "" },
		{ "u:18446744073709651616:2\n", "" }, /* 2^64 + 100000 */
		{ "u:-1:2\n", "" },
		{ "u: 1:2\n", "" },
		{ "u:1:+2\n", "" },
		{ "u:0x10:2\n", "" },
		{ "u:1\n", "" },
		{ "u:1:\n", "" },
		{ "u::1\n", "" },
		{ "u:1:2:3\n", "" },
		{ "u:1:2:\n", "" },
		{ ":1:2\n", "" },
		{ " u:1:2\n", "" },
		{ "#u:1:2\n", "" },
		{ "u:100000:65536\r\n", "" },
		{ "uu:1:2\n", "" },
		{ "01001:1:2\n", "" },
		{ "u:0:65536\n", "0+65536" },
		{ "u:100000:65536\n", "100000+65536" },
		{ "u:100000:65536", "100000+65536" }, /* no newline at the end */
		{ "1001:100000:65536\n", "100000+65536" },
		{ "u:00100:007\n", "100+7" },
		{ "u:100000:18446744073709551615\n", "100000+4294867295" },
		{ "u:100000:99999999999999999999999\n", "100000+4294867295" },
		{ "u:4294967294:2\n", "4294967294+1" },
		{ "u:5:1\nv:1:1\n1001:7:1\nu:bad:1\nu:5:1\n", "5+1 7+1 5+1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct subids ids = {};
		char got[128];

		assert_int_equal(subid_parse(cases[i].text, "u", 1001, &ids), 0);
		format(&ids, got, sizeof(got));
		assert_string_equal(got, cases[i].want);
		subid_done(&ids);
		assert_int_equal(ids.n, 0);
	}
}

static void test_parse_long_line(void **state)
{
	struct subids ids = {};
	char text[10000];

	(void)state;
	memset(text, 'u', sizeof(text));
	memcpy(text + 8000, ":1:2\nu:3:4\n", sizeof(":1:2\nu:3:4\n"));
	assert_int_equal(subid_parse(text, "u", 1001, &ids), 0);
	assert_int_equal(ids.n, 1);
	assert_int_equal(ids.items[0].first, 3);
	subid_done(&ids);
}

static void test_covers(void **state)
{
	static struct subid_range items[] = {
		{ 300, 100 }, { 100, 100 }, { 200, 50 }, { 220, 80 }, { UINT32_MAX - 10, 10 },
	};
	static const struct subids ids = { items, ARRAY_SIZE(items) };
	static const struct {
		uint32_t first, count;
		bool want;
	} cases[] = {
		{ 99, 1, false },
		{ 99, 2, false },
		{ 100, 301, false },
		{ 400, 1, false },
		{ 0, UINT32_MAX, false },
		{ UINT32_MAX - 11, 2, false },
		{ UINT32_MAX - 10, 11, false },
		{ UINT32_MAX, UINT32_MAX, false },
		{ 100, 1, true },
		{ 100, 100, true },
		{ 100, 300, true }, /* four ranges in another order, two of which overlap */
		{ 399, 1, true },
		{ UINT32_MAX - 10, 10, true },
		{ 5, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(subid_covers(&ids, cases[i].first, cases[i].count), cases[i].want);
}

static void test_find_free(void **state)
{
	static const struct {
		const char *uids, *gids;
		uint32_t want;
	} cases[] = {
		{ "a:0:4294967295\n", "", 0 },
		{ "", "a:100000:4294967295\n", 0 },
		{ "", "", 100000 },
		{ "a:1:5\n", "", 100000 },
		{ "a:1:99999\n", "", 100000 },
		{ "a:1:100000\n", "", 165536 },
		{ "a:100000:65536\n", "a:100000:65536\n", 165536 },
		{ "a:100000:65536\n", "a:165536:1\n", 231072 },
		{ "a:200000:65536\n", "", 100000 },
		{ "a:165535:1\n", "", 165536 },
		{ "a:150000:165537\n", "nonsense", 362144 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(subid_find_free(cases[i].uids, cases[i].gids, 65536),
		                 cases[i].want);
}

static void test_nss_source(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", NULL },
		{ "passwd: files sss\n", NULL },
		{ "subid: files\n", NULL },
		{ "subid:\n", NULL },
		{ "#subid: sss\n", NULL },
		{ "subid: files # sss\n", NULL },
		{ "subids: sss\n", NULL },
		{ "subid: files [NOTFOUND=return]\n", NULL },
		{ "subid: sss\n", "sss" },
		{ "  subid:\t files  sss", "sss" },
		{ "passwd: files\nsubid:sss\r\n", "sss" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *got = subid_nss_source(cases[i].text);

		if (cases[i].want)
			assert_string_equal(got, cases[i].want);
		else
			assert_null(got);
		free(got);
	}
}

/* Whatever this host grants: it loads, and a hint names a command or a person to ask. */
static void test_load(void **state)
{
	struct caller caller = {};
	struct err err = {};

	(void)state;
	assert_int_equal(caller_load(&caller, &err), 0);
	for (enum idmap_kind kind = IDMAP_UID; kind <= IDMAP_GID; kind++) {
		struct subids ids = {};

		assert_int_equal(subid_load(&caller, kind, &ids, &err), 0);
		for (size_t i = 0; i < ids.n; i++)
			assert_true(subid_covers(&ids, ids.items[i].first, ids.items[i].count));
		subid_done(&ids);
	}
	subid_hint_none(&caller, &err);
	assert_true(err.hint[0]);
	caller_done(&caller);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),      cmocka_unit_test(test_parse_long_line),
		cmocka_unit_test(test_covers),     cmocka_unit_test(test_find_free),
		cmocka_unit_test(test_nss_source), cmocka_unit_test(test_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

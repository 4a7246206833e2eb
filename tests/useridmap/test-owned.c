/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap/owned.h"

#include "priv/auth.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define OWN 1000

static int parse(const char *text, struct owned *owned)
{
	return owned_read(text, strlen(text), "ann", OWN, OWN, owned);
}

/* One question to one file: of ann, who is 1000. */
static void test_files(void **state)
{
	static const struct {
		const char *text;
		uint32_t first, count;
		bool want;
	} cases[] = {
		{ "", OWN, 1, true },
		{ "", OWN, 2, false },
		{ "", OWN - 1, 2, false },
		{ "", 0, 1, false },
		{ "ann:100000:10", 100000, 10, true },
		{ "ann:100000:10\n", 100009, 1, true },
		{ "ann:100000:10\n", 100010, 1, false },
		{ "ann:100000:10\n", 99999, 1, false },
		{ "ann:100000:10\n", 99999, 2, false },
		{ "ann:100000:10\n", 100000, 11, false },
		{ "ann:100000:10\n", 100009, 2, false },
		{ "1000:100000:10\n", 100000, 10, true },
		{ "1001:100000:10\n", 100000, 1, false },
		{ "01000:100000:10\n", 100000, 1, false },
		{ "an:100000:10\n", 100000, 1, false },
		{ "anna:100000:10\n", 100000, 1, false },
		{ ":100000:10\n", 100000, 1, false },
		{ "Ann:100000:10\n", 100000, 1, false },
		{ "ann:100000:10\nann:100010:10\n", 100005, 10, true },
		{ "ann:100010:10\nann:100000:10\n", 100005, 10, true },
		{ "ann:100000:10\nann:100011:10\n", 100005, 10, false },
		{ "ann:100000:10\nann:100005:10\n", 100000, 15, true },
		{ "ann:100000:10\n1000:100000:10\n", 100000, 10, true },
		/* shared with somebody else */
		{ "ann:100000:10\nben:100009:1\n", 100000, 1, false },
		{ "ben:100009:1\nann:100000:10\n", 100000, 1, false },
		{ "ann:100000:10\nben:99990:11\n", 100000, 1, false },
		{ "ann:100000:10\nben:99990:10\n", 100000, 10, true },
		{ "ann:100000:10\nben:100010:10\n", 100000, 10, true },
		{ "ann:100000:10\nben:100002:2\nann:200000:10\n", 200000, 10, true },
		{ "ann:100000:10\nben:100005:0\n", 100000, 10, true },
		{ "ben:500:1000\n", OWN, 1, true },
		{ "ben:0:4294967295\nann:100000:10\n", 100000, 1, false },
		/* ids of people and programs */
		{ "ann:65535:10\n", 65540, 1, false },
		{ "ann:65536:10\n", 65536, 10, true },
		{ "ann:0:1\n", 0, 1, false },
		/* no ranges */
		{ "ann:100000:0\n", 100000, 1, false },
		{ "ann:100000\n", 100000, 1, false },
		{ "ann:100000:\n", 100000, 1, false },
		{ "ann::10\n", 100000, 1, false },
		{ "ann\n", 100000, 1, false },
		{ "ann:100000:10:1\n", 100000, 1, false },
		{ "ann:100000:10\r\n", 100000, 1, false },
		{ "ann:100000:0x10\n", 100000, 1, false },
		{ " ann:100000:10\n", 100000, 1, false },
		{ "ann:100000:+1\n", 100000, 1, false },
		{ "ann:4294967295:1\n", 4294967294, 1, false },
		{ "ann:4294967294:2\n", 4294967294, 1, false },
		{ "ann:4294967294:1\n", 4294967294, 1, true },
		{ "ann:100000:18446744073709551616\n", 100000, 1, false },
		{ "# ann:100000:10\nann:100000:10\n", 100000, 10, true },
	};

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		struct owned owned;

		assert_int_equal(parse(cases[i].text, &owned), 0);
		if (owned_has(&owned, cases[i].first, cases[i].count) != cases[i].want)
			fail_msg("%s: %u %u", cases[i].text, cases[i].first, cases[i].count);
	}
}

static void test_refused_as_a_whole(void **state)
{
	char text[600];
	struct owned owned = { .n = 99 };

	(void)state;
	(void)memset(text, '#', sizeof(text));
	assert_int_equal(owned_read("ann:100000:10\n\0", 15, "ann", OWN, OWN, &owned), -1);
	assert_int_equal(owned_read(text, 513, "ann", OWN, OWN, &owned), -1);
	assert_int_equal(owned.n, 99);
	assert_int_equal(owned_read(text, 512, "ann", OWN, OWN, &owned), 0);
	assert_int_equal(owned.n, 1);
}

static void test_nameless(void **state)
{
	static const char text[] = ":100000:10\n1000:200000:10\n";
	struct owned owned;

	(void)state;
	assert_int_equal(owned_read(text, strlen(text), "", OWN, 50, &owned), 0);
	assert_false(owned_has(&owned, 100000, 1));
	assert_true(owned_has(&owned, 200000, 10));
	assert_true(owned_has(&owned, 50, 1)); /* the gid, of a file of gids */
	assert_false(owned_has(&owned, OWN, 1));
}

static void test_many_lines(void **state)
{
	static char text[100 * 32];
	struct owned owned;
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		len += (size_t)sprintf(text + len, "ann:%d:1\n", 100000 + 2 * i);
	assert_int_equal(owned_read(text, len, "ann", OWN, OWN, &owned), 0);
	assert_int_equal(owned.n, OWNED_MAX);
	assert_true(owned_has(&owned, 100000 + 2 * (OWNED_MAX - 2), 1));
	assert_false(owned_has(&owned, 100000 + 2 * (OWNED_MAX - 1), 1));
}

static void test_maps(void **state)
{
	static const struct {
		const char *map;
		bool own, image;
	} cases[] = {
		{ "1000:100000:1", true, true },
		{ "1000:1000:1", true, true },
		{ "100000:1000:1", true, false },
		{ "1000:100000:1,100001:100001:9", true, false },
		{ "1000:100000:2", false, true },
		{ "1000:100000:1,0:100001:1", false, true },
		{ "0:100000:10", false, true },
		{ "65535:100000:1", false, true },
		{ "65536:100000:1", false, false },
		{ "65530:100000:7", false, false },
		{ "1000:0:1", false, false },
		{ "1000:100010:1", false, false },
		{ "1000:99999:1", false, false },
		{ "0:100001:10", false, false },
		{ "100000:100000:10", true, false },
		{ "100000:100000:11", false, false },
		{ "1000:1001:1", false, false },
	};
	struct owned owned;
	struct map map;

	(void)state;
	assert_int_equal(parse("ann:100000:10\n", &owned), 0);
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		assert_true(order_parse_map(cases[i].map, &map));
		if (owned_allows(&owned, &map, false) != cases[i].own ||
		    owned_allows(&owned, &map, true) != cases[i].image)
			fail_msg("%s", cases[i].map);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),    cmocka_unit_test(test_refused_as_a_whole),
		cmocka_unit_test(test_nameless), cmocka_unit_test(test_many_lines),
		cmocka_unit_test(test_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

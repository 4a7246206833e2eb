/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include "base/cleanup.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_growing(void **state)
{
	struct text text = {};
	_cleanup_free_ char *str = NULL;

	(void)state;
	assert_int_equal(text_finish(&text, &str), 0);
	assert_string_equal(str, ""); /* never NULL */
	cleanup_freep(&str);
	str = NULL;

	text_add(&text, "a");
	text_add_len(&text, "bcd", 2);
	text_addf(&text, "%d%s", 42, "");
	assert_string_equal(text.data, "abc42");
	for (int i = 0; i < 1000; i++)
		text_addf(&text, "%08d", i);
	assert_int_equal(text.len, 5 + 8000);
	assert_int_equal(text_finish(&text, &str), 0);
	assert_int_equal(strlen(str), 5 + 8000);
	assert_string_equal(str + 5 + 7992, "00000999");
	assert_null(text.data);
	text_done(&text);
}

static void test_exact_sizes(void **state)
{
	char word[200];

	(void)state;
	memset(word, 'x', sizeof(word));
	for (size_t len = 0; len < sizeof(word); len++) {
		_cleanup_(text_done) struct text text = {};

		text_add_len(&text, word, len);
		text_addf(&text, "%s", "y");
		assert_int_equal(text.len, len + 1);
		assert_int_equal(strlen(text.data), len + 1);
	}
}

static void test_failed(void **state)
{
	struct text text = {};
	char *str = NULL;

	(void)state;
	text_add(&text, "a");
	text.failed = true;
	text_add(&text, "b");
	text_addf(&text, "%d", 1);
	assert_true(text_finish(&text, &str) < 0);
	assert_null(str);
	assert_null(text.data);
	assert_false(text.failed);
}

static void test_json(void **state)
{
	static const struct {
		const char *str, *want;
	} cases[] = {
		{ "", "\"\"" },
		{ "a b", "\"a b\"" },
		{ "\"\\/", "\"\\\"\\\\/\"" },
		{ "\n\t\r\x01\x1f\x7f", "\"\\n\\t\\u000d\\u0001\\u001f\\u007f\"" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\xff", "\"\\ufffd\"" },
		{ "\x80x", "\"\\ufffdx\"" },
		{ "\xc3", "\"\\ufffd\"" }, /* cut off at the end */
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
		{ "\xc3x", "\"\\ufffdx\"" },
		{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" }, /* overlong */
		{ "\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf0\x80\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },            /* a surrogate */
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" }, /* past U+10FFFF */
		{ "\xf5\x80\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(text_done) struct text text = {};

		text_add_json(&text, cases[i].str);
		assert_string_equal(text.data, cases[i].want);
	}
}

static void test_printable(void **state)
{
	static const struct {
		const char *str, *want;
	} cases[] = {
		{ "plain \xc3\xa4", "plain \xc3\xa4" },
		{ "\x1b[2J", "\\x1b[2J" },
		{ "a\nb\r\x7f", "a\\x0ab\\x0d\\x7f" },
		{ "\x9b"
		  "31m",
		  "\\x9b31m" }, /* one byte that starts a sequence */
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" },        /* the same in UTF-8 */
		{ "\xc2\xa0", "\xc2\xa0" }, /* the first one after them */
		{ "\xff\xc3", "\\xff\\xc3" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(text_done) struct text text = {};

		text_add(&text, "");
		text_add_printable(&text, cases[i].str);
		assert_string_equal(text.data, cases[i].want);
	}
}

static void test_fstab(void **state)
{
	struct text text = {};
	char *str;

	(void)state;
	text_add_fstab(&text, "/a b\tc\nd\\e\"f");
	assert_int_equal(text_finish(&text, &str), 0);
	assert_string_equal(str, "/a\\040b\\011c\\012d\\134e\"f");
	free(str);
}

static void test_starts_and_ends(void **state)
{
	(void)state;
	assert_true(str_starts_with("abc", "ab"));
	assert_true(str_starts_with("abc", ""));
	assert_false(str_starts_with("a", "ab"));
	assert_false(str_starts_with("xab", "ab"));
	assert_true(str_ends_with("abc", "bc"));
	assert_true(str_ends_with("abc", ""));
	assert_false(str_ends_with("c", "bc"));
	assert_false(str_ends_with("bcx", "bc"));
}

static void test_distance(void **state)
{
	static const char many[] =
		"01234567890123456789012345678901234567890123456789012345678901234";
	static const struct {
		const char *a, *b;
		unsigned int max, want;
	} cases[] = {
		{ "", "", 5, 0 },
		{ "start", "start", 5, 0 },
		{ "strat", "start", 5, 2 },
		{ "stat", "start", 5, 1 },
		{ "starts", "start", 5, 1 },
		{ "stort", "start", 5, 1 },
		{ "", "abc", 5, 3 },
		{ "abc", "", 5, 3 },
		{ "kitten", "sitting", 5, 3 },
		{ "aaaaaaaa", "bbbbbbbb", 3, 4 },
		{ many, many, 3, 4 }, /* too long to be a typing error of ours */
		{ many, many + 1, 3, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(str_distance(cases[i].a, cases[i].b, cases[i].max), cases[i].want);
}

static void test_nearest(void **state)
{
	static const char *const names[] = { "start", "stop", "stat" };

	(void)state;
	assert_string_equal(str_nearest("strat", names, 3, 2), "stat");
	assert_string_equal(str_nearest("stap", names, 3, 2), "stop");
	assert_string_equal(str_nearest("start", names, 3, 0), "start");
	assert_null(str_nearest("strat", names, 2, 1));
	assert_null(str_nearest("freeze", names, 3, 2));
	assert_null(str_nearest("start", names, 0, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growing),   cmocka_unit_test(test_exact_sizes),
		cmocka_unit_test(test_failed),    cmocka_unit_test(test_json),
		cmocka_unit_test(test_printable), cmocka_unit_test(test_starts_and_ends),
		cmocka_unit_test(test_distance),  cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_fstab),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

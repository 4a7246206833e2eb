/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define WORDS_MAX 6

/* Compares with an array that ends in NULL. */
static void assert_items(const struct strv *list, const char *const *want)
{
	size_t n = 0;

	for (; n < WORDS_MAX && want[n]; n++) {
		assert_true(n < list->n);
		assert_string_equal(list->items[n], want[n]);
	}
	assert_int_equal(list->n, n);
	if (list->items)
		assert_null(list->items[n]);
}

static void test_list(void **state)
{
	static const char *const all[] = { "a", "bc", "x7", "", NULL };
	static const char *const fewer[] = { "a", "x7", "", NULL };
	static const char *const last[] = { "x7", NULL };
	_cleanup_(strv_done) struct strv list = {};

	(void)state;
	assert_false(strv_has(&list, "a"));
	assert_int_equal(strv_add(&list, "a"), 0);
	assert_int_equal(strv_add_len(&list, "bcd", 2), 0);
	assert_int_equal(strv_addf(&list, "x%d", 7), 0);
	assert_int_equal(strv_take(&list, strdup("")), 0);
	assert_items(&list, all);
	assert_int_equal(strv_take(&list, NULL), -ENOMEM);
	assert_items(&list, all);
	assert_true(strv_has(&list, "bc"));
	assert_false(strv_has(&list, "bcd"));
	assert_false(strv_drop(&list, "bcd"));
	assert_int_equal(strv_add(&list, "twice"), 0);
	assert_int_equal(strv_add(&list, "twice"), 0);
	assert_true(strv_drop(&list, "twice"));
	assert_false(strv_has(&list, "twice"));

	strv_remove(&list, 1);
	assert_items(&list, fewer);
	strv_remove(&list, 2);
	strv_remove(&list, 0);
	assert_items(&list, last);
	strv_done(&list);
	assert_int_equal(list.n, 0);
	assert_null(list.items);
	strv_done(&list);
}

static void test_many(void **state)
{
	_cleanup_(strv_done) struct strv list = {};

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(strv_addf(&list, "%d", i), 0);
	assert_int_equal(list.n, 1000);
	assert_string_equal(list.items[999], "999");
	assert_null(list.items[1000]);
}

static void test_split_words(void **state)
{
	static const struct {
		const char *text;
		int want;
		const char *words[WORDS_MAX];
	} cases[] = {
		{ "'a", -EINVAL, {} },
		{ "a \"b", -EINVAL, {} },
		{ "'", -EINVAL, {} },
		{ "'a\"", -EINVAL, {} },
		{ "", 0, {} },
		{ " \t ", 0, {} },
		{ "a", 0, { "a" } },
		{ " a\tb  c ", 0, { "a", "b", "c" } },
		{ "'a b' \"c 'd'\"", 0, { "a b", "c 'd'" } },
		{ "''", 0, { "" } },
		{ "a'b c'd", 0, { "a'b", "c'd" } },
		{ "'a'b", 0, { "a", "b" } },
		{ "'a\\'", 0, { "a\\" } },
		{ "a\nb", 0, { "a\nb" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(strv_done) struct strv list = {};

		assert_int_equal(strv_split_words(&list, cases[i].text), cases[i].want);
		if (cases[i].want == 0)
			assert_items(&list, cases[i].words);
	}
}

static void test_split_at(void **state)
{
	static const struct {
		const char *text;
		const char *fields[WORDS_MAX];
	} cases[] = {
		{ "", { "" } },
		{ ":", { "", "" } },
		{ "a", { "a" } },
		{ "a:b", { "a", "b" } },
		{ ":a::b:", { "", "a", "", "b", "" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(strv_done) struct strv list = {};

		assert_int_equal(strv_split_at(&list, cases[i].text, ':'), 0);
		assert_items(&list, cases[i].fields);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_split_words),
		cmocka_unit_test(test_split_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_grow(void **state)
{
	_cleanup_free_ uint32_t *items = NULL;
	unsigned int moves = 0;

	(void)state;
	for (uint32_t n = 0; n < 1000; n++) {
		uint32_t *grown = array_grow(items, n, sizeof(*items));

		assert_non_null(grown);
		moves += grown != items;
		items = grown;
		items[n] = n;
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	assert_true(moves <= 9); /* 4, 8, ... 1024 */
}

/* What was taken away makes room again. */
static void test_shrunk(void **state)
{
	_cleanup_free_ uint32_t *items = NULL;

	(void)state;
	for (uint32_t n = 0; n < 9; n++) {
		items = array_grow(items, n, sizeof(*items));
		items[n] = n;
	}
	for (uint32_t n = 8; n < 20; n++) {
		items = array_grow(items, n, sizeof(*items));
		items[n] = n;
	}
	items = array_grow(items, 0, sizeof(*items));
	items[0] = 7;
	assert_int_equal(items[1], 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_shrunk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

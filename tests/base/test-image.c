/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/image.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char data[] = "what\0was made";

static bool is_whole(const struct text *image, size_t len, const char *key)
{
	const char *found;
	size_t found_len;

	return image_find(image->data, len, key, &found, &found_len);
}

static void test_found(void **state)
{
	_cleanup_(text_done) struct text image = {};
	const char *found = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(image_make("a key", data, sizeof(data), &image), 0);
	assert_true(image_find(image.data, image.len, "a key", &found, &len));
	assert_int_equal(len, sizeof(data));
	assert_memory_equal(found, data, sizeof(data));
	assert_true(is_whole(&image, image.len, NULL));
}

static void test_of_another_key(void **state)
{
	static const char *const keys[] = { "b key", "a ke", "a key ", "" };
	_cleanup_(text_done) struct text image = {};

	(void)state;
	assert_int_equal(image_make("a key", data, sizeof(data), &image), 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_false(is_whole(&image, image.len, keys[i]));
}

/* Torn anywhere, or with any bit turned over. */
static void test_damaged(void **state)
{
	_cleanup_(text_done) struct text image = {};

	(void)state;
	assert_int_equal(image_make("a key", data, sizeof(data), &image), 0);
	for (size_t len = 0; len < image.len; len++)
		assert_false(is_whole(&image, len, NULL));
	for (size_t i = 0; i < image.len * 8; i++) {
		image.data[i / 8] = (char)(image.data[i / 8] ^ (1 << i % 8));
		assert_false(is_whole(&image, image.len, NULL));
		image.data[i / 8] = (char)(image.data[i / 8] ^ (1 << i % 8));
	}
	text_add(&image, "x");
	assert_false(is_whole(&image, image.len, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_of_another_key),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

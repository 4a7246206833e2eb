/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/num.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define UNTOUCHED 77

static void test_strict(void **state)
{
	static const struct {
		const char *text;
		int want32, want64;
		uint64_t value;
	} cases[] = {
		{ NULL, -EINVAL, -EINVAL, 0 },
		{ "", -EINVAL, -EINVAL, 0 },
		{ " 1", -EINVAL, -EINVAL, 0 },
		{ "1 ", -EINVAL, -EINVAL, 0 },
		{ "1\n", -EINVAL, -EINVAL, 0 },
		{ "+1", -EINVAL, -EINVAL, 0 },
		{ "-1", -EINVAL, -EINVAL, 0 },
		{ "-0", -EINVAL, -EINVAL, 0 },
		{ "00", -EINVAL, -EINVAL, 0 },
		{ "01", -EINVAL, -EINVAL, 0 },
		{ "0x1", -EINVAL, -EINVAL, 0 },
		{ "1e3", -EINVAL, -EINVAL, 0 },
		{ "12a", -EINVAL, -EINVAL, 0 },
		{ "\xd9\xa1", -EINVAL, -EINVAL, 0 },
		{ "4294967296", -ERANGE, 0, 4294967296 },
		{ "9999999999", -ERANGE, 0, 9999999999 },
		{ "18446744073709551616", -ERANGE, -ERANGE, 0 },
		{ "18446744073709551620", -ERANGE, -ERANGE, 0 },
		{ "99999999999999999999999999", -ERANGE, -ERANGE, 0 },
		{ "18446744073709551615", -ERANGE, 0, UINT64_MAX },
		{ "18446744073709551609", -ERANGE, 0, UINT64_MAX - 6 },
		{ "0", 0, 0, 0 },
		{ "1", 0, 0, 1 },
		{ "65536", 0, 0, 65536 },
		{ "4294967295", 0, 0, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t value32 = UNTOUCHED;
		uint64_t value64 = UNTOUCHED;

		assert_int_equal(num_parse_u32(cases[i].text, &value32), cases[i].want32);
		assert_int_equal(num_parse_u64(cases[i].text, &value64), cases[i].want64);
		assert_true(value32 == (cases[i].want32 ? UNTOUCHED : cases[i].value));
		assert_true(value64 == (cases[i].want64 ? UNTOUCHED : cases[i].value));
	}
}

static void test_unsigned_as_c(void **state)
{
	static const struct {
		const char *text;
		int want32, want64;
		uint64_t value;
	} cases[] = {
		{ NULL, -EINVAL, -EINVAL, 0 },
		{ "", -EINVAL, -EINVAL, 0 },
		{ " ", -EINVAL, -EINVAL, 0 },
		{ "-1", -EINVAL, -EINVAL, 0 },
		{ " -1", -EINVAL, -EINVAL, 0 },
		{ "1-", -EINVAL, -EINVAL, 0 },
		{ "1 ", -EINVAL, -EINVAL, 0 },
		{ "08", -EINVAL, -EINVAL, 0 },
		{ "0x", -EINVAL, -EINVAL, 0 },
		{ "0xg", -EINVAL, -EINVAL, 0 },
		{ "true", -EINVAL, -EINVAL, 0 },
		{ "0x100000000", -ERANGE, 0, 0x100000000 },
		{ "0x10000000000000000", -ERANGE, -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, -ERANGE, 0 },
		{ "0", 0, 0, 0 },
		{ "010", 0, 0, 8 },
		{ "0x1F", 0, 0, 31 },
		{ " 42", 0, 0, 42 },
		{ "\t42", 0, 0, 42 },
		{ "0xffffffff", 0, 0, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t value32 = UNTOUCHED;
		uint64_t value64 = UNTOUCHED;

		assert_int_equal(num_parse_c32(cases[i].text, &value32), cases[i].want32);
		assert_int_equal(num_parse_c64(cases[i].text, &value64), cases[i].want64);
		assert_true(value32 == (cases[i].want32 ? UNTOUCHED : cases[i].value));
		assert_true(value64 == (cases[i].want64 ? UNTOUCHED : cases[i].value));
	}
}

static void test_signed_as_c(void **state)
{
	static const struct {
		const char *text;
		int want32, want64;
		int64_t value;
	} cases[] = {
		{ NULL, -EINVAL, -EINVAL, 0 },
		{ "", -EINVAL, -EINVAL, 0 },
		{ "-", -EINVAL, -EINVAL, 0 },
		{ "--1", -EINVAL, -EINVAL, 0 },
		{ "1x", -EINVAL, -EINVAL, 0 },
		{ "2147483648", -ERANGE, 0, 2147483648 },
		{ "-2147483649", -ERANGE, 0, -2147483649 },
		{ "9223372036854775808", -ERANGE, -ERANGE, 0 },
		{ "-9223372036854775809", -ERANGE, -ERANGE, 0 },
		{ "-9223372036854775808", -ERANGE, 0, INT64_MIN },
		{ "9223372036854775807", -ERANGE, 0, INT64_MAX },
		{ "2147483647", 0, 0, INT32_MAX },
		{ "-2147483648", 0, 0, INT32_MIN },
		{ "-0x10", 0, 0, -16 },
		{ "0", 0, 0, 0 },
		{ " -5", 0, 0, -5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int32_t value32 = UNTOUCHED;
		int64_t value64 = UNTOUCHED;

		assert_int_equal(num_parse_cint(cases[i].text, &value32), cases[i].want32);
		assert_int_equal(num_parse_cint64(cases[i].text, &value64), cases[i].want64);
		assert_true(value32 == (cases[i].want32 ? UNTOUCHED : cases[i].value));
		assert_true(value64 == (cases[i].want64 ? UNTOUCHED : cases[i].value));
	}
}

static void test_format(void **state)
{
	static const struct {
		int64_t value;
		const char *want;
	} cases[] = {
		{ 0, "0" },
		{ 7, "7" },
		{ -1, "-1" },
		{ 1234567890, "1234567890" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[NUM_TEXT_MAX];

		assert_ptr_equal(num_format(text, cases[i].value), text);
		assert_string_equal(text, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_unsigned_as_c),
		cmocka_unit_test(test_signed_as_c),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup-internal.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

static void keys_are_found(void **state)
{
	static const struct {
		const char *text, *key;
		int want;
		uint64_t value;
	} cases[] = {
		{ "", "kernel", -ENOENT, 7 },
		{ "kernel", "kernel", -ENOENT, 7 },
		{ "kernel \n", "kernel", -ENOENT, 7 },
		{ "kernel -1\n", "kernel", -ENOENT, 7 },
		{ "kernel 18446744073709551616\n", "kernel", -ENOENT, 7 },
		{ "kernel 111111111111111111111111111111\n", "kernel", -ENOENT, 7 },
		{ "kernel_stack 5\nx kernel 6\n", "kernel", -ENOENT, 7 },
		{ "anon 5\nkernel_stack 5\nkernel 4096\nshmem 0\n", "kernel", 0, 4096 },
		{ "populated 1\nfrozen 0\n", "frozen", 0, 0 },
		{ "usage_usec 12", "usage_usec", 0, 12 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 7;

		assert_int_equal(cgroup_parse_key(cases[i].text, cases[i].key, &value),
		                 cases[i].want);
		assert_int_equal(value, cases[i].value);
	}
}

static void io_is_summed(void **state)
{
	static const struct {
		const char *text;
		uint64_t want;
	} cases[] = {
		{ "", 0 },
		{ "8:0\n", 0 },
		{ "8:0 rbytes=x wbytes=\n", 0 },
		{ "8:0 xrbytes=5\n", 0 },
		{ "8:0 rbytes=1 wbytes=20 rios=5 wios=6 dbytes=7 dios=8\n", 21 },
		{ "8:0 rbytes=1 wbytes=20\n8:16 rbytes=300 wbytes=4000\n", 4321 },
		{ "8:0 rbytes=18446744073709551615 wbytes=20\n", UINT64_MAX - 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(cgroup_parse_io(cases[i].text), cases[i].want);
}

static void nothing_is_unknown(void **state)
{
	struct cgroup_stats stats;

	(void)state;
	cgroup_stats_read(-EBADF, &stats);
	assert_int_equal(stats.cpu_ns, UINT64_MAX);
	assert_int_equal(stats.memory_bytes, UINT64_MAX);
	assert_int_equal(stats.kernel_memory_bytes, UINT64_MAX);
	assert_int_equal(stats.swap_bytes, UINT64_MAX);
	assert_int_equal(stats.io_bytes, UINT64_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_found),
		cmocka_unit_test(io_is_summed),
		cmocka_unit_test(nothing_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/rlimit.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define NONE RLIM_INFINITY

/* Pairs own their texts elsewhere; a literal is not written to. */
static struct conf_pair pair_of(const char *name, const char *value)
{
	return (struct conf_pair){ .name = (char *)name, .value = (char *)value };
}

static void test_bad(void **state)
{
	static const struct {
		const char *name, *value;
	} cases[] = {
		{ "", "1" },
		{ "NOFILE", "1" },
		{ "rlimit_nofile", "1" },
		{ "16", "1" },
		{ "-1", "1" },
		{ "nofile", "" },
		{ "nofile", ":" },
		{ "nofile", "1:" },
		{ "nofile", ":1" },
		{ "nofile", "-1" },
		{ "nofile", "1k" },
		{ "nofile", "1 2" },
		{ "nofile", "0x1" },
		{ "nofile", "1:2:3" },
		{ "nofile", "2:1" },
		{ "nofile", "unlimited:1" },
		{ "nofile", "18446744073709551616" },
		{ "nofile", "Unlimited" },
		{ "nofile", "00000000000000000000000000000000000000001" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_pair pair = pair_of(cases[i].name, cases[i].value);
		struct rlimit limit = { .rlim_cur = 77 };
		struct err err = {};
		int resource = 77;

		if (rlimit_parse(&pair, &resource, &limit, &err) != -EINVAL)
			fail_msg("case %zu was taken", i);
		assert_non_null(strstr(err.msg, "lxc.prlimit."));
		assert_int_equal(resource, 77);
		assert_int_equal(limit.rlim_cur, 77);
	}
}

static void test_good(void **state)
{
	static const struct {
		const char *name, *value;
		int resource;
		rlim_t soft, hard;
	} cases[] = {
		{ "nofile", "1024", RLIMIT_NOFILE, 1024, 1024 },
		{ "nofile", "1024:4096", RLIMIT_NOFILE, 1024, 4096 },
		{ "nofile", " 5 : 6 ", RLIMIT_NOFILE, 5, 6 },
		{ "core", "0", RLIMIT_CORE, 0, 0 },
		{ "memlock", "unlimited", RLIMIT_MEMLOCK, NONE, NONE },
		{ "stack", "8388608:unlimited", RLIMIT_STACK, 8388608, NONE },
		{ "as", "18446744073709551615", RLIMIT_AS, NONE, NONE },
		{ "rttime", "1", RLIMIT_RTTIME, 1, 1 },
		{ "7", "3:4", RLIMIT_NOFILE, 3, 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_pair pair = pair_of(cases[i].name, cases[i].value);
		struct rlimit limit;
		struct err err = {};
		int resource;

		if (rlimit_parse(&pair, &resource, &limit, &err) < 0)
			fail_msg("case %zu: %s", i, err.msg);
		assert_int_equal(resource, cases[i].resource);
		assert_true(limit.rlim_cur == cases[i].soft);
		assert_true(limit.rlim_max == cases[i].hard);
	}
}

static void test_apply(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct conf_pair pair = pair_of("core", "0");
		struct rlimit limit = { .rlim_cur = 1 };

		if (rlimit_apply(&pair, NULL) < 0 || getrlimit(RLIMIT_CORE, &limit) < 0)
			_exit(1);
		_exit(limit.rlim_cur != 0 || limit.rlim_max != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_apply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

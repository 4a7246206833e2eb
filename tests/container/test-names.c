/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/names.h"

#include "base/cleanup.h"
#include "conf/read.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DIR "lxc.cgroup.dir"

static void assert_text(const char *is, const char *want)
{
	if (want)
		assert_string_equal(is, want);
	else
		assert_null(is);
}

static void keys_and_patterns(void **state)
{
	static const struct {
		const char *text, *pattern;
		int want;
		const char *dir, *payload, *monitor; /* or in .dir what the error says */
	} cases[] = {
		{ "", NULL, 0, NULL, NULL, NULL },
		{ "", "", 0, NULL, NULL, NULL },
		{ DIR "=a/b\n", "x/%n", 0, "a/b", NULL, NULL },
		{ "", "x/%n", 0, NULL, "x/c1/payload", "x/c1/monitor" },
		{ "", "/%n%n-100%", 0, NULL, "c1c1-100%/payload", "c1c1-100%/monitor" },
		{ "", "../%n", -EINVAL, "'..'", NULL, NULL },
		{ DIR ".container=p\n" DIR ".monitor=m\n", "x", 0, NULL, "p", "m" },
		{ DIR ".container=p\n", NULL, -EINVAL, "stands alone", NULL, NULL },
		{ DIR ".monitor=p\n", NULL, -EINVAL, "stands alone", NULL, NULL },
		{ DIR ".container=p\n" DIR ".monitor=p\n", NULL, -EINVAL, "the same", NULL, NULL },
		{ DIR ".container=p\n" DIR ".monitor=p/m\n", NULL, -EINVAL, "inside", NULL, NULL },
		{ DIR ".container=m/p\n" DIR ".monitor=m\n", NULL, -EINVAL, "inside", NULL, NULL },
		{ DIR ".container=m/p\n" DIR ".monitor=m/pq\n", NULL, 0, NULL, "m/p", "m/pq" },
		{ DIR "=d\n" DIR ".container=p\n" DIR ".monitor=m\n", NULL, -EINVAL,
		  "exclude each other", NULL, NULL },
		{ DIR ".container.inner=i\n", NULL, -EINVAL, "needs", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(names_done) struct names names = {};
		struct err err = {};

		conf_init(&conf);
		assert_int_equal(conf_read_text(&conf, "t", cases[i].text, NULL), 0);
		assert_int_equal(names_make("c1", &conf, cases[i].pattern, &names, &err),
		                 cases[i].want);
		if (cases[i].want < 0) {
			assert_non_null(strstr(err.msg, cases[i].dir));
			continue;
		}
		assert_string_equal(names.cgroup.name, "c1");
		assert_text(names.cgroup.dir, cases[i].dir);
		assert_text(names.cgroup.payload, cases[i].payload);
		assert_text(names.cgroup.monitor, cases[i].monitor);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(keys_and_patterns) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/nsbits.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < NS_MAX; i++)
		assert_int_equal(ns_parse(ns_name((enum ns_kind)i)), i);
	assert_string_equal(ns_name(NS_USER), "user");
	assert_string_equal(ns_name(NS_TIME), "time");
	assert_int_equal(ns_parse("NET"), NS_NET);
	assert_int_equal(ns_parse("mount"), -EINVAL);
	assert_int_equal(ns_parse(""), -EINVAL);
	assert_int_equal(ns_parse("nett"), -EINVAL);
	assert_int_equal(NS_ALL, 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

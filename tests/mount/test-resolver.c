/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount/mount-internal.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_works(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
		{ "", false },
		{ "# nameserver 192.0.2.1\n", false },
		{ "nameserver\n", false },
		{ "nameserver \n192.0.2.1\n", false },
		{ "nameserver #192.0.2.1\n", false },
		{ "nameserver192.0.2.1\n", false },
		{ "nameserver 127.0.0.53\noptions edns0\n", false },
		{ "nameserver 127.0.0.1\nnameserver ::1", false },
		{ "nameserver 0.0.0.0\n", false },
		{ "nameserver 192.0.2.1", true },
		{ "search a\nnameserver\t 127.0.0.1\nnameserver\t2001:db8::1\n", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (mount_resolver_works(cases[i].text) != cases[i].want)
			fail_msg("%s", cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

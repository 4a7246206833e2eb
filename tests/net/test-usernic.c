/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/usernic.h"

#include "base/cleanup.h"
#include "net/host.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_parse(void **state)
{
	static const struct {
		const char *answer;
		int want;
		const char *host_name;
		uint32_t host_index;
	} cases[] = {
		{ "eth0:2:veth1000_a2Bc:7\n", 0, "veth1000_a2Bc", 7 },
		{ "", -EBADMSG, "", 0 },
		{ "\n", -EBADMSG, "", 0 },
		{ "eth0:2:veth1000_a2Bc:7", -EBADMSG, "", 0 },
		{ "eth0:2:veth1000_a2Bc:7\n\n", -EBADMSG, "", 0 },
		{ "eth0:2:veth1000_a2Bc:7:8\n", -EBADMSG, "", 0 },
		{ "eth0:2:veth1000_a2Bc\n", -EBADMSG, "", 0 },
		{ "eth1:2:veth1000_a2Bc:7\n", -EBADMSG, "", 0 },
		{ "eth0:0:veth1000_a2Bc:7\n", -EBADMSG, "", 0 },
		{ "eth0:2:veth1000_a2Bc:-7\n", -EBADMSG, "", 0 },
		{ "eth0:2::7\n", -EBADMSG, "", 0 },
		{ "eth0:2:veth/a:7\n", -EBADMSG, "", 0 },
		{ "eth0:2:veth a:7\n", -EBADMSG, "", 0 },
		{ "eth0:2:veth1000_a2Bcdefg:7\n", -EBADMSG, "", 0 },
		{ "lxc-user-nic: not permitted\n", -EBADMSG, "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct net_link link = { .name = "eth0" };
		struct net_made_link made = { .link = &link };

		assert_int_equal(usernic_parse(cases[i].answer, &made), cases[i].want);
		assert_string_equal(made.host_name, cases[i].host_name);
		assert_int_equal(made.host_index, cases[i].host_index);
		assert_int_equal(made.is_made, cases[i].want == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/sysctl.h"

#include "base/cleanup.h"
#include "conf/nsbits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_is_inside(void **state)
{
	static const struct {
		const char *name;
		uint32_t ns;
		bool want;
	} cases[] = {
		{ "vm.swappiness", UINT32_MAX, false },
		{ "kernel.panic", UINT32_MAX, false },
		{ "networks", UINT32_MAX, false },
		{ "net.ipv4.ip_forward", NS_BIT(NS_NET), true },
		{ "net/ipv4/conf/eth0.1/forwarding", NS_BIT(NS_NET), true },
		{ "net.ipv4.ip_forward", ~NS_BIT(NS_NET), false },
		{ "kernel.msgmax", NS_BIT(NS_IPC), true },
		{ "kernel/shmmax", NS_BIT(NS_IPC), true },
		{ "fs.mqueue.msg_max", NS_BIT(NS_IPC), true },
		{ "fs.file-max", NS_BIT(NS_IPC), false },
		{ "kernel.hostname", NS_BIT(NS_UTS), true },
		{ "", UINT32_MAX, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (sysctl_is_inside(cases[i].name, cases[i].ns) != cases[i].want)
			fail_msg("%s", cases[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_is_inside) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

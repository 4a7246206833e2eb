/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic/usernic.h"

#include "priv/auth.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_rules(void **state)
{
	static const struct {
		const char *name;
		bool bridge, nic;
	} cases[] = {
		{ "", false, false },
		{ ".", false, false },
		{ "..", false, false },
		{ "-a", false, false },
		{ "_a", false, false },
		{ "a/b", false, false },
		{ "a b", false, false },
		{ "a:b", false, false },
		{ "a\n", false, false },
		{ "a%", false, false },
		{ "a%s", false, false },
		{ "%d", false, false },
		{ "a%d%d", false, false },
		{ "a%db", false, false },
		{ "1234567890123456", false, false },
		{ "12345678901234%d", false, false },
		{ "\xc3\xa9", false, false },
		{ "lo", true, false },
		{ "a%d", false, true },
		{ "1234567890123%d", false, true },
		{ "none", true, true },
		{ "eth0", true, true },
		{ "br-1.2_3", true, true },
		{ "123456789012345", true, true },
	};

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		assert_int_equal(name_is_bridge(cases[i].name), cases[i].bridge);
		assert_int_equal(name_is_nic(cases[i].name), cases[i].nic);
	}
}

static void test_owner(void **state)
{
	static const struct {
		const char *name;
		int want;
		uint32_t uid;
	} cases[] = {
		{ "", -1, 0 },
		{ "veth", -1, 0 },
		{ "vethABCD", -1, 0 },
		{ "veth_ABCD", -1, 0 },
		{ "veth0_ABCD", -1, 0 },
		{ "veth65537_ABCD", -1, 0 },
		{ "veth01_ABCD", -1, 0 },
		{ "veth+1_ABCD", -1, 0 },
		{ "veth1000ABCD", -1, 0 },
		{ "veth1000-ABCD", -1, 0 },
		{ "veth1000_ABC", -1, 0 },
		{ "veth1000_ABCDE", -1, 0 },
		{ "veth1000_AB.D", -1, 0 },
		{ "Veth1000_ABCD", -1, 0 },
		{ "eth1000_ABCD", -1, 0 },
		{ "veth0000000ABCDE", -1, 0 },
		{ "veth00000v8ABCD", -1, 0 }, /* 1000 has the other form */
		{ "veth000000wABCD", -1, 0 },
		{ "veth3vvvvvvABCD", -1, 0 }, /* UINT32_MAX */
		{ "vethvvvvvvvABCD", -1, 0 },
		{ "veth000000_ABCD", -1, 0 },
		{ "veth1_ABCD", 0, 1 },
		{ "veth1000_a2Bc", 0, 1000 },
		{ "veth65536_zZ09", 0, 65536 },
		{ "veth0000000ABCD", 0, 0 },
		{ "veth0002001ABCD", 0, 65537 },
		{ "veth3vvvvvuABCD", 0, UINT32_MAX - 1 },
	};

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		uint32_t uid = 77;

		assert_int_equal(name_owner(cases[i].name, &uid), cases[i].want);
		assert_int_equal(uid, cases[i].want ? 77 : cases[i].uid);
	}
}

static void test_made_names_are_known(void **state)
{
	static const uint32_t uids[] = { 0,     1,     9,       1000,     65535,         65536,
		                         65537, 70001, 1 << 20, 1U << 31, UINT32_MAX - 1 };

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(uids); i++)
		for (unsigned int byte = 0; byte < 256; byte++) {
			const uint8_t random[NAME_RANDOM] = { (uint8_t)byte, (uint8_t)(255 - byte),
				                              0, (uint8_t)byte };
			char name[NAME_SIZE];
			uint32_t uid;

			name_host_nic(uids[i], random, name);
			assert_int_equal(name_owner(name, &uid), 0);
			assert_int_equal(uid, uids[i]);
			assert_true(name_is_bridge(name));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_made_names_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

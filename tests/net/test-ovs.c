/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/ovs.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_port_words(void **state)
{
	static const struct {
		int32_t id;
		const char *tagged[2];
		int want;
		const char *words[3];
	} cases[] = {
		{ CONF_VLAN_UNSET, {}, 0, {} },
		{ 0, {}, 0, { "tag=0" } },
		{ 4094, {}, 0, { "tag=4094" } },
		{ CONF_VLAN_UNSET, { "6" }, 0, { "trunks=6", "vlan_mode=trunk" } },
		{ CONF_VLAN_NONE, { "6", "7" }, 0, { "trunks=6,7", "vlan_mode=trunk" } },
		{ 5, { "6", "7" }, 0, { "tag=5", "trunks=6,7", "vlan_mode=native-untagged" } },
		{ CONF_VLAN_NONE, {}, -EINVAL, {} },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_net conf = { .veth_vlan_id = cases[i].id };
		_cleanup_(strv_done) struct strv words = {};
		struct err err = {};
		size_t n = 0;

		for (size_t j = 0; j < ARRAY_SIZE(cases[i].tagged) && cases[i].tagged[j]; j++)
			assert_int_equal(strv_add(&conf.veth_vlan_tagged, cases[i].tagged[j]), 0);
		assert_int_equal(ovs_port_words(&conf, &words, &err), cases[i].want);
		assert_int_equal(err.hint[0] != '\0', cases[i].want < 0);
		while (n < ARRAY_SIZE(cases[i].words) && cases[i].words[n]) {
			assert_true(n < words.n);
			assert_string_equal(words.items[n], cases[i].words[n]);
			n++;
		}
		assert_int_equal(words.n, n);
		strv_done(&conf.veth_vlan_tagged);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_port_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

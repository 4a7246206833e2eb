/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/plan.h"

#include "base/cleanup.h"
#include "conf/read.h"
#include "net/inside.h"
#include "net/types.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define VETH "lxc.net.0.type = veth\n"
#define USER "lxc.net.0.type = user\n"
#define UP "lxc.net.0.flags = up\n"
#define ADDR "lxc.net.0.ipv4.address = 10.0.0.2/24\n"
#define ADDR6 "lxc.net.0.ipv6.address = fd00::2/64\n"
#define ON(type) "lxc.net.0.type = " type "\nlxc.net.0.link = eth0\n"

static const struct net_facts root = { .is_root = true, .new_netns = true };
static const struct net_facts user = { .new_netns = true, .why_no_user = "it is not there" };

static int make(struct conf *conf, const char *text, const struct net_facts *facts,
                struct net_plan *plan, struct err *err)
{
	conf_init(conf);
	if (conf_read_text(conf, "t", text, err) < 0)
		fail_msg("%s: %s", text, err->msg);
	return net_plan_make(&conf->nets, facts, plan, err);
}

static void test_refused(void **state)
{
	static const struct {
		const struct net_facts *facts;
		const char *text;
		int want;
		const char *msg, *hint;
	} cases[] = {
		{ &root, "lxc.net.0.link = br0\n", -EINVAL, "'lxc.net.0' has no type",
		  "type = veth" },
		{ &root, "lxc.net.0.flags = up\n", -EINVAL, "'lxc.net.0' has no type", "" },
		{ &root, VETH "lxc.net.0.type =\n", -EINVAL, "'lxc.net.0' has no type", "" },
		{ &user, "lxc.net.0.link = br0\n", -EINVAL, "'lxc.net.0' has no type", "" },
		{ &root, "lxc.net.4.type = empty\nlxc.net.4.name = eth0\n", -EINVAL,
		  "'lxc.net.4.name = eth0': a device of type empty is always 'lo'", "" },
		{ &root, "lxc.net.0.type = empty\nlxc.net.0.link = x\n", -EINVAL,
		  "'lxc.net.0.link' means nothing for a device of type empty", "remove it" },
		{ &root, "lxc.net.0.type = none\nlxc.net.0.script.up = x\n", -EINVAL,
		  "'lxc.net.0.script.up' means nothing for a device of type none", "remove it" },
		{ &root, VETH "lxc.net.0.name = lo\n", -EINVAL, "that is the loopback interface",
		  "" },
		{ &root, VETH "lxc.net.0.name = a%sb\n", -EINVAL,
		  "'lxc.net.0.name = a%sb': a '%' can only begin", "such as eth%d" },
		{ &root, VETH "lxc.net.0.name = %d%d\n", -EINVAL,
		  "'lxc.net.0.name = %d%d': a '%' can only begin", "" },
		{ &user, VETH "lxc.net.0.name = all\n", -EINVAL, "'lxc.net.0.name = all': ", "" },
		{ &user, USER "lxc.net.0.hwaddr = 01:00:00:00:00:00\n", -EINVAL,
		  "is an address of many interfaces", "second digit even" },
		{ &user, USER "lxc.net.0.publish = 80:1\nlxc.net.0.publish = 127.0.0.1:80:2\n",
		  -EEXIST, "'lxc.net.0.publish' has port 80 of the host twice", "" },
		{ &root, VETH "lxc.net.1.type = veth\nlxc.net.0.name = a\nlxc.net.1.name = a\n",
		  -EEXIST, "lxc.net.0 and lxc.net.1 would both be called 'a'", "lxc.net.1.name" },
		{ &root, ON("phys") "lxc.net.1.type = phys\nlxc.net.1.link = eth0\n", -EEXIST,
		  "would both be called 'eth0'", "" },

		{ &root, "lxc.net.0.type = macvlan\n", -EINVAL, "needs an interface of the host",
		  "add 'lxc.net.0.link = INTERFACE'" },
		{ &root, "lxc.net.0.type = vlan\n", -EINVAL, "needs an interface", "link" },
		{ &root, "lxc.net.0.type = ipvlan\n", -EINVAL, "needs an interface", "link" },
		{ &root, "lxc.net.0.type = phys\n", -EINVAL, "needs an interface", "link" },
		{ &root, VETH "lxc.net.0.l2proxy = 1\n", -EINVAL, "'lxc.net.0.l2proxy = 1' needs",
		  "link" },
		{ &root, VETH "lxc.net.0.mtu = 0\n", -EINVAL, "'lxc.net.0.mtu = 0'", "" },
		{ &root, VETH "lxc.net.0.mtu = 67\n", -ERANGE, "from 68 to 65535", "" },
		{ &root, VETH "lxc.net.0.mtu = 65536\n", -ERANGE, "from 68 to 65535", "" },

		{ &root, VETH ADDR "lxc.net.0.ipv4.gateway = 10.0.0.1\n", -EINVAL,
		  "'lxc.net.0.ipv4.gateway = ADDRESS' needs an interface that is up",
		  "flags = up" },
		{ &root, VETH UP "lxc.net.0.ipv4.gateway = 10.0.0.1\n", -EINVAL,
		  "needs an address of that family", "lxc.net.0.ipv4.address" },
		{ &root, VETH UP ADDR "lxc.net.0.ipv6.gateway = dev\n", -EINVAL,
		  "'lxc.net.0.ipv6.gateway = dev' needs an address", "lxc.net.0.ipv6.address" },
		{ &root, VETH UP ADDR "lxc.net.0.ipv4.gateway = auto\n", -EINVAL,
		  "'lxc.net.0.ipv4.gateway = auto' needs", "lxc.net.0.link" },
		{ &root, ON("vlan") UP ADDR "lxc.net.0.ipv4.gateway = auto\n", -EINVAL,
		  "needs a device of type veth or macvlan", "" },

		{ &root, VETH "lxc.net.0.veth.vlan.id = 3\n", -EINVAL, "the port of a bridge",
		  "link" },
		{ &root, ON("veth") "lxc.net.0.veth.mode = router\nlxc.net.0.veth.vlan.id = 3\n",
		  -EINVAL, "the port of a bridge", "bridge" },
		{ &root,
		  ON("veth") "lxc.net.0.veth.vlan.id = 3\nlxc.net.0.veth.vlan.tagged.id = 3\n",
		  -EINVAL, "'lxc.net.0.veth.vlan.tagged.id = 3' is veth.vlan.id", "" },
		{ &root, ON("vlan") "lxc.net.0.vlan.id = 4095\n", -ERANGE, "the last VLAN is 4094",
		  "" },
		{ &root, ON("ipvlan") "lxc.net.0.l2proxy = 1\n", -EINVAL,
		  "needs an ipvlan of mode l3s", "ipvlan.mode = l3s" },

		{ &user, VETH "lxc.net.0.veth.pair = x\n", -EPERM,
		  "'lxc.net.0.veth.pair' is for containers of root only", "lxc-user-nic" },
		{ &user, VETH "lxc.net.0.veth.mode = router\n", -EPERM,
		  "'lxc.net.0.veth.mode' is for containers of root only", "" },
		{ &user, VETH "lxc.net.0.veth.vlan.id = none\n", -EPERM,
		  "'lxc.net.0.veth.vlan.id' is for", "" },
		{ &user, ON("veth") "lxc.net.0.l2proxy = 1\n", -EPERM,
		  "'lxc.net.0.l2proxy' is for containers of root only", "" },
		{ &user, USER ADDR, -EINVAL,
		  "'lxc.net.0.ipv4.address' means nothing for a device of type user", "remove" },
		{ &user, ON("user"), -EINVAL, "'lxc.net.0.link' means nothing", "remove" },
		{ &user, USER VETH "lxc.net.1.type = user\nlxc.net.7.type = user\n", -EINVAL,
		  "lxc.net.1 and lxc.net.7 are both of type user", "remove 'lxc.net.7.type'" },
		{ &user, ON("phys"), -EPERM,
		  "'lxc.net.0.type = phys' is for containers of root only",
		  "ordinary users can have" },
		{ &user, ON("macvlan"), -EPERM, "for containers of root only", "" },
		{ &user, ON("ipvlan"), -EPERM, "for containers of root only", "" },
		{ &user, ON("vlan"), -EPERM, "for containers of root only", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(net_plan_done) struct net_plan plan = {};
		struct err err = {};

		assert_int_equal(make(&conf, cases[i].text, cases[i].facts, &plan, &err),
		                 cases[i].want);
		if (!strstr(err.msg, cases[i].msg) || !strstr(err.hint, cases[i].hint))
			fail_msg("%s: %s; %s", cases[i].text, err.msg, err.hint);
		assert_int_equal(plan.n, 0);
	}
}

/* What is no interface: "none", and "empty" with nothing to do. */
static void test_nothing(void **state)
{
	static const char *const texts[] = {
		"lxc.net.0.type = none\n",
		"lxc.net.0.type = empty\n",
		"lxc.net.0.type = empty\nlxc.net.0.name = lo\nlxc.net.0.flags = up\n",
		"lxc.net.5.type = none\nlxc.net.5.flags = up\nlxc.net.9.type = empty\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(net_plan_done) struct net_plan plan = {};

		assert_int_equal(make(&conf, texts[i], &user, &plan, NULL), 0);
		assert_int_equal(plan.n, 0);
	}
}

/* What nobody asked for: a user's network. */
static void test_default(void **state)
{
	static const char why[] = "not here";
	static const struct {
		struct net_facts facts;
		const char *text;
		bool has_user, optional;
		const char *why;
	} cases[] = {
		{ { .new_netns = true }, "", true, true, NULL },
		{ { .new_netns = true }, "lxc.net =\n", true, true, NULL },
		{ { .new_netns = true }, USER, true, false, NULL },
		{ { .new_netns = true }, "lxc.net.0.type = empty\n", false, false, NULL },
		{ { .new_netns = true }, "lxc.net.0.type = none\n", false, false, NULL },
		{ { .new_netns = true }, VETH, false, false, NULL },
		{ {}, "", false, false, NULL },
		{ { .is_root = true, .new_netns = true }, "", false, false, NULL },
		{ { .is_root = true, .new_netns = true }, USER, true, false, NULL },
		{ { .new_netns = true, .why_no_user = why }, "", false, false, why },
		{ { .new_netns = true, .why_no_user = why }, USER, true, false, NULL },
		{ { .new_netns = true, .why_no_user = why }, VETH, false, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(net_plan_done) struct net_plan plan = {};
		const struct net_link *link;

		assert_int_equal(make(&conf, cases[i].text, &cases[i].facts, &plan, NULL), 0);
		link = net_plan_user(&plan);
		assert_int_equal(link != NULL, cases[i].has_user);
		assert_ptr_equal(plan.why_no_user, cases[i].why);
		if (!link)
			continue;
		assert_int_equal(link->optional, cases[i].optional);
		assert_string_equal(link->name, "eth0");
		assert_true(link->type->by_program);
	}
}

static void test_plan(void **state)
{
	static const struct {
		const char *text;
		const char *json; /* of all interfaces, joined with ";" */
	} cases[] = {
		{ VETH, "\"type\": \"veth\", \"name\": \"eth0\", \"mode\": \"bridge\", \"pair\": "
		        "\"vethXXXXXX\", \"up\": false" },
		{ ON("veth") UP ADDR "lxc.net.0.ipv4.gateway = auto\nlxc.net.0.mtu = 0x5dc\n"
		                     "lxc.net.0.veth.pair = out\n",
		  "\"link\": \"eth0\", \"mode\": \"bridge\", \"pair\": \"out\", \"mtu\": 1500, "
		  "\"up\": "
		  "true, \"ipv4\": [\"10.0.0.2/24\"], \"ipv4_gateway\": \"auto\"" },
		{ VETH UP ADDR6 "lxc.net.0.ipv6.gateway = fe80::1\nlxc.net.0.veth.mode = router\n",
		  "\"mode\": \"router\", \"pair\": \"vethXXXXXX\", \"up\": true, \"ipv6\": "
		  "[\"fd00::2/64\"], \"ipv6_gateway\": \"fe80::1\"" },
		/* A link-local gateway needs no other address. */
		{ VETH UP "lxc.net.0.ipv6.gateway = fe80::1\n", "\"ipv6_gateway\": \"fe80::1\"" },
		{ ON("veth") "lxc.net.0.veth.vlan.id = none\nlxc.net.0.veth.vlan.tagged.id = 7\n"
		             "lxc.net.0.veth.vlan.tagged.id = 8\n",
		  "\"vlan\": \"none\", \"tagged_vlans\": [7, 8]" },
		{ ON("macvlan"), "\"type\": \"macvlan\", \"name\": \"eth0\", \"link\": \"eth0\", "
		                 "\"mode\": \"private\"" },
		{ ON("macvlan") "lxc.net.0.macvlan.mode = passthru\n", "\"mode\": \"passthru\"" },
		{ ON("ipvlan"), "\"mode\": \"l3\", \"isolation\": \"bridge\"" },
		{ ON("ipvlan") "lxc.net.0.ipvlan.mode = l3s\nlxc.net.0.ipvlan.isolation = vepa\n"
		               "lxc.net.0.l2proxy = 1\n",
		  "\"mode\": \"l3s\", \"isolation\": \"vepa\", \"up\": false, \"l2proxy\": true" },
		{ ON("vlan") "lxc.net.0.vlan.id = 4094\n", "\"vlan\": 4094" },
		{ ON("phys"),
		  "\"type\": \"phys\", \"name\": \"eth0\", \"link\": \"eth0\", \"up\": false" },
		{ ON("phys") "lxc.net.0.name = wan\n", "\"name\": \"wan\", \"link\": \"eth0\"" },
		{ USER "lxc.net.0.publish = [::1]:8080:80/udp\nlxc.net.0.publish = 22:22\n",
		  "\"type\": \"user\", \"name\": \"eth0\", \"publish\": "
		  "[\"[::1]:8080:80/udp\", \"22:22/tcp\"]" },
		{ "lxc.net.0.type = empty\nlxc.net.0.script.up = /x \"y\"\n",
		  "\"type\": \"empty\", \"name\": \"lo\", \"up\": false, \"script_up\": \"/x "
		  "\\\"y\\\"\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(net_plan_done) struct net_plan plan = {};
		_cleanup_free_ char *json = NULL;
		struct text text = {};
		struct err err = {};

		if (make(&conf, cases[i].text, &root, &plan, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.msg);
		assert_int_equal(plan.n, 1);
		net_plan_json(&plan, &text);
		assert_int_equal(text_finish(&text, &json), 0);
		if (!strstr(json, cases[i].json))
			fail_msg("%s: %s", cases[i].text, json);
	}
}

#define THREE(a, b, c)                                                                             \
	"lxc.net.3.type = veth\nlxc.net.10.type = veth\nlxc.net.2.type = veth\n"                   \
	"lxc.net.2.name =" a "\nlxc.net.3.name =" b "\nlxc.net.10.name =" c "\n"

/* In the order of the indices, which may have holes. */
static void test_names(void **state)
{
	static const struct {
		const char *text;
		const char *names[3];
	} cases[] = {
		{ THREE("", "", ""), { "eth0", "eth1", "eth2" } },
		{ THREE("", " eth0", ""), { "eth1", "eth0", "eth2" } },
		{ THREE("", "", " eth1"), { "eth0", "eth2", "eth1" } },
		{ THREE(" net%d", "", " net%d"), { "net0", "eth0", "net1" } },
		{ THREE(" a%db", " a0b", " a%db"), { "a1b", "a0b", "a2b" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(net_plan_done) struct net_plan plan = {};

		assert_int_equal(make(&conf, cases[i].text, &root, &plan, NULL), 0);
		assert_int_equal(plan.n, 3);
		for (size_t j = 0; j < 3; j++)
			assert_string_equal(plan.links[j].name, cases[i].names[j]);
	}
}

/* Not ours: no interface is made there, and that is said. */
static void test_shared_namespace(void **state)
{
	const struct net_facts facts = { .is_root = true, .other_netns = "c2" };
	_cleanup_(conf_done) struct conf conf;
	_cleanup_(net_plan_done) struct net_plan plan = {};

	(void)state;
	assert_int_equal(make(&conf, VETH, &facts, &plan, NULL), 0);
	assert_int_equal(plan.n, 0);
	assert_int_equal(plan.notes.n, 1);
	assert_non_null(strstr(plan.notes.items[0], "c2"));
}

/* Each type is in the table once, and can be had in some way. */
static void test_table(void **state)
{
	(void)state;
	for (int kind = 0; kind < CONF_NET_CLEARED; kind++) {
		const struct net_type *type = net_type_of((enum conf_net_type)kind);

		assert_non_null(type);
		assert_int_equal(type->kind, kind);
		assert_true(!type->finish || type->create);
		assert_true(!type->has_host_end || type->create || type->ask);
	}
	assert_null(net_type_of(CONF_NET_CLEARED));
}

static void test_cover(void **state)
{
	static const struct {
		uint8_t addr[4], asked[4], prefix;
		bool want;
	} cases[] = {
		{ { 10, 0, 3, 2 }, { 10, 0, 3, 1 }, 24, true },
		{ { 10, 0, 3, 2 }, { 10, 0, 4, 1 }, 24, false },
		{ { 10, 0, 3, 2 }, { 10, 0, 3, 127 }, 25, true },
		{ { 10, 0, 3, 2 }, { 10, 0, 3, 128 }, 25, false },
		{ { 10, 0, 3, 2 }, { 10, 0, 3, 1 }, 32, false },
		{ { 10, 0, 3, 2 }, { 10, 0, 3, 2 }, 32, true },
		{ { 10, 0, 3, 2 }, { 99, 0, 0, 1 }, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_addr addr = { .family = AF_INET, .prefix = cases[i].prefix };
		const struct conf_addrs addrs = { .items = &addr, .n = 1 };

		memcpy(addr.addr, cases[i].addr, 4);
		assert_int_equal(net_addrs_cover(&addrs, AF_INET, cases[i].asked), cases[i].want);
		assert_false(net_addrs_cover(&addrs, AF_INET6, addr.addr));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_default), cmocka_unit_test(test_plan),
		cmocka_unit_test(test_names),   cmocka_unit_test(test_shared_namespace),
		cmocka_unit_test(test_table),   cmocka_unit_test(test_cover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lxc-update-config: the new text, and that it means the same as the old one. */
#include "conf/update.h"

#include "base/cleanup.h"
#include "conf/conf-internal.h"
#include "conf/item.h"
#include "conf/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *old, *new;
} rows[] = {
	{ "", "" },
	{ "lxc.uts.name = a\n", "lxc.uts.name = a\n" },
	{ "lxc.utsname = a\n", "lxc.uts.name = a\n" },
	{ "  lxc.utsname=a  \n", "  lxc.uts.name=a  \n" },
	{ "lxc.utsname = a", "lxc.uts.name = a\n" },
	{ "#  lxc.utsname = a\n# text\n\n", "#  lxc.uts.name = a\n# text\n\n" },
	{ "lxc.mount = /f\nlxc.mount.entry = a b none bind 0 0\n",
	  "lxc.mount.fstab = /f\nlxc.mount.entry = a b none bind 0 0\n" },
	{ "lxc.kmsg = 0\nlxc.pts = 8\n#lxc.kmsg = 1\n", "lxc.pty.max = 8\n#lxc.kmsg = 1\n" },
	{ "lxc.limit.nofile = 10\n", "lxc.prlimit.nofile = 10\n" },
	{ "lxc.rootfs = /r\n", "lxc.rootfs.path = /r\n" },
	{ "lxc.rootfs.backend = btrfs\nlxc.rootfs = \"/r\"\n", "lxc.rootfs.path = \"btrfs:/r\"\n" },
	{ "lxc.rootfs = overlayfs:/l:/u\nlxc.rootfs.backend = overlayfs\n",
	  "lxc.rootfs.path = overlayfs:/l:/u\n" },
	{ "lxc.network.type = empty\nlxc.network.ipv4 = 10.0.0.2/24\n",
	  "lxc.net.0.type = empty\nlxc.net.0.ipv4.address = 10.0.0.2/24\n" },
	{ "lxc.network.type = empty\nlxc.network.name = a\n#lxc.network.type = veth\n"
	  "lxc.network.type = empty\nlxc.network.name = b\n",
	  "lxc.net.0.type = empty\nlxc.net.0.name = a\n#lxc.net.1.type = veth\n"
	  "lxc.net.1.type = empty\nlxc.net.1.name = b\n" },
	{ "lxc.net.3.type = empty\nlxc.network.type = empty\nlxc.network.2.ipv6 = fd00::1/64\n",
	  "lxc.net.3.type = empty\nlxc.net.4.type = empty\nlxc.net.2.ipv6.address = fd00::1/64\n" },
	{ "lxc.network.type = empty\nlxc.network =\nlxc.network.type = empty\n",
	  "lxc.net.0.type = empty\nlxc.net =\nlxc.net.0.type = empty\n" },
	{ "#lxc.network.name = a\n", "#lxc.network.name = a\n" },
	{ "not ours\n", "not ours\n" }, /* is no line for a reader */
};

static struct conf *read_conf(const char *text)
{
	struct conf *conf = conf_new();

	assert_non_null(conf);
	assert_int_equal(conf_read_text(conf, "test", text, NULL), 0);
	return conf;
}

/* The same value, or the same failure. */
static void check_key(const struct conf *a, const struct conf *b, const char *key)
{
	_cleanup_free_ char *a_value = NULL, *b_value = NULL;

	assert_int_equal(conf_get(a, key, &a_value, NULL), conf_get(b, key, &b_value, NULL));
	assert_string_equal(a_value ? a_value : "", b_value ? b_value : "");
}

static const char *const net_keys[] = {
	"lxc.net.0.type", "lxc.net.1.type",         "lxc.net.2.ipv6.address",
	"lxc.net.3.type", "lxc.net.4.type",         "lxc.net.0.name",
	"lxc.net.1.name", "lxc.net.0.ipv4.address", "lxc.prlimit.nofile",
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *new = NULL, *again = NULL;

		assert_int_equal(conf_update_text("f", rows[i].old, &new, NULL), 0);
		assert_string_equal(new, rows[i].new);
		assert_int_equal(conf_update_text("f", new, &again, NULL), 0);
		assert_string_equal(again, new);
	}
}

static void test_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows) - 1; i++) {
		_cleanup_(conf_freep) struct conf *a = read_conf(rows[i].old);
		_cleanup_(conf_freep) struct conf *b = read_conf(rows[i].new);
		const struct conf_key *key;

		for (size_t k = 0; (key = conf_key_at(k)); k++)
			check_key(a, b, key->name);
		for (size_t k = 0; k < ARRAY_SIZE(net_keys); k++)
			check_key(a, b, net_keys[k]);
	}
}

static void test_no_device(void **state)
{
	struct err err = {};
	char *new;

	(void)state;
	assert_int_equal(conf_update_text("f", "\nlxc.network.name = a\n", &new, &err), -EINVAL);
	assert_string_equal(err.msg, "f:2: 'lxc.network.name' belongs to no device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_no_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys from before LXC 2.1, and the rule for the numbers of network blocks. */
#include "conf/read.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/item.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void load(struct conf *conf, const char *text)
{
	struct err err = {};

	conf_init(conf);
	if (conf_read_text(conf, "old", text, &err) < 0)
		fail_msg("%s", err.msg);
}

static void check(const struct conf *conf, const char *key, const char *want)
{
	_cleanup_free_ char *value = NULL;
	struct err err = {};

	if (conf_get(conf, key, &value, &err) < 0)
		fail_msg("%s: %s", key, err.msg);
	if (strcmp(value, want) != 0)
		fail_msg("%s: '%s' instead of '%s'", key, value, want);
}

static void test_names(void **state)
{
	static const struct {
		const char *line;
		const char *key;
		const char *want;
	} names[] = {
		{ "lxc.aa_allow_incomplete = 1", "lxc.apparmor.allow_incomplete", "1" },
		{ "lxc.aa_profile = unconfined", "lxc.apparmor.profile", "unconfined" },
		{ "lxc.console = none", "lxc.console.path", "none" },
		{ "lxc.console.logfile = /x", "lxc.console.logfile", "/x" },
		{ "lxc.devttydir = lxc", "lxc.tty.dir", "lxc" },
		{ "lxc.haltsignal = SIGRTMIN+4", "lxc.signal.halt", "38" },
		{ "lxc.id_map = u 0 100000 65536", "lxc.idmap", "u 0 100000 65536" },
		{ "lxc.init_cmd = /bin/x", "lxc.init.cmd", "/bin/x" },
		{ "lxc.init_gid = 5", "lxc.init.gid", "5" },
		{ "lxc.init_uid = 5", "lxc.init.uid", "5" },
		{ "lxc.limit.nofile = 5:6", "lxc.prlimit.nofile", "5:6" },
		{ "lxc.logfile = /x", "lxc.log.file", "/x" },
		{ "lxc.loglevel = 1", "lxc.log.level", "DEBUG" },
		{ "lxc.mount = /fstab", "lxc.mount.fstab", "/fstab" },
		{ "lxc.mount.entry = a b", "lxc.mount.entry", "a b\n" },
		{ "lxc.pseudo = 1024", "lxc.pty.max", "1024" },
		{ "lxc.pts = 1024", "lxc.pty.max", "1024" },
		{ "lxc.rebootsignal = SIGINT", "lxc.signal.reboot", "2" },
		{ "lxc.rootfs = /a/rootfs", "lxc.rootfs.path", "/a/rootfs" },
		{ "lxc.se_context = c_t", "lxc.selinux.context", "c_t" },
		{ "lxc.seccomp = /policy", "lxc.seccomp.profile", "/policy" },
		{ "lxc.stopsignal = 9", "lxc.signal.stop", "9" },
		{ "lxc.syslog = daemon", "lxc.log.syslog", "daemon" },
		{ "lxc.tty = 4", "lxc.tty.max", "4" },
		{ "lxc.utsname = web", "lxc.uts.name", "web" },
		{ "lxc.kmsg = 0", "lxc.uts.name", "" },
		{ "lxc.pivotdir = mnt", "lxc.uts.name", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(conf_done) struct conf conf;

		load(&conf, names[i].line);
		check(&conf, names[i].key, names[i].want);
		assert_true(strncmp(conf.saved, names[i].line, strlen(names[i].line)) == 0);
	}
}

static void test_backend(void **state)
{
	static const struct {
		const char *text;
		const char *backend; /* NULL: none */
		const char *path;
	} cases[] = {
		{ "lxc.rootfs = /a\n", NULL, "/a" },
		{ "lxc.rootfs.backend = loop\nlxc.rootfs = /a\n", "loop", "/a" },
		{ "lxc.rootfs = /a\nlxc.rootfs.backend = dir\n", "dir", "/a" },
		{ "lxc.rootfs.backend = dir\nlxc.rootfs = overlayfs:/a:/b\n", "overlayfs",
		  "/a:/b" },
		{ "lxc.rootfs.backend = dir\nlxc.rootfs.backend =\nlxc.rootfs = /a\n", NULL, "/a" },
	};
	_cleanup_(conf_done) struct conf bad;
	struct err err = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;

		load(&conf, cases[i].text);
		assert_string_equal(conf.rootfs_path, cases[i].path);
		if (cases[i].backend)
			assert_string_equal(conf.rootfs_backend, cases[i].backend);
		else
			assert_null(conf.rootfs_backend);
	}
	conf_init(&bad);
	assert_int_equal(conf_read_text(&bad, "old", "lxc.rootfs.backend = aufs\n", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "old:1:1: 'lxc.rootfs.backend': there is no"));
}

/* A whole file as they were written then. */
static void test_file(void **state)
{
	static const char text[] = "lxc.utsname = mycontainer\n"
				   "lxc.network.type = veth\n"
				   "lxc.network.flags = up\n"
				   "lxc.network.link = br0\n"
				   "lxc.network.hwaddr = 4a:49:43:49:79:bf\n"
				   "lxc.network.ipv4 = 1.2.3.5/24 1.2.3.255\n"
				   "lxc.network.ipv6 = 2003:db8:1:0:214:1234:fe0b:3597\n"
				   "# lxc.network.type = a comment counts no device\n"
				   "lxc.network.type = macvlan\n"
				   "lxc.network.macvlan.mode = bridge\n"
				   "lxc.network.ipv4.gateway = 1.2.3.1\n"
				   "lxc.network.type = empty\n"
				   "lxc.cap.drop = sys_module mknod\n"
				   "lxc.cgroup.devices.allow = c 1:3 rwm # dev/null\n"
				   "lxc.mount = /etc/fstab.complex\n"
				   "lxc.rootfs = /mnt/rootfs.complex\n";
	_cleanup_(conf_done) struct conf conf;

	(void)state;
	load(&conf, text);
	check(&conf, "lxc.net", "veth\nmacvlan\nempty\n");
	check(&conf, "lxc.net.0.link", "br0");
	check(&conf, "lxc.net.0.ipv4.address", "1.2.3.5/24");
	check(&conf, "lxc.net.0.ipv6.address", "2003:db8:1:0:214:1234:fe0b:3597/64");
	check(&conf, "lxc.net.1.macvlan.mode", "bridge");
	check(&conf, "lxc.net.1.ipv4.gateway", "1.2.3.1");
	check(&conf, "lxc.net.1.ipv4.address", "");
	check(&conf, "lxc.cgroup.devices.allow", "c 1:3 rwm # dev/null\n");
	assert_string_equal(conf.saved, text);
}

static void test_numbers(void **state)
{
	_cleanup_(conf_done) struct conf conf, cleared, clash;

	(void)state;
	load(&conf, "lxc.net.4.type = none\n"
	            "lxc.network.type = veth\n" /* 5 */
	            "lxc.network.0.type = vlan\n"
	            "lxc.network.0.ipv4 = 10.0.0.1/8\n"
	            "lxc.network.name = eth7\n");
	check(&conf, "lxc.net", "vlan\nnone\nveth\n");
	check(&conf, "lxc.net.5.name", "eth7");
	check(&conf, "lxc.net.0.ipv4.address", "10.0.0.1/8");

	load(&cleared, "lxc.network.type = veth\nlxc.network =\nlxc.network.type = phys\n");
	check(&cleared, "lxc.net", "phys\n");
	load(&clash, "lxc.network.type = veth\nlxc.network.0 =\n");
	check(&clash, "lxc.net", "");
}

/* What is cleared through the API stays so when the old lines are read again. */
static void test_clear(void **state)
{
	_cleanup_(conf_done) struct conf conf, again;

	(void)state;
	load(&conf, "lxc.utsname = a\n"
	            "lxc.network.type = veth\n"
	            "lxc.network.link = br0\n"
	            "lxc.network.type = phys\n"
	            "lxc.network.link = eth0\n");
	assert_int_equal(conf_save_clear(&conf, "lxc.uts.name", NULL), 0);
	assert_int_equal(conf_save_clear(&conf, "lxc.net.1.link", NULL), 0);
	assert_string_equal(conf.saved, "lxc.network.type = veth\n"
	                                "lxc.network.link = br0\n"
	                                "lxc.network.type = phys\n");
	assert_int_equal(conf_save_clear(&conf, "lxc.net", NULL), 0);
	load(&again, conf.saved);
	check(&again, "lxc.net", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_backend),
		cmocka_unit_test(test_file),  cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_clear),
	};

	log_setup("test", NULL, -EBADF, LOG_LEVEL_ERROR, /* quiet= */ true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

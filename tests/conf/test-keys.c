/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every key: set, get, clear, save, reload; and what each kind of value refuses. */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/item.h"
#include "conf/read.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define VETH "lxc.net.0.type = veth\n"
#define USER "lxc.net.0.type = user\n"

static const struct {
	const char *key;
	const char *value;
	const char *want;    /* what get gives after set */
	const char *cleared; /* and after clear */
	const char *before;  /* lines that are needed in front */
} cases[] = {
	{ "lxc.apparmor.allow_incomplete", "1", "1", "0", "" },
	{ "lxc.apparmor.allow_nesting", "1", "1", "0", "" },
	{ "lxc.apparmor.profile", "unconfined", "unconfined", "", "" },
	{ "lxc.apparmor.raw", "deny /x rw,", "deny /x rw,\n", "", "" },
	{ "lxc.arch", "amd64", "x86_64", "", "" },
	{ "lxc.arch", "armhf", "i686", "", "" },
	{ "lxc.autodev", "0", "0", "1", "" },
	{ "lxc.autodev.tmpfs.size", "700000", "700000", "500000", "" },
	{ "lxc.autodev.tmpfs.size", "1M", "1048576", "500000", "" },
	{ "lxc.autodev.tmpfs.size", "much", "500000", "500000", "" },
	{ "lxc.autodev.tmpfs.size", "0", "500000", "500000", "" },
	{ "lxc.cap.drop", "sys_time  mknod", "sys_time\nmknod\n", "", "" },
	{ "lxc.cap.drop", "3", "3\n", "", "" },
	{ "lxc.cap.keep", "chown kill", "chown\nkill\n", "", "" },
	{ "lxc.cap.keep", "none", "none\n", "", "" },
	{ "lxc.cap.keep", "chown none kill", "kill\n", "", "" },
	{ "lxc.cgroup.devices.allow", "c 1:3 rwm", "c 1:3 rwm\n", "", "" },
	{ "lxc.cgroup", "", "lxc.cgroup.cpu.shares = 5\n", "", "lxc.cgroup.cpu.shares = 5\n" },
	{ "lxc.cgroup.dir", "a/b", "a/b", "", "" },
	{ "lxc.cgroup.dir", "a..b", "a..b", "", "" },
	{ "lxc.cgroup.dir.container", "c", "c", "", "" },
	{ "lxc.cgroup.dir.container.inner", "ns", "ns", "", "" },
	{ "lxc.cgroup.dir.monitor", "m", "m", "", "" },
	{ "lxc.cgroup.dir.monitor.pivot", "p", "p", "", "" },
	{ "lxc.cgroup.relative", "1", "1", "0", "" },
	{ "lxc.cgroup2.memory.max", "1G", "1\n1G\n", "", "lxc.cgroup2.memory.max = 1\n" },
	{ "lxc.console.buffer.size", "auto", "131072", "0", "" },
	{ "lxc.console.buffer.size", "100 KB", "131072", "0", "" },
	{ "lxc.console.logfile", "/var//log/x/", "/var/log/x", "", "" },
	{ "lxc.console.path", "none", "none", "", "" },
	{ "lxc.console.rotate", "1", "1", "0", "" },
	{ "lxc.console.size", "1M", "1048576", "0", "" },
	{ "lxc.console.size", "2mb", "2097152", "0", "" },
	{ "lxc.console.size", "0x100000", "1048576", "0", "" },
	{ "lxc.environment", "A=b=c", "A=b=c\n", "", "" },
	{ "lxc.environment", "CONF_TEST_VARIABLE", "CONF_TEST_VARIABLE=here\n", "", "" },
	{ "lxc.environment.hooks", "A=", "A=\n", "", "" },
	{ "lxc.environment.runtime", "A= b ", "A= b \n", "", "" },
	{ "lxc.ephemeral", "1", "1", "0", "" },
	{ "lxc.execute.cmd", "/bin/true 'a b'", "/bin/true 'a b'", "", "" },
	{ "lxc.group", "a  b, c", "a\nb,\nc\n", "", "" },
	{ "lxc.hook.autodev", "/a b", "/a b\n", "", "" },
	{ "lxc.hook.clone", "/a", "/a\n", "", "" },
	{ "lxc.hook.destroy", "/a", "/a\n", "", "" },
	{ "lxc.hook.mount", "/a", "/x\n/a\n", "", "lxc.hook.mount = /x\n" },
	{ "lxc.hook.post-stop", "/a", "/a\n", "", "" },
	{ "lxc.hook.pre-mount", "/a", "/a\n", "", "" },
	{ "lxc.hook.pre-start", "/a", "/a\n", "", "" },
	{ "lxc.hook.start", "/a", "/a\n", "", "" },
	{ "lxc.hook.start-host", "/a", "/a\n", "", "" },
	{ "lxc.hook.stop", "/a", "/a\n", "", "" },
	{ "lxc.hook.version", "1", "1", "0", "" },
	{ "lxc.idmap", "g 0 100000 0x10000", "u 0 5 1\ng 0 100000 65536", "",
	  "lxc.idmap = u 0 5 1\n" },
	{ "lxc.init.cmd", "/sbin/init -x", "/sbin/init -x", "", "" },
	{ "lxc.init.cwd", "./a//b/./c/", "a/b/c", "", "" },
	{ "lxc.init.gid", "010", "8", "0", "" },
	{ "lxc.init.groups", "5, 20", "7,5,20", "", "lxc.init.groups = 7\n" },
	{ "lxc.init.uid", "4294967295", "4294967295", "0", "" },
	{ "lxc.keyring.session", "1", "1", "0", "" },
	{ "lxc.log.file", "/var/log/a", "/var/log/a", "", "" },
	{ "lxc.log.level", "debug", "DEBUG", "NOTSET", "" },
	{ "lxc.log.level", "4", "WARN", "NOTSET", "" },
	{ "lxc.log.syslog", "Local7", "Local7", "", "" },
	{ "lxc.monitor.signal.pdeath", "SIGTERM", "15", "9", "" },
	{ "lxc.monitor.unshare", "2", "2", "0", "" },
	{ "lxc.mount.auto", "proc sys:ro cgroup-full:rw:force", "proc:mixed sys:ro cgroup-full:rw",
	  "", "" },
	{ "lxc.mount.auto", "sys:rw", "proc:mixed sys:rw cgroup:ro", "",
	  "lxc.mount.auto = cgroup:ro proc sys\n" },
	{ "lxc.mount.auto", "cgroup2:ro shmounts:/a:/b", "proc:rw", "",
	  "lxc.mount.auto = proc:rw cgroup\n" },
	{ "lxc.mount.entry", "/a b none bind 0 0", "/a b none bind 0 0\n", "", "" },
	{ "lxc.mount.fstab", "/etc/fstab", "/etc/fstab", "", "" },
	{ "lxc.namespace.clone", "NET mnt", "user\nmnt\nnet\n", "",
	  "lxc.namespace.clone = user\n" },
	{ "lxc.namespace.keep", "cgroup ipc", "ipc\ncgroup\n", "", "" },
	{ "lxc.namespace.share.net", "other", "other", "", "" },
	{ "lxc.namespace.share.time", "/proc/1/ns/time", "/proc/1/ns/time", "", "" },
	{ "lxc.net.0.type", "empty", "empty", "", "" },
	{ "lxc.net.0.type", "phys", "phys", "", "" },
	{ "lxc.net.007.type", "none", "none", "", "" },
	{ "lxc.net.0.flags", "up", "up", "", VETH },
	{ "lxc.net.0.flags", "on", "up", "", VETH },
	{ "lxc.net.0.flags", "down", "", "", VETH },
	{ "lxc.net.0.link", "lxcbr0", "lxcbr0", "", VETH },
	{ "lxc.net.0.name", "fifteen-letters", "fifteen-letters", "", VETH },
	{ "lxc.net.0.hwaddr", "00:16:3e:AB:cd:0f", "00:16:3e:AB:cd:0f", "", VETH },
	{ "lxc.net.0.mtu", "1400", "1400", "", VETH },
	{ "lxc.net.0.ipv4.address", "10.0.3.2/24 10.0.3.9", "10.0.0.1/8\n10.0.3.2/24", "",
	  VETH "lxc.net.0.ipv4.address = 10.0.0.1\n" },
	{ "lxc.net.0.ipv4.gateway", "10.0.3.1", "10.0.3.1", "", VETH },
	{ "lxc.net.0.ipv4.gateway", "auto", "auto", "", VETH },
	{ "lxc.net.0.ipv6.address", "fd00::2", "fd00::2/64", "", VETH },
	{ "lxc.net.0.ipv6.gateway", "dev", "dev", "", VETH },
	{ "lxc.net.0.l2proxy", "1", "1", "0", VETH },
	{ "lxc.net.0.script.up", "/bin/up x", "/bin/up x", "", VETH },
	{ "lxc.net.0.script.down", "/bin/down", "/bin/down", "", VETH },
	{ "lxc.net.0.veth.mode", "router", "router", "bridge", VETH },
	{ "lxc.net.0.veth.pair", "vethx", "vethx", "", VETH },
	{ "lxc.net.0.veth.ipv4.route", "192.0.2.0/24", "192.0.2.0/24", "", VETH },
	{ "lxc.net.0.veth.ipv6.route", "2001:db8::/32", "2001:db8::/32", "", VETH },
	{ "lxc.net.0.veth.vlan.id", "none", "-1", "", VETH },
	{ "lxc.net.0.veth.vlan.id", "4094", "4094", "", VETH },
	{ "lxc.net.0.veth.vlan.tagged.id", "0x10", "3\n16", "",
	  VETH "lxc.net.0.veth.vlan.tagged.id = 3\n" },
	{ "lxc.net.0.veth.n_rxqueues", "4", "4", "", VETH },
	{ "lxc.net.0.veth.n_txqueues", "4", "4", "", VETH },
	{ "lxc.net.0.macvlan.mode", "passthru", "passthru", "private",
	  "lxc.net.0.type = macvlan\n" },
	{ "lxc.net.0.ipvlan.mode", "l3s", "l3s", "l3", "lxc.net.0.type = ipvlan\n" },
	{ "lxc.net.0.ipvlan.isolation", "vepa", "vepa", "bridge", "lxc.net.0.type = ipvlan\n" },
	{ "lxc.net.0.publish", "8080:80", "8080:80/tcp", "", USER },
	{ "lxc.net.0.publish", "[fd00::1]:53:5353/udp", "[fd00::1]:53:5353/udp", "", USER },
	{ "lxc.net.0.vlan.id", "65535", "65535", "0", "lxc.net.0.type = vlan\n" },
	{ "lxc.no_new_privs", "1", "1", "0", "" },
	{ "lxc.prlimit.nofile", "1024 : 4096", "1024:4096", "", "lxc.prlimit.nofile = 5\n" },
	{ "lxc.prlimit.core", "unlimited", "unlimited", "", "" },
	{ "lxc.prlimit.core", "7:007", "7", "", "" },
	{ "lxc.prlimit.7", "0", "0", "", "" },
	{ "lxc.proc.oom_score_adj", "10", "10", "", "" },
	{ "lxc.pty.max", "1024", "1024", "0", "" },
	{ "lxc.rootfs.managed", "0", "0", "1", "" },
	{ "lxc.rootfs.mount", "/mnt/", "/mnt", "", "" },
	{ "lxc.rootfs.options", "ro,nodev,idmap=container", "ro,nodev,idmap=container", "", "" },
	{ "lxc.rootfs.path", "/a//rootfs", "/a/rootfs", "", "" },
	{ "lxc.rootfs.path", "/with:colon", "/with:colon", "", "" },
	{ "lxc.rootfs.path", "overlay:/lower:/upper", "/lower:/upper", "", "" },
	{ "lxc.sched.core", "1", "1", "0", "" },
	{ "lxc.seccomp.allow_nesting", "1", "1", "0", "" },
	{ "lxc.seccomp.notify.cookie", "a b", "a b", "", "" },
	{ "lxc.seccomp.notify.proxy", "unix:/run/s", "/run/s", "", "" },
	{ "lxc.seccomp.notify.proxy", "unix:@s", "s", "", "" },
	{ "lxc.seccomp.profile", "/x", "/x", "", "" },
	{ "lxc.selinux.context", "c_t", "c_t", "", "" },
	{ "lxc.selinux.context.keyring", "k_t", "k_t", "", "" },
	{ "lxc.signal.halt", "sigpwr", "30", "0", "" },
	{ "lxc.signal.reboot", "2", "2", "0", "" },
	{ "lxc.signal.stop", "SIGKILL", "9", "0", "" },
	{ "lxc.start.auto", "0x1", "1", "0", "" },
	{ "lxc.start.delay", "5", "5", "0", "" },
	{ "lxc.start.order", "-7", "-7", "0", "" },
	{ "lxc.sysctl.net.ipv4.ip_forward", "1", "1", "", "lxc.sysctl.net.ipv4.ip_forward = 0\n" },
	{ "lxc.time.offset.boot", "-2h", "-7200s", "0ns", "" },
	{ "lxc.time.offset.boot", "5 m", "300s", "0ns", "lxc.time.offset.boot = 3ms\n" },
	{ "lxc.time.offset.monotonic", "3us", "3000ns", "0ns", "" },
	{ "lxc.time.offset.monotonic", "7ms", "7000000ns", "0ns",
	  "lxc.time.offset.monotonic = 3s\n" },
	{ "lxc.tty.dir", "lxc", "lxc", "", "" },
	{ "lxc.tty.max", "4", "4", "0", "" },
	{ "lxc.uts.name", "web", "web", "", "" },
};

static void load(struct conf *conf, const char *text)
{
	struct err err = {};

	conf_init(conf);
	if (conf_read_text(conf, "text", text, &err) < 0)
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

/* What is in memory is what the saved text brings back. */
static void check_reload(const struct conf *conf, const char *key)
{
	_cleanup_free_ char *value = NULL;
	_cleanup_(conf_done) struct conf again;

	assert_int_equal(conf_get(conf, key, &value, NULL), 0);
	load(&again, conf->saved);
	check(&again, key, value);
	assert_string_equal(again.saved, conf->saved);
}

static void test_every_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		struct err err = {};

		load(&conf, cases[i].before);
		if (*cases[i].value && conf_save_set(&conf, cases[i].key, cases[i].value, &err) < 0)
			fail_msg("%s = %s: %s", cases[i].key, cases[i].value, err.msg);
		check(&conf, cases[i].key, cases[i].want);
		check_reload(&conf, cases[i].key);

		assert_int_equal(conf_save_clear(&conf, cases[i].key, NULL), 0);
		check(&conf, cases[i].key, cases[i].cleared);
		if (!strstr(cases[i].key, ".type")) /* a device that is gone needs no clearing */
			check_reload(&conf, cases[i].key);
	}
}

/* The empty value clears, but for what config(5) says. */
static void test_empty(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		const char *key = cases[i].key, *want = cases[i].cleared;
		int r;

		load(&conf, cases[i].before);
		if (*cases[i].value)
			assert_int_equal(conf_set(&conf, key, cases[i].value, NULL), 0);
		r = conf_set(&conf, key, "", NULL);
		if (strcmp(key, "lxc.arch") == 0 || strcmp(key, "lxc.mount.fstab") == 0) {
			assert_int_equal(r, -EINVAL);
			continue;
		}
		assert_int_equal(r, 0);
		if (strcmp(key, "lxc.autodev") == 0 ||
		    strcmp(key, "lxc.monitor.signal.pdeath") == 0)
			want = "0";
		check(&conf, key, want);
	}
}

static bool has_case(const char *prefix, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *key = cases[i].key;
		size_t len = strlen(name);

		if (!str_starts_with(key, prefix))
			continue;
		key += strlen(prefix);
		if (strncmp(key, name, len) == 0 && (!key[len] || key[len] == '.'))
			return true;
	}
	return false;
}

static void test_table(void **state)
{
	const struct conf_key *key, *previous = NULL;
	const char *sub;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; (key = conf_key_at(i)); i++, n++) {
		if (previous && strcmp(previous->name, key->name) >= 0)
			fail_msg("'%s' stands behind '%s'", key->name, previous->name);
		previous = key;
		if (!(key->flags & CONF_FAMILY_ONLY))
			assert_ptr_equal(conf_key_find(key->name, &sub), key);
		if (strcmp(key->name, "lxc.include") != 0 && strcmp(key->name, "lxc.hook") != 0 &&
		    !has_case("", key->name))
			fail_msg("'%s' is not tested", key->name);
	}
	assert_true(n >= 80);
	for (size_t i = 0; (key = conf_net_key_at(i)); i++)
		if (!has_case("lxc.net.0.", key->name))
			fail_msg("'lxc.net.0.%s' is not tested", key->name);
}

static void test_bad_values(void **state)
{
	static const struct {
		const char *key;
		const char *value;
		const char *msg;  /* part of it */
		const char *hint; /* part of it, NULL: there is none */
		const char *before;
	} bad[] = {
		{ "lxc.autodev", "true", "must be 0 or 1, not 'true'", "write 'lxc.autodev = 1'",
		  "" },
		{ "lxc.autodev", "off", "0 or 1", "write 'lxc.autodev = 0'", "" },
		{ "lxc.autodev", "2", "0 or 1", NULL, "" },
		{ "lxc.autodev", "\x1b[2J", "\\x1b[2J", NULL, "" },
		{ "lxc.arch", "AMD64", "knows no 'AMD64'", "write 'lxc.arch = amd64'", "" },
		{ "lxc.arch", "amd46", "knows no", "write 'lxc.arch = amd64'", "" },
		{ "lxc.uts.name",
		  "a2345678901234567890123456789012345678901234567890123456789012345",
		  "has 65 bytes, at most 64", NULL, "" },
		{ "lxc.init.uid", "-1", "a number from 0 to 4294967295", NULL, "" },
		{ "lxc.init.uid", "4294967296", "a number", NULL, "" },
		{ "lxc.init.uid", "12x", "a number", NULL, "" },
		{ "lxc.init.groups", "1,,2", "numbers with commas", NULL, "" },
		{ "lxc.init.groups", "1 ,2", "numbers with commas", NULL, "" },
		{ "lxc.environment", "=x", "NAME=VALUE", NULL, "" },
		{ "lxc.environment", "CONF_TEST_NOT_THERE", "no variable 'CONF_TEST_NOT_THERE'",
		  "lxc.environment = CONF_TEST_NOT_THERE=...", "" },
		{ "lxc.start.order", "2147483648", "2147483647", NULL, "" },
		{ "lxc.signal.halt", "SIGRTMIN", "a signal such as",
		  "write 'lxc.signal.halt = SIGRTMIN+3'", "" },
		{ "lxc.signal.stop", "rtmin", "a signal", "write 'lxc.signal.stop = SIGRTMIN+0'",
		  "" },
		{ "lxc.signal.stop", "SIGRTMAX", "a signal", "SIGRTMAX-0", "" },
		{ "lxc.signal.stop", "PWR", "a signal", "write 'lxc.signal.stop = SIGPWR'", "" },
		{ "lxc.signal.stop", "RTMIN+3", "a signal", "SIGRTMIN+3'", "" },
		{ "lxc.signal.stop", "SIGRTMIN+99", "a signal", NULL, "" },
		{ "lxc.signal.stop", "SIGRTMIN+-1", "a signal", NULL, "" },
		{ "lxc.signal.stop", "SIGNONE", "a signal", NULL, "" },
		{ "lxc.signal.stop", "-9", "a signal", NULL, "" },
		{ "lxc.log.level", "warnn", "a log level", "write 'lxc.log.level = warn'", "" },
		{ "lxc.log.level", "9", "a log level", NULL, "" },
		{ "lxc.log.syslog", "local8", "local0 to local7", NULL, "" },
		{ "lxc.console.size", "1TB", "a size such as", NULL, "" },
		{ "lxc.console.size", "-1", "a size", NULL, "" },
		{ "lxc.console.size", "9223372036854775807K", "a size", NULL, "" },
		{ "lxc.console.size", "9223372036854775807", "at most", NULL, "" },
		{ "lxc.idmap", "u 0 100000", "KIND FIRST-INSIDE", "'lxc.idmap = u 0 100000 65536'",
		  "" },
		{ "lxc.idmap", "uid 0 5 6", "KIND", "'lxc.idmap = u 0 5 6'", "" },
		{ "lxc.idmap", "b 0 5 6", "KIND", "begins with u", "" },
		{ "lxc.idmap", "u 0 5 6 7", "KIND", NULL, "" },
		{ "lxc.idmap", "u 0 5 x", "KIND", NULL, "" },
		{ "lxc.idmap", "u 0 5 0", "is empty or goes past the last id", NULL, "" },
		{ "lxc.idmap", "u 4294967295 5 1", "past the last id", NULL, "" },
		{ "lxc.idmap", "u 0 4294967290 6", "past the last id", NULL, "" },
		{ "lxc.namespace.clone", "mount", "user, mnt, pid", "'mnt'", "" },
		{ "lxc.namespace.clone", "nett", "user, mnt", "'net'", "" },
		{ "lxc.namespace.clone", "net", "exclude each other",
		  "lxc.namespace.keep =", "lxc.namespace.keep = ipc\n" },
		{ "lxc.namespace.keep", "net", "exclude each other",
		  "lxc.namespace.clone =", "lxc.namespace.clone = ipc\n" },
		{ "lxc.time.offset.boot", "5", "a number with a unit", "lxc.time.offset.boot = 5s",
		  "" },
		{ "lxc.time.offset.boot", "5 ms", "a unit", NULL, "" },
		{ "lxc.time.offset.boot", "9223372036854775807h", "a unit", NULL, "" },
		{ "lxc.cap.drop", "CAP_SYS_ADMIN mknod", "no capability 'CAP_SYS_ADMIN'",
		  "'lxc.cap.drop = sys_admin mknod'", "" },
		{ "lxc.cap.drop", "sys_admn", "no capability", "'sys_admin'", "" },
		{ "lxc.cap.drop", "99", "no capability '99'", NULL, "" },
		{ "lxc.cap.drop", "none", "no capability 'none'", "'lxc.cap.drop ='", "" },
		{ "lxc.cap.drop", "chown", "exclude each other",
		  "lxc.cap.keep =", "lxc.cap.keep = kill\n" },
		{ "lxc.cap.keep", "chown", "exclude each other",
		  "lxc.cap.drop =", "lxc.cap.drop = kill\n" },
		{ "lxc.cgroup2", "x", "takes no value of its own", "lxc.cgroup2.NAME", "" },
		{ "lxc.prlimit", "x", "takes no value of its own", "lxc.prlimit.NAME", "" },
		{ "lxc.prlimit.nofile", "5:", "SOFT or SOFT:HARD", NULL, "" },
		{ "lxc.prlimit.nofile", "0x5", "SOFT or SOFT:HARD", NULL, "" },
		{ "lxc.prlimit.nofile", "5 6", "SOFT or SOFT:HARD", NULL, "" },
		{ "lxc.cgroup.dir", "/a", "a relative path", "'lxc.cgroup.dir = a'", "" },
		{ "lxc.cgroup.dir", "a/../b", "without '..'", NULL, "" },
		{ "lxc.cgroup.dir.container.inner", "a/b", "one directory name", NULL, "" },
		{ "lxc.seccomp.notify.proxy", "/run/s", "unix:/PATH", "= unix:/run/s", "" },
		{ "lxc.seccomp.notify.proxy", "unix:x", "unix:/PATH", NULL, "" },
		{ "lxc.mount.auto", "proc:ro", "knows no 'proc:ro'", "proc:mixed", "" },
		{ "lxc.mount.auto", "proc,sys", "knows no", "blanks, not commas", "" },
		{ "lxc.mount.auto", "shmounts:", "knows no", "shmounts:HOST", "" },
		{ "lxc.mount.auto", "cgroup2:rw", "knows no", "cgroup2:ro", "" },
		{ "lxc.mount.auto", "cgroup:roo", "knows no", "'cgroup:ro'", "" },
		{ "lxc.rootfs.path", "overlyfs:/a:/b", "no storage backend 'overlyfs'",
		  "= overlayfs:/a:/b", "" },
		{ "lxc.rootfs.path", "dir:", "names no path", NULL, "" },
		{ "lxc.rootfs.options", "ro,optional", "cannot have the option 'optional'", NULL,
		  "" },
		{ "lxc.rootfs.options", "create=dir", "'create'", NULL, "" },
		{ "lxc.hook", "x", "takes no value", "lxc.hook.pre-start", "" },
		{ "lxc.net", "veth", "takes no value", "lxc.net.0.type = veth", "" },
		{ "lxc.net.3", "veth", "takes no value", "lxc.net.3.type = veth", "" },
		{ "lxc.net.0.type", "vethh", "empty, none, veth", "lxc.net.0.type = veth", "" },
		{ "lxc.net.0.link", "sixteen-letters-", "has 16 bytes, at most 15", NULL, VETH },
		{ "lxc.net.0.link", "a/b", "an interface name", NULL, VETH },
		{ "lxc.net.0.mtu", "big", "a number of bytes", NULL, VETH },
		{ "lxc.net.0.hwaddr", "00:16:3e:00:00", "a MAC address", NULL, VETH },
		{ "lxc.net.0.hwaddr", "00:16:3e:00:00:0g", "a MAC address", NULL, VETH },
		{ "lxc.net.0.ipv4.address", "10.0.0.1/33", "an IPv4 address", NULL, VETH },
		{ "lxc.net.0.ipv4.address", "fd00::1", "an IPv4 address", NULL, VETH },
		{ "lxc.net.0.ipv4.address", "10.0.0.1/8 x", "an IPv4 address", NULL, VETH },
		{ "lxc.net.0.ipv6.address", "fd00::1/129", "an IPv6 address", NULL, VETH },
		{ "lxc.net.0.ipv6.address", "fd00::1 fd00::2", "an IPv6 address", NULL, VETH },
		{ "lxc.net.0.ipv4.gateway", "none", "'auto' or 'dev'", NULL, VETH },
		{ "lxc.net.0.veth.ipv4.route", "10.0.0.1", "ADDRESS/PREFIX", "= 10.0.0.1/32",
		  VETH },
		{ "lxc.net.0.veth.vlan.id", "4095", "'none' or a number from 0 to 4094", NULL,
		  VETH },
		{ "lxc.net.0.veth.vlan.tagged.id", "none", "0 to 4094", NULL, VETH },
		{ "lxc.net.0.veth.n_rxqueues", "0", "at least 1", NULL, VETH },
		{ "lxc.net.0.publish", "8080", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "0:80", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "80:0", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "65536:1", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "1:65536", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "a:1:2", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "1:2:3:4", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "[::1:1:2", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "[::1]1:2", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "::1:1:2", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "[1.2.3.4]:1:2", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "1:2/sctp", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "1:2/", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "01:2", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "-1:2", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "1:2 ", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.publish", "localhost:1:2", "HOST-PORT:CONTAINER-PORT", NULL, USER },
		{ "lxc.net.0.veth.mode", "bridged", "knows no", "veth.mode = bridge", VETH },
		{ "lxc.net.0.vlan.id", "1",
		  "only for devices of type vlan, lxc.net.0 is of type veth",
		  "put 'lxc.net.0.type = vlan' in front", VETH },
		{ "lxc.net.0.veth.pair", "x", "lxc.net.0 is of type empty", "type = veth", "" },
		{ "lxc.uts.name", "a\nlxc.uts.name = b", "cannot hold a line break", NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_free_ char *before = NULL, *after = NULL;
		struct err err = {};
		int r;

		load(&conf, bad[i].before);
		(void)conf_get(&conf, bad[i].key, &before, NULL);
		r = conf_save_set(&conf, bad[i].key, bad[i].value, &err);
		if (r >= 0)
			fail_msg("%s = %s was accepted", bad[i].key, bad[i].value);
		if (!strstr(err.msg, bad[i].msg))
			fail_msg("'%s' does not say '%s'", err.msg, bad[i].msg);
		if (bad[i].hint ? !strstr(err.hint, bad[i].hint) : err.hint[0] != '\0')
			fail_msg("%s = %s: hint '%s'", bad[i].key, bad[i].value, err.hint);
		(void)conf_get(&conf, bad[i].key, &after, NULL);
		if (before)
			assert_string_equal(before, after); /* untouched on failure */
		assert_string_equal(conf.saved, bad[i].before);
	}
}

static void test_unknown_keys(void **state)
{
	static const struct {
		const char *key;
		const char *hint;
	} unknown[] = {
		{ "lxc.utsnam", "did you mean 'lxc.uts.name'?" },
		{ "lxc.utsname", "called 'lxc.uts.name' now" },
		{ "lxc.network.0.ipv4", "called 'lxc.net.0.ipv4.address' now" },
		{ "lxc.network.link", "called 'lxc.net.0.link' now" },
		{ "lxc.limit.nofile", "called 'lxc.prlimit.nofile' now" },
		{ "lxc.rootfs.pth", "'lxc.rootfs.path'" },
		{ "lxc.net.0.lnk", "'lxc.net.0.link'" },
		{ "lxc.net.12.ipv4.adress", "'lxc.net.12.ipv4.address'" },
		{ "lxc.net.eth0.type", "by its number" },
		{ "lxc.net.-1.type", "by its number" },
		{ "lxc.net.2147483647.type", NULL },
		{ "lxc.net.0.", NULL },
		{ "lxc.net.0..type", NULL },
		{ "lxc.net.0.macvlan.vlan", NULL },
		{ "lxc.prlimit.nofiles", "'lxc.prlimit.nofile'" },
		{ "lxc.prlimit.16", NULL },
		{ "lxc.namespace.share.nett", "'lxc.namespace.share.net'" },
		{ "lxc.namespace.share.NET", NULL },
		{ "lxc.namespace.share", "'lxc.namespace.share" },
		{ "lxc.cgroup.dir.foo", NULL },
		{ "lxc.cgroup2.", "'lxc.cgroup2'" },
		{ "lxc.cgroup2memory", NULL },
		{ "lxc.hook.prestart", "'lxc.hook.pre-start'" },
		{ "lxc.uts.name ", "'lxc.uts.name'" },
		{ "lxc.", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		_cleanup_(conf_done) struct conf conf;
		struct err err = {};
		char *value;

		conf_init(&conf);
		assert_int_equal(conf_set(&conf, unknown[i].key, "1", &err), -ENOENT);
		assert_non_null(strstr(err.msg, "unknown key"));
		if (unknown[i].hint && !strstr(err.hint, unknown[i].hint))
			fail_msg("%s: hint '%s'", unknown[i].key, err.hint);
		assert_int_equal(conf_get(&conf, unknown[i].key, &value, NULL), -ENOENT);
		assert_int_equal(conf_clear(&conf, unknown[i].key, NULL), -ENOENT);
	}
}

/* What structs say, where the getter does not. */
static void test_fields(void **state)
{
	_cleanup_(conf_done) struct conf conf;

	(void)state;
	load(&conf, "lxc.mount.auto = cgroup2 shmounts:/host\n"
	            "lxc.rootfs.path = overlay:/l:/u\n"
	            "lxc.rootfs.path = /plain\n"
	            "lxc.net.2.type = veth\n"
	            "lxc.net.2.ipv4.address = 192.168.1.5/24\n"
	            "lxc.net.2.ipv4.address = 192.168.1.6/31\n"
	            "lxc.net.1.flags = up\n"
	            "lxc.namespace.clone = user\n"
	            "lxc.pty.max = 0\n"
	            "lxc.idmap = g 1 2 3\n"
	            "lxc.namespace.share.ipc = other\n");
	assert_true(conf.mount_auto.cgroup2 && conf.mount_auto.cgroup_force);
	assert_int_equal(conf.mount_auto.cgroup, CONF_CGROUP_RW);
	assert_string_equal(conf.mount_auto.shmounts_host, "/host");
	assert_string_equal(conf.mount_auto.shmounts_container, "/dev/.lxc-mounts");
	assert_null(conf.rootfs_backend); /* the later line has none */
	assert_int_equal(conf.nets.n, 2);
	assert_int_equal(conf.nets.items[0].index, 1);
	assert_int_equal(conf.nets.items[0].type, CONF_NET_EMPTY);
	assert_true(conf.nets.items[0].up);
	assert_int_equal(conf.nets.items[1].veth_vlan_id, -2);
	assert_int_equal(conf.nets.items[1].ipv4.items[0].broadcast[3], 255);
	assert_int_equal(conf.nets.items[1].ipv4.items[1].broadcast[3], 0);
	assert_true(conf.ns_clone_set);
	assert_true(conf.pty_max_set);
	assert_int_equal(conf.idmaps.items[0].kind, IDMAP_GID);
	assert_int_equal(conf.idmaps.items[0].count, 3);
	assert_string_equal(conf.ns_share[NS_IPC], "other");

	assert_int_equal(conf_clear(&conf, "lxc.pty.max", NULL), 0);
	assert_false(conf.pty_max_set);
	assert_int_equal(conf_set(&conf, "lxc.net.2.type", "veth", NULL), 0);
	assert_int_equal(conf.nets.items[1].ipv4.n, 0); /* the type makes a new device */
	assert_int_equal(conf_set(&conf, "lxc.net.1", "", NULL), 0);
	assert_int_equal(conf.nets.n, 1);
	assert_int_equal(conf_set(&conf, "lxc.net.9", "", NULL), 0);
	assert_int_equal(conf_set(&conf, "lxc.net.9.link", "", NULL), -EINVAL);
	assert_int_equal(conf_set(&conf, "lxc.net", "", NULL), 0);
	assert_int_equal(conf.nets.n, 0);
	assert_null(conf.nets.items);
}

static void test_defaults(void **state)
{
	_cleanup_(conf_done) struct conf conf;

	(void)state;
	conf_init(&conf);
	assert_true(conf.autodev);
	assert_true(conf.rootfs_managed);
	assert_int_equal(conf.autodev_tmpfs_size, 500000);
	assert_int_equal(conf.monitor_pdeath, 9);
	assert_int_equal(conf.log_level, LOG_LEVEL_UNSET);
	assert_false(conf.pty_max_set || conf.ns_clone_set || conf.ephemeral);
	assert_null(conf.init_cmd);
}

static void test_random_hwaddr(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		_cleanup_(conf_done) struct conf conf;
		const char *hwaddr;

		load(&conf, "lxc.net.0.type = veth\nlxc.net.0.hwaddr = xX:16:3e:Xx:xx:xx\n");
		hwaddr = conf.nets.items[0].hwaddr;
		assert_int_equal(strlen(hwaddr), 17);
		assert_null(strpbrk(hwaddr, "xX"));
		assert_non_null(strchr("26ae", hwaddr[1]));
		assert_non_null(strstr(conf.saved, hwaddr)); /* it is drawn once */
		assert_int_equal(
			conf_save_set(&conf, "lxc.net.0.hwaddr", "02:xx:00:00:00:00", NULL), 0);
		assert_non_null(strstr(conf.saved, conf.nets.items[0].hwaddr));
	}
}

static void test_get_refused(void **state)
{
	static const struct {
		const char *key;
		int want;
	} refused[] = {
		{ "lxc.include", -ENOSYS },       { "lxc.hook", -EINVAL },
		{ "lxc.net.0", -ENOENT },         { "lxc.net.7", -ENOENT },
		{ "lxc.net.7.link", -EINVAL },    { "lxc.net.0.vlan.id", -EINVAL },
		{ "lxc.net.0.nothing", -ENOENT },
	};
	_cleanup_(conf_done) struct conf conf;

	(void)state;
	load(&conf, VETH "lxc.net.1.type = vlan\nlxc.net.1.type =\n");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		char *value;

		assert_int_equal(conf_get(&conf, refused[i].key, &value, NULL), refused[i].want);
	}
	check(&conf, "lxc.net", "veth\n(invalid)\n");
	check(&conf, "lxc.net.1.type", "");
}

static void test_key_lists(void **state)
{
	static const struct {
		const char *family;
		const char *want;
	} lists[] = {
		{ "lxc.apparmor", "allow_incomplete\nallow_nesting\nprofile\nraw\n" },
		{ "lxc.mount", "auto\nentry\nfstab\n" },
		{ "lxc.start", "auto\ndelay\norder\n" },
		{ "lxc.net.0", "type\nscript.up\nscript.down\n" },
		{ "lxc.net.1", "type\nscript.up\nscript.down\nflags\nlink\nname\nhwaddr\nmtu\n"
		               "ipv6.address\nipv6.gateway\nipv4.address\nipv4.gateway\nl2proxy\n"
		               "vlan.id\n" },
	};
	_cleanup_(conf_done) struct conf conf;
	_cleanup_free_ char *all = NULL;

	(void)state;
	load(&conf, "lxc.net.0.type = empty\nlxc.net.1.type = vlan\n");
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_free_ char *text = NULL;

		assert_int_equal(conf_keys(&conf, lists[i].family, &text, NULL), 0);
		assert_string_equal(text, lists[i].want);
	}
	assert_int_equal(conf_keys(&conf, "lxc.net.2", &all, NULL), -EINVAL);
	assert_int_equal(conf_keys(&conf, "lxc.nothing", &all, NULL), -EINVAL);
	assert_int_equal(conf_keys(&conf, NULL, &all, NULL), 0);
	assert_true(str_starts_with(all, "lxc.apparmor.allow_incomplete\n"));
	assert_non_null(strstr(all, "\nlxc.net\n"));
	assert_null(strstr(all, "lxc.namespace.share"));
}

static void test_arch(void **state)
{
	(void)state;
	assert_true(conf_arch_is_32bit("i686"));
	assert_true(conf_arch_is_32bit("x86"));
	assert_false(conf_arch_is_32bit("aarch64"));
	assert_false(conf_arch_is_32bit("x86_64"));
	assert_false(conf_arch_is_32bit(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),        cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_empty),        cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_unknown_keys), cmocka_unit_test(test_fields),
		cmocka_unit_test(test_defaults),     cmocka_unit_test(test_random_hwaddr),
		cmocka_unit_test(test_get_refused),  cmocka_unit_test(test_key_lists),
		cmocka_unit_test(test_arch),
	};

	log_setup("test", NULL, -EBADF, LOG_LEVEL_ERROR, /* quiet= */ true);
	(void)setenv("CONF_TEST_VARIABLE", "here", 1);
	(void)unsetenv("CONF_TEST_NOT_THERE");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

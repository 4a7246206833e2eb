/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys whose effect is not there yet stop a start; all others do not. */
#include "conf/item.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/read.h"

#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int check_text(const char *text, struct err *err)
{
	_cleanup_(conf_done) struct conf conf;

	conf_init(&conf);
	if (conf_read_text(&conf, "t", text, err) < 0)
		fail_msg("%s", err->msg);
	return conf_check_supported(&conf, err);
}

static void test_supported(void **state)
{
	static const char *const fine[] = {
		"",
		"lxc.cgroup.relative = 0\nlxc.monitor.unshare = 0\nlxc.sched.core = 0\n",
		"lxc.net.0.type = empty\nlxc.net.0.flags = up\nlxc.net.3.type = veth\n",
		"lxc.hook.version = 1\n",
		"lxc.cgroup2.memory.max = 1G\nlxc.cgroup.cpu.shares = 5\n",
		"lxc.cgroup.dir = a\nlxc.cgroup.dir.container = a\nlxc.cgroup.relative = 1\n",
		"lxc.hook.mount = /x\nlxc.hook =\n",
		"lxc.rootfs.path = dir:/x\nlxc.rootfs.options = ro,nodev\n",
		"lxc.mount.entry = /idmap=x a none bind,optional 0 0\nlxc.mount.entry = x\n",
		"lxc.apparmor.profile = unconfined\nlxc.apparmor.allow_nesting = 1\n",
		"lxc.apparmor.profile = unchanged\n",
		"lxc.apparmor.profile = generated\nlxc.apparmor.raw = x\n",
		"lxc.uts.name = a\nlxc.arch = x86_64\nlxc.init.cmd = /x\nlxc.execute.cmd = /x\n"
		"lxc.init.uid = 1\nlxc.init.gid = 1\nlxc.init.groups = 1\nlxc.init.cwd = /\n"
		"lxc.environment = a=b\nlxc.environment.runtime = a=b\nlxc.ephemeral = 1\n"
		"lxc.signal.halt = SIGPWR\nlxc.signal.stop = SIGTERM\nlxc.signal.reboot = SIGINT\n"
		"lxc.start.auto = 1\nlxc.start.delay = 1\nlxc.start.order = 1\nlxc.group = a\n"
		"lxc.monitor.signal.pdeath = SIGTERM\nlxc.log.level = 1\nlxc.log.file = /x\n"
		"lxc.idmap = u 0 1 1\nlxc.namespace.clone = user\nlxc.namespace.share.net = x\n"
		"lxc.time.offset.boot = 1s\nlxc.cap.drop = mknod\nlxc.no_new_privs = 1\n"
		"lxc.keyring.session = 1\nlxc.rootfs.mount = /mnt\nlxc.rootfs.managed = 0\n"
		"lxc.mount.fstab = /x\nlxc.mount.auto = proc sys cgroup\nlxc.console.path = none\n"
		"lxc.console.logfile = /x\nlxc.console.size = 1M\nlxc.console.rotate = 1\n"
		"lxc.console.buffer.size = auto\nlxc.tty.max = 4\nlxc.tty.dir = lxc\n"
		"lxc.pty.max = 1024\nlxc.autodev = 0\nlxc.autodev.tmpfs.size = 1\n"
		"lxc.prlimit.nofile = 1\nlxc.sysctl.a.b = 1\nlxc.proc.oom_score_adj = 1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		struct err err = {};

		if (check_text(fine[i], &err) < 0)
			fail_msg("%s: %s", fine[i], err.msg);
	}
}

static void test_pending(void **state)
{
	static const struct {
		const char *text;
		const char *name; /* in the message, between quotes */
	} pending[] = {
		{ "lxc.seccomp.notify.proxy = unix:/x\n", "'lxc.seccomp.notify.proxy'" },
		{ "lxc.seccomp.notify.cookie = x\n", "'lxc.seccomp.notify.cookie'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pending); i++) {
		struct err err = {};

		assert_int_equal(check_text(pending[i].text, &err), -EOPNOTSUPP);
		if (!strstr(err.msg, pending[i].name) || !strstr(err.msg, "is not supported yet"))
			fail_msg("%s: %s", pending[i].text, err.msg);
		assert_true(err.hint[0]);
		assert_int_equal(check_text(pending[i].text, NULL), -EOPNOTSUPP);
	}
}

static void test_selinux(void **state)
{
	bool has_selinux = access("/sys/fs/selinux", F_OK) == 0;
	struct err err = {};

	(void)state;
	assert_int_equal(check_text("lxc.selinux.context = x\n", &err), 0);
	assert_int_equal(check_text("lxc.selinux.context.keyring = x\n", &err),
	                 has_selinux ? -EOPNOTSUPP : 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_supported),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_selinux),
	};

	log_setup("test", NULL, -EBADF, LOG_LEVEL_ERROR, /* quiet= */ true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ns/ns.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define B(kind) NS_BIT(NS_##kind)

static char share_value[] = "other";

static void test_choose(void **state)
{
	static const struct {
		bool idmap;
		uint32_t clone, keep, share; /* clone 0: not set */
		enum conf_net_type nets[2];
		size_t n_nets;
		int64_t offset;
		int want;
		uint32_t fresh, shared;
		const char *msg;
	} cases[] = {
		/* mistakes */
		{ true, 0, B(USER), 0, {}, 0, 0, -EINVAL, 0, 0, "keep lists 'user'" },
		{ false, B(USER) | B(MNT), 0, 0, {}, 0, 0, -EINVAL, 0, 0, "no id map" },
		{ false, B(MNT), 0, 0, {}, 0, 5, -EINVAL, 0, 0, "clone does not list 'time'" },
		{ false, 0, B(TIME), 0, {}, 0, -5, -EINVAL, 0, 0, "keep lists 'time'" },
		{ false, 0, 0, B(TIME), {}, 0, 5, -EINVAL, 0, 0, "share.time" },
		/* nothing said */
		{ false, 0, 0, 0, {}, 0, 0, 0, NS_ALL & ~(B(USER) | B(TIME)), 0, NULL },
		{ true, 0, 0, 0, {}, 0, 0, 0, NS_ALL & ~B(TIME), 0, NULL },
		{ true, 0, 0, 0, {}, 0, 5, 0, NS_ALL, 0, NULL },
		/* type none, once, twice, beside another */
		{ true,
		  0,
		  0,
		  0,
		  { CONF_NET_NONE },
		  1,
		  0,
		  0,
		  NS_ALL & ~(B(TIME) | B(NET)),
		  0,
		  NULL },
		{ true,
		  0,
		  0,
		  0,
		  { CONF_NET_NONE, CONF_NET_NONE },
		  2,
		  0,
		  0,
		  NS_ALL & ~(B(TIME) | B(NET)),
		  0,
		  NULL },
		{ true,
		  0,
		  0,
		  0,
		  { CONF_NET_NONE, CONF_NET_VETH },
		  2,
		  0,
		  0,
		  NS_ALL & ~B(TIME),
		  0,
		  NULL },
		{ true, 0, 0, 0, { CONF_NET_EMPTY }, 1, 0, 0, NS_ALL & ~B(TIME), 0, NULL },
		/* lists */
		{ false, B(MNT) | B(PID), 0, 0, {}, 0, 0, 0, B(MNT) | B(PID), 0, NULL },
		{ true, B(MNT) | B(PID), 0, 0, {}, 0, 0, 0, B(MNT) | B(PID) | B(USER), 0, NULL },
		{ false, B(MNT) | B(TIME), 0, 0, {}, 0, 5, 0, B(MNT) | B(TIME), 0, NULL },
		{ false, B(NET), 0, 0, { CONF_NET_NONE }, 1, 0, 0, B(NET), 0, NULL },
		{ true,
		  0,
		  B(NET) | B(IPC),
		  0,
		  {},
		  0,
		  0,
		  0,
		  NS_ALL & ~(B(NET) | B(IPC) | B(TIME)),
		  0,
		  NULL },
		{ false, 0, B(USER), 0, {}, 0, 0, 0, NS_ALL & ~(B(USER) | B(TIME)), 0, NULL },
		/* shared ones win over either */
		{ true, 0, 0, B(NET), {}, 0, 0, 0, NS_ALL & ~(B(NET) | B(TIME)), B(NET), NULL },
		{ true,
		  0,
		  B(NET),
		  B(NET),
		  {},
		  0,
		  0,
		  0,
		  NS_ALL & ~(B(NET) | B(TIME)),
		  B(NET),
		  NULL },
		{ false, B(NET) | B(UTS), 0, B(NET), {}, 0, 0, 0, B(UTS), B(NET), NULL },
		{ true, 0, 0, B(USER), {}, 0, 0, 0, NS_ALL & ~(B(USER) | B(TIME)), B(USER), NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_net nets[2] = {};
		struct conf conf = {
			.ns_clone = cases[i].clone,
			.ns_clone_set = cases[i].clone != 0,
			.ns_keep = cases[i].keep,
			.nets = { nets, cases[i].n_nets },
			.time_boot_s = cases[i].offset,
		};
		struct ns_choice choice = {};
		struct err err = {};

		for (size_t j = 0; j < cases[i].n_nets; j++)
			nets[j].type = cases[i].nets[j];
		for (unsigned int kind = 0; kind < NS_MAX; kind++)
			conf.ns_share[kind] = cases[i].share & NS_BIT(kind) ? share_value : NULL;
		assert_int_equal(ns_choose(&conf, cases[i].idmap, &choice, &err), cases[i].want);
		assert_int_equal(choice.fresh, cases[i].fresh);
		assert_int_equal(choice.shared, cases[i].shared);
		if (cases[i].want < 0) {
			assert_int_equal(choice.kept, 0);
			assert_non_null(strstr(err.msg, cases[i].msg));
			assert_true(err.hint[0]);
		} else {
			assert_int_equal(choice.kept, NS_ALL & ~(choice.fresh | choice.shared));
		}
	}
}

static void test_list(void **state)
{
	static const struct {
		const char *text;
		int want;
		uint32_t bits;
		const char *word;
	} cases[] = {
		{ "", -EINVAL, 0, "''" },
		{ "mnt|", -EINVAL, 0, "''" },
		{ "|mnt", -EINVAL, 0, "''" },
		{ "mnt pid", -EINVAL, 0, "'mnt pid'" },
		{ "mount", -EINVAL, 0, "'mount'" }, /* aliases are upper-case */
		{ "Network", -EINVAL, 0, "'Network'" },
		{ "pid|bogus", -EINVAL, 0, "'bogus'" },
		{ "pids", -EINVAL, 0, "'pids'" },
		{ "mnt", 0, B(MNT), NULL },
		{ "mnt|PID|NETWORK", 0, B(MNT) | B(PID) | B(NET), NULL },
		{ "MOUNT|UTSNAME|IPC|USER", 0, B(MNT) | B(UTS) | B(IPC) | B(USER), NULL },
		{ "CGroup|tIME|net|net", 0, B(CGROUP) | B(TIME) | B(NET), NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {};
		uint32_t bits = 0;

		assert_int_equal(ns_list_parse(cases[i].text, &bits, &err), cases[i].want);
		assert_int_equal(bits, cases[i].bits);
		if (cases[i].word)
			assert_non_null(strstr(err.msg, cases[i].word));
	}
}

static void test_flags(void **state)
{
	(void)state;
	assert_int_equal(ns_clone_flag(NS_MNT), CLONE_NEWNS);
	assert_int_equal(ns_clone_flag(NS_TIME), CLONE_NEWTIME);
	assert_int_equal(ns_clone_flags(0), 0);
	assert_int_equal(ns_clone_flags(B(USER) | B(NET)), CLONE_NEWUSER | CLONE_NEWNET);
	assert_int_equal(ns_clone_flags(NS_ALL),
	                 CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
	                         CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME);
}

static void test_share_kind(void **state)
{
	static const struct {
		const char *value;
		enum ns_share_kind want;
	} cases[] = {
		{ "/proc/1/ns/net", NS_SHARE_PATH },
		{ "/c1", NS_SHARE_PATH },
		{ "1", NS_SHARE_PID },
		{ "4194304", NS_SHARE_PID },
		{ "0", NS_SHARE_CONTAINER },
		{ "-1", NS_SHARE_CONTAINER },
		{ "1a", NS_SHARE_CONTAINER },
		{ "4294967295", NS_SHARE_CONTAINER },
		{ "c1", NS_SHARE_CONTAINER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(ns_share_kind_of(cases[i].value), cases[i].want);
}

static void test_open_shared(void **state)
{
	static const struct {
		const char *value; /* NULL: our own pid */
		enum ns_kind kind;
		bool init; /* the container runs: we are its init */
		int want;
		const char *msg;
	} cases[] = {
		{ "/proc/self/ns/none", NS_NET, false, -ENOENT, "/proc/self/ns/none" },
		{ "/proc/self/ns/uts", NS_NET, false, -EINVAL, "not a net namespace" },
		{ "/dev/null", NS_NET, false, -EINVAL, "not a namespace" },
		{ "/proc/self/status", NS_NET, false, -EINVAL, "not a namespace" },
		{ "2147483647", NS_NET, false, -ESRCH, "process 2147483647 does not run" },
		{ "c1", NS_IPC, false, -ESRCH, "container 'c1' does not run" },
		{ "/proc/self/ns/net", NS_NET, false, 0, NULL },
		{ "/proc/self/ns/user", NS_USER, false, 0, NULL },
		{ NULL, NS_MNT, false, 0, NULL },
		{ "c1", NS_IPC, true, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char pid_text[32], path[64];
		struct stat got, want;
		struct err err = {};
		int fd = -1;

		(void)snprintf(pid_text, sizeof(pid_text), "%d", (int)getpid());
		assert_int_equal(ns_open_shared(cases[i].value ? cases[i].value : pid_text,
		                                cases[i].kind, cases[i].init ? getpid() : 0, &fd,
		                                &err),
		                 cases[i].want);
		if (cases[i].want < 0) {
			assert_int_equal(fd, -1);
			assert_non_null(strstr(err.msg, "lxc.namespace.share."));
			assert_non_null(strstr(err.msg, cases[i].msg));
			continue;
		}
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", ns_name(cases[i].kind));
		assert_int_equal(stat(path, &want), 0);
		assert_int_equal(fstat(fd, &got), 0);
		assert_int_equal(got.st_ino, want.st_ino);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		(void)close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choose),      cmocka_unit_test(test_list),
		cmocka_unit_test(test_flags),       cmocka_unit_test(test_share_kind),
		cmocka_unit_test(test_open_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps/caps.h"

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define BIT(cap) ((uint64_t)1 << (cap))

static uint64_t all_caps(void)
{
	return UINT64_MAX >> (63 - caps_last());
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		int want;
	} cases[] = {
		{ "", -EINVAL },
		{ "SYS_ADMIN", -EINVAL },
		{ "Sys_admin", -EINVAL },
		{ "cap_sys_admin", -EINVAL },
		{ "CAP_SYS_ADMIN", -EINVAL },
		{ "sys_admi", -EINVAL },
		{ "sys_admin ", -EINVAL },
		{ "none", -EINVAL },
		{ "all", -EINVAL },
		{ "-1", -EINVAL },
		{ "64", -EINVAL },
		{ "4294967296", -EINVAL },
		{ "21x", -EINVAL },
		{ "0", CAP_CHOWN },
		{ "21", CAP_SYS_ADMIN },
		{ "0x15", CAP_SYS_ADMIN },
		{ "chown", CAP_CHOWN },
		{ "sys_admin", CAP_SYS_ADMIN },
		{ "mac_admin", CAP_MAC_ADMIN },
		{ "audit_read", CAP_AUDIT_READ },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(caps_parse(cases[i].name), cases[i].want);
	assert_true(caps_last() >= CAP_AUDIT_READ && caps_last() < 64);
	for (unsigned int cap = 0; cap <= caps_last(); cap++)
		if (caps_name(cap))
			assert_int_equal(caps_parse(caps_name(cap)), cap);
	assert_string_equal(caps_name(CAP_SYS_ADMIN), "sys_admin");
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++)
		assert_non_null(caps_name(cap));
	assert_null(caps_name(64));
	assert_null(caps_name(UINT32_MAX));
}

static void test_last_is_the_kernels(void **state)
{
	char buf[16];

	(void)state;
	if (fd_read_short(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", buf, sizeof(buf)) < 0)
		skip();
	assert_int_equal(caps_last(), atoi(buf));
}

#define WORDS_MAX 4

static struct strv words(const char *const *items)
{
	struct strv list = {};

	for (size_t i = 0; i < WORDS_MAX && items[i]; i++)
		assert_int_equal(strv_add(&list, items[i]), 0);
	return list;
}

static void test_plan(void **state)
{
	const uint64_t all = all_caps();
	const struct {
		const char *drop[WORDS_MAX], *keep[WORDS_MAX];
		int want;
		uint64_t bounding;
	} cases[] = {
		{ { "chown" }, { "kill" }, -EINVAL, 0 },
		{ { "chown" }, { "none" }, -EINVAL, 0 },
		{ { "none" }, {}, -EINVAL, 0 },
		{ { "kill", "nope" }, {}, -EINVAL, 0 },
		{ {}, { "kill", "CAP_KILL" }, -EINVAL, 0 },
		{ {}, { "none", "nope" }, -EINVAL, 0 },
		{ {}, {}, 0, all },
		{ { "chown" }, {}, 0, all & ~BIT(CAP_CHOWN) },
		{ { "sys_admin", "0", "sys_admin" },
		  {},
		  0,
		  all & ~BIT(CAP_CHOWN) & ~BIT(CAP_SYS_ADMIN) },
		{ {}, { "none" }, 0, 0 },
		{ {}, { "kill" }, 0, BIT(CAP_KILL) },
		{ {}, { "kill", "21" }, 0, BIT(CAP_KILL) | BIT(CAP_SYS_ADMIN) },
		{ {}, { "chown", "none", "kill" }, 0, BIT(CAP_KILL) },
		{ {}, { "chown", "kill", "none" }, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(strv_done) struct strv drop = words(cases[i].drop);
		_cleanup_(strv_done) struct strv keep = words(cases[i].keep);
		uint64_t bounding = 77;
		struct err err = {};

		assert_int_equal(caps_plan(&drop, &keep, &bounding, &err), cases[i].want);
		assert_int_equal(err.code, cases[i].want);
		assert_true(bounding == (cases[i].want ? 77 : cases[i].bounding));
	}
}

static void test_plan_messages(void **state)
{
	static const struct {
		const char *word, *msg, *hint;
	} cases[] = {
		{ "sys_admn", "lxc.cap.drop: this kernel has no capability 'sys_admn'",
		  "did you mean 'sys_admin'?" },
		{ "CAP_KILL", "lxc.cap.drop: this kernel has no capability 'CAP_KILL'",
		  "names are written in lower case and without 'CAP_'" },
		{ "99", "lxc.cap.drop: this kernel has no capability '99'", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(strv_done) struct strv drop = {};
		struct strv keep = {};
		struct err err = {};
		uint64_t bounding;

		assert_int_equal(strv_add(&drop, cases[i].word), 0);
		assert_int_equal(caps_plan(&drop, &keep, &bounding, &err), -EINVAL);
		assert_string_equal(err.msg, cases[i].msg);
		assert_string_equal(err.hint, cases[i].hint);
	}
}

/* ---- live, in a child ------------------------------------------------------------------------ */

/* A set of /proc/PID/status, such as "CapBnd". */
static uint64_t set_of(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? strtoull(line + strlen(name) + 1, NULL, 16) : 77;
}

/* Root of a user namespace; as host root also without one. */
static bool become_root(bool userns)
{
	char map[64];
	unsigned int uid = geteuid();

	if (!userns)
		return uid == 0;
	if (unshare(CLONE_NEWUSER) < 0)
		return false;
	(void)snprintf(map, sizeof(map), "0 %u 1", uid);
	return fd_write_at(AT_FDCWD, "/proc/self/uid_map", map) == 0;
}

/* Into the inheritable and the ambient set: something to be emptied. */
static bool raise_inheritable(cap_value_t cap)
{
	cap_t set = cap_get_proc();
	bool done = set && cap_set_flag(set, CAP_INHERITABLE, 1, &cap, CAP_SET) == 0 &&
	            cap_set_proc(set) == 0 && cap_set_ambient(cap, CAP_SET) == 0;

	(void)cap_free(set);
	return done;
}

enum { APPLIED = 0, WRONG = 1, NOT_ROOT = 77 };

/* What the sets are right after caps_apply, and after exec of a program as uid 0. */
static int check_applied(uint64_t bounding, bool userns)
{
	char before[4096], after[4096], expected[32];
	uint64_t had, now;

	if (!become_root(userns))
		return NOT_ROOT;
	if (fd_read_short(AT_FDCWD, "/proc/self/status", before, sizeof(before)) < 0)
		return WRONG;
	had = set_of(before, "CapBnd:");
	if (!raise_inheritable(CAP_CHOWN))
		return 7;
	if (caps_apply(bounding, 0, NULL) < 0)
		return 2;
	if (fd_read_short(AT_FDCWD, "/proc/self/status", after, sizeof(after)) < 0)
		return WRONG;
	now = had & bounding;
	if (set_of(after, "CapBnd:") != now || set_of(after, "CapInh:") != 0 ||
	    set_of(after, "CapAmb:") != 0)
		return 3;
	if (set_of(after, "CapPrm:") != now || set_of(after, "CapEff:") != now)
		return 4;
	if (caps_apply(bounding, 0, NULL) < 0) /* nothing left to take away */
		return 5;
	(void)snprintf(expected, sizeof(expected), "CapEff:\t%016llx", (unsigned long long)now);
	(void)execl("/bin/grep", "grep", "-qx", expected, "/proc/self/status", NULL);
	return 6;
}

static int run_check(uint64_t bounding, bool userns)
{
	int pidfd = -EBADF, status;
	pid_t pid = proc_clone(0, -EBADF, &pidfd);

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(check_applied(bounding, userns));
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	(void)close(pidfd);
	return proc_exit_code(status);
}

static void test_apply(void **state)
{
	const uint64_t sets[] = {
		all_caps(),
		all_caps() & ~BIT(CAP_SYS_ADMIN),
		all_caps() & ~BIT(CAP_SETPCAP), /* needed to take things away */
		BIT(CAP_KILL) | BIT(CAP_SETFCAP),
		0,
	};
	int ran = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		for (int userns = 0; userns <= 1; userns++) {
			int r = run_check(sets[i], userns);

			if (r == NOT_ROOT)
				continue;
			assert_int_equal(r, APPLIED);
			ran++;
		}
	if (!ran)
		skip();
}

static int drop_child(void *arg, struct err *err)
{
	char text[4096];

	(void)arg;
	(void)err;
	(void)become_root(true);
	caps_drop_all();
	caps_drop_all();
	if (fd_read_short(AT_FDCWD, "/proc/self/status", text, sizeof(text)) < 0)
		return 1;
	return set_of(text, "CapPrm:") || set_of(text, "CapEff:") || set_of(text, "CapInh:") ||
	       set_of(text, "CapAmb:");
}

static void test_drop_all(void **state)
{
	(void)state;
	assert_int_equal(proc_run_child(drop_child, NULL, NULL), 0);
}

/* Without CAP_SETPCAP a smaller bounding set cannot be had, and that is an error. */
static int weak_child(void *arg, struct err *err)
{
	(void)arg;
	caps_drop_all();
	if (prctl(PR_CAPBSET_READ, CAP_KILL) != 1)
		return NOT_ROOT;
	return caps_apply(0, 0, err);
}

static void test_not_permitted(void **state)
{
	struct err err = {};
	int r;

	(void)state;
	if (geteuid() == 0)
		skip(); /* root's caps_drop_all empties the bounding set as well */
	r = proc_run_child(weak_child, NULL, &err);
	if (r == NOT_ROOT)
		skip();
	assert_int_equal(r, -EPERM);
	assert_string_equal(err.msg, "cannot take capability 0 (chown) away for good: "
	                             "Operation not permitted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),         cmocka_unit_test(test_last_is_the_kernels),
		cmocka_unit_test(test_plan),          cmocka_unit_test(test_plan_messages),
		cmocka_unit_test(test_apply),         cmocka_unit_test(test_drop_all),
		cmocka_unit_test(test_not_permitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

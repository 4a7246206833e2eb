/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lsm/profile.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_name(void **state)
{
	static const struct {
		const char *container, *lxcpath, *want; /* NULL: a hash */
	} cases[] = {
		{ "c1", "/var/lib/lxc", "lxc-c1_</var/lib/lxc>" },
		{ "a.b-c_d", "/srv/x", "lxc-a.b-c_d_</srv/x>" },
		{ "a+b", "/srv/x", NULL },
		{ "c1", "/srv/a b", NULL },
		{ "c1", "/srv/a\"b", NULL },
		{ "c1", "/srv/{a,b}", NULL },
		{ "c1", "/srv//a", NULL },
	};
	char path[300] = "/", last[LSM_LABEL_MAX] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char name[LSM_LABEL_MAX];

		lsm_profile_name(cases[i].container, cases[i].lxcpath, name);
		if (cases[i].want) {
			assert_string_equal(name, cases[i].want);
			continue;
		}
		assert_int_equal(strspn(name, "lxc-0123456789abcdef"), strlen("lxc-") + 16);
		assert_string_not_equal(name, last); /* of another container */
		(void)strcpy(last, name);
	}
	memset(path + 1, 'p', sizeof(path) - 2);
	lsm_profile_name("c1", path, last);
	assert_int_equal(strlen(last), strlen("lxc-") + 16);
}

/* Enough of AppArmor's patterns for the rules in question: "[^ab]**" and "?**" at the end, '*'
 * within a component, {a,b} nowhere, and @{roots} of / alone in front. */
static bool matches(const char *pattern, const char *path)
{
	static const char roots[] = "@{roots}";
	char copy[256] = "/";
	size_t len;

	if (!str_starts_with(pattern, roots))
		return false;
	(void)snprintf(copy + 1, sizeof(copy) - 1, "%s", pattern + strlen(roots));
	len = strlen(copy);
	if (strchr(copy, '{'))
		return false;
	if (len < 2 || strcmp(copy + len - 2, "**") != 0)
		return fnmatch(copy, path, FNM_PATHNAME) == 0;
	return fnmatch(copy, path, 0) == 0;
}

/* Does a rule "deny PATH PERMISSIONS" keep writes from @path? */
static bool is_denied(const char *profile, const char *path)
{
	_cleanup_free_ char *copy = strdup(profile);
	char *rest = NULL;

	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char pattern[256], permissions[16];

		if (sscanf(line, " deny %255s %15s", pattern, permissions) == 2 &&
		    strchr(permissions, 'w') && matches(pattern, path))
			return true;
	}
	return false;
}

static void test_writes(void **state)
{
	static const struct {
		const char *path;
		bool denied;
	} cases[] = {
		{ "/proc/sys/kernel/hostname", false },
		{ "/proc/sys/kernel/domainname", false },
		{ "/proc/sys/kernel/shmmax", false },
		{ "/proc/sys/kernel/shm_rmid_forced", false },
		{ "/proc/sys/kernel/sem", false },
		{ "/proc/sys/kernel/msgmax", false },
		{ "/proc/sys/fs/mqueue/msg_max", false },
		{ "/proc/sys/net/ipv4/conf/all/forwarding", false },
		{ "/proc/1/oom_score_adj", false },
		{ "/proc/1/task/1/attr/exec", false },
		{ "/sys/fs/cgroup/a/cgroup.procs", false },
		{ "/sys/devices/virtual/net/eth0/mtu", false },
		{ "/etc/passwd", false },
		{ "/processes", false },

		{ "/proc/sys/kernel/core_pattern", true },
		{ "/proc/sys/kernel/hostname2", true },
		{ "/proc/sys/kernel/modprobe", true },
		{ "/proc/sys/kernel/yama/ptrace_scope", true },
		{ "/proc/sys/kernel/seccomp/actions_logged", true },
		{ "/proc/sys/kernelx", true },
		{ "/proc/sys/fs/binfmt_misc/register", true },
		{ "/proc/sys/fs/suid_dumpable", true },
		{ "/proc/sys/fscache/x", true },
		{ "/proc/sys/vm/drop_caches", true },
		{ "/proc/sys/user/max_user_namespaces", true },
		{ "/proc/sys/nets/x", true },
		{ "/proc/sysrq-trigger", true },
		{ "/proc/mtrr", true },
		{ "/sys/kernel/uevent_helper", true },
		{ "/sys/fs/bpf/x", true },
		{ "/sys/fs/cgroups", true },
		{ "/sys/devices/system/cpu/cpu0/online", true },
		{ "/sys/devices/virtual/block/loop0/uevent", true },
		{ "/sys/module/apparmor/parameters/mode", true },
		{ "/sys/power/state", true },
	};
	const struct strv none = {};

	(void)state;
	for (int nesting = 0; nesting < 2; nesting++) {
		_cleanup_free_ char *profile = lsm_profile_text("n", nesting, &none);

		assert_non_null(profile);
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
			if (is_denied(profile, cases[i].path) != cases[i].denied)
				fail_msg("%s: not %d", cases[i].path, cases[i].denied);
	}
}

/* Several of the allowed paths begin like this. */
static void test_no_rule_twice(void **state)
{
	static const char rule[] = "\tdeny @{roots}proc/sys/k[^e]** wklx,\n";
	const struct strv none = {};
	_cleanup_free_ char *profile = lsm_profile_text("n", false, &none);
	const char *first;

	(void)state;
	assert_non_null(profile);
	first = strstr(profile, rule);
	assert_non_null(first);
	assert_null(strstr(first + 1, rule));
}

static void test_text(void **state)
{
	char *lines[] = { "mount fstype=nfs,", "deny /secret w,", NULL };
	const struct strv none = {}, raw = { lines, 2 };
	_cleanup_free_ char *alone = lsm_profile_text("lxc-c_</x>", false, &none);
	_cleanup_free_ char *nested = lsm_profile_text("lxc-c_</x>", true, &raw);
	static const char *const always[] = {
		"profile \"lxc-c_</x>\" flags=(attach_disconnected,mediate_deleted) {\n",
		"\tdeny capability mac_admin,\n",
		"securityfs",
		"\tdeny @{roots}proc/{kcore,kmem,mem,sysrq-trigger} rwklx,\n",
		"\tsignal (send) peer=@{profile_name},\n",
	};
	static const char *const restrained[] = {
		"@{roots} = / /run/systemd/**/\n",
		"\tdeny pivot_root,\n",
		"\tdeny mount fstype=proc -> /[^pr]**,\n",
		"\tdeny mount fstype=proc -> /proc/?**,\n",
		"\tdeny mount fstype=proc -> /run/systemd[^/]**,\n",
		"\tdeny mount fstype=sysfs -> /sys[^/]**,\n",
		"\tdeny mount /{,{proc,sys}/{,**},run/{,systemd/{,**/}}} -> /[^r]**,\n",
	};

	(void)state;
	assert_non_null(alone);
	assert_non_null(nested);
	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		assert_non_null(strstr(alone, always[i]));
		assert_non_null(strstr(nested, always[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(restrained); i++) {
		assert_non_null(strstr(alone, restrained[i]));
		assert_null(strstr(nested, restrained[i]));
	}
	assert_non_null(strstr(nested, "\tpivot_root,\n"));
	assert_non_null(strstr(nested, "@{roots} = /\n"));
	assert_null(strstr(nested, "change_profile"));
	assert_non_null(strstr(nested, "\n\tmount fstype=nfs,\n\tdeny /secret w,\n}\n"));
	assert_null(strstr(alone, "nfs"));
	/* Only what includes no files can be kept once it is compiled. */
	assert_null(strstr(alone, "include"));
	assert_true(str_starts_with(nested, "#include <tunables/global>\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_no_rule_twice),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

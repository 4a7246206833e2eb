/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup-internal.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#define V2(root, point) "41 31 0:38 " root " " point " rw,relatime shared:9 - cgroup2 cgroup2 rw\n"
#define V1 "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
#define OTHER "22 1 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw\n"

static void mounts_are_found(void **state)
{
	static const struct {
		const char *text;
		bool has_v1;
		const char *point, *root; /* NULL: no cgroup2 */
	} cases[] = {
		{ "", false, NULL, NULL },
		{ "\n\n - \n-\n", false, NULL, NULL },
		{ OTHER, false, NULL, NULL },
		{ OTHER V1, true, NULL, NULL },
		{ "41 31 0:38 / /sys/fs/cgroup rw - cgroup2", false, "/sys/fs/cgroup", "/" },
		{ "41 31 0:38 / /sys/fs/cgroup rw cgroup2 cgroup2 rw\n", false, NULL, NULL },
		{ "41 31 0:38 / /sys/fs/cgroup - cgroup2 cgroup2 rw\n", false, "/sys/fs/cgroup",
		  "/" },
		{ "41 31 0:38 / relative rw - cgroup2 cgroup2 rw\n", false, NULL, NULL },
		{ "41 31 0:38  /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", false, NULL, NULL },
		/* a source or a mount point that looks like something else */
		{ "41 31 0:38 / /x rw - tmpfs cgroup2 - cgroup2 rw\n", false, NULL, NULL },
		{ "41 31 0:38 / /x\\040-\\040cgroup2 rw - tmpfs t rw\n", false, NULL, NULL },
		{ OTHER V2("/", "/sys/fs/cgroup"), false, "/sys/fs/cgroup", "/" },
		{ V1 V2("/", "/sys/fs/cgroup/unified"), true, "/sys/fs/cgroup/unified", "/" },
		{ V2("/", "/mnt/a") V2("/", "/mnt/b"), false, "/mnt/a", "/" },
		{ V2("/", "/mnt/a") V2("/", "/sys/fs/cgroup"), false, "/sys/fs/cgroup", "/" },
		{ V2("/", "/sys/fs/cgroup") V2("/", "/mnt/a"), false, "/sys/fs/cgroup", "/" },
		{ V2("/", "/sys/fs/cgroup/unified") V2("/", "/sys/fs/cgroup"), false,
		  "/sys/fs/cgroup", "/" },
		/* mounted over one another: the last is what is seen */
		{ V2("/", "/sys/fs/cgroup") V2("/a", "/sys/fs/cgroup"), false, "/sys/fs/cgroup",
		  "/a" },
		{ V2("/a\\134b", "/my\\040cg\\011\\012"), false, "/my cg\t\n", "/a\\b" },
		{ V2("/", "/x\\04"), false, "/x\\04", "/" },
		{ V2("/", "/x\\999\\"), false, "/x\\999\\", "/" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgroup_mounts mounts = {};

		assert_int_equal(cgroup_parse_mounts(cases[i].text, &mounts), 0);
		assert_int_equal(mounts.n_v1 > 0, cases[i].has_v1);
		assert_int_equal(!mounts.point, !cases[i].point);
		if (cases[i].point) {
			assert_string_equal(mounts.point, cases[i].point);
			assert_string_equal(mounts.root, cases[i].root);
		}
		cgroup_mounts_done(&mounts);
	}
}

static void membership_is_found(void **state)
{
	static const struct {
		const char *text;
		int want;
		const char *path;
	} cases[] = {
		{ "", -ENOENT, NULL },
		{ "0::", -ENOENT, NULL },
		{ "0::relative\n", -ENOENT, NULL },
		{ "9:name=systemd:/\n4:memory:/a\n", -ENOENT, NULL },
		{ "10::/a\n", -ENOENT, NULL },
		{ "0:x:/a\n", -ENOENT, NULL },
		{ "4:memory:0::/a\n", -ENOENT, NULL },
		{ "0::/", 0, "/" },
		{ "9:name=systemd:/\n0::/a/b c:d\n", 0, "/a/b c:d" },
		{ "0::/../x\n", 0, "/../x" },
		{ "0::/a\n0::/b\n", 0, "/a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *path = NULL;

		assert_int_equal(cgroup_parse_membership(cases[i].text, &path), cases[i].want);
		if (cases[i].path)
			assert_string_equal(path, cases[i].path);
		else
			assert_null(path);
		free(path);
	}
}

static void names_are_plain(void **state)
{
	static const struct {
		const char *text, *names; /* joined by commas */
	} cases[] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "cgroup.procs", "cgroup.procs" },
		{ "cgroup.procs\ncgroup.threads\n", "cgroup.procs,cgroup.threads" },
		{ "../x\na/b\n..\n.\n\nmemory.oom.group\n", "memory.oom.group" },
		{ "much-too-long-for-this\nshort\n", "short" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *rest = cases[i].text;
		char name[20], all[128] = "";

		while ((rest = cgroup_parse_name(rest, name, sizeof(name)))) {
			if (all[0])
				(void)strcat(all, ",");
			(void)strcat(all, name);
		}
		assert_string_equal(all, cases[i].names);
	}
}

/* On this host, whatever it offers: a base, or a reason. */
static void host_is_consistent(void **state)
{
	char name[] = "somebody";
	struct caller caller = { .uid = geteuid(), .is_root = geteuid() == 0, .name = name };
	struct cgroup_host host;

	(void)state;
	assert_int_equal(cgroup_host_load(&host, NULL), 0);
	assert_int_equal(cgroup_place(&caller, NULL, &host, NULL), 0);
	assert_int_equal(host.has_v2, host.v2_mount != NULL);
	assert_true(host.has_v2 || !host.pure_v2);
	assert_true(!host.base == !!host.why_no_base);
	if (host.base)
		assert_int_equal(strncmp(host.base, host.v2_mount, strlen(host.v2_mount)), 0);
	cgroup_host_done(&host);
	assert_null(host.base);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_are_found),
		cmocka_unit_test(membership_is_found),
		cmocka_unit_test(names_are_plain),
		cmocka_unit_test(host_is_consistent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup-internal.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#define FIFTY "12345678901234567890123456789012345678901234567890"
#define LONG_NAME FIFTY FIFTY FIFTY FIFTY "1234567890123456789012345678901234567890" /* 240 */

static void leaves_are_named(void **state)
{
	static const struct {
		enum cgroup_leaf leaf;
		const char *name;
		unsigned int n;
		int want;
		const char *text;
	} cases[] = {
		{ CGROUP_LEAF_PAYLOAD, "", 0, -EINVAL, "-" },
		{ CGROUP_LEAF_PAYLOAD, "a/b", 0, -EINVAL, "-" },
		{ CGROUP_LEAF_PAYLOAD, "a\nb", 0, -EINVAL, "-" },
		{ CGROUP_LEAF_PAYLOAD, LONG_NAME "1234", 0, -ENAMETOOLONG, "-" },
		{ CGROUP_LEAF_PAYLOAD, LONG_NAME "123", 1, -ENAMETOOLONG, "-" },
		{ CGROUP_LEAF_PAYLOAD, LONG_NAME "123", 0, 0, "lxc.payload." LONG_NAME "123" },
		{ CGROUP_LEAF_PAYLOAD, "c1", 0, 0, "lxc.payload.c1" },
		{ CGROUP_LEAF_MONITOR, "c1", 0, 0, "lxc.monitor.c1" },
		{ CGROUP_LEAF_MONITOR, "c1", 1, 0, "lxc.monitor.c1-1" },
		{ CGROUP_LEAF_PAYLOAD, "c1", 999, 0, "lxc.payload.c1-999" },
		{ CGROUP_LEAF_PAYLOAD, "..", 0, 0, "lxc.payload..." },
		{ CGROUP_LEAF_PAYLOAD, "%s", 0, 0, "lxc.payload.%s" },
		{ CGROUP_LEAF_EXACT, "lxc.session", 0, -EINVAL, "-" },
		{ CGROUP_LEAF_EXACT, ".lxc", 0, -EINVAL, "-" },
		{ CGROUP_LEAF_EXACT, "session", 0, 0, "session" },
		{ CGROUP_LEAF_EXACT, "session", 1, -EEXIST, "-" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[CGROUP_LEAF_MAX] = "-";

		assert_int_equal(cgroup_plan_leaf(cases[i].leaf, cases[i].name, cases[i].n, text),
		                 cases[i].want);
		assert_string_equal(text, cases[i].text);
	}
}

static void directories_are_below_the_mount(void **state)
{
	static const struct {
		const char *point, *root, *path;
		int want;
		const char *dir;
	} cases[] = {
		{ "/sys/fs/cgroup", "/", "/..", -EXDEV, NULL },
		{ "/sys/fs/cgroup", "/", "/../other", -EXDEV, NULL },
		{ "/sys/fs/cgroup", "/", "/a/../b", -EXDEV, NULL },
		{ "/sys/fs/cgroup", "/a", "/", -EXDEV, NULL },
		{ "/sys/fs/cgroup", "/a", "/ab", -EXDEV, NULL },
		{ "/sys/fs/cgroup", "/a", "/b/a", -EXDEV, NULL },
		{ "/sys/fs/cgroup", "/..", "/", -EXDEV, NULL },
		{ "/sys/fs/cgroup", "/", "/", 0, "/sys/fs/cgroup" },
		{ "/sys/fs/cgroup", "/", "/a/b.scope", 0, "/sys/fs/cgroup/a/b.scope" },
		{ "/sys/fs/cgroup", "/", "/..a/b..", 0, "/sys/fs/cgroup/..a/b.." },
		{ "/sys/fs/cgroup", "/a", "/a", 0, "/sys/fs/cgroup" },
		{ "/sys/fs/cgroup", "/a", "/a/b", 0, "/sys/fs/cgroup/b" },
		{ "/sys/fs/cgroup", "/..", "/../b", 0, "/sys/fs/cgroup/b" },
		{ "/", "/", "/b", 0, "/b" },
		{ "/my cg", "/", "/b", 0, "/my cg/b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char point[64], root[64];
		struct cgroup_mounts mounts = { .point = strcpy(point, cases[i].point),
			                        .root = strcpy(root, cases[i].root) };
		char *dir = NULL;

		assert_int_equal(cgroup_plan_dir(&mounts, cases[i].path, &dir), cases[i].want);
		if (cases[i].dir)
			assert_string_equal(dir, cases[i].dir);
		else
			assert_null(dir);
		free(dir);
	}
}

static void init_scope_is_cut_off(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "/", "/" },
		{ "/init.scope", "/" },
		{ "/a/init.scope", "/a" },
		{ "/init.scope/a", "/init.scope/a" },
		{ "/xinit.scope", "/xinit.scope" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[64];

		cgroup_plan_cut_init_scope(strcpy(path, cases[i].path));
		assert_string_equal(path, cases[i].want);
	}
}

static void leaves_of_ours_are_cut(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "/", "/" },
		{ "/lxc.session", "/" },
		{ "/a/lxc.session", "/a" },
		{ "/a/.lxc", "/a" },
		{ "/a/xlxc.session", "/a/xlxc.session" },
		{ "/lxc.session/a", "/lxc.session/a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[64];

		cgroup_plan_cut_session(strcpy(path, cases[i].path));
		assert_string_equal(path, cases[i].want);
	}
}

static void managers_are_known_by_name(void **state)
{
	(void)state;
	assert_true(cgroup_plan_is_manager("/sys/fs/cgroup/user.slice/user@1000.service"));
	assert_false(cgroup_plan_is_manager("/sys/fs/cgroup/user@1000.service/run-1.scope"));
	assert_false(cgroup_plan_is_manager("/sys/fs/cgroup/user@1000.slice"));
}

static void rungs_of_the_ladder(void **state)
{
#define RELATIVE .wishes = {.relative = true }
#define NAMED .wishes = { .named = true }
	static const struct {
		struct cgroup_rung_facts facts;
		enum cgroup_rung want;
		enum cgroup_from from;
	} cases[] = {
		/* a user: nothing; no systemd; a delegated unit; a login session */
		{ {}, CGROUP_RUNG_NONE, CGROUP_FROM_NOWHERE },
		{ { .own_ok = true }, CGROUP_RUNG_OWN, CGROUP_FROM_OWN },
		{ { .booted = true, .manager = true, .own_ok = true, .own_delegated = true },
		  CGROUP_RUNG_OWN,
		  CGROUP_FROM_OWN },
		{ { .booted = true, .manager = true }, CGROUP_RUNG_SCOPE, CGROUP_FROM_NOWHERE },
		/* a terminal below the user's manager, with and without a bus */
		{ { .booted = true, .manager = true, .own_ok = true },
		  CGROUP_RUNG_SCOPE,
		  CGROUP_FROM_OWN },
		{ { .booted = true, .own_ok = true }, CGROUP_RUNG_OWN, CGROUP_FROM_OWN },
		{ { .booted = true, .manager = true, .own_ok = true, NAMED },
		  CGROUP_RUNG_SCOPE,
		  CGROUP_FROM_OWN },
		/* root: no systemd; a login session; a delegated unit; told where to go */
		{ { .is_root = true, .own_ok = true, .init_ok = true },
		  CGROUP_RUNG_OWN,
		  CGROUP_FROM_INIT },
		{ { .is_root = true, .own_ok = true }, CGROUP_RUNG_OWN, CGROUP_FROM_OWN },
		{ { .is_root = true, .own_ok = true, .init_ok = true, RELATIVE },
		  CGROUP_RUNG_OWN,
		  CGROUP_FROM_OWN },
		{ { .is_root = true,
		    .booted = true,
		    .manager = true,
		    .own_ok = true,
		    .init_ok = true },
		  CGROUP_RUNG_SCOPE,
		  CGROUP_FROM_INIT },
		{ { .is_root = true,
		    .booted = true,
		    .manager = true,
		    .own_ok = true,
		    .own_delegated = true,
		    .init_ok = true },
		  CGROUP_RUNG_OWN,
		  CGROUP_FROM_OWN },
		{ { .is_root = true,
		    .booted = true,
		    .manager = true,
		    .own_ok = true,
		    .init_ok = true,
		    RELATIVE },
		  CGROUP_RUNG_OWN,
		  CGROUP_FROM_OWN },
		{ { .is_root = true,
		    .booted = true,
		    .manager = true,
		    .own_ok = true,
		    .init_ok = true,
		    NAMED },
		  CGROUP_RUNG_OWN,
		  CGROUP_FROM_INIT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum cgroup_from from;

		assert_int_equal(cgroup_plan_rung(&cases[i].facts, &from), cases[i].want);
		assert_int_equal(from, cases[i].from);
	}
}

static void only_root_and_we_are_trusted(void **state)
{
	static const struct {
		uid_t uid, owner;
		bool in_userns, want;
	} cases[] = {
		{ 1000, 1001, false, false },  { 0, 1000, false, false },
		{ 1000, 65534, false, false }, { 1000, 1000, false, true },
		{ 1000, 0, false, true },      { 0, 0, false, true },
		{ 0, 65534, true, true },      { 0, 1000, true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct caller caller = { .uid = cases[i].uid, .in_userns = cases[i].in_userns };

		assert_int_equal(cgroup_plan_may_use(&caller, cases[i].owner), cases[i].want);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_are_named),
		cmocka_unit_test(directories_are_below_the_mount),
		cmocka_unit_test(init_scope_is_cut_off),
		cmocka_unit_test(leaves_of_ours_are_cut),
		cmocka_unit_test(managers_are_known_by_name),
		cmocka_unit_test(rungs_of_the_ladder),
		cmocka_unit_test(only_root_and_we_are_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each condition of each decision, alone. */
#include "usernic/usernic.h"

#include "priv/auth.h"
#include "priv/open.h"
#include "priv/say.h"

#include <linux/magic.h>
#include <sched.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

const char priv_program[] = "test";

static void test_ids(void **state)
{
	static const struct {
		struct priv_ids ids;
		bool want;
	} cases[] = {
		{ { 1000, 0, 0, 1000, 1000, 1000, 65534 }, true },
		{ { 0, 0, 0, 0, 0, 0, 65534 }, true },
		{ { 1000, 0, 0, 65534, 65534, 65534, 65534 }, true },
		{ { 1000, 1000, 0, 1000, 1000, 1000, 65534 }, false },
		{ { 1000, 0, 1000, 1000, 1000, 1000, 65534 }, false },
		{ { 1000, 0, 0, 1000, 0, 1000, 65534 }, false },
		{ { 1000, 0, 0, 1000, 1000, 0, 65534 }, false },
		{ { 65534, 0, 0, 1000, 1000, 1000, 65534 }, false },
	};

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++)
		assert_int_equal(priv_ids_allowed(&cases[i].ids), cases[i].want);
}

static void test_groups(void **state)
{
	static const struct priv_caller caller = { .n_groups = 3,
		                                   .groups = { 100, 65534, 1000 },
		                                   .nobody = 65534 };

	(void)state;
	assert_true(priv_caller_has_gid(&caller, 100));
	assert_true(priv_caller_has_gid(&caller, 1000));
	assert_false(priv_caller_has_gid(&caller, 0));
	assert_false(priv_caller_has_gid(&caller, 65534));
}

static void test_roots_file(void **state)
{
	static const struct {
		mode_t mode;
		uid_t uid;
		mode_t type;
		bool want;
	} cases[] = {
		{ S_IFREG | 0644, 0, S_IFREG, true },
		{ S_IFREG | 0600, 0, S_IFREG, true },
		{ S_IFDIR | 0755, 0, S_IFDIR, true },
		{ S_IFREG | 04755, 0, S_IFREG, true },
		{ S_IFREG | 0644, 1, S_IFREG, false },
		{ S_IFREG | 0664, 0, S_IFREG, false },
		{ S_IFREG | 0646, 0, S_IFREG, false },
		{ S_IFDIR | 0755, 0, S_IFREG, false },
		{ S_IFIFO | 0600, 0, S_IFREG, false },
		{ S_IFLNK | 0700, 0, S_IFREG, false },
		{ S_IFDIR | 01777, 0, S_IFDIR, false },
		{ S_IFREG | 0644, (uid_t)-1, S_IFREG, false },
	};

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		const struct stat st = { .st_mode = cases[i].mode, .st_uid = cases[i].uid };

		assert_int_equal(priv_is_roots(&st, cases[i].type), cases[i].want);
	}
}

static void test_target(void **state)
{
	const struct target_facts good = { NSFS_MAGIC, CLONE_NEWNET, 10, 11, 1000, 20, 20 };
	struct target_facts facts = good;

	(void)state;
	assert_true(target_allowed(&good, 1000));
	assert_false(target_allowed(&good, 1001));
	assert_false(target_allowed(&good, 0));
	facts.fs_type = PROC_SUPER_MAGIC;
	assert_false(target_allowed(&facts, 1000));
	facts = good;
	facts.ns_type = CLONE_NEWUSER;
	assert_false(target_allowed(&facts, 1000));
	facts = good;
	facts.own_netns = facts.netns;
	assert_false(target_allowed(&facts, 1000));
	facts = good;
	facts.parent = 21;
	assert_false(target_allowed(&facts, 1000));
}

static void test_recorded(void **state)
{
	const struct link good = { .ifindex = 7, .name = "veth1000_AAAA", .kind = "veth" };
	struct record record = { .ifindex = 7, .nic = "veth1000_AAAA" };
	struct link link = good;

	(void)state;
	assert_true(nic_is_recorded(&good, &record));
	(void)strcpy(link.kind, "vet");
	assert_false(nic_is_recorded(&link, &record));
	link = good;
	link.ifindex = 8;
	assert_false(nic_is_recorded(&link, &record));
	record.ifindex = 0;
	assert_true(nic_is_recorded(&link, &record));
	link.name[12] = '\0';
	assert_false(nic_is_recorded(&link, &record));
}

static void test_placed(void **state)
{
	const struct link good = { .master = 3, .peer_nsid = 0, .kind = "veth" };
	struct link link = good;

	(void)state;
	assert_true(nic_is_placed(&good, 3));
	assert_false(nic_is_placed(&good, 4));
	assert_false(nic_is_placed(&good, 0));
	link.peer_nsid = LINK_HERE;
	assert_false(nic_is_placed(&link, 3));
	link = good;
	(void)strcpy(link.kind, "bridge");
	assert_false(nic_is_placed(&link, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),        cmocka_unit_test(test_groups),
		cmocka_unit_test(test_roots_file), cmocka_unit_test(test_target),
		cmocka_unit_test(test_recorded),   cmocka_unit_test(test_placed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

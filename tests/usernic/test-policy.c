/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic/usernic.h"

#include "priv/auth.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define GANG 500

/* The one who asks is in the group "gang" only. */
static bool in_group(void *arg, const char *group, bool is_gid, uint32_t *gid)
{
	if (arg)
		(*(int *)arg)++;
	if (is_gid)
		return *gid == GANG;
	*gid = GANG;
	return strcmp(group, "gang") == 0;
}

static int parse(const char *text, size_t len, const char *user, struct policy *policy)
{
	const struct priv_asker asker = { 1000, user, in_group, NULL };

	return policy_parse(text, len, &asker, "br0", policy);
}

static void test_one_line(void **state)
{
	static const struct {
		const char *line;
		uint32_t count; /* granted */
		unsigned int ignored;
	} cases[] = {
		{ "", 0, 0 },
		{ "#ann veth br0 2", 0, 0 },
		{ "# ann veth br0 2", 0, 0 },
		{ "an veth br0 2", 0, 0 },
		{ "anna veth br0 2", 0, 0 },
		{ "Ann veth br0 2", 0, 0 },
		{ "ann veth br01 2", 0, 0 },
		{ "ann veth br 2", 0, 0 },
		{ "ann veth none 2", 0, 0 },
		{ "ann veth br0 0", 0, 0 },
		{ "1000 veth br0 2", 0, 0 },
		{ "uid:1001 veth br0 2", 0, 0 },
		{ "uid:1000x veth br0 2", 0, 0 },
		{ "uid: veth br0 2", 0, 0 },
		{ "uid:4294967295 veth br0 2", 0, 0 },
		{ "uid:4294968296 veth br0 2", 0, 0 },
		{ "@ann veth br0 2", 0, 0 },
		{ "@ veth br0 2", 0, 0 },
		{ "@gid:501 veth br0 2", 0, 0 },
		{ "@gid:4294967295 veth br0 2", 0, 0 },
		{ "@gid: veth br0 2", 0, 0 },
		{ " ann veth br0 2", 0, 1 },
		{ "\tann veth br0 2", 0, 1 },
		{ "ann", 0, 1 },
		{ "ann veth br0", 0, 1 },
		{ "ann veth br0 ", 0, 1 },
		{ "ann macvlan br0 2", 0, 1 },
		{ "ann veth br/0 2", 0, 1 },
		{ "ann veth br0 -2", 0, 1 },
		{ "ann veth br0 +2", 0, 1 },
		{ "ann veth br0 02", 0, 1 },
		{ "ann veth br0 2x", 0, 1 },
		{ "ann veth br0 2\r", 0, 1 },
		{ "ann veth br0 65536", 0, 1 },
		{ "ann veth br0 4294967298", 0, 1 },
		{ "ann veth br0 2", 2, 0 },
		{ "ann\tveth \t br0\t2", 2, 0 },
		{ "ann veth br0 2 # as asked for", 2, 0 },
		{ "ann veth br0 2\tand more", 2, 0 },
		{ "ann veth br0 65535", 65535, 0 },
		{ "uid:1000 veth br0 3", 3, 0 },
		{ "@gang veth br0 4", 4, 0 },
		{ "@gid:500 veth br0 5", 5, 0 },
	};

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		struct policy policy = { .n_grants = 9 };
		char text[600];

		for (int with_end = 0; with_end < 2; with_end++) {
			(void)snprintf(text, sizeof(text), "%s%s", cases[i].line,
			               with_end ? "\n" : "");
			assert_int_equal(parse(text, strlen(text), "ann", &policy), 0);
			assert_int_equal(policy.n_grants, cases[i].count > 0);
			assert_int_equal(policy.n_grants ? policy.grants[0].count : 0,
			                 cases[i].count);
			assert_int_equal(policy.n_ignored, cases[i].ignored);
		}
	}
}

static void test_several_lines(void **state)
{
	static const char text[] =
		"ann veth br0 1\n@gang veth br0 2\n\n# more\nuid:1000 veth br0 3\n"
		"bob veth br0 9\n@gid:500 veth br0 4\nann veth br1 7";
	struct policy policy;

	(void)state;
	assert_int_equal(parse(text, strlen(text), "ann", &policy), 0);
	assert_int_equal(policy.n_grants, 2);
	assert_false(policy.grants[0].is_group);
	assert_int_equal(policy.grants[0].id, 1000);
	assert_int_equal(policy.grants[0].count, 4);
	assert_true(policy.grants[1].is_group);
	assert_int_equal(policy.grants[1].id, GANG);
	assert_int_equal(policy.grants[1].count, 6);
	/* No name, no line by name. */
	assert_int_equal(parse(text, strlen(text), "", &policy), 0);
	assert_int_equal(policy.grants[1].count, 3);
}

static void test_sum_has_an_end(void **state)
{
	static const char text[] = "ann veth br0 65535\nann veth br0 65535\nann veth br0 1\n";
	struct policy policy;

	(void)state;
	assert_int_equal(parse(text, strlen(text), "ann", &policy), 0);
	assert_int_equal(policy.grants[0].count, POLICY_COUNT_MAX);
}

static bool in_every_group(void *arg, const char *group, bool is_gid, uint32_t *gid)
{
	(void)arg;
	(void)group;
	return is_gid && *gid;
}

static void test_too_many_groups(void **state)
{
	const struct priv_asker asker = { 1000, "ann", in_every_group, NULL };
	static char text[100 * 32];
	struct policy policy;
	size_t len = 0;

	(void)state;
	for (int i = 1; i <= 100; i++)
		len += (size_t)sprintf(text + len, "@gid:%d veth br0 1\n", i);
	assert_int_equal(policy_parse(text, len, &asker, "br0", &policy), 0);
	assert_int_equal(policy.n_grants, POLICY_GRANTS_MAX);
}

/* No name service is asked about lines that are not about the bridge. */
static void test_groups_are_asked_for_last(void **state)
{
	static const char text[] = "@gang veth br1 1\n@gang empty br0 1\n@gang veth br0 x\n"
				   "ann veth br0 1\n@gang veth br0 1\n";
	int asked = 0;
	const struct priv_asker asker = { 1000, "ann", in_group, &asked };
	struct policy policy;

	(void)state;
	assert_int_equal(policy_parse(text, strlen(text), &asker, "br0", &policy), 0);
	assert_int_equal(asked, 1);
}

static void test_refused_as_a_whole(void **state)
{
	struct policy policy = { .n_grants = 9 };
	char text[1200];

	(void)state;
	(void)memset(text, '#', sizeof(text));
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	(void)memcpy(text, "ann veth br0 1\n", 15);
	assert_int_equal(parse(text, 15 + 513, "ann", &policy), -1);
	assert_int_equal(parse(text, sizeof(text), "ann", &policy), -1);
	assert_int_equal(parse("ann veth br0 1\n\0", 16, "ann", &policy), -1);
	assert_int_equal(parse("\0\nann veth br0 1\n", 17, "ann", &policy), -1);
	assert_int_equal(policy.n_grants, 9);
	text[14 + 513] = '\n';
	assert_int_equal(parse(text, 15 + 513, "ann", &policy), 0);
	assert_int_equal(policy.n_grants, 1);
	/* A first word beyond 99 bytes cannot be a name. */
	(void)memset(text, 'a', 100);
	(void)strcpy(text + 100, " veth br0 1");
	assert_int_equal(parse(text, strlen(text), "ann", &policy), 0);
	assert_int_equal(policy.n_ignored, 1);
	assert_int_equal(parse(text + 1, strlen(text + 1), "ann", &policy), 0);
	assert_int_equal(policy.n_ignored, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_several_lines),
		cmocka_unit_test(test_sum_has_an_end),
		cmocka_unit_test(test_too_many_groups),
		cmocka_unit_test(test_groups_are_asked_for_last),
		cmocka_unit_test(test_refused_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which containers lxc-autostart handles, and in which order. */
/* The program itself is no library: its files are part of this test. */
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "../../runner/boot-order.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static char *group_a[] = { (char *)"a", NULL };
static char *group_ab[] = { (char *)"ab", (char *)"b", NULL };
static char *no_group[] = { NULL };

/* Sorted by name, as rlxc_boots gives them. */
static const struct rlxc_boot boots[] = {
	{ .name = (char *)"c1", .autostart = true, .order = 5, .groups = group_a },
	{ .name = (char *)"c2", .autostart = true, .order = -1, .groups = group_ab },
	{ .name = (char *)"c3", .autostart = true, .groups = no_group },
	{ .name = (char *)"c4", .autostart = false, .groups = NULL },
	{ .name = (char *)"c5", .autostart = true, .groups = no_group, .order = -2 },
	{ .name = (char *)"r1", .autostart = true, .runs = true, .order = 1, .groups = group_a },
	{ .name = (char *)"r2", .autostart = true, .runs = true, .order = 2 },
	{ .name = (char *)"r3", .autostart = false, .runs = true, .groups = group_a },
};

/* @groups: lists as -g takes them, ended by NULL. */
static void check(struct boot_choice choice, const char *const *groups, const char *want)
{
	const struct rlxc_boot *chosen[ARRAY_SIZE(boots)];
	char got[256] = "";
	size_t n;

	for (; groups && *groups; groups++)
		assert_int_equal(boot_add_groups(&choice.groups, *groups), 0);
	n = boot_choose(boots, ARRAY_SIZE(boots), &choice, chosen);
	for (size_t i = 0; i < n; i++) {
		(void)strcat(got, i ? " " : "");
		(void)strcat(got, chosen[i]->name);
	}
	strv_done(&choice.groups);
	assert_string_equal(got, want);
}

#define GROUPS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_start(void **state)
{
	(void)state;
	check((struct boot_choice){}, NULL, "c5 c3");
	check((struct boot_choice){ .ignore_auto = true }, NULL, "c5 c3 c4");
	check((struct boot_choice){ .all = true }, NULL, "c5 c2 c3 c1");
	check((struct boot_choice){ .all = true, .ignore_auto = true }, NULL, "c5 c2 c3 c4 c1");
	check((struct boot_choice){ .all = true }, GROUPS("a"), "c5 c2 c3 c1");
}

static void test_groups(void **state)
{
	(void)state;
	check((struct boot_choice){}, GROUPS("a"), "c1");
	check((struct boot_choice){}, GROUPS("ab"), "c2");
	check((struct boot_choice){}, GROUPS("abc"), "");
	check((struct boot_choice){}, GROUPS("a,"), "c1 c5 c3");
	check((struct boot_choice){}, GROUPS(",a"), "c5 c3 c1");
	check((struct boot_choice){}, GROUPS(""), "c5 c3");
	check((struct boot_choice){}, GROUPS("b", "a"), "c2 c1");
	check((struct boot_choice){}, GROUPS("ab,b,ab"), "c2");
}

static void test_end(void **state)
{
	(void)state;
	check((struct boot_choice){ .running = true }, NULL, "r2");
	check((struct boot_choice){ .running = true, .all = true }, NULL, "r2 r1");
	check((struct boot_choice){ .running = true, .all = true, .ignore_auto = true }, NULL,
	      "r2 r1 r3");
	check((struct boot_choice){ .running = true }, GROUPS("a,"), "r1 r2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

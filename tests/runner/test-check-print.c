/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lxc-checkconfig prints: LXC's lines, which scripts read. */
/* The program itself is no library: its files are part of this test. */
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "../../runner/check-print.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define VERSION "LXC version " RLXC_VERSION "\n"

static const struct rlxc_check checks[] = {
	{ .subject = "a", .title = "Aaa", .label = "Plain", .needed = true, .works = true },
	{ .subject = "a", .title = "Aaa", .label = "Noted", .works = true, .note = "by \"x\"" },
	{ .subject = "b",
	  .title = "Bbb",
	  .label = "Lacking",
	  .why = "it is not there",
	  .fix = "as root: make it",
	  .note = "never shown" },
	{ .subject = "b", .title = "Bbb", .label = "Fatal", .needed = true, .why = "no" },
};

static void check(struct text *text, const char *want)
{
	assert_string_equal(text->data, want);
	text_done(text);
}

static void test_text(void **state)
{
	struct text text = {};

	(void)state;
	check_add_text(&text, checks, 4, /* color= */ false);
	check(&text, VERSION "\n--- Aaa ---\nPlain: enabled\nNoted: enabled, by \"x\"\n"
	                     "\n--- Bbb ---\nLacking: missing\n  it is not there\n"
	                     "  fix: as root: make it\nFatal: required\n  no\n"
	                     "\n1 of 4 required and not there, 1 missing\n");
	check_add_text(&text, checks, 3, /* color= */ false);
	check(&text, VERSION "\n--- Aaa ---\nPlain: enabled\nNoted: enabled, by \"x\"\n"
	                     "\n--- Bbb ---\nLacking: missing\n  it is not there\n"
	                     "  fix: as root: make it\n"
	                     "\nall that is needed works, 1 of 3 missing\n");
}

static void test_colors(void **state)
{
	struct text text = {};

	(void)state;
	check_add_text(&text, checks, 1, /* color= */ true);
	check(&text, VERSION "\n--- Aaa ---\nPlain: \033[1;32menabled\033[0;39m\n"
	                     "\nall that is needed works, 0 of 1 missing\n");
}

static void test_json(void **state)
{
	struct text text = {};

	(void)state;
	check_add_json(&text, checks, 4);
	check(&text,
	      "{\"version\":\"" RLXC_VERSION "\",\"works\":false,\"checks\":["
	      "{\"subject\":\"a\",\"name\":\"Plain\",\"status\":\"enabled\",\"needed\":true},"
	      "{\"subject\":\"a\",\"name\":\"Noted\",\"status\":\"enabled\",\"needed\":false,"
	      "\"note\":\"by \\\"x\\\"\"},"
	      "{\"subject\":\"b\",\"name\":\"Lacking\",\"status\":\"missing\",\"needed\":false,"
	      "\"error\":\"it is not there\",\"fix\":\"as root: make it\"},"
	      "{\"subject\":\"b\",\"name\":\"Fatal\",\"status\":\"required\",\"needed\":true,"
	      "\"error\":\"no\"}]}\n");
	check_add_json(&text, checks, 0);
	check(&text, "{\"version\":\"" RLXC_VERSION "\",\"works\":true,\"checks\":[]}\n");
}

static void test_outcome(void **state)
{
	(void)state;
	assert_true(check_has_failed(checks, 4));
	assert_false(check_has_failed(checks, 3)); /* what is missing is no failure */
	assert_false(check_has_failed(checks, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_colors),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_outcome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

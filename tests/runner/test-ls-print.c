/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lxc-ls prints; scripts read it column by column. */
/* The program itself is no library: its files are part of this test. */
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "../../runner/ls-print.c"
#include "../../runner/output.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct rlxc_addr addrs[] = {
	{ "lo", "127.0.0.1", false, false }, { "eth0", "10.0.3.21", false, true },
	{ "eth0", "fd00::1", true, true },   { "eth0", "fe80::1", true, false },
	{ "eth1", "10.0.4.1", false, true },
};

static const struct rlxc_info infos[] = {
	{ .name = (char *)"a",
	  .state = RLXC_STOPPED,
	  .stats = { .memory_bytes = 5, .swap_bytes = 5 } },
	{ .name = (char *)"broken",
	  .state = RLXC_ERROR,
	  .config_error = (char *)"line \"3\"",
	  .stats = { .memory_bytes = UINT64_MAX, .swap_bytes = UINT64_MAX } },
	{ .name = (char *)"r\xc3\xa9seau",
	  .state = RLXC_FROZEN,
	  .init_pid = 7,
	  .stats = { .memory_bytes = UINT64_MAX, .swap_bytes = 0 } },
	{ .name = (char *)"web",
	  .state = RLXC_RUNNING,
	  .init_pid = 17496,
	  .autostart = true,
	  .unprivileged = true,
	  .groups = (char *)"web, onboot",
	  .addrs = addrs,
	  .n_addrs = ARRAY_SIZE(addrs),
	  .stats = { .memory_bytes = 823296, .swap_bytes = 0 } },
};

static const struct rlxc_info *const items[] = { &infos[0], &infos[1], &infos[2], &infos[3] };

static struct ls_columns parse(const char *list)
{
	struct ls_columns columns = {};
	struct rlxc_err err = {};

	assert_int_equal(ls_columns_parse(list, &columns, &err), 0);
	return columns;
}

static void check(struct text *text, const char *want)
{
	assert_string_equal(text->data ? text->data : "", want);
	text_done(text);
}

/* one more than LS_COLUMNS_MAX */
#define NAME_4 "NAME,NAME,NAME,NAME"
#define NAME_17 NAME_4 "," NAME_4 "," NAME_4 "," NAME_4 ",NAME"

static void test_columns(void **state)
{
	static const char *const bad[] = { "",    "NAME,", ",NAME",      "FOO",
		                           "NAM", "NAMES", "NAME STATE", NAME_17 };
	static const struct {
		const char *list;
		size_t n;
		unsigned int want;
	} good[] = {
		{ "NAME", 1, 0 },
		{ "state,Name", 2, RLXC_WANT_STATE },
		{ "AUTOSTART,groups,UNPRIVILEGED", 3, RLXC_WANT_CONFIG },
		{ "ram", 1, RLXC_WANT_STATE | RLXC_WANT_MEMORY },
		{ "ipv4,interface", 2, RLXC_WANT_STATE | RLXC_WANT_ADDRS },
		{ LS_COLUMNS_DEFAULT, 7, RLXC_WANT_STATE | RLXC_WANT_CONFIG | RLXC_WANT_ADDRS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ls_columns columns = { .n = 99 };
		struct rlxc_err err = {};

		assert_int_equal(ls_columns_parse(bad[i], &columns, &err), -EINVAL);
		assert_int_equal(columns.n, 99);
		assert_true(err.msg[0]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct ls_columns columns = parse(good[i].list);

		assert_int_equal(columns.n, good[i].n);
		assert_int_equal(ls_columns_want(&columns), good[i].want);
	}
}

static void test_table(void **state)
{
	struct ls_columns columns = parse(LS_COLUMNS_DEFAULT);
	struct text text = {};

	(void)state;
	ls_add_table(&text, &columns, items, 0);
	check(&text, "");
	ls_add_table(&text, &columns, items, 4);
	check(&text,
	      "NAME   STATE   AUTOSTART GROUPS      IPV4                IPV6    UNPRIVILEGED \n"
	      "a      STOPPED 0         -           -                   -       false        \n"
	      "broken ERROR   -         -           -                   -       -            \n"
	      "r\xc3\xa9seau FROZEN  0         -           -                   -       false       "
	      " \n"
	      "web    RUNNING 1         web, onboot 10.0.3.21, 10.0.4.1 fd00::1 true         \n");
	columns = parse("pid,RAM,swap,interface");
	ls_add_table(&text, &columns, items + 1, 3);
	check(&text, "PID   RAM    SWAP   INTERFACE      \n"
	             "-     -      -      -              \n"
	             "7     -      0.00MB -              \n"
	             "17496 0.79MB 0.00MB lo, eth0, eth1 \n");
}

static void test_json(void **state)
{
	struct ls_columns columns = parse(LS_COLUMNS_JSON);
	struct text text = {};

	(void)state;
	ls_add_json(&text, &columns, items, 0);
	check(&text, "[]\n");
	ls_add_json(&text, &columns, items, 2);
	check(&text, "[{\"name\":\"a\",\"state\":\"STOPPED\",\"pid\":null,\"autostart\":false,"
	             "\"groups\":[],\"ipv4\":[],\"ipv6\":[],\"unprivileged\":false},\n"
	             " {\"name\":\"broken\",\"state\":\"ERROR\",\"pid\":null,\"autostart\":null,"
	             "\"groups\":[],\"ipv4\":[],\"ipv6\":[],\"unprivileged\":null,"
	             "\"config_error\":\"line \\\"3\\\"\"}]\n");
	columns = parse("groups,ipv4,interface,autostart,unprivileged,pid,ram,swap");
	ls_add_json(&text, &columns, items + 3, 1);
	check(&text,
	      "[{\"groups\":[\"web\",\"onboot\"],\"ipv4\":[\"10.0.3.21\",\"10.0.4.1\"],"
	      "\"interfaces\":[\"lo\",\"eth0\",\"eth1\"],\"autostart\":true,"
	      "\"unprivileged\":true,\"pid\":17496,\"ram_bytes\":823296,\"swap_bytes\":0}]\n");
}

/* The layout was observed: a name takes the longest one's width, and a line ends when the next
 * name would pass the terminal's. */
static void test_names(void **state)
{
	static const struct rlxc_info three[] = {
		{ .name = (char *)"a" },
		{ .name = (char *)"bb" },
		{ .name = (char *)"longname1" },
	};
	static const struct rlxc_info *const list[] = { &three[0], &three[1], &three[2] };
	static const struct {
		size_t n;
		unsigned int width;
		const char *want;
	} cases[] = {
		{ 0, 80, "" },
		{ 1, 0, "a   \n" },
		{ 1, 80, "a    \n" },
		{ 3, 0, "a        \nbb       \nlongname1\n" },
		{ 3, 18, "a        \nbb       \nlongname1\n" },
		{ 3, 19, "a         bb       \nlongname1 \n" },
		{ 3, 28, "a         bb       \nlongname1 \n" },
		{ 3, 29, "a         bb        longname1\n" },
		{ 3, 39, "a         bb        longname1 \n" },
	};
	struct text text = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ls_add_names(&text, list, cases[i].n, cases[i].width);
		check(&text, cases[i].want);
	}
}

/* A name from elsewhere must not drive the terminal. */
static void test_hostile(void **state)
{
	static const struct rlxc_info info = { .name = (char *)"x\033]0;y\n" };
	static const struct rlxc_info *const list[] = { &info };
	struct ls_columns columns = parse("NAME");
	struct text text = {};

	(void)state;
	ls_add_names(&text, list, 1, 0);
	check(&text, "x\\x1b]0;y\\x0a\n");
	ls_add_table(&text, &columns, list, 1);
	check(&text, "NAME          \nx\\x1b]0;y\\x0a \n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns), cmocka_unit_test(test_table),
		cmocka_unit_test(test_json),    cmocka_unit_test(test_names),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

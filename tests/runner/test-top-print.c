/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lxc-top prints: its order, the screen, and lines that scripts read. */
/* The program itself is no library: its files are part of this test. */
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "../../runner/stats-print.c"
#include "../../runner/top-print.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOT UINT64_MAX

static const struct rlxc_info infos[] = {
	{ .name = (char *)"b",
	  .stats = { 8079661, 20000000, 1234567890, 954368, 0, 954368, 356352, 1, 2, 3, 4 } },
	{ .name = (char *)"a", .stats = { 5, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT, NOT } },
	{ .name = (char *)"r\xc3\xa9seau,1234567890abcdef",
	  .stats = { 9000000, 0, 0, 954368, 0, 954369, 0, 2048, 0, 0, 0 } },
};

static void check(struct text *text, const char *want)
{
	assert_string_equal(text->data ? text->data : "", want);
	text_done(text);
}

static void keys_change_the_view(void **state)
{
	static const struct {
		const char *keys;
		char sort;
		bool reverse;
	} cases[] = {
		{ "", 'n', false },     { "n", 'n', true },    { "nn", 'n', false },
		{ "c", 'c', false },    { "cc", 'c', true },   { "rc", 'c', false },
		{ "cr", 'c', true },    { "crr", 'c', false }, { "x", 'n', false },
		{ "bmsk", 'k', false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct top_view view = { .sort = 'n' };

		for (const char *key = cases[i].keys; *key; key++)
			top_key(&view, *key);
		top_key(&view, 0); /* the time is up */
		assert_int_equal(view.sort, cases[i].sort);
		assert_int_equal(view.reverse, cases[i].reverse);
	}
}

static void containers_are_sorted(void **state)
{
	static const struct {
		struct top_view view;
		const char *want; /* first letters */
	} cases[] = {
		{ { 'n', false }, "abr" }, { { 'n', true }, "rba" },
		{ { 'c', false }, "rba" }, { { 'c', true }, "abr" },
		{ { 'b', false }, "rba" }, { { 'b', true }, "bra" }, /* unknown: last */
		{ { 'm', false }, "bra" }, { { 'm', true }, "bra" }, /* equal: by name */
		{ { 's', false }, "rba" }, { { 'k', false }, "bra" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct rlxc_info *items[] = { &infos[0], &infos[1], &infos[2] };

		top_sort(&cases[i].view, items, ARRAY_SIZE(items));
		for (size_t j = 0; j < ARRAY_SIZE(items); j++)
			assert_int_equal(items[j]->name[0], cases[i].want[j]);
	}
	top_sort(&cases[0].view, NULL, 0);
}

static void lines_are_lxcs(void **state)
{
	const struct rlxc_info *items[] = { &infos[0], &infos[1], &infos[2] };
	struct text text = {};

	(void)state;
	assert_string_equal(TOP_CSV_HEADER,
	                    "time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,"
	                    "blkio_bytes,blkio_iops,mem_used_bytes,memsw_used_bytes,"
	                    "kernel_mem_used_bytes\n");
	top_add_csv(&text, items, ARRAY_SIZE(items), 1795313386148);
	check(&text, "1795313386148,b,8079661,123,2,3,7,954368,954368,356352\n"
	             "1795313386148,a,5,,,,,,,\n"
	             "1795313386148,\"r\xc3\xa9seau,1234567890abcdef\",9000000,0,0,2048,0,954368,"
	             "954369,0\n");
	top_add_csv(&text, items, 0, 1);
	check(&text, "");
}

static void json_names_the_unknown(void **state)
{
	const struct rlxc_info *items[] = { &infos[1] };
	struct text text = {};

	(void)state;
	top_add_json(&text, items, 1, 7);
	check(&text, "{\"time_ms\":7,\"name\":\"a\",\"cpu_ns\":5,\"cpu_user_ns\":null,"
	             "\"cpu_system_ns\":null,\"memory_bytes\":null,\"kernel_memory_bytes\":null,"
	             "\"swap_bytes\":null,\"memory_swap_bytes\":null,\"io_bytes\":null,"
	             "\"io_read_bytes\":null,\"io_write_bytes\":null,\"io_ops\":null}\n");
}

/* The screen without what drives the terminal. */
static void check_screen(size_t n, unsigned int rows, const char *want)
{
	static const char *const drop[] = { REVERSE, NORMAL, "\033[K" };
	const struct rlxc_info *items[] = { &infos[0], &infos[1], &infos[2] };
	struct text text = {}, plain = {};

	top_add_screen(&text, items, n, rows);
	for (const char *s = text.data; *s;) {
		size_t i = 0;

		while (i < ARRAY_SIZE(drop) && strncmp(s, drop[i], strlen(drop[i])) != 0)
			i++;
		if (i == ARRAY_SIZE(drop))
			text_add_len(&plain, s++, 1);
		else
			s += strlen(drop[i]);
	}
	text_done(&text);
	check(&plain, want);
}

static void the_screen_fits(void **state)
{
	(void)state;
	check_screen(3, 25,
	             "Container                   CPU          CPU          CPU"
	             "                                BlkIO         Mem       MemSw        KMem\n"
	             "Name                       Used          Sys         User"
	             "                    Total(Read/Write)        Used        Used        Used\n"
	             "b                          0.01         1.23         0.02"
	             "             3 bytes(1 bytes/2 bytes)  932.00 KiB  932.00 KiB  348.00 KiB\n"
	             "a                          0.00            -            -"
	             "                                    -           -           -           -\n"
	             "r\xc3\xa9seau,1234567890a         0.01         0.00         0.00"
	             "           2.00 KiB(2.00 KiB/0 bytes)  932.00 KiB  932.00 KiB     0 bytes\n"
	             "TOTAL 3 of 3               0.02         1.23         0.02"
	             "           2.00 KiB(2.00 KiB/2 bytes)    1.82 MiB    1.82 MiB  348.00 KiB");
	/* Two columns are there only when they have something to say. */
	check_screen(0, 25,
	             "Container                   CPU          CPU          CPU"
	             "                                BlkIO         Mem\n"
	             "Name                       Used          Sys         User"
	             "                    Total(Read/Write)        Used\n"
	             "TOTAL 0 of 0                  -            -            -"
	             "                                    -           -");
}

static void rows_that_do_not_fit_are_counted(void **state)
{
	static const struct {
		unsigned int rows;
		const char *want;
	} cases[] = { { 0, "TOTAL 0 of 3" }, { 3, "TOTAL 0 of 3" }, { 4, "TOTAL 1 of 3" },
		      { 5, "TOTAL 2 of 3" }, { 6, "TOTAL 3 of 3" }, { 7, "TOTAL 3 of 3" } };
	const struct rlxc_info *items[] = { &infos[0], &infos[1], &infos[2] };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct text text = {};
		unsigned int lines = 1;

		top_add_screen(&text, items, ARRAY_SIZE(items), cases[i].rows);
		assert_non_null(strstr(text.data, cases[i].want));
		for (const char *s = text.data; *s; s++)
			lines += *s == '\n';
		assert_true(lines <= (cases[i].rows > 3 ? cases[i].rows : 3));
		text_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_change_the_view),
		cmocka_unit_test(containers_are_sorted),
		cmocka_unit_test(lines_are_lxcs),
		cmocka_unit_test(json_names_the_unknown),
		cmocka_unit_test(the_screen_fits),
		cmocka_unit_test(rows_that_do_not_fit_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top-print.h"

#include "base/cleanup.h"
#include "stats-print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- order ---- */

static enum stats_field sort_field(char sort)
{
	switch (sort) {
	case 'c':
		return STATS_CPU;
	case 'b':
		return STATS_IO;
	case 'm':
		return STATS_MEMORY;
	case 's':
		return STATS_MEMORY_SWAP;
	case 'k':
		return STATS_KERNEL_MEMORY;
	default:
		return STATS_MAX;
	}
}

void top_key(struct top_view *view, char key)
{
	if (key == 'r' || key == view->sort) {
		view->reverse = !view->reverse;
	} else if (key && strchr(TOP_SORTS, key)) {
		view->sort = key;
		view->reverse = false;
	}
}

/* Negative: @a comes first. */
static int compare_numbers(uint64_t a, uint64_t b, bool reverse)
{
	if (a == b)
		return 0;
	if (a == UINT64_MAX || b == UINT64_MAX)
		return a == UINT64_MAX ? 1 : -1;
	return (a > b) != reverse ? -1 : 1;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct rlxc_info *one = *(const struct rlxc_info *const *)a;
	const struct rlxc_info *other = *(const struct rlxc_info *const *)b;
	const struct top_view *view = arg;
	enum stats_field field = sort_field(view->sort);
	int names = strcmp(one->name, other->name), order;

	if (field == STATS_MAX)
		return view->reverse ? -names : names;
	order = compare_numbers(stats_get(&one->stats, field), stats_get(&other->stats, field),
	                        view->reverse);
	return order ? order : names;
}

void top_sort(const struct top_view *view, const struct rlxc_info **items, size_t n)
{
	struct top_view copy = *view;

	if (n)
		qsort_r(items, n, sizeof(void *), compare, &copy);
}

/* ---- the screen ---- */

#define NAME_WIDTH 18
#define REVERSE "\033[7m\033[1m"
#define NORMAL "\033[0m"
#define LINE_END "\033[K\n" /* what stood there before is cleared */
#define HEAD_ROWS 2

enum column_kind { COLUMN_SECONDS, COLUMN_SIZE, COLUMN_IO };

static const struct column {
	const char *head, *what;
	int width;
	enum column_kind kind;
	enum stats_field field;
	bool optional; /* left out while the sum is nothing */
} columns[] = {
	{ "CPU", "Used", 12, COLUMN_SECONDS, STATS_CPU, false },
	{ "CPU", "Sys", 12, COLUMN_SECONDS, STATS_CPU_SYSTEM, false },
	{ "CPU", "User", 12, COLUMN_SECONDS, STATS_CPU_USER, false },
	{ "BlkIO", "Total(Read/Write)", 36, COLUMN_IO, STATS_IO, false },
	{ "Mem", "Used", 11, COLUMN_SIZE, STATS_MEMORY, false },
	{ "MemSw", "Used", 11, COLUMN_SIZE, STATS_MEMORY_SWAP, true },
	{ "KMem", "Used", 11, COLUMN_SIZE, STATS_KERNEL_MEMORY, true },
};

static bool is_shown(const struct column *column, const struct rlxc_stats *total)
{
	uint64_t sum = stats_get(total, column->field);

	return !column->optional || (sum > 0 && sum != UINT64_MAX);
}

static void add_size(struct text *text, uint64_t bytes)
{
	if (bytes == UINT64_MAX)
		text_add(text, "-");
	else
		stats_add_size(text, bytes);
}

static void add_cell(struct text *text, const struct column *column, const struct rlxc_stats *stats)
{
	uint64_t number = stats_get(stats, column->field);

	if (number == UINT64_MAX || column->kind == COLUMN_SIZE) {
		add_size(text, number);
	} else if (column->kind == COLUMN_SECONDS) {
		text_addf(text, "%.2f", (double)number / 1e9);
	} else {
		add_size(text, number);
		text_add(text, "(");
		add_size(text, stats_get(stats, STATS_IO_READ));
		text_add(text, "/");
		add_size(text, stats_get(stats, STATS_IO_WRITE));
		text_add(text, ")");
	}
}

/* Characters, not bytes: what continues one in UTF-8 has no place of its own. */
static void add_name(struct text *text, const char *name)
{
	_cleanup_(text_done) struct text printable = {};
	size_t width = 0, len = 0;

	text_add_printable(&printable, name);
	for (; len < printable.len; len++) {
		bool begins = ((unsigned char)printable.data[len] & 0xc0) != 0x80;

		if (begins && width == NAME_WIDTH)
			break;
		width += begins;
	}
	text_add_len(text, printable.data ? printable.data : "", len);
	text_addf(text, "%*s", (int)(NAME_WIDTH - width), "");
}

static void add_head(struct text *text, const struct rlxc_stats *total, bool second)
{
	text_add(text, REVERSE);
	add_name(text, second ? "Name" : "Container");
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (is_shown(&columns[i], total))
			text_addf(text, " %*s", columns[i].width,
			          second ? columns[i].what : columns[i].head);
	text_add(text, NORMAL LINE_END);
}

static void add_row(struct text *text, const char *name, const struct rlxc_stats *stats,
                    const struct rlxc_stats *total)
{
	add_name(text, name);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		_cleanup_(text_done) struct text cell = {};

		if (!is_shown(&columns[i], total))
			continue;
		add_cell(&cell, &columns[i], stats);
		text_addf(text, " %*s", columns[i].width, cell.data ? cell.data : "");
	}
}

/* What is not known of one is left out of the sum; a sum of nothing is not known. */
static void add_up(uint64_t *sum, uint64_t number)
{
	if (number != UINT64_MAX)
		*sum = *sum == UINT64_MAX ? number : *sum + number;
}

static struct rlxc_stats sum_of(const struct rlxc_info *const *items, size_t n)
{
	struct rlxc_stats total;

	memset(&total, 0xff, sizeof(total));
	for (size_t i = 0; i < n; i++) {
		const struct rlxc_stats *stats = &items[i]->stats;

		add_up(&total.cpu_ns, stats->cpu_ns);
		add_up(&total.cpu_user_ns, stats->cpu_user_ns);
		add_up(&total.cpu_system_ns, stats->cpu_system_ns);
		add_up(&total.memory_bytes, stats->memory_bytes);
		add_up(&total.memory_swap_bytes, stats->memory_swap_bytes);
		add_up(&total.kernel_memory_bytes, stats->kernel_memory_bytes);
		add_up(&total.io_read_bytes, stats->io_read_bytes);
		add_up(&total.io_write_bytes, stats->io_write_bytes);
	}
	return total;
}

void top_add_screen(struct text *text, const struct rlxc_info *const *items, size_t n,
                    unsigned int rows)
{
	size_t room = rows > HEAD_ROWS + 1 ? rows - HEAD_ROWS - 1 : 0;
	size_t shown = n < room ? n : room;
	struct rlxc_stats total = sum_of(items, n);
	char name[64];

	add_head(text, &total, /* second= */ false);
	add_head(text, &total, /* second= */ true);
	for (size_t i = 0; i < shown; i++) {
		add_row(text, items[i]->name, &items[i]->stats, &total);
		text_add(text, LINE_END);
	}
	(void)snprintf(name, sizeof(name), "TOTAL %zu of %zu", shown, n);
	add_row(text, name, &total, &total);
	text_add(text, "\033[K");
}

/* ---- the lines of -b ---- */

#define USER_HZ 100

static void add_csv_number(struct text *text, uint64_t number, uint64_t unit)
{
	text_add(text, ",");
	if (number != UINT64_MAX)
		text_addf(text, "%" PRIu64, number / unit);
}

void top_add_csv(struct text *text, const struct rlxc_info *const *items, size_t n,
                 uint64_t time_ms)
{
	static const struct {
		enum stats_field field;
		uint64_t unit;
	} numbers[] = {
		{ STATS_CPU, 1 },
		{ STATS_CPU_SYSTEM, 1000000000 / USER_HZ },
		{ STATS_CPU_USER, 1000000000 / USER_HZ },
		{ STATS_IO, 1 },
		{ STATS_IO_OPS, 1 },
		{ STATS_MEMORY, 1 },
		{ STATS_MEMORY_SWAP, 1 },
		{ STATS_KERNEL_MEMORY, 1 },
	};

	for (size_t i = 0; i < n; i++) {
		const char *quote = strchr(items[i]->name, ',') ? "\"" : "";

		text_addf(text, "%" PRIu64 ",%s%s%s", time_ms, quote, items[i]->name, quote);
		for (size_t j = 0; j < ARRAY_SIZE(numbers); j++)
			add_csv_number(text, stats_get(&items[i]->stats, numbers[j].field),
			               numbers[j].unit);
		text_add(text, "\n");
	}
}

void top_add_json(struct text *text, const struct rlxc_info *const *items, size_t n,
                  uint64_t time_ms)
{
	for (size_t i = 0; i < n; i++) {
		text_addf(text, "{\"time_ms\":%" PRIu64 ",\"name\":", time_ms);
		text_add_json(text, items[i]->name);
		for (int field = 0; field < STATS_MAX; field++) {
			uint64_t number = stats_get(&items[i]->stats, field);

			text_addf(text, ",\"%s\":", stats_name(field));
			if (number == UINT64_MAX)
				text_add(text, "null");
			else
				text_addf(text, "%" PRIu64, number);
		}
		text_add(text, "}\n");
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-print.h"

#include "base/cleanup.h"
#include "base/strv.h"
#include "output.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static void cell_name(struct text *text, const struct rlxc_info *info)
{
	text_add_printable(text, info->name);
}

static void cell_state(struct text *text, const struct rlxc_info *info)
{
	text_add(text, rlxc_state_name(info->state));
}

static void cell_pid(struct text *text, const struct rlxc_info *info)
{
	if (rlxc_state_runs(info->state) && info->init_pid > 0)
		text_addf(text, "%d", info->init_pid);
}

static void add_megabytes(struct text *text, const struct rlxc_info *info, uint64_t bytes)
{
	if (rlxc_state_runs(info->state) && bytes != UINT64_MAX)
		text_addf(text, "%.2fMB", (double)bytes / (1024 * 1024));
}

static void cell_ram(struct text *text, const struct rlxc_info *info)
{
	add_megabytes(text, info, info->stats.memory_bytes);
}

static void cell_swap(struct text *text, const struct rlxc_info *info)
{
	add_megabytes(text, info, info->stats.swap_bytes);
}

/* What cannot be read stays empty rather than false. */
static void cell_autostart(struct text *text, const struct rlxc_info *info)
{
	if (info->state != RLXC_ERROR)
		text_add(text, info->autostart ? "1" : "0");
}

static void cell_groups(struct text *text, const struct rlxc_info *info)
{
	if (info->groups)
		text_add_printable(text, info->groups);
}

static void cell_unprivileged(struct text *text, const struct rlxc_info *info)
{
	if (info->state != RLXC_ERROR)
		text_add(text, info->unprivileged ? "true" : "false");
}

static void add_addrs(struct text *text, const struct rlxc_info *info, bool ipv6)
{
	for (size_t i = 0; i < info->n_addrs; i++) {
		if (info->addrs[i].ipv6 != ipv6 || !info->addrs[i].shown)
			continue;
		text_add(text, text->len ? ", " : "");
		text_add_printable(text, info->addrs[i].text);
	}
}

static void cell_ipv4(struct text *text, const struct rlxc_info *info)
{
	add_addrs(text, info, /* ipv6= */ false);
}

static void cell_ipv6(struct text *text, const struct rlxc_info *info)
{
	add_addrs(text, info, /* ipv6= */ true);
}

/* An interface is listed once, however many addresses it has. */
static void cell_interface(struct text *text, const struct rlxc_info *info)
{
	for (size_t i = 0; i < info->n_addrs; i++) {
		const char *name = info->addrs[i].interface;
		size_t j = 0;

		while (j < i && strcmp(info->addrs[j].interface, name) != 0)
			j++;
		if (j < i)
			continue;
		text_add(text, text->len ? ", " : "");
		text_add_printable(text, name);
	}
}

enum column_json { JSON_TEXT, JSON_BARE, JSON_BOOL, JSON_LIST, JSON_BYTES };

/* Columns in the order of the documentation. */
static const struct column {
	const char *name;
	void (*cell)(struct text *text, const struct rlxc_info *info); /* adds nothing: "-" */
	const char *json;
	unsigned int want;
	enum column_json kind;
} columns_all[] = {
	{ "NAME", cell_name, "name", 0, JSON_TEXT },
	{ "STATE", cell_state, "state", RLXC_WANT_STATE, JSON_TEXT },
	{ "PID", cell_pid, "pid", RLXC_WANT_STATE, JSON_BARE },
	{ "RAM", cell_ram, "ram_bytes", RLXC_WANT_STATE | RLXC_WANT_MEMORY, JSON_BYTES },
	{ "SWAP", cell_swap, "swap_bytes", RLXC_WANT_STATE | RLXC_WANT_SWAP, JSON_BYTES },
	{ "AUTOSTART", cell_autostart, "autostart", RLXC_WANT_CONFIG, JSON_BOOL },
	{ "GROUPS", cell_groups, "groups", RLXC_WANT_CONFIG, JSON_LIST },
	{ "INTERFACE", cell_interface, "interfaces", RLXC_WANT_STATE | RLXC_WANT_ADDRS, JSON_LIST },
	{ "IPV4", cell_ipv4, "ipv4", RLXC_WANT_STATE | RLXC_WANT_ADDRS, JSON_LIST },
	{ "IPV6", cell_ipv6, "ipv6", RLXC_WANT_STATE | RLXC_WANT_ADDRS, JSON_LIST },
	{ "UNPRIVILEGED", cell_unprivileged, "unprivileged", RLXC_WANT_CONFIG, JSON_BOOL },
};

static int add_column(struct ls_columns *columns, const char *name, struct rlxc_err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns_all); i++) {
		if (strcasecmp(columns_all[i].name, name) != 0)
			continue;
		if (columns->n == LS_COLUMNS_MAX)
			return output_set(err, -EINVAL, "too many columns");
		columns->index[columns->n++] = (unsigned char)i;
		return 0;
	}
	output_set(err, -EINVAL, "invalid column '%s'", name);
	(void)snprintf(err->hint, sizeof(err->hint), "columns are %s", LS_COLUMNS_WORDS);
	return -EINVAL;
}

int ls_columns_parse(const char *list, struct ls_columns *ret_columns, struct rlxc_err *err)
{
	_cleanup_(strv_done) struct strv names = {};
	struct ls_columns columns = {};
	int r;

	r = strv_split_at(&names, list, ',');
	if (r < 0)
		return output_set(err, r, "out of memory");
	for (size_t i = 0; i < names.n; i++) {
		r = add_column(&columns, names.items[i], err);
		if (r < 0)
			return r;
	}
	*ret_columns = columns;
	return 0;
}

unsigned int ls_columns_want(const struct ls_columns *columns)
{
	unsigned int want = 0;

	for (size_t i = 0; i < columns->n; i++)
		want |= columns_all[columns->index[i]].want;
	return want;
}

/* Characters of a UTF-8 text; a byte that continues one does not count. */
static size_t width_of(const char *str)
{
	size_t n = 0;

	for (; *str; str++)
		n += ((unsigned char)*str & 0xc0) != 0x80;
	return n;
}

static void add_padded(struct text *text, const char *str, size_t width)
{
	size_t len = width_of(str);

	text_addf(text, "%s%*s", str, len < width ? (int)(width - len) : 0, "");
}

/* A container inside another one: its own name, behind a backslash that its depth moves to the
 * right. */
static void add_tree_name(struct text *text, const struct rlxc_info *info)
{
	const char *name = info->name, *slash;
	int level = 0;

	for (; (slash = strchr(name, '/')); name = slash + 1)
		level++;
	if (level)
		text_addf(text, "%*s", level, "\\");
	text_add_printable(text, name);
}

/* The cell's text, "-" when it is empty; NULL without memory. */
static char *make_cell(const struct column *column, const struct rlxc_info *info)
{
	struct text text = {};
	char *str = NULL;

	if (column->cell == cell_name)
		add_tree_name(&text, info);
	else
		column->cell(&text, info);
	if (!text.len)
		text_add(&text, "-");
	(void)text_finish(&text, &str);
	return str;
}

/* All cells row by row, the header first. */
static int make_cells(const struct ls_columns *columns, const struct rlxc_info *const *items,
                      size_t n, struct strv *cells)
{
	int r = 0;

	for (size_t c = 0; c < columns->n && r >= 0; c++)
		r = strv_add(cells, columns_all[columns->index[c]].name);
	for (size_t i = 0; i < n; i++) {
		for (size_t c = 0; c < columns->n && r >= 0; c++) {
			char *cell = make_cell(&columns_all[columns->index[c]], items[i]);

			r = cell ? strv_take(cells, cell) : -ENOMEM;
		}
	}
	return r;
}

void ls_add_table(struct text *text, const struct ls_columns *columns,
                  const struct rlxc_info *const *items, size_t n)
{
	_cleanup_(strv_done) struct strv cells = {};
	size_t width[LS_COLUMNS_MAX] = {};

	if (!n || !columns->n)
		return;
	if (make_cells(columns, items, n, &cells) < 0) {
		text->failed = true;
		return;
	}
	for (size_t i = 0; i < cells.n; i++) {
		size_t len = width_of(cells.items[i]), c = i % columns->n;

		width[c] = len > width[c] ? len : width[c];
	}
	for (size_t i = 0; i < cells.n; i++) {
		size_t c = i % columns->n;

		add_padded(text, cells.items[i], width[c]);
		text_add(text, c + 1 == columns->n ? " \n" : " ");
	}
}

/* "a, b" as an array; elements hold no comma, or they would not come joined. */
static void add_json_list(struct text *text, const char *joined)
{
	text_add(text, "[");
	while (joined && *joined) {
		const char *end = strstr(joined, ", ");
		size_t len = end ? (size_t)(end - joined) : strlen(joined);
		struct text one = {};

		text_add_len(&one, joined, len);
		text_add_json(text, one.data ? one.data : "");
		text_done(&one);
		text_add(text, end ? "," : "");
		joined = end ? end + 2 : NULL;
	}
	text_add(text, "]");
}

static void add_json_bytes(struct text *text, const struct column *column,
                           const struct rlxc_info *info)
{
	uint64_t bytes =
		column->cell == cell_ram ? info->stats.memory_bytes : info->stats.swap_bytes;

	if (rlxc_state_runs(info->state) && bytes != UINT64_MAX)
		text_addf(text, "%" PRIu64, bytes);
	else
		text_add(text, "null");
}

static void add_json_value(struct text *text, const struct column *column,
                           const struct rlxc_info *info)
{
	_cleanup_(text_done) struct text cell = {};
	const char *str;

	column->cell(&cell, info);
	str = cell.data ? cell.data : "";
	if (column->kind == JSON_BYTES)
		add_json_bytes(text, column, info);
	else if (column->kind == JSON_LIST)
		add_json_list(text, str);
	else if (!*str)
		text_add(text, "null");
	else if (column->kind == JSON_TEXT)
		text_add_json(text, str);
	else if (column->kind == JSON_BOOL)
		text_add(text, *str == '1' || *str == 't' ? "true" : "false");
	else
		text_add(text, str);
}

void ls_add_json(struct text *text, const struct ls_columns *columns,
                 const struct rlxc_info *const *items, size_t n)
{
	text_add(text, "[");
	for (size_t i = 0; i < n; i++) {
		text_add(text, i ? ",\n {" : "{");
		for (size_t c = 0; c < columns->n; c++) {
			const struct column *column = &columns_all[columns->index[c]];

			text_addf(text, "%s\"%s\":", c ? "," : "", column->json);
			add_json_value(text, column, items[i]);
		}
		if (items[i]->config_error) {
			text_add(text, columns->n ? ",\"config_error\":" : "\"config_error\":");
			text_add_json(text, items[i]->config_error);
		}
		text_add(text, "}");
	}
	text_add(text, "]\n");
}

static size_t name_width(const struct rlxc_info *info)
{
	_cleanup_(text_done) struct text name = {};

	cell_name(&name, info);
	return width_of(name.data ? name.data : "");
}

void ls_add_names(struct text *text, const struct rlxc_info *const *items, size_t n,
                  unsigned int width)
{
	size_t longest = strlen("NAME"), used = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = name_width(items[i]);

		longest = len > longest ? len : longest;
	}
	for (size_t i = 0; i < n; i++) {
		_cleanup_(text_done) struct text name = {};

		text_add_printable(&name, items[i]->name);
		add_padded(text, name.data ? name.data : "", longest);
		used += longest + 1;
		if (used + longest > width) {
			text_add(text, "\n");
			used = 0;
		} else {
			text_add(text, i + 1 == n ? " \n" : " ");
		}
	}
}

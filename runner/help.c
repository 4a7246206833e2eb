/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "help.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "commands.h"
#include "output.h"

#include <ctype.h>
#include <string.h>

#define COLUMN_MAX 32 /* longer options have their description on the next line */

/* "  -x, --long=ARG"; "[=ARG]" when the argument is optional. */
static void add_label(struct text *text, const struct option_row *row)
{
	const char *arg = option_arg(row);

	if (row->letter)
		text_addf(text, "  -%c, --%s", row->letter, row->name);
	else
		text_addf(text, "      --%s", row->name);
	if (*arg == '[')
		text_addf(text, "[=%s", arg + 1);
	else if (*arg)
		text_addf(text, "=%s", arg);
}

static size_t label_length(const struct option_row *row)
{
	_cleanup_(text_done) struct text text = {};

	add_label(&text, row);
	return text.len;
}

static size_t widest(const struct option_row *rows, size_t width)
{
	for (; rows && rows->name; rows++) {
		size_t len = *option_help(rows) ? label_length(rows) + 2 : 0;

		if (len > width && len <= COLUMN_MAX)
			width = len;
	}
	return width;
}

static void add_option(struct text *text, const struct option_row *row, size_t column)
{
	size_t start = text->len;
	const char *line = option_help(row);

	add_label(text, row);
	for (;;) {
		size_t len = strcspn(line, "\n");

		if (text->len - start + 2 > column) {
			text_add(text, "\n");
			start = text->len;
		}
		text_addf(text, "%*s%.*s", (int)(column - (text->len - start)), "", (int)len, line);
		if (!line[len])
			break;
		line += len + 1;
	}
	text_add(text, "\n");
}

static bool is_name(const struct option_row *row)
{
	return strcmp(row->name, "name") == 0;
}

static void add_options(struct text *text, const struct command *command)
{
	const struct option_row *common = options_common(command);
	size_t column = widest(command->options, widest(common, 0));

	if (is_name(common) || command->options)
		text_add(text, "Options :\n");
	if (is_name(common))
		add_option(text, common, column);
	for (const struct option_row *row = command->options; row && row->name; row++)
		if (*option_help(row))
			add_option(text, row, column);
	text_add(text, is_name(common) || command->options ? "\nCommon options :\n"
	                                                   : "Common options :\n");
	for (const struct option_row *row = common; row->name; row++)
		if (*option_help(row) && !is_name(row) && options_is_offered(command, row))
			add_option(text, row, column);
}

static int print(struct text *text)
{
	_cleanup_free_ char *str = NULL;
	size_t len = text->len;
	int r;

	r = text_finish(text, &str);
	return r < 0 ? r : output_write(STDOUT_FILENO, str, len);
}

int help_print(const struct request *req)
{
	const struct command *command = req->command;
	struct text text = {};

	text_addf(&text, "Usage: %s %s\n\n", req->prog, command->synopsis);
	text_addf(&text, "%s.\n\n", command->purpose);
	add_options(&text, command);
	text_add(&text, "\nAn argument that a long option needs (or may have) goes with the short "
	                "one as well.\n\n");
	text_addf(&text, "See the %s%s man page for further information.\n",
	          command->flags & COMMAND_RLXC ? "rlxc" : "lxc-",
	          command->flags & COMMAND_RLXC ? "" : command->name);
	return print(&text);
}

/* Four options a line, each as "[-x|--long=LONG] ". */
static void add_usage(struct text *text, const char *label, const struct option_row *row,
                      unsigned int *count)
{
	const char *arg = option_arg(row);

	if (*count && *count % 4 == 0)
		text_add(text, "\n\t");
	(*count)++;
	text_add(text, "[");
	if (label)
		text_addf(text, "%s|", label);
	text_addf(text, "--%s", row->name);
	if (*arg) {
		text_add(text, *arg == '[' ? "[=" : "=");
		for (const char *s = row->name; *s; s++)
			text_addf(text, "%c", toupper((unsigned char)*s));
		text_add(text, *arg == '[' ? "]" : "");
	}
	text_add(text, "] ");
}

static void add_usages(struct text *text, const struct command *command,
                       const struct option_row *rows, bool common, unsigned int *count)
{
	for (; rows && rows->name; rows++) {
		char label[3] = { '-', rows->letter };

		if (!*option_help(rows) || (common && !options_is_offered(command, rows)))
			continue;
		add_usage(text, rows->letter ? label : NULL, rows, count);
		if (rows->letter == 'h')
			add_usage(text, "-?", rows, count);
	}
}

int help_usage(const struct request *req)
{
	struct text text = {};
	unsigned int count = 0;

	text_addf(&text, "Usage: %s ", req->prog);
	add_usages(&text, req->command, req->command->options, /* common= */ false, &count);
	add_usages(&text, req->command, options_common(req->command), /* common= */ true, &count);
	text_add(&text, "\n");
	return print(&text);
}

int help_version(void)
{
	const char *version = rlxc_version();
	int r;

	r = output_write(STDOUT_FILENO, version, strlen(version));
	return r < 0 ? r : output_write(STDOUT_FILENO, "\n", 1);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int option_tty(const struct option_row *row, void *args, const char *value,
                      struct rlxc_err *err)
{
	int32_t tty;

	if (num_parse_cint(value, &tty) < 0 || tty < -1)
		return output_set(err, -EINVAL,
		                  "'--%s' takes the number of a tty, 0 for the console or -1 for "
		                  "the next free one, not '%s'",
		                  row->name, value);
	*(int *)((char *)args + row->field) = tty;
	return 0;
}

/* "^x" or "x": the byte that Ctrl and the key send. */
static int option_escape(const struct option_row *row, void *args, const char *value,
                         struct rlxc_err *err)
{
	const char *key = value[0] == '^' && value[1] ? value + 1 : value;
	int c = toupper((unsigned char)*key);

	if (c < 'A' || c > '_' || key[1])
		return output_set(
			err, -EINVAL,
			"'--%s' takes a letter or one of [\\]^_, alone or after ^, not '%s'",
			row->name, value);
	*(unsigned char *)((char *)args + row->field) = (unsigned char)(c - '@');
	return 0;
}

struct console_args {
	struct rlxc_console_options options;
	bool show_log, clear;
};

#define FIELD(member) offsetof(struct console_args, member)

const struct option_row cmd_console_options[] = {
	OPTION("tty", 't', "NUMBER", option_tty, FIELD(options.tty), "",
	       "tty to connect to, 0 for the console (default: the next free tty)"),
	OPTION("escape", 'e', "PREFIX", option_escape, FIELD(options.escape), "",
	       "key that, with q, leaves the console (default ^a)"),
	OPTION("steal", 0, "", option_true, FIELD(options.steal), "",
	       "take the tty of -t from whoever is connected to it"),
	OPTION("show-log", 0, "", option_true, FIELD(show_log), "",
	       "print what the console's buffer keeps, and do not connect"),
	OPTION("clear", 0, "", option_true, FIELD(clear), "",
	       "with --show-log: empty the buffer then"),
	{},
};

/* What makes no sense together, NULL when all is well. */
static const char *conflict(const struct console_args *args)
{
	if (args->clear && !args->show_log)
		return "--clear needs --show-log";
	if (args->show_log && (args->options.steal || args->options.tty >= 0))
		return "--show-log is about the console: it excludes --tty and --steal";
	if (args->options.steal && args->options.tty < 0)
		return "--steal needs --tty";
	return NULL;
}

/* As it is for programs; on a terminal the container's bytes do nothing but to be seen. */
static int print_log(const struct request *req, int fd)
{
	_cleanup_(text_done) struct text text = {};
	_cleanup_free_ char *line = NULL;
	FILE *file = fdopen(fd, "r");
	bool shown = isatty(STDOUT_FILENO);
	size_t size = 0;
	ssize_t n;

	while (file && (n = getline(&line, &size, file)) > 0) {
		if (!shown) {
			text_add_len(&text, line, (size_t)n);
			continue;
		}
		line[strcspn(line, "\r\n")] = '\0';
		text_add_printable(&text, line);
		text_add(&text, "\n");
	}
	if (file)
		(void)fclose(file);
	return output_answer(req, &text);
}

int cmd_console(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct console_args args = { .options = { .tty = -1, .escape = 1 } };
	struct rlxc_err err = {};
	const char *text;
	int fd, r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	text = conflict(&args);
	if (text)
		return output_usage(req, "%s", text);
	r = open_store(req, &rlxc, &err);
	if (r >= 0 && args.show_log) {
		r = rlxc_console_log(rlxc, req->name, args.clear, &fd, &err);
		return r < 0 ? output_failed(req, &err) : print_log(req, fd);
	}
	if (r >= 0)
		r = rlxc_console(rlxc, req->name, &args.options, &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

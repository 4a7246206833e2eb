/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"
#include "base/text.h"
#include "commands.h"
#include "help.h"
#include "output.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* Values that getopt_long returns for long names; letters are below. */
#define VAL_OWN 0x100
#define VAL_COMMON 0x200
#define MAX_ROWS 0x80

/* The text behind @n others. */
static const char *text_behind(const struct option_row *row, unsigned int n)
{
	const char *text = row->name;

	while (n--)
		text += strlen(text) + 1;
	return text;
}

const char *option_arg(const struct option_row *row)
{
	return text_behind(row, 1);
}

const char *option_offer(const struct option_row *row)
{
	return text_behind(row, 2);
}

const char *option_help(const struct option_row *row)
{
	return text_behind(row, 3);
}

static void *field_of(const struct option_row *row, void *args)
{
	return (char *)args + row->field;
}

int option_true(const struct option_row *row, void *args, const char *value, struct rlxc_err *err)
{
	(void)value;
	(void)err;
	*(bool *)field_of(row, args) = true;
	return 0;
}

int option_false(const struct option_row *row, void *args, const char *value, struct rlxc_err *err)
{
	(void)value;
	(void)err;
	*(bool *)field_of(row, args) = false;
	return 0;
}

int option_text(const struct option_row *row, void *args, const char *value, struct rlxc_err *err)
{
	(void)err;
	*(const char **)field_of(row, args) = value;
	return 0;
}

int option_list(const struct option_row *row, void *args, const char *value, struct rlxc_err *err)
{
	int r = strv_add(field_of(row, args), value);

	return r < 0 ? output_set(err, r, "out of memory") : 0;
}

int option_define(const struct option_row *row, void *args, const char *value, struct rlxc_err *err)
{
	const char *sign = strchr(value, '=');

	if (!sign || sign == value)
		return output_set(err, -EINVAL, "'--%s' takes %s, not '%s'", row->name,
		                  option_arg(row), value);
	return option_list(row, args, value, err);
}

int option_seconds(const struct option_row *row, void *args, const char *value,
                   struct rlxc_err *err)
{
	int32_t seconds;

	if (num_parse_cint(value, &seconds) < 0 || seconds < -1)
		return output_set(err, -EINVAL,
		                  "'--%s' takes a number of seconds, or -1 for ever, not '%s'",
		                  row->name, value);
	*(int *)field_of(row, args) = seconds;
	return 0;
}

int option_id(const struct option_row *row, void *args, const char *value, struct rlxc_err *err)
{
	uint32_t id;

	/* The last number is the kernel's "no such id". */
	if (num_parse_u32(value, &id) < 0 || id == UINT32_MAX)
		return output_set(err, -EINVAL, "'--%s' takes a numeric id, not '%s'", row->name,
		                  value);
	*(int64_t *)field_of(row, args) = id;
	return 0;
}

int option_size(const struct option_row *row, void *args, const char *value, struct rlxc_err *err)
{
	static const char units[] = "bkmgt";
	size_t digits = strspn(value, "0123456789");
	const char *rest = value + digits + strspn(value + digits, " "), *unit = NULL;
	_cleanup_free_ char *number = strndup(value, digits);
	unsigned int shift = 20;
	uint64_t size;

	if (*rest)
		unit = strchr(units, tolower((unsigned char)*rest));
	if (unit)
		shift = (unsigned int)(unit - units) * 10;
	if (!number || num_parse_u64(number, &size) < 0 || !size ||
	    size > UINT64_MAX >> 24 >> shift || (*rest && (!unit || rest[1])))
		return output_set(err, -EINVAL,
		                  "'--%s' takes a size such as 500M or 2G (letters b k m g t), not "
		                  "'%s'",
		                  row->name, value);
	*(uint64_t *)(void *)((char *)args + row->field) = size << shift;
	return 0;
}

int option_refused(const struct option_row *row, void *args, const char *value,
                   struct rlxc_err *err)
{
	(void)args;
	(void)value;
	return output_set(err, -EOPNOTSUPP, "'--%s' is not supported yet: %s", row->name,
	                  option_help(row));
}

static int common_help(const struct option_row *row, void *args, const char *value,
                       struct rlxc_err *err)
{
	struct request *req = args;

	(void)row;
	(void)value;
	req->helped = true;
	return help_print(req) ? output_set(err, -EIO, "cannot write the help") : OPTION_DONE;
}

static int common_usage(const struct option_row *row, void *args, const char *value,
                        struct rlxc_err *err)
{
	(void)row;
	(void)value;
	return help_usage(args) ? output_set(err, -EIO, "cannot write the usage") : OPTION_DONE;
}

static int common_version(const struct option_row *row, void *args, const char *value,
                          struct rlxc_err *err)
{
	(void)row;
	(void)args;
	(void)value;
	return help_version() ? output_set(err, -EIO, "cannot write the version") : OPTION_DONE;
}

static int common_format(const struct option_row *row, void *args, const char *value,
                         struct rlxc_err *err)
{
	struct request *req = args;

	if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
		return output_set(err, -EINVAL, "'--%s' takes json or text, not '%s'", row->name,
		                  value);
	req->json = value[0] == 'j';
	return 0;
}

static int common_lxcpath(const struct option_row *row, void *args, const char *value,
                          struct rlxc_err *err)
{
	struct request *req = args;

	if (req->lxcpath)
		return output_set(err, -EINVAL, "'--%s' was given twice", row->name);
	req->lxcpath = value;
	return 0;
}

/* Where LXC takes the option and then does nothing with it, we say so. */
static int common_rcfile(const struct option_row *row, void *args, const char *value,
                         struct rlxc_err *err)
{
	(void)args;
	(void)value;
	return output_set(err, -EINVAL,
	                  "'--%s' has no meaning here: this command reads no other configuration",
	                  row->name);
}

#define FIELD(member) offsetof(struct request, member)

static const struct option_row common_rows[] = {
	OPTION("name", 'n', "NAME", option_text, FIELD(name), "@names", "name of the container"),
	OPTION("logfile", 'o', "FILE", option_text, FIELD(logfile), "@files",
	       "append the log to FILE, \"none\" for no log"),
	OPTION("logpriority", 'l', "LEVEL", option_text, FIELD(loglevel),
	       "TRACE DEBUG INFO NOTICE WARN ERROR CRIT ALERT FATAL",
	       "least important level that is logged (default ERROR)"),
	OPTION("quiet", 'q', "", option_true, FIELD(quiet), "",
	       "print no errors, warnings or notes"),
	OPTION("lxcpath", 'P', "PATH", common_lxcpath, 0, "@dirs",
	       "directory of the containers, instead of lxc.lxcpath"),
	OPTION("rcfile", 0, "FILE", common_rcfile, 0, "", ""),
	OPTION("format", 0, "FORMAT", common_format, 0, "json text",
	       "json: answers and errors as JSON"),
	OPTION("help", 'h', "", common_help, 0, "", "print this help (also -?)"),
	OPTION("usage", 0, "", common_usage, 0, "", "print a short list of the options"),
	OPTION("version", 0, "", common_version, 0, "", "print the version number"),
	{},
};

#define COMMON_STORE 1 /* first row of commands that work on a store without a name */
#define COMMON_OTHER 6 /* first row of those that do not */

const struct option_row *options_common(const struct command *command)
{
	if (command->flags & COMMAND_NAME)
		return common_rows;
	return common_rows + (command->flags & COMMAND_STORE ? COMMON_STORE : COMMON_OTHER);
}

bool options_is_offered(const struct command *command, const struct option_row *common)
{
	for (const struct option_row *row = command->options; row && row->name; row++)
		if (strcmp(row->name, common->name) == 0)
			return false;
	return true;
}

/* What getopt_long(3) wants to know, made from the rows of one command. */
struct tables {
	struct option longs[MAX_ROWS];
	size_t n;
	char shorts[4 + 3 * MAX_ROWS];
};

static int arg_kind(const struct option_row *row)
{
	const char *arg = option_arg(row);

	if (!*arg)
		return no_argument;
	return *arg == '[' ? optional_argument : required_argument;
}

static void add_row(struct tables *t, const struct option_row *row, int val)
{
	static const char *const colons[] = { "", ":", "::" };
	size_t len = strlen(t->shorts);
	int kind = arg_kind(row);

	t->longs[t->n++] = (struct option){ row->name, kind, NULL, val };
	/* The command's own letter goes before a common one. */
	if (!row->letter || strchr(t->shorts, row->letter))
		return;
	(void)snprintf(t->shorts + len, sizeof(t->shorts) - len, "%c%s", row->letter, colons[kind]);
}

static void fill_tables(struct tables *t, const struct command *command)
{
	const struct option_row *own = command->options, *common = options_common(command);

	memset(t, 0, sizeof(*t));
	/* '+': stop at the first word; ':': tell a missing argument from an unknown option. */
	(void)snprintf(t->shorts, sizeof(t->shorts), command->flags & COMMAND_FIRST ? "+:" : ":");
	for (int i = 0; own && own[i].name; i++)
		add_row(t, &own[i], VAL_OWN + i);
	for (int i = 0; common[i].name; i++)
		if (options_is_offered(command, &common[i]))
			add_row(t, &common[i], VAL_COMMON + i);
}

static const struct option_row *row_of_letter(const struct option_row *rows, int letter)
{
	for (; rows && rows->name; rows++)
		if (rows->letter && rows->letter == letter)
			return rows;
	return NULL;
}

/* The row that getopt_long speaks of; *ret_own tells whose struct it fills. */
static const struct option_row *row_of(const struct command *command, int val, bool *ret_own)
{
	const struct option_row *row;

	*ret_own = true;
	if (val >= VAL_COMMON) {
		*ret_own = false;
		return &options_common(command)[val - VAL_COMMON];
	}
	if (val >= VAL_OWN)
		return &command->options[val - VAL_OWN];
	row = row_of_letter(command->options, val);
	if (row)
		return row;
	*ret_own = false;
	return row_of_letter(options_common(command), val);
}

/* getopt_long calls an ambiguous prefix and an unknown name the same. */
static int refuse_long(const struct request *req, const struct tables *t, const char *word)
{
	_cleanup_(text_done) struct text near = {};
	size_t len = strcspn(word + 2, "=");
	unsigned int n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (strncmp(t->longs[i].name, word + 2, len) != 0)
			continue;
		text_addf(&near, "%s--%s", n++ ? ", " : "", t->longs[i].name);
	}
	if (n > 1)
		return output_usage(req, "option '%.*s' is ambiguous: %s", (int)len + 2, word,
		                    near.data ? near.data : "");
	return output_usage(req, "unknown option '%s'", word);
}

static int refuse(const struct request *req, const struct tables *t, int c, const char *word)
{
	bool own;
	const struct option_row *row = optopt ? row_of(req->command, optopt, &own) : NULL;

	if (c == ':')
		return output_usage(req, "option '%s' needs an argument", word);
	if (!optopt)
		return refuse_long(req, t, word);
	if (row && optopt >= VAL_OWN)
		return output_usage(req, "option '--%s' takes no argument", row->name);
	return output_usage(req, "unknown option '-%c'", optopt);
}

/* Options from left to right; OPTIONS_GO at their end. */
static int read_options(struct request *req, void *args)
{
	struct tables t;
	int c;

	fill_tables(&t, req->command);
	opterr = 0;
	optind = 0; /* glibc: start anew, also with another table */
	for (;;) {
		struct rlxc_err err = {};
		const struct option_row *row;
		bool own;
		int r;

		optopt = 0;
		c = getopt_long(req->argc, req->argv, t.shorts, t.longs, NULL);
		if (c == -1)
			return OPTIONS_GO;
		if (c == '?' && optopt == '?')
			c = 'h';
		if (c == '?' || c == ':')
			return refuse(req, &t, c, req->argv[optind - 1]);
		row = row_of(req->command, c, &own);
		r = row->set(row, own ? args : req, optarg, &err);
		if (r == OPTION_DONE)
			return EXIT_SUCCESS;
		if (r < 0)
			return output_refused(req, &err);
	}
}

int options_parse(struct request *req, void *args)
{
	unsigned int flags = req->command->flags;
	int code;

	code = read_options(req, args);
	if (code != OPTIONS_GO)
		return code;
	req->words = req->argv + optind;
	req->n_words = (size_t)(req->argc - optind);
	if (flags & COMMAND_NAME && !req->name && req->n_words > 0) {
		req->name = *req->words++;
		req->n_words--;
	}
	if (flags & COMMAND_NAME && !req->name)
		return output_usage(req, "no container name specified");
	if (!(flags & COMMAND_WORDS) && req->n_words > 0)
		output_note(req, "ignoring '%s': no more words are expected", req->words[0]);
	return OPTIONS_GO;
}

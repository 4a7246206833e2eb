/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_OPTIONS_H
#define RLXC_RUNNER_OPTIONS_H

#include <rlxc.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;

/* One call of one command: how it was called and what the common options said. */
struct request {
	const struct command *command;
	const char *prog; /* as the user knows it: "lxc-start", or "rlxc start" */
	int argc;
	char **argv; /* argv[0] is the program, options and words follow */

	const char *name; /* the container: -n, else the first word */
	const char *lxcpath, *logfile, *loglevel;
	bool quiet, json;
	bool helped;  /* --help was printed */
	char **words; /* what is left, ends in NULL */
	size_t n_words;
};

/* One option. The parser, --help, --usage, the shell completion and the tests read the same row.
 * Its texts are one string: each pointer is written at every start of a position independent
 * program, in pages that a monitor then keeps. */
struct option_row {
	const char *name; /* long name, the other texts behind it; NULL ends a table */
	/* Stores @value (NULL without argument) in the command's struct @args. 0; or OPTION_DONE:
	 * the request is answered; or a negative errno with @err. */
	int (*set)(const struct option_row *row, void *args, const char *value,
	           struct rlxc_err *err);
	uint16_t field; /* offset of the member in the command's struct */
	char letter;    /* short name, 0: none */
};

#define OPTION(name, letter, arg, set, field, offer, help)                                         \
	{                                                                                          \
		name "\0" arg "\0" offer "\0" help, set, field, letter                             \
	}

/* What its argument is called; "[X]": optional, only glued; "": none. */
const char *option_arg(const struct option_row *row);
/* What the shell offers for the argument: "@files", "@keys" and so on of cmd-completion.c, or the
 * words themselves; a leading '|' or ',' joins several of them. "": nothing. */
const char *option_offer(const struct option_row *row);
/* Lines parted by '\n'; "" hides the option. */
const char *option_help(const struct option_row *row);

#define OPTION_DONE 1
#define OPTIONS_GO (-1)

/* Reads the command line of @req into @args (the command's own struct, preset with defaults).
 * OPTIONS_GO, or the exit code when the request is answered or refused; then it is printed. */
int options_parse(struct request *req, void *args);

/* The rows behind the command's own: common to all commands of its kind, "name" first when it
 * takes a name. */
const struct option_row *options_common(const struct command *command);
/* False for a row of options_common() that the command has under the same name itself. */
bool options_is_offered(const struct command *command, const struct option_row *common);

/* Kinds of values. */
int option_true(const struct option_row *row, void *args, const char *value, struct rlxc_err *err);
int option_false(const struct option_row *row, void *args, const char *value, struct rlxc_err *err);
/* const char *; the argument itself, not a copy */
int option_text(const struct option_row *row, void *args, const char *value, struct rlxc_err *err);
/* struct strv, one more element */
int option_list(const struct option_row *row, void *args, const char *value, struct rlxc_err *err);
/* struct strv, one more NAME=VALUE */
int option_define(const struct option_row *row, void *args, const char *value,
                  struct rlxc_err *err);
/* int, at least -1 for "for ever" */
int option_seconds(const struct option_row *row, void *args, const char *value,
                   struct rlxc_err *err);
/* int64_t, a user or group id */
int option_id(const struct option_row *row, void *args, const char *value, struct rlxc_err *err);
/* uint64_t, in bytes: a number and one of the letters b k m g t; without one MiB, as in LXC */
int option_size(const struct option_row *row, void *args, const char *value, struct rlxc_err *err);
/* Belongs to something that this version cannot do; the row's help says to what. */
int option_refused(const struct option_row *row, void *args, const char *value,
                   struct rlxc_err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <ctype.h>

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
		return output_set(err, -EINVAL, "'--%s' takes a letter or ^LETTER, not '%s'",
		                  row->name, value);
	*(unsigned char *)((char *)args + row->field) = (unsigned char)(c - '@');
	return 0;
}

#define FIELD(member) offsetof(struct rlxc_console_options, member)

const struct option_row cmd_console_options[] = {
	{ "tty", 't', "NUMBER", option_tty, FIELD(tty), NULL,
	  "tty to connect to, 0 for the console (default: the next free tty)" },
	{ "escape", 'e', "PREFIX", option_escape, FIELD(escape), NULL,
	  "key that, with q, leaves the console (default ^a)" },
	{},
};

int cmd_console(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct rlxc_console_options options = { .tty = -1, .escape = 1 };
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &options);
	if (r != OPTIONS_GO)
		return r;
	r = open_store(req, &rlxc, &err);
	if (r >= 0)
		r = rlxc_console(rlxc, req->name, &options, &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

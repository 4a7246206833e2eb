/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "help.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* rlxc help [COMMAND] */
int cmd_help(struct request *req)
{
	struct request of = {};
	char prog[64];
	int r;

	r = options_parse(req, NULL);
	if (r != OPTIONS_GO)
		return r;
	if (!req->n_words)
		return commands_help(STDOUT_FILENO);
	of.command = commands_find(req->words[0]);
	if (!of.command)
		return commands_refuse(req, req->words[0]);
	(void)snprintf(prog, sizeof(prog), "rlxc %s", of.command->name);
	of.prog = prog;
	return help_print(&of) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

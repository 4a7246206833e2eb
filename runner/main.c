/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "help.h"
#include "output.h"

#include "base/text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The program "rlxc X", also installed under the names "lxc-X". Little happens before the command
 * runs: no locale, no allocation, no file. */

/* The caller may ignore it, and then nobody could wait for a child. */
static void watch_children(void)
{
	(void)signal(SIGCHLD, SIG_DFL);
}

/* A umask that takes the owner's own rights would lock us out of what we make. */
static void keep_owner_rights(void)
{
	mode_t mask = umask(077);

	(void)umask(mask & 077);
}

/* Not inline: a monitor keeps the stack of run() for as long as its container runs. */
static __attribute__((noinline)) int protect(struct request *req)
{
	struct rlxc_err err = {};

	return rlxc_protect(&err) < 0 ? output_failed(req, &err) : 0;
}

static int run(const struct command *command, const char *prog, int argc, char **argv)
{
	struct request req = {
		.command = command,
		.prog = prog,
		.argc = argc,
		.argv = argv,
	};
	int code = command->flags & COMMAND_ENTERS ? protect(&req) : 0;

	return code ? code : command->run(&req);
}

/* rlxc COMMAND ... */
static int run_rlxc(int argc, char **argv)
{
	const struct request top = { .prog = "rlxc" };
	const struct command *command;
	char prog[64];
	const char *word;

	if (argc < 2) {
		(void)commands_help(STDERR_FILENO);
		return EXIT_FAILURE;
	}
	word = argv[1];
	if (strcmp(word, "--version") == 0)
		return help_version() < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "-?") == 0)
		return commands_help(STDOUT_FILENO);
	command = commands_find(word);
	if (!command && word[0] == '-')
		return output_usage(&top, "unknown option '%s'", word);
	if (!command)
		return commands_refuse(&top, word);
	(void)snprintf(prog, sizeof(prog), "rlxc %s", command->name);
	return run(command, prog, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	const struct command *command = NULL;
	const char *slash, *name;

	if (argc < 1 || rlxc_init(argc, argv) < 0)
		return EXIT_FAILURE;
	watch_children();
	keep_owner_rights();
	slash = strrchr(argv[0], '/');
	name = slash ? slash + 1 : argv[0];
	if (str_starts_with(name, "lxc-"))
		command = commands_find(name + strlen("lxc-"));
	if (command && !(command->flags & COMMAND_RLXC))
		return run(command, name, argc, argv);
	return run_rlxc(argc, argv);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ON_CONTAINER (COMMAND_NAME | COMMAND_STORE)

/* Sorted by name, found by bsearch. */
static const struct command commands[] = {
	{
		.name = "attach",
		.purpose = "Run a program, or a login shell, inside a running container",
		.synopsis = "[-n] NAME [OPTION]... [-- COMMAND [ARG]...]",
		.verb = "attach to",
		.names = "--running",
		.options = cmd_attach_options,
		.flags = ON_CONTAINER | COMMAND_WORDS | COMMAND_ENTERS,
		.run = cmd_attach,
	},
	{
		.name = "autostart",
		.purpose =
			"Start, shut down, reboot or kill the containers that start with the host",
		.synopsis = "[-r|-s|-k] [-L] [-a] [-A] [-g GROUPS] [-t SECONDS]",
		.verb = "handle",
		.options = cmd_autostart_options,
		.flags = COMMAND_STORE | COMMAND_ENTERS,
		.run = cmd_autostart,
	},
	{
		.name = "cgroup",
		.purpose = "Read or set a value of a running container's cgroup",
		.synopsis = "[-n] NAME FILE [VALUE]",
		.names = "--running",
		.flags = ON_CONTAINER | COMMAND_WORDS,
		.run = cmd_cgroup,
	},
	{
		.name = "checkconfig",
		.purpose = "Try what containers need of this host, and name what repairs it",
		.synopsis = "[namespaces|ids|cgroup|files|mounts|security|net|helpers|budgets]...",
		.flags = COMMAND_WORDS,
		.run = cmd_checkconfig,
	},
	{
		.name = "checkpoint",
		.purpose = "Write a running container to files by criu, and go on from them",
		.synopsis = "[-n] NAME -D DIR [-p|-s|-r [-F]] [OPTION]...",
		.verb = "checkpoint or restore",
		.names = "--defined",
		.options = cmd_checkpoint_options,
		.flags = ON_CONTAINER | COMMAND_ENTERS,
		.run = cmd_checkpoint,
	},
	{
		.name = "clone",
		.purpose = "Copy a container, as lxc-copy was called before",
		.synopsis = "[-s] [OPTION]... ORIGINAL NEW [-- HOOK-ARG...]",
		.verb = "copy",
		.names = "--stopped",
		.options = cmd_clone_options,
		.flags = COMMAND_STORE | COMMAND_WORDS,
		.run = cmd_clone,
	},
	{
		.name = "completion",
		.purpose = "Print the completion script of a shell",
		.synopsis = "bash",
		.flags = COMMAND_WORDS | COMMAND_RLXC,
		.run = cmd_completion,
	},
	{
		.name = "config",
		.purpose = "Print values of lxc.conf(5); check a container's configuration",
		.synopsis = "-l | KEY | check FILE | explain [KEY]",
		.options = cmd_config_options,
		.flags = COMMAND_WORDS,
		.run = cmd_config,
	},
	{
		.name = "console",
		.purpose = "Connect the terminal to a console of a running container",
		.synopsis = "[-n] NAME [-t NUMBER [--steal]] [-e PREFIX] | --show-log [--clear]",
		.verb = "connect to",
		.names = "--running",
		.options = cmd_console_options,
		.flags = ON_CONTAINER,
		.run = cmd_console,
	},
	{
		.name = "copy",
		.purpose = "Copy a container, rename it, or start a passing copy",
		.synopsis = "[-n] NAME -N NEW [-s|-R|-e] [OPTION]... [-- WORD...]",
		.verb = "copy",
		.names = "--defined",
		.options = cmd_copy_options,
		.flags = ON_CONTAINER | COMMAND_WORDS | COMMAND_ENTERS,
		.run = cmd_copy,
	},
	{
		.name = "create",
		.purpose = "Create a container from a template",
		.synopsis = "[-n] NAME -t TEMPLATE [OPTION]... [-- TEMPLATE-OPTION...]",
		.verb = "create",
		.options = cmd_create_options,
		.flags = ON_CONTAINER | COMMAND_WORDS,
		.run = cmd_create,
	},
	{
		.name = "destroy",
		.purpose = "Delete a container and its storage",
		.synopsis = "[-n] NAME [-f] [-s]",
		.verb = "destroy",
		.names = "--stopped",
		.options = cmd_destroy_options,
		.flags = ON_CONTAINER,
		.run = cmd_destroy,
	},
	{
		.name = "device",
		.purpose = "Give a running container a device of the host, or take it back",
		.synopsis = "[-n] NAME add|del DEVICE [OTHER-NAME]",
		.names = "--running",
		.flags = ON_CONTAINER | COMMAND_WORDS,
		.run = cmd_device,
	},
	{
		.name = "events",
		.purpose = "Print changes of the containers' states, for other programs",
		.synopsis = "[NAME|REGEX]... [--running] [--format json]",
		.names = "--defined",
		.options = cmd_events_options,
		.flags = COMMAND_STORE | COMMAND_WORDS | COMMAND_RLXC,
		.run = cmd_events,
	},
	{
		.name = "execute",
		.purpose = "Run one program in a container under a minimal init",
		.synopsis = "[-n] NAME [-f FILE] [-d] [OPTION]... [-- COMMAND [ARG]...]",
		.verb = "run a program in",
		.names = "--stopped",
		.options = cmd_execute_options,
		.flags = ON_CONTAINER | COMMAND_WORDS | COMMAND_ENTERS,
		.run = cmd_execute,
	},
	{
		.name = "export",
		.purpose = "Write a container as an archive",
		.synopsis = "[-n] NAME [-o FILE] [-z COMPRESSION] [--freeze]",
		.verb = "export",
		.names = "--defined",
		.options = cmd_export_options,
		.flags = ON_CONTAINER | COMMAND_RLXC,
		.run = cmd_export,
	},
	{
		.name = "freeze",
		.purpose = "Suspend all processes of a running container",
		.synopsis = "[-n] NAME [-t SECONDS]",
		.verb = "freeze",
		.names = "--running",
		.options = cmd_freeze_options,
		.flags = ON_CONTAINER,
		.run = cmd_freeze,
	},
	{
		.name = "help",
		.purpose = "Print the help of a command",
		.synopsis = "[COMMAND]",
		.flags = COMMAND_WORDS | COMMAND_RLXC,
		.run = cmd_help,
	},
	{
		.name = "import",
		.purpose = "Make a container from an archive",
		.synopsis = "[-n NAME] [OPTION]... [FILE|-]",
		.verb = "import",
		.options = cmd_import_options,
		.flags = COMMAND_STORE | COMMAND_WORDS | COMMAND_RLXC,
		.run = cmd_import,
	},
	{
		.name = "info",
		.purpose = "Show the state, addresses and resource use of a container",
		.synopsis = "[-n] NAME [-s] [-p] [-i] [-S] [-H] [-c KEY]...",
		.verb = "inspect",
		.names = "--defined",
		.options = cmd_info_options,
		.flags = ON_CONTAINER,
		.run = cmd_info,
	},
	{
		.name = "ls",
		.purpose = "List containers",
		.synopsis = "[-1] [-f [-F COLUMNS]] [OPTION]... [REGEX]",
		.options = cmd_ls_options,
		.flags = COMMAND_STORE | COMMAND_WORDS,
		.run = cmd_ls,
	},
	{
		.name = "monitor",
		.purpose = "Print changes of the containers' states until interrupted",
		.synopsis = "[-n NAME|REGEX]...",
		.names = "--defined",
		.options = cmd_monitor_options,
		.flags = COMMAND_STORE | COMMAND_WORDS,
		.run = cmd_monitor,
	},
	{
		.name = "mount",
		.purpose = "Mount files of the host in a running container",
		.synopsis = "[-n] NAME SOURCE TARGET [--options=OPTIONS]",
		.names = "--running",
		.options = cmd_mount_options,
		.flags = ON_CONTAINER | COMMAND_WORDS | COMMAND_RLXC,
		.run = cmd_mount,
	},
	{
		.name = "snapshot",
		.purpose = "Keep a container's state, list what is kept, go back to it",
		.synopsis = "[-n] NAME [-c FILE] | -L [-C] | -r SNAPSHOT [-N NEW] | -d SNAPSHOT",
		.verb = "keep or restore a state of",
		.names = "--defined",
		.options = cmd_snapshot_options,
		.flags = ON_CONTAINER | COMMAND_WORDS,
		.run = cmd_snapshot,
	},
	{
		.name = "start",
		.purpose = "Start a container",
		.synopsis = "[-n] NAME [-d|-F] [OPTION]... [-- COMMAND [ARG]...]",
		.verb = "start",
		.names = "--stopped",
		.options = cmd_start_options,
		.flags = ON_CONTAINER | COMMAND_WORDS | COMMAND_ENTERS,
		.run = cmd_start,
	},
	{
		.name = "start-ephemeral",
		.purpose = "Start a passing copy, as lxc-copy -e was called before",
		.synopsis = "-o ORIGINAL [-n NAME] [OPTION]... [-- COMMAND [ARG]...]",
		.verb = "start a copy of",
		.options = cmd_start_ephemeral_options,
		.flags = COMMAND_STORE | COMMAND_WORDS | COMMAND_ENTERS,
		.run = cmd_start_ephemeral,
	},
	{
		.name = "stop",
		.purpose = "Shut down, reboot or kill a running container",
		.synopsis = "[-n] NAME [-r|-k] [-W|-t SECONDS] [--nokill]",
		.verb = "stop",
		.names = "--running",
		.options = cmd_stop_options,
		.flags = ON_CONTAINER,
		.run = cmd_stop,
	},
	{
		.name = "top",
		.purpose = "Show what the running containers use, again and again",
		.synopsis = "[-d SECONDS] [-b] [-s KEY] [-r]",
		.options = cmd_top_options,
		.flags = COMMAND_STORE,
		.run = cmd_top,
	},
	{
		.name = "umount",
		.purpose = "Take a mount of a running container away",
		.synopsis = "[-n] NAME TARGET",
		.names = "--running",
		.flags = ON_CONTAINER | COMMAND_WORDS | COMMAND_RLXC,
		.run = cmd_umount,
	},
	{
		.name = "unfreeze",
		.purpose = "Let the processes of a frozen container go on",
		.synopsis = "[-n] NAME [-t SECONDS]",
		.verb = "unfreeze",
		.names = "--frozen",
		.options = cmd_freeze_options,
		.flags = ON_CONTAINER,
		.run = cmd_unfreeze,
	},
	{
		.name = "unshare",
		.purpose = "Run a program in new namespaces, without a container",
		.synopsis = "-s NAMESPACES [OPTION]... -- COMMAND [ARG]...",
		.options = cmd_unshare_options,
		.flags = COMMAND_STORE | COMMAND_WORDS,
		.run = cmd_unshare,
	},
	{
		.name = "update-config",
		.purpose = "Rewrite a configuration from before LXC 2.1 with today's keys",
		.synopsis = "-c FILE",
		.options = cmd_update_config_options,
		.run = cmd_update_config,
	},
	{
		.name = "usernsexec",
		.purpose = "Run a program as root of a new user namespace",
		.synopsis = "[-m MAP]... [-s] [-u UID] [-g GID] [--] [COMMAND [ARG]...]",
		.options = cmd_usernsexec_options,
		.flags = COMMAND_WORDS | COMMAND_FIRST,
		.run = cmd_usernsexec,
	},
	{
		.name = "wait",
		.purpose = "Wait until a container has reached a state",
		.synopsis = "[-n] NAME -s STATE[|STATE]... [-t SECONDS]",
		.verb = "wait for",
		.names = "--defined",
		.options = cmd_wait_options,
		.flags = ON_CONTAINER,
		.run = cmd_wait,
	},
};

static int compare(const void *name, const void *command)
{
	return strcmp(name, ((const struct command *)command)->name);
}

const struct command *commands_find(const char *name)
{
	return bsearch(name, commands, ARRAY_SIZE(commands), sizeof(commands[0]), compare);
}

const struct command *commands_nearest(const char *name)
{
	const struct command *nearest = NULL;
	size_t best = 3; /* further away it is another word */

	if (str_starts_with(name, "lxc-"))
		name += strlen("lxc-");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t distance = str_distance(name, commands[i].name, 3);

		/* A word that shares not even half its letters is no typing error. */
		if (distance >= best || distance * 2 > strlen(commands[i].name))
			continue;
		best = distance;
		nearest = &commands[i];
	}
	return nearest;
}

const struct command *commands_at(size_t i)
{
	return i < ARRAY_SIZE(commands) ? &commands[i] : NULL;
}

int commands_help(int fd)
{
	_cleanup_(text_done) struct text text = {};

	text_add(&text, "Usage: rlxc COMMAND [OPTION]... [ARG]...\n\n"
	                "Run Linux containers, as root or as an ordinary user.\n\n"
	                "Commands :\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		text_addf(&text, "  %-15s %s\n", commands[i].name, commands[i].purpose);
	text_add(&text, "\nOptions :\n"
	                "  -h, --help       print this help (also -?)\n"
	                "      --version    print the version number\n\n"
	                "See 'rlxc help COMMAND' for a command and the rlxc man page for more.\n");
	if (text.failed || output_write(fd, text.data, text.len) < 0)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

int commands_refuse(const struct request *req, const char *name)
{
	const struct command *near = commands_nearest(name);
	struct rlxc_err err = {};

	output_set(&err, -EINVAL, "unknown command '%s'", name);
	if (near)
		(void)snprintf(err.hint, sizeof(err.hint), "did you mean 'rlxc %s'?", near->name);
	else
		(void)snprintf(err.hint, sizeof(err.hint), "see 'rlxc --help'");
	return output_failed(req, &err);
}

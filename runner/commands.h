/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_COMMANDS_H
#define RLXC_RUNNER_COMMANDS_H

#include "options.h"

#include <stddef.h>

/* The table of commands: dispatch, help, completion and the tests of the manual pages read it. */

#define COMMAND_NAME 1U    /* needs a container: -n, else the first word */
#define COMMAND_WORDS 2U   /* uses the words that are left over */
#define COMMAND_STORE 4U   /* works on a directory of containers: -P, -o, -l, -q, --rcfile */
#define COMMAND_FIRST 8U   /* options end at the first word */
#define COMMAND_RLXC 16U   /* only as "rlxc X": no link, no page of its own */
#define COMMAND_ENTERS 32U /* starts or enters containers */

struct command {
	const char *name;
	const char *purpose;  /* one line, for the lists */
	const char *synopsis; /* what follows the program's name */
	const char *verb;     /* "cannot VERB 'NAME'" */
	const char *names;    /* option of ls for the containers to offer, or NULL */
	const struct option_row *options;
	unsigned int flags;
	int (*run)(struct request *req); /* returns the exit code */
};

/* NULL: no such command. */
const struct command *commands_find(const char *name);
/* The command that @name was probably meant to be, NULL: none is near. */
const struct command *commands_nearest(const char *name);
/* By position, sorted by name; NULL past the end. */
const struct command *commands_at(size_t i);

/* Says that there is no such command, and which may be meant; returns the exit code. */
int commands_refuse(const struct request *req, const char *name);

/* Prints "rlxc --help" to @fd; returns the exit code of having printed. */
int commands_help(int fd);

extern const struct option_row cmd_attach_options[];
extern const struct option_row cmd_autostart_options[];
extern const struct option_row cmd_checkpoint_options[];
extern const struct option_row cmd_clone_options[];
extern const struct option_row cmd_config_options[];
extern const struct option_row cmd_console_options[];
extern const struct option_row cmd_copy_options[];
extern const struct option_row cmd_create_options[];
extern const struct option_row cmd_destroy_options[];
extern const struct option_row cmd_events_options[];
extern const struct option_row cmd_execute_options[];
extern const struct option_row cmd_export_options[];
extern const struct option_row cmd_freeze_options[];
extern const struct option_row cmd_import_options[];
extern const struct option_row cmd_info_options[];
extern const struct option_row cmd_ls_options[];
extern const struct option_row cmd_monitor_options[];
extern const struct option_row cmd_mount_options[];
extern const struct option_row cmd_snapshot_options[];
extern const struct option_row cmd_start_ephemeral_options[];
extern const struct option_row cmd_start_options[];
extern const struct option_row cmd_stop_options[];
extern const struct option_row cmd_top_options[];
extern const struct option_row cmd_unshare_options[];
extern const struct option_row cmd_usernsexec_options[];
extern const struct option_row cmd_update_config_options[];
extern const struct option_row cmd_wait_options[];

int cmd_attach(struct request *req);
int cmd_autostart(struct request *req);
int cmd_cgroup(struct request *req);
int cmd_checkconfig(struct request *req);
int cmd_checkpoint(struct request *req);
int cmd_clone(struct request *req);
int cmd_completion(struct request *req);
int cmd_config(struct request *req);
int cmd_console(struct request *req);
int cmd_copy(struct request *req);
int cmd_create(struct request *req);
int cmd_destroy(struct request *req);
int cmd_device(struct request *req);
int cmd_events(struct request *req);
int cmd_execute(struct request *req);
int cmd_export(struct request *req);
int cmd_freeze(struct request *req);
int cmd_help(struct request *req);
int cmd_import(struct request *req);
int cmd_info(struct request *req);
int cmd_ls(struct request *req);
int cmd_monitor(struct request *req);
int cmd_mount(struct request *req);
int cmd_snapshot(struct request *req);
int cmd_start(struct request *req);
int cmd_start_ephemeral(struct request *req);
int cmd_stop(struct request *req);
int cmd_top(struct request *req);
int cmd_unfreeze(struct request *req);
int cmd_umount(struct request *req);
int cmd_unshare(struct request *req);
int cmd_usernsexec(struct request *req);
int cmd_update_config(struct request *req);
int cmd_wait(struct request *req);

#endif

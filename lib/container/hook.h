/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_HOOK_H
#define RLXC_CONTAINER_HOOK_H

#include "base/err.h"
#include "base/strv.h"
#include "conf/conf.h"

/* Programs of the configuration: hooks, and the scripts of network devices. What they print goes
 * to the log, and the last line of one that fails into the error. */

/* Somebody waits for the end of a container, and its service manager kills what takes longer. */
#define HOOK_END_TIMEOUT_MS 60000

struct hook {
	const struct conf *conf;
	const char *name;    /* of the container */
	const char *section; /* "lxc" or "net" */
	const char *type;    /* "destroy", "up" */
	const char *command; /* shell text, to which arguments are appended */
	const char *extra;   /* arguments that every version has, as shell text, or NULL */
	/* NAME=value beside what every hook has; may be NULL */
	const struct strv *variables;
	/* What it finds besides; NULL: the environment of who started the container */
	const struct strv *environment;
	int timeout_ms; /* after which it is killed with its process group; 0: when its starter,
	                 * who holds them back, gets SIGTERM or SIGINT */
	/* Called in the hook's process, last of all; may be NULL */
	int (*confine)(const void *arg, struct err *err);
	const void *arg;
};

/* Runs it and waits. A hook that cannot run or does not exit with 0 is -ECANCELED. */
int hook_run(const struct hook *hook, struct err *err);

#endif

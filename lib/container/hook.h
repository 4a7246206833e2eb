/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_HOOK_H
#define RLXC_CONTAINER_HOOK_H

#include "base/err.h"
#include "base/strv.h"
#include "conf/conf.h"

/* Programs of the configuration that run on the host, as whoever started the container: hooks, and
 * the scripts of network devices. What they print goes to the log. */

struct hook {
	const struct conf *conf;
	const char *name;    /* of the container */
	const char *section; /* "lxc" or "net" */
	const char *type;    /* "destroy", "up" */
	const char *command; /* shell text, to which arguments are appended */
	const char *extra;   /* arguments that every version has, as shell text, or NULL */
	/* NAME=value beside what every hook has; may be NULL */
	const struct strv *variables;
};

/* Runs it and waits. A hook that cannot run or does not exit with 0 is -ECANCELED. */
int hook_run(const struct hook *hook, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_HOOKS_H
#define RLXC_CONTAINER_HOOKS_H

#include "base/err.h"
#include "base/strv.h"
#include "conf/conf.h"

#include <sys/types.h>

/* The moments of a container's life at which lxc.hook.* run, see lxc.container.conf(5). */

struct hooks {
	const struct conf *conf;
	const char *name; /* of the container */
	enum conf_hook moment;
	/* The rest is as in struct hook. */
	const char *extra;
	const struct strv *variables, *environment;
	int timeout_ms;
	int (*confine)(const void *arg, struct err *err);
	const void *arg;
};

/* Runs the hooks of one moment in their order. The first that fails ends it: -ECANCELED. */
int hooks_run(const struct hooks *hooks, struct err *err);

/* For root, the programs of hooks that are named by a path must be files that only root can
 * change. Those that run inside the container's root file system are its own matter. */
int hooks_check(const struct conf *conf, struct err *err);

/* Where the root file system is while hooks look at it, before it becomes "/": lxc.rootfs.mount, or
 * a directory of ours that every id can reach. NULL: there is none, and it is mounted on itself. */
const char *hooks_rootfs_mount(const struct conf *conf);

/* What hooks find that run in the container's first process: what the starter has, lxc.environment
 * and lxc.environment.hooks. With @inside they run in the container's root file system, and the
 * starter's variables are not for its eyes. 0 or -ENOMEM. */
int hooks_environment(const struct conf *conf, bool inside, struct strv *ret_env);

#endif

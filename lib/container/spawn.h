/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_SPAWN_H
#define RLXC_CONTAINER_SPAWN_H

#include "base/err.h"
#include "conf/conf.h"
#include "host/caller.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A program in namespaces of its own, on the terminal of the caller: what the commands without a
 * container (usernsexec, unshare) have in common. */
struct spawn {
	uint64_t flags;                 /* CLONE_NEW* */
	const struct conf_idmaps *maps; /* for CLONE_NEWUSER; NULL or empty: none is written */
	const struct caller *caller;
	char *const *argv; /* NULL-terminated, looked up in $PATH */
	bool background;   /* return once it runs */

	/* In the caller, after the maps, before the child goes on. @pid: the unreaped child. */
	int (*outside)(void *arg, pid_t pid, struct err *err);
	/* In the child, all capabilities there, after the maps and before the program. */
	int (*inside)(void *arg, struct err *err);
	void *arg;
};

/* Returns the program's exit code, 128 + N when signal N ended it, 0 in the background. A program
 * that cannot be executed gives 127 (there is none) or 126, as in a shell; @err then says why.
 * Meanwhile SIGINT and SIGQUIT of the terminal, which the program gets as well, do not end the
 * caller; other ending signals sent to the caller are passed on to the program. */
int spawn_run(const struct spawn *spawn, struct err *err);

#endif

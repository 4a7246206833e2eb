/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_ENTRY_H
#define RLXC_CONTAINER_ENTRY_H

#include "base/err.h"
#include "container/control.h"

/* The way into a running container for code of ours, which executes nothing of it. Each step is for
 * a child process, which does not come back, in this order. Root of the container is an enemy who
 * may know that we come: the child is not dumpable from before it joins the user namespace on,
 * after each change of ids again, and unless it asks for it in no pid namespace, so that nobody
 * inside sees it. */

struct entry {
	int init_fd; /* pidfd of the container's init */
	struct control_attach facts;
};
#define ENTRY_NONE ((struct entry){ .init_fd = -EBADF })
void entry_done(struct entry *entry);

/* @sock: of control_connect. */
int entry_ask(int sock, struct entry *ret_entry, struct err *err);
/* Into the user namespace alone: mounts of the host are copied with its rights. */
int entry_join_userns(const struct entry *entry, struct err *err);
/* Into the mounts, as root of the container. Returns its root directory, O_PATH. */
int entry_join_mounts(const struct entry *entry, struct err *err);

/* Says why a path inside could not be opened or made; returns @code. */
int entry_say_target(const char *target, int code, struct err *err);

#endif

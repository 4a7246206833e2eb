/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_ATTACH_INTERNAL_H
#define RLXC_CONTAINER_ATTACH_INTERNAL_H

#include "api/rlxc.h"
#include "base/err.h"
#include "base/strv.h"
#include "container/control.h"
#include "container/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What attach.c (outside), attach-facts.c (what is asked and decided first), attach-inside.c (the
 * way in) and attach-spawn.c (through the monitor) share. */

struct attach {
	const struct store *store;
	const char *name;
	const struct rlxc_attach_options *options;
	struct control_attach facts;
	struct strv environment;
	uint32_t namespaces; /* NS_BIT of those to join */
	unsigned int elevate;
	int64_t persona;
	int init_fd, cgroup_fd;     /* no cgroup_fd: stays in the cgroup of whoever clones */
	int proc_fd;                /* the host's procfs, -EBADF: not needed */
	int filter_fd;              /* of system calls, -EBADF: none */
	int notify_fd;              /* takes its listener, -EBADF: it needs none */
	int v1_fds[CONTROL_V1_MAX]; /* the container's leaves there, then -EBADF */
	int sync_fd;                /* the inside's end */
	int link_fd;                /* in the monitor's child: to the command, else -EBADF */
	bool wants_pty;             /* one of 0-2 is a terminal */
	int pty_log_fd;             /* -EBADF: no copy of what passes */
	int host_slave;             /* where the container has no devpts */
	char *cwd;
};
#define ATTACH_NONE                                                                                \
	.init_fd = -EBADF, .cgroup_fd = -EBADF, .filter_fd = -EBADF, .notify_fd = -EBADF,          \
	.sync_fd = -EBADF, .link_fd = -EBADF, .pty_log_fd = -EBADF, .host_slave = -EBADF,          \
	.proc_fd = -EBADF, .v1_fds = { [0 ... CONTROL_V1_MAX - 1] = -EBADF }
void attach_done(struct attach *attach);
/* What a process on its way in keeps open. Returns how many. */
#define ATTACH_FDS_MAX (CONTROL_V1_MAX + 8)
size_t attach_list_fds(const struct attach *attach, int ret_fds[ATTACH_FDS_MAX]);

/* Asks the monitor and decides what the process will be. */
int attach_decide(struct attach *attach, struct err *err);

/* What is known about a process on its way in, or there. */
struct attached {
	int pidfd;    /* of the program, -EBADF: not there yet */
	int master;   /* terminal of the container, -EBADF */
	int helper;   /* our child that joins, -EBADF */
	int link;     /* to the monitor's child, which is the program's parent, -EBADF: we are */
	bool refused; /* not into the cgroup from here */
	bool ended;   /* with @status, and reaped */
	int status;
};
#define ATTACHED_NONE                                                                              \
	((struct attached){ .pidfd = -EBADF, .master = -EBADF, .helper = -EBADF, .link = -EBADF })

/* Joins the namespaces, clones the program's process into the cgroup and tells so by sync_fd: 'p'
 * and the pidfd; 't' and the container's terminal; 'r', the cgroup was refused; a struct err;
 * end-of-file once the program is executed. The process is our parent's child, and we end; with a
 * link_fd it is ours, and we stay until it or the command at the other end has ended. */
_Noreturn void attach_join_and_clone(struct attach *attach);

/* Asks the monitor to fork the process that joins, and sends it all it needs. */
int attach_spawn(struct attach *attach, struct attached *attached, struct err *err);
/* The two ends of that: what goes through the link. */
int attach_spawn_send(int link_fd, const struct attach *attach, struct err *err);
/* @ret_stdio: the command's 0-2. @options is filled from the message, as @attach is: what the
 * facts say cannot be asked for. */
int attach_spawn_receive(int link_fd, struct attach *attach, struct rlxc_attach_options *options,
                         struct strv *argv, int ret_stdio[3]);
/* In the monitor's child: @attach has facts, init_fd, cgroup_fd and link_fd. */
_Noreturn void attach_spawned(struct attach *attach);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_LAUNCH_H
#define RLXC_CONTAINER_LAUNCH_H

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "conf/conf.h"
#include "container/plan.h"
#include "container/rootfs.h"
#include "container/rundir.h"
#include "container/store.h"
#include "mount/apply.h"
#include "net/host.h"
#include "net/usernet.h"
#include "ns/ns.h"

#include <sys/types.h>

/* The host side of a start: makes the container's first process and meets it at the points that
 * child.h names. */

struct launched;

struct launch_request {
	const struct store *store;
	const struct conf *conf;
	const struct start_plan *plan;
	const struct cgroup *cgroup;
	const struct rundir *dir;
	const struct rootfs *rootfs;
	int filter_fd;   /* for seccomp_load, -EBADF: none */
	int notify_fd;   /* the same */
	bool stdio_null; /* daemonised: nobody's terminal is on 0-2 */
	/* The caller's own preparations, called once while the child and newuidmap are busy. */
	int (*meanwhile)(void *arg, struct err *err);
	/* Called before init's exec, when it waits (child_waits): all is set up by then. */
	int (*at_ready)(void *arg, const struct launched *init, struct err *err);
	void *arg;
};

/* A container's first process and what it sent us. */
struct launched {
	pid_t pid;
	int pidfd;
	int console_master, query_fd, watch_fd;
	int ns_fds[NS_MAX]; /* of its namespaces, for stop hooks and the proxy; -EBADF */
	int tty_masters[MOUNT_TTYS_MAX];
	size_t n_ttys;
	/* The inner ends of console and ttys. While one is open somewhere its master never reports
	 * the end of the terminal, which a getty inside that comes and goes would make it do. */
	int slaves[MOUNT_TTYS_MAX + 1];
	size_t n_slaves;
	struct net_made *net;   /* its interfaces, NULL: none; see network.h */
	struct usernet usernet; /* the program of its network of type user */
	int pin_fd;             /* keeps the file system of the rootfs writable, or -EBADF */
};
#define LAUNCHED_NONE                                                                              \
	((struct launched){ .pidfd = -EBADF,                                                       \
	                    .console_master = -EBADF,                                              \
	                    .query_fd = -EBADF,                                                    \
	                    .watch_fd = -EBADF,                                                    \
	                    .ns_fds = NS_NO_FDS,                                                   \
	                    .usernet = USERNET_NONE,                                               \
	                    .pin_fd = -EBADF })

/* Returns when init is executing. On failure nothing of it is left. */
int container_launch(const struct launch_request *request, struct launched *ret_launched,
                     struct err *err);
/* What container_launch does with SYNC_READY (child.h), for who has it from another process. */
int launch_take_ready(int sync, struct launched *launched, struct err *err);
/* Closes descriptors; the process itself is the caller's to reap. */
void launched_done(struct launched *launched);

/* A process could not be made: what its owner can do about it. */
void launch_hint_clone(int code, struct err *err);

#endif

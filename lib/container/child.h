/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CHILD_H
#define RLXC_CONTAINER_CHILD_H

#include "base/err.h"
#include "conf/conf.h"
#include "container/plan.h"

#include <stdbool.h>

/* The inside of a start: from the birth of the container's first process to its exec.
 *
 * It meets the monitor three times (more with interfaces, or device rules), on one SOCK_SEQPACKET
 * pair: monitor -> child  SYNC_MAPPED  the id maps (and the cgroup's owner) are there monitor ->
 * child  SYNC_NET     the interfaces are: their struct net_gateways; with some only child ->
 * monitor  SYNC_READY   struct sync_ready with the terminals: all is set up but exec monitor ->
 * child  SYNC_GO      device rules, a user-mode network and start-host hooks; if child_waits child
 * -> monitor  end-of-file: exec happened; or a struct err: it did not The child waits for those of
 * the monitor. */

#define SYNC_MAPPED 'm'
#define SYNC_GO 'g'

/* Descriptors of the SYNC_READY message, in order: console master (if has_console), network query
 * socket (if has_query), address watch (if has_watch), its namespaces (each NS_BIT of ns_held, for
 * stop hooks), n_ttys tty masters. */
struct sync_ready {
	uint32_t n_ttys, ns_held;
	uint8_t has_console, has_query, has_watch;
};

struct rootfs;
struct mount_ttys;

struct child_request {
	const struct start_plan *plan;
	const struct conf *conf;
	int sync_fd; /* our end */
	const struct rootfs *rootfs;
	int filter_fd;         /* of system calls, -EBADF: none */
	int notify_fd;         /* takes its listener, -EBADF: it needs none */
	int shared_ns[NS_MAX]; /* namespaces to join, -EBADF */
	int cgroup_fd;         /* payload leaf that a user gives to container root, -EBADF */
	const struct cgroup *cgroup;
	bool delegates; /* we give the container's cgroups to its root: the caller is a user */
	int stdio_null; /* 1: 0-2 are not the caller's (daemonised) */
};

/* Is there something that init must not run without, and that is ready last? */
bool child_waits(const struct start_plan *plan);

/* Does the monitor keep this one open, for stop hooks or for who asks the proxy? */
bool child_holds_namespace(const struct start_plan *plan, const struct conf *conf,
                           enum ns_kind kind);

/* Says why joining the namespace of lxc.namespace.share.KIND failed; returns @code. */
int child_join_failed(const struct child_request *request, int kind, int code, struct err *err);

/* Sends SYNC_READY. @ns_fds: NS_MAX of them, -EBADF where there is none. */
int child_send_ready(int sync_fd, const struct mount_ttys *ttys, int query_fd, int watch_fd,
                     const int *ns_fds, struct err *err);

/* Never returns: exec or _exit. */
_Noreturn void child_main(const struct child_request *request);

#endif

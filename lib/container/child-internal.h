/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CHILD_INTERNAL_H
#define RLXC_CONTAINER_CHILD_INTERNAL_H

#include "container/child.h"
#include "container/rootfs.h"
#include "mount/apply.h"

/* The container's first process on its way: child.c has the phases in their order, child-root.c the
 * root file system, child-exec.c what becomes of the process. */

/* What the phases hand on to each other. */
struct child {
	const struct child_request *request;
	const struct start_plan *plan;
	const struct conf *conf;
	struct storage_root root;
	struct mount_sources sources;
	struct mount_ttys ttys;
	int watch_fd;       /* tells of its changes */
	int query_fd;       /* netlink socket of the new network namespace */
	int ns_fds[NS_MAX]; /* namespaces that were made, for stop hooks and the proxy; -EBADF */
	int label_fd;       /* takes the label of the security module, -EBADF: none */
	int init_fd;        /* rlxc-init on a read-only mount of its own, for execute */
	struct strv environment;
};

static inline bool child_is_new(const struct child *child, enum ns_kind kind)
{
	return child->plan->ns_new & NS_BIT(kind);
}

/* child.c. Asked for again at each change of ids, which forgets it. */
int child_die_with_monitor(const struct child *child, int sig, struct err *err);

/* child-root.c. All that comes from the host, while its paths resolve for the caller. */
int child_take_sources(struct child *child, struct err *err);
/* As the container's root: everything is mounted, and its root file system is "/". */
int child_setup_mounts(struct child *child, struct err *err);

/* child-exec.c */
int child_run_hooks(const struct child *child, enum conf_hook moment, struct err *err);
int child_build_environment(struct child *child, struct err *err);
int child_setup_stdio(struct child *child, struct err *err);
/* The last ids and rights. */
int child_confine(const struct child *child, struct err *err);
/* Returns on failure only. */
int child_run_init(const struct child *child, struct err *err);

#endif

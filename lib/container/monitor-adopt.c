/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking over from a monitor that was killed. Init, its cgroups and its interfaces are there and
 * are opened again; a user-mode network is started anew. The console and the ttys have hung up with
 * the dead monitor's ends of them: new ones take their places, for who opens them from then on.
 * What else went with its descriptors stays lost until the next boot: the names of interfaces on
 * the host. */
#include "container/monitor-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/child.h"
#include "container/entry.h"
#include "container/network.h"
#include "mount/apply.h"
#include "net/net.h"
#include "ns/ns.h"
#include "os/proc.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

static bool has_own(const struct monitor *monitor, enum ns_kind kind)
{
	return monitor->request->plan->ns_new & NS_BIT(kind);
}

/* Others may reap it: a number that was given away meanwhile is another process's. */
static int open_ns(const struct monitor *monitor, enum ns_kind kind)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)monitor->init.pid, ns_name(kind));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return pidfd_kill(monitor->init.pidfd, 0) == -ESRCH ? -ESRCH : take_fd(&fd);
}

void monitor_hold_namespaces(struct monitor *monitor)
{
	const struct monitor_request *request = monitor->request;

	for (int kind = 0; kind < NS_MAX; kind++)
		if (child_holds_namespace(request->plan, request->conf, (enum ns_kind)kind))
			monitor->init.ns_fds[kind] = open_ns(monitor, (enum ns_kind)kind);
}

/* ---- what a first process sends when it is ready ---- */

#define INSIDE_TIMEOUT_MS 5000 /* it meets file systems of the container's, which may hang it */

struct inside {
	struct monitor *monitor;
	struct entry entry;
	const struct mount_plan *mounts; /* NULL: it has no terminals */
	bool has_netns;
	int sync_fd;
};

static int open_sockets(const struct inside *inside, int *ret_query, int *ret_watch,
                        struct err *err)
{
	if (!inside->has_netns)
		return 0;
	if (setns(inside->entry.init_fd, CLONE_NEWNET) < 0)
		return err_set(err, -errno, "cannot enter the container's network namespace");
	*ret_query = net_query_open();
	*ret_watch = net_watch_open();
	return 0;
}

static int open_terminals(const struct inside *inside, struct mount_ttys *ret_ttys, struct err *err)
{
	_cleanup_close_ int root_fd = -EBADF;

	if (!inside->mounts)
		return 0;
	log_leave_syslog(); /* a connection anew would be to the container's /dev/log */
	root_fd = entry_join_mounts(&inside->entry, err);
	return root_fd < 0 ? root_fd : mount_ttys_renew(inside->mounts, root_fd, ret_ttys, err);
}

static int send_from_inside(void *arg, struct err *err)
{
	const struct inside *inside = arg;
	_cleanup_(mount_ttys_done) struct mount_ttys ttys = MOUNT_TTYS_NONE;
	_cleanup_close_ int query_fd = -EBADF, watch_fd = -EBADF;
	struct err why = {};
	int r;

	/* Should it hang when we are gone, it must not keep others from taking over. */
	cleanup_close(&inside->monitor->listen_fd);
	rundir_done(inside->monitor->request->dir);
	r = entry_join_userns(&inside->entry, err);
	if (r < 0)
		return r;
	if (open_sockets(inside, &query_fd, &watch_fd, &why) < 0)
		log_warn("%s, continuing without showing the container's addresses", why.msg);
	if (open_terminals(inside, &ttys, &why) < 0)
		log_warn("%s, continuing without its console and ttys", why.msg);
	return child_send_ready(inside->sync_fd, &ttys, query_fd, watch_fd, (int[])NS_NO_FDS, err);
}

static int ask_inside(struct monitor *monitor, struct inside *inside, struct err *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF;
	int pair[2], r = sock_pair(pair);

	if (r < 0)
		return err_set(err, r, "cannot make a socket pair");
	ours = pair[0];
	theirs = inside->sync_fd = pair[1];
	r = proc_run_child_for(send_from_inside, inside, INSIDE_TIMEOUT_MS, err);
	cleanup_close(&theirs);
	if (r == -ETIMEDOUT)
		return err_say(err, r, "the container's /dev does not answer");
	return r < 0 ? r : launch_take_ready(ours, &monitor->init, err);
}

static void take_inside(struct monitor *monitor)
{
	const struct mount_plan *mounts = &monitor->request->plan->mounts;
	const bool has_terminals = mounts->has_rootfs && (mounts->console || mounts->n_ttys);
	struct inside inside = { .monitor = monitor,
		                 .entry.init_fd = monitor->init.pidfd,
		                 .mounts = has_terminals ? mounts : NULL,
		                 .has_netns = has_own(monitor, NS_NET) };
	struct err why = {};

	attach_fill_facts(monitor, &inside.entry.facts);
	if (ask_inside(monitor, &inside, &why) < 0)
		log_warn("%s, continuing without the container's addresses and terminals", why.msg);
}

static void take_network(struct monitor *monitor)
{
	const struct monitor_request *request = monitor->request;
	const struct launch_request launch = { .store = request->store,
		                               .conf = request->conf,
		                               .plan = request->plan,
		                               .cgroup = request->cgroup,
		                               .dir = request->dir };
	_cleanup_close_ int netns_fd = -EBADF;

	if (monitor->init.pidfd >= 0 && has_own(monitor, NS_NET))
		netns_fd = open_ns(monitor, NS_NET);
	network_adopt(&launch, request->adoption->net, netns_fd, &monitor->init);
}

void adopt_init(struct monitor *monitor)
{
	const struct monitor_request *request = monitor->request;

	monitor->init.pid = request->adoption->pid;
	monitor->init.pidfd = request->adoption->pidfd;
	/* From here on it is ours to end. */
	(void)run_state_record_net(request->dir, request->cgroup, monitor->init.pid,
	                           request->adoption->net);
	take_network(monitor);
	if (monitor->init.pidfd < 0) {
		monitor->stopping = true;
		return;
	}
	monitor_hold_namespaces(monitor);
	notify_tell_init(monitor, &monitor->init);
	take_inside(monitor);
	monitor_watch_init(monitor);
	monitor_set_state(monitor, RLXC_RUNNING);
	serve_freezer(monitor);
}

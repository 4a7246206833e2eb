/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking over from a monitor that was killed. Init, its cgroups and its interfaces are there and
 * are opened again; a user-mode network is started anew. What went with the dead monitor's
 * descriptors stays lost until the next boot: the console and the ttys, which have hung up, and the
 * names of interfaces on the host. */
#include "container/monitor-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/exec.h"
#include "container/network.h"
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

static int open_ns(const struct monitor *monitor, enum ns_kind kind)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)monitor->init.pid, ns_name(kind));
	return open(path, O_RDONLY | O_CLOEXEC);
}

void monitor_hold_namespaces(struct monitor *monitor)
{
	for (int kind = 0; kind < NS_MAX && monitor->request->conf->hooks[CONF_HOOK_STOP].n; kind++)
		if (has_own(monitor, (enum ns_kind)kind))
			monitor->init.ns_fds[kind] = open_ns(monitor, (enum ns_kind)kind);
}

struct sockets_job {
	int userns_fd, netns_fd, sync_fd;
};

/* In a child, which nobody inside can see or trace. */
static int send_sockets(void *arg, struct err *err)
{
	const struct sockets_job *entry = arg;
	int fds[2];

	exec_hide();
	if ((entry->userns_fd >= 0 && setns(entry->userns_fd, CLONE_NEWUSER) < 0) ||
	    setns(entry->netns_fd, CLONE_NEWNET) < 0)
		return err_set(err, -errno, "cannot enter the container's network namespace");
	fds[0] = net_query_open();
	fds[1] = net_watch_open();
	if (fds[0] < 0 || fds[1] < 0)
		return err_set(err, fds[0] < 0 ? fds[0] : fds[1], "cannot ask for addresses");
	return sock_send(entry->sync_fd, "s", 1, fds, ARRAY_SIZE(fds));
}

static void open_sockets(struct monitor *monitor, int netns_fd)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, userns_fd = -EBADF;
	struct sockets_job entry = { .netns_fd = netns_fd };
	int pair[2], fds[2] = { -EBADF, -EBADF };
	struct err why = {};
	char byte;

	if (sock_pair(pair) < 0)
		return;
	ours = pair[0];
	theirs = entry.sync_fd = pair[1];
	userns_fd = entry.userns_fd =
		has_own(monitor, NS_USER) ? open_ns(monitor, NS_USER) : -EBADF;
	if (proc_run_child(send_sockets, &entry, &why) < 0) {
		log_warn("%s, continuing without showing the container's addresses", why.msg);
		return;
	}
	(void)sock_recv(ours, &byte, 1, fds, ARRAY_SIZE(fds));
	monitor->init.query_fd = fds[0];
	monitor->init.watch_fd = fds[1];
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
	if (netns_fd >= 0)
		open_sockets(monitor, netns_fd);
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
	monitor_watch_init(monitor);
	monitor_set_state(monitor, RLXC_RUNNING);
	serve_freezer(monitor);
}

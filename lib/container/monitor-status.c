/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps the published status up to date: at each change of state, and when the kernel tells that
 * an address inside has changed: at once, but for a container that changes them all the time, which
 * has STATUS_LOOKS_MAX looks in a second. */
#include "container/monitor-internal.h"

#include "container/status.h"
#include "net/net.h"
#include "os/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void status_read_addrs(struct monitor *monitor)
{
	struct net_addr addrs[STATUS_ADDRS_MAX];
	struct run_status *status = &monitor->status_page;
	int n;

	if (monitor->init.query_fd < 0)
		return;
	n = net_query_addrs(monitor->init.query_fd, true, addrs, STATUS_ADDRS_MAX);
	free(status->addrs);
	status->addrs = n > 0 ? calloc((size_t)n, sizeof(*status->addrs)) : NULL;
	status->n_addrs = 0;
	if (!status->addrs)
		return;
	for (int i = 0; i < n; i++) {
		struct rlxc_addr *addr = &status->addrs[status->n_addrs++];

		memcpy(addr->interface, addrs[i].interface, sizeof(addr->interface));
		memcpy(addr->text, addrs[i].text, sizeof(addr->text));
		addr->ipv6 = addrs[i].ipv6;
		addr->shown = addrs[i].shown && addrs[i].text[0];
	}
}

static void fill_groups(const struct conf *conf, struct run_status *status)
{
	size_t used = 0;

	for (size_t i = 0; i < conf->groups.n && used < sizeof(status->groups); i++)
		used += (size_t)snprintf(status->groups + used, sizeof(status->groups) - used,
		                         "%s%s", i ? ", " : "", conf->groups.items[i]);
}

void status_publish(struct monitor *monitor)
{
	const struct monitor_request *request = monitor->request;
	struct run_status *status = &monitor->status_page;

	status->state = monitor->state;
	status->init_pid = monitor->init.pid;
	status->monitor_pid = getpid();
	status->autostart = request->conf->start_auto;
	status->unprivileged = request->plan->maps.n > 0;
	fill_groups(request->conf, status);
	if (cgroup_list_leaves(request->cgroup, &status->leaves) == 0)
		(void)run_status_write(request->dir, status);
	strv_done(&status->leaves);
}

void status_watch(struct monitor *monitor)
{
	if (monitor->init.watch_fd >= 0)
		(void)monitor_watch(monitor, monitor->init.watch_fd, EPOLLIN, EVENT_NET);
	monitor->addrs_changed = monitor->init.query_fd >= 0;
}

void status_net_changed(struct monitor *monitor)
{
	char data[512];

	/* What it says is asked for again in one piece; a full queue (ENOBUFS) says the same. */
	for (int i = 0; i < 64; i++)
		if (recv(monitor->init.watch_fd, data, sizeof(data), MSG_DONTWAIT) < 0 &&
		    errno != ENOBUFS)
			break;
	monitor->addrs_changed = true;
}

void status_refresh(struct monitor *monitor)
{
	int64_t now = monitor->addrs_changed ? clock_ms() : 0;

	if (!monitor->addrs_changed)
		return;
	if (now - monitor->looks_since_ms >= STATUS_SECOND_MS) {
		monitor->looks_since_ms = now;
		monitor->looks = 0;
	}
	if (monitor->looks >= STATUS_LOOKS_MAX)
		return;
	monitor->looks++;
	monitor->addrs_changed = false;
	status_read_addrs(monitor);
	status_publish(monitor);
}

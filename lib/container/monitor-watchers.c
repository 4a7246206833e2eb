/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/monitor-internal.h"

#include "base/cleanup.h"
#include "container/watchers.h"

#include <unistd.h>

void watchers_hold(struct monitor *monitor)
{
	cleanup_close(&monitor->watchers_fd);
	monitor->watchers_fd = watchers_open(monitor->request->dir);
}

void watchers_hear(struct monitor *monitor)
{
	const struct event event = { .time_ns = event_now_ns(),
		                     .monitor_pid = getpid(),
		                     .init_pid = monitor->init.pid,
		                     .status = monitor->told_status,
		                     .state = monitor->state,
		                     .name = monitor->request->plan->name,
		                     .why = monitor->why };

	/* Who watches has seen for himself that both were killed. */
	if (monitor->request->adoption && monitor->request->adoption->pidfd < 0)
		return;
	if (monitor->request->dir->dir_fd >= 0)
		watchers_hold(monitor);
	watchers_tell(take_fd(&monitor->watchers_fd), &event);
}

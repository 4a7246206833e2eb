/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SIGTERM to a monitor without a terminal: a session ends, the host goes down, an administrator
 * stops it. Or SIGURG: a service manager stops our scope, and signals all processes of it, the ones
 * inside as well; whoever does not wait for that one ignores it. The container is asked to shut
 * down, and ended when it does not. Should SIGTERM reach init, too, some take it for "reboot": that
 * is not what was meant. */
#include "container/monitor-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/signals.h"
#include "os/clock.h"
#include "os/proc.h"

#include <signal.h>

#define PATIENCE_MS 8000             /* less than the ten seconds that our scopes have to end */
#define SUPERVISED_PATIENCE_MS 60000 /* lxc-stop's */
#define DEAF_PATIENCE_MS 4000        /* for an init that hides what it waits for, if anything */

void stop_begin(struct monitor *monitor)
{
	int64_t patience = monitor->request->supervised ? SUPERVISED_PATIENCE_MS : PATIENCE_MS;
	bool heard;
	int sig = signals_halt(monitor->request->conf, monitor->init.pid, &heard);

	if (monitor->stop_deadline)
		return;
	monitor->stop_deadline = clock_ms() + (heard ? patience : DEAF_PATIENCE_MS);
	if (pidfd_kill(monitor->init.pidfd, sig) < 0)
		monitor_kill(monitor);
	else
		log_info("asked to end: signal %d sent to init", sig);
	serve_thaw(monitor);
}

int stop_left_ms(const struct monitor *monitor)
{
	return monitor->stop_deadline ? clock_left_ms(monitor->stop_deadline) : -1;
}

void stop_check(struct monitor *monitor)
{
	if (stop_left_ms(monitor) != 0)
		return;
	log_info("init did not end, killing it");
	monitor->stop_deadline = clock_ms() + PATIENCE_MS;
	monitor_kill(monitor);
}

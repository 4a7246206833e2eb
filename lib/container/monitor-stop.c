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

#define PATIENCE_MS 8000 /* less than the ten seconds that our scopes have to end */

/* What init will listen to, 0: nothing. A configured signal is taken at its word: an init that
 * waits in sigtimedwait, such as busybox's, does not show what it waits for. */
static int choose_signal(const struct monitor *monitor)
{
	const struct conf *conf = monitor->request->conf;
	const int ways[] = { signals_halt(conf, monitor->init.pid), SIGTERM };
	uint64_t expected = conf->signal_halt ? UINT64_MAX : signals_expected(monitor->init.pid);

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (ways[i] > 0 && (expected & (1ULL << (ways[i] - 1))))
			return ways[i];
	return 0;
}

void stop_begin(struct monitor *monitor)
{
	struct err err = {};
	int sig = choose_signal(monitor);

	if (monitor->stop_deadline)
		return;
	monitor->stop_deadline = clock_ms() + PATIENCE_MS;
	if (monitor->state == RLXC_FROZEN || monitor->state == RLXC_FREEZING)
		(void)cgroup_freeze(monitor->request->cgroup, false, &err);
	if (!sig || pidfd_kill(monitor->init.pidfd, sig) < 0)
		monitor_kill(monitor);
	else
		log_info("asked to end: signal %d sent to init", sig);
}

int stop_left_ms(const struct monitor *monitor)
{
	return monitor->stop_deadline ? clock_left_ms(monitor->stop_deadline) : -1;
}

void stop_check(struct monitor *monitor)
{
	if (stop_left_ms(monitor) != 0)
		return;
	log_info("init did not end in %d s, killing it", PATIENCE_MS / 1000);
	monitor->stop_deadline = clock_ms() + PATIENCE_MS;
	monitor_kill(monitor);
}

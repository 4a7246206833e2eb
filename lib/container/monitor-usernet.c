/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program of a user-mode network is started again when it has ended. The monitor goes on
 * meanwhile: it hears of a program that is ready, or has ended before, by its descriptors. Who
 * fails at once is tried again, at longer and longer intervals. */
#include "container/monitor-internal.h"

#include "base/log.h"
#include "container/network.h"
#include "os/clock.h"
#include "os/proc.h"

#include <sys/epoll.h>

#define WAIT_MIN_MS 100
#define WAIT_MAX_MS 30000
#define READY_MS 10000 /* as a start waits for it */
#define WELL_MS 60000  /* for so long it has worked: the end is not the program's habit */

static struct launch_request launch_request(const struct monitor *monitor)
{
	return (struct launch_request){ .plan = monitor->request->plan,
		                        .dir = monitor->request->dir };
}

/* Once: a process that another child of ours has still open would be heard of for ever. */
static void watch(struct monitor *monitor)
{
	const struct usernet *usernet = &monitor->init.usernet;

	(void)monitor_watch(monitor, usernet->pidfd, EPOLLIN | EPOLLONESHOT, EVENT_USERNET);
	if (usernet->ready_fd >= 0)
		(void)monitor_watch(monitor, usernet->ready_fd, EPOLLIN | EPOLLONESHOT,
		                    EVENT_USERNET);
}

void usernet_watch(struct monitor *monitor)
{
	monitor->retry = (struct usernet_retry){ .since = clock_ms() };
	if (monitor->init.usernet.pidfd >= 0)
		watch(monitor);
}

int usernet_left_ms(const struct monitor *monitor)
{
	return monitor->retry.due ? clock_left_ms(monitor->retry.due) : -1;
}

static void try_later(struct monitor *monitor)
{
	struct usernet_retry *retry = &monitor->retry;
	int wait_ms = retry->wait_ms ? 2 * retry->wait_ms : WAIT_MIN_MS;

	retry->wait_ms = wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS;
	retry->due = clock_ms() + retry->wait_ms;
}

static void failed(struct monitor *monitor, const struct err *why)
{
	if (monitor->retry.wait_ms < WAIT_MAX_MS) /* and not for ever */
		log_warn("%s, trying again later", why->msg);
	try_later(monitor);
}

static void has_ended(struct monitor *monitor)
{
	struct usernet *usernet = &monitor->init.usernet;

	log_warn("%s has ended, starting it again", usernet->tool->name);
	usernet_end(usernet);
	if (clock_ms() - monitor->retry.since >= WELL_MS)
		monitor->retry.wait_ms = 0;
	try_later(monitor);
}

static void is_ready(struct monitor *monitor)
{
	const struct launch_request request = launch_request(monitor);
	struct err why = {};

	if (network_ready(&request, &monitor->init, &why) < 0) {
		failed(monitor, &why);
		return;
	}
	log_info("the user-mode network is there again");
	monitor->retry.due = 0;
	monitor->retry.since = clock_ms();
	watch(monitor); /* another program may have taken its place */
}

void usernet_heard(struct monitor *monitor)
{
	const struct usernet *usernet = &monitor->init.usernet;

	if (usernet->ready_fd >= 0)
		is_ready(monitor);
	if (usernet->ready_fd < 0 && usernet->pidfd >= 0 && pidfd_wait_exit(usernet->pidfd, 0) == 0)
		has_ended(monitor);
}

static void start_again(struct monitor *monitor)
{
	const struct launch_request request = launch_request(monitor);
	struct err why = {};

	if (network_again(&request, &monitor->init, &why) < 0) {
		failed(monitor, &why);
		return;
	}
	watch(monitor);
	monitor->retry.due = clock_ms() + READY_MS;
}

void usernet_check(struct monitor *monitor)
{
	struct usernet *usernet = &monitor->init.usernet;

	if (usernet_left_ms(monitor) != 0)
		return;
	monitor->retry.due = 0;
	if (usernet->ready_fd < 0) {
		start_again(monitor);
		return;
	}
	log_warn("%s does not become ready, trying again later", usernet->tool->name);
	usernet_end(usernet);
	try_later(monitor);
}

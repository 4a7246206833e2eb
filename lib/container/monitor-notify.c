/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process beside the monitor that asks lxc.seccomp.notify.proxy: see seccomp/notify.h. */
#include "container/monitor-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "os/fd.h"
#include "os/proc.h"
#include "os/sock.h"
#include "seccomp/notify.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

static _Noreturn void serve(const struct monitor *monitor, pid_t monitor_pid, int intake_fd,
                            int proxy_fd)
{
	const struct monitor_request *request = monitor->request;
	const struct seccomp_notify notify = { .address = request->conf->seccomp_notify_proxy,
		                               .cookie = request->conf->seccomp_notify_cookie,
		                               .monitor = monitor_pid,
		                               .intake_fd = intake_fd };
	const int keep[] = { intake_fd, proxy_fd };
	char title[512];

	log_leave_syslog();
	log_drop(log_fd());
	(void)snprintf(title, sizeof(title), "[lxc notify] %s %s", request->store->path,
	               request->plan->name);
	proc_title_set(title);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != monitor_pid || fd_close_from(3, keep, ARRAY_SIZE(keep)) < 0)
		_exit(1);
	seccomp_notify_serve(&notify, proxy_fd);
}

int notify_start(struct monitor *monitor, struct err *err)
{
	const struct monitor_request *request = monitor->request;
	_cleanup_close_ int theirs = -EBADF, proxy = -EBADF;
	const struct adoption *adoption = request->adoption;
	const pid_t self = getpid();
	int pair[2], r;

	if (!request->plan->asks_proxy || (adoption && adoption->pidfd < 0))
		return 0;
	/* What runs already goes on without a proxy, which is looked for again at each question. */
	proxy = seccomp_notify_connect(request->conf->seccomp_notify_proxy, err);
	if (proxy < 0 && !adoption)
		return proxy;
	r = sock_pair(pair);
	if (r < 0)
		return err_set(err, r, "cannot make a socket pair");
	monitor->notify_fd = pair[0];
	theirs = pair[1];
	r = proc_clone(0, -EBADF, &monitor->notifier);
	if (r == 0)
		serve(monitor, self, theirs, proxy);
	return r < 0 ? err_set(err, r, "cannot start a process") : 0;
}

void notify_tell_init(const struct monitor *monitor, const struct launched *init)
{
	const int userns_fd = init->ns_fds[NS_USER];

	if (monitor->notify_fd >= 0)
		(void)sock_send(monitor->notify_fd, &init->pid, sizeof(init->pid), &userns_fd,
		                userns_fd >= 0 ? 1 : 0);
}

void notify_stop(struct monitor *monitor)
{
	cleanup_close(&monitor->notify_fd);
	if (monitor->notifier < 0)
		return;
	(void)pidfd_kill(monitor->notifier, SIGKILL);
	(void)pidfd_wait(monitor->notifier, &(int){ 0 });
	cleanup_close(&monitor->notifier);
}

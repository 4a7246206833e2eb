/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/monitor.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/checkpoint.h"
#include "container/create.h"
#include "container/monitor-internal.h"
#include "container/network.h"
#include "container/pidfile.h"
#include "container/state.h"
#include "lsm/load.h"
#include "mount/apply.h"
#include "os/fd.h"
#include "os/notify.h"
#include "os/proc.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define EMPTY_TIMEOUT_MS 2000 /* for the kernel to take a killed cgroup's processes away */

int monitor_watch(struct monitor *monitor, int fd, uint32_t events, uint32_t tag)
{
	struct epoll_event event = { .events = events, .data.u32 = tag };

	return epoll_ctl(monitor->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void monitor_unwatch(struct monitor *monitor, int fd)
{
	if (fd >= 0)
		(void)epoll_ctl(monitor->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void monitor_set_state(struct monitor *monitor, enum rlxc_state state)
{
	monitor->state = state;
	log_debug("state %s", state_name(state));
	if (state != RLXC_STARTING || monitor->ended_pid) /* there is nothing to list before */
		status_publish(monitor);
	watchers_hear(monitor);
	serve_state_changed(monitor);
}

void monitor_kill(struct monitor *monitor)
{
	int sig = monitor->request->conf->signal_stop;

	if (sig && sig != SIGKILL)
		(void)pidfd_kill(monitor->init.pidfd, sig);
	else if (cgroup_kill(monitor->request->cgroup) < 0)
		(void)pidfd_kill(monitor->init.pidfd, SIGKILL);
}

/* ---- beginning ---- */

/* What is sent to a foreground start is meant for init, as upstream does it. */
static sigset_t forwarded_signals(void)
{
	static const int forwarded[] = {
		SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGURG
	};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		(void)sigaddset(&set, forwarded[i]);
	return set;
}

void monitor_hold_signals(void)
{
	const sigset_t set = forwarded_signals();

	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

static int open_signals(struct monitor *monitor)
{
	const sigset_t set = forwarded_signals();

	monitor->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (monitor->signal_fd < 0)
		return -errno;
	return monitor_watch(monitor, monitor->signal_fd, EPOLLIN, EVENT_SIGNAL);
}

static void detach_stdio(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		(void)dup2(null, fd);
	if (null > 2)
		(void)close(null);
}

/* Once in the life of the monitor, in the shadow of the first launch. */
static int open_fds(void *arg, struct err *err)
{
	struct monitor *monitor = arg;
	int r;

	if (monitor->epoll_fd >= 0)
		return 0;
	monitor->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (monitor->epoll_fd < 0)
		return err_set(err, -errno, "cannot make an event queue");
	r = open_signals(monitor);
	if (r < 0)
		return err_set(err, r, "cannot take signals");
	(void)unlinkat(monitor->request->dir->dir_fd, "control", 0); /* of a killed monitor */
	monitor->listen_fd = sock_listen_at(monitor->request->dir->dir_fd, "control", 128);
	if (monitor->listen_fd < 0)
		return err_set(err, monitor->listen_fd, "cannot make the control socket");
	r = monitor_watch(monitor, monitor->listen_fd, EPOLLIN, EVENT_LISTEN);
	return r < 0 ? err_set(err, r, "cannot watch the control socket")
	             : console_open(monitor, err);
}

static void keep_userns(struct monitor *monitor)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)monitor->init.pid);
	cleanup_close(&monitor->userns_fd);
	monitor->userns_fd = open(path, O_RDONLY | O_CLOEXEC);
}

/* Before anybody is in the leaf, at each boot: a reboot has made it anew. */
static int apply_limits(struct monitor *monitor, struct err *err)
{
	const struct start_plan *plan = monitor->request->plan;

	return cgroup_limits_apply(monitor->request->cgroup, &plan->limits, plan->strict_limits,
	                           err);
}

static int apply_devices(struct monitor *monitor, struct err *err)
{
	const struct start_plan *plan = monitor->request->plan;

	if (!cgroup_limits_has_devices(&plan->limits))
		return 0;
	cleanup_close(&monitor->devices_fd); /* of the leaf before a reboot */
	return cgroup_limits_apply_devices(monitor->request->cgroup, &plan->limits,
	                                   plan->strict_limits, &monitor->devices_fd, err);
}

static int at_ready(void *arg, const struct launched *init, struct err *err)
{
	struct monitor *monitor = arg;
	int r = apply_devices(monitor, err);

	notify_tell_init(monitor, init);
	return r < 0 ? r : hooks_start_host(monitor, init->pid, err);
}

void monitor_watch_init(struct monitor *monitor)
{
	const struct monitor_request *request = monitor->request;

	if (request->daemon)
		(void)!chdir("/");
	if (request->plan->delegate_cgroup)
		keep_userns(monitor);
	(void)monitor_watch(monitor, monitor->init.pidfd, EPOLLIN, EVENT_INIT);
	usernet_watch(monitor);
	console_watch(monitor);
	status_watch(monitor);
	monitor->events_fd = cgroup_events_open(request->cgroup);
	if (monitor->events_fd >= 0)
		(void)monitor_watch(monitor, monitor->events_fd, EPOLLPRI, EVENT_CGROUP);
}

/* By criu, out of a checkpoint: what a launch does meanwhile is done before. */
static int restore_init(struct monitor *monitor, const struct launch_request *launch,
                        struct err *err)
{
	int r = open_fds(monitor, err);

	if (r == 0)
		r = apply_devices(monitor, err);
	if (r == 0)
		r = checkpoint_restore(launch, monitor->request->restore, &monitor->init, err);
	if (r == 0)
		monitor_hold_namespaces(monitor);
	return r;
}

static int launch_init(struct monitor *monitor, bool again, struct err *err)
{
	const struct monitor_request *request = monitor->request;
	struct launch_request launch = { .store = request->store,
		                         .conf = request->conf,
		                         .plan = request->plan,
		                         .cgroup = request->cgroup,
		                         .dir = request->dir,
		                         .filter_fd = request->filter_fd,
		                         .notify_fd = monitor->notify_fd,
		                         .stdio_null = request->daemon,
		                         .meanwhile = open_fds,
		                         .at_ready = at_ready,
		                         .arg = monitor };
	_cleanup_(rootfs_done) struct rootfs rootfs = ROOTFS_NONE;
	int r;

	launch.rootfs = &rootfs;
	r = rootfs_open(request->store, request->conf, request->plan, &rootfs, err);
	if (r == 0)
		r = apply_limits(monitor, err);
	if (r == 0 && request->restore && !again)
		r = restore_init(monitor, &launch, err);
	else if (r == 0)
		r = container_launch(&launch, &monitor->init, err);
	if (r < 0)
		return r;
	monitor_watch_init(monitor);
	return 0;
}

/* The starter waits for this message, and one on a terminal for that of each boot. When it is gone
 * already, so is the wish to start. */
static int report(struct monitor *monitor, const struct err *result)
{
	int fd = monitor->request->report_fd, r;
	bool console = monitor->request->console_fd >= 0 && monitor->init.console_master >= 0;

	log_drop_stderr();
	if (monitor->request->daemon)
		(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0); /* the starter may leave */
	if (fd < 0) {
		if (result->code == 0)
			notify_ready();
		if (result->code == 0 && monitor->request->ready_fd > 0)
			notify_ready_fd(monitor->request->ready_fd);
		return 0;
	}
	r = sock_send(fd, result, sizeof(*result), &monitor->init.console_master, console ? 1 : 0);
	if (monitor->request->console_fd < 0)
		(void)close(fd);
	return r;
}

void monitor_report(const struct monitor_request *request, const struct err *err)
{
	if (request->report_fd >= 0)
		(void)sock_send(request->report_fd, err, sizeof(*err), NULL, 0);
}

/* ---- the loop ---- */

/* Does it ask us to stop the container? SIGTERM is also what the kernel sends with the end of the
 * process that had the terminal. */
static bool is_for_us(const struct monitor_request *request, int sig)
{
	if (sig != SIGTERM && sig != SIGURG)
		return false;
	return request->daemon || request->managed || request->supervised ||
	       (request->tied_to && getppid() != request->tied_to);
}

static void forward_signal(struct monitor *monitor)
{
	struct signalfd_siginfo info;
	int sig;

	if (read(monitor->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	sig = (int)info.ssi_signo;
	if (is_for_us(monitor->request, sig))
		stop_begin(monitor);
	else
		(void)pidfd_kill(monitor->init.pidfd, sig == SIGHUP ? SIGTERM : sig);
}

static void dispatch(struct monitor *monitor, uint32_t tag)
{
	switch (tag) {
	case EVENT_INIT:
		monitor->stopping = true;
		break;
	case EVENT_LISTEN:
		serve_accept(monitor);
		break;
	case EVENT_CONSOLE:
		console_read(monitor);
		break;
	case EVENT_PEER:
		console_peer_read(monitor);
		break;
	case EVENT_CGROUP:
		serve_freezer(monitor);
		break;
	case EVENT_SIGNAL:
		forward_signal(monitor);
		break;
	case EVENT_NET:
		status_net_changed(monitor);
		break;
	case EVENT_USERNET:
		usernet_heard(monitor);
		break;
	default:
		if (tag >= EVENT_SPAWNED)
			spawn_reap(monitor, (int)(tag - EVENT_SPAWNED));
		else
			serve_client(monitor, tag - EVENT_CLIENT);
	}
}

/* The v1 freezer is asked as long as something is expected of it. */
#define FREEZER_LOOK_MS 10

static int freezer_left_ms(const struct monitor *monitor)
{
	return (monitor->state == RLXC_FREEZING || monitor->state == RLXC_THAWED) &&
	                       cgroup_events_are_silent(monitor->request->cgroup)
	               ? FREEZER_LOOK_MS
	               : -1;
}

/* How long nothing must happen before the monitor gives back what a burst of work has used. */
#define QUIET_MS 10

static int sooner(int a_ms, int b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static void loop(struct monitor *monitor)
{
	struct epoll_event events[16];
	int timeout = QUIET_MS;

	while (!monitor->stopping) {
		int n = epoll_wait(
			monitor->epoll_fd, events, ARRAY_SIZE(events),
			sooner(sooner(timeout, stop_left_ms(monitor)),
		               sooner(freezer_left_ms(monitor), usernet_left_ms(monitor))));

		if (n < 0 && errno != EINTR)
			return; /* nothing to wait with: what is left is to wait for init */
		for (int i = 0; i < n; i++)
			dispatch(monitor, events[i].data.u32);
		status_refresh(monitor);
		stop_check(monitor);
		usernet_check(monitor);
		if (freezer_left_ms(monitor) >= 0)
			serve_freezer(monitor);
		timeout = n != 0 ? QUIET_MS : monitor->addrs_changed ? STATUS_SECOND_MS : -1;
		if (n == 0)
			proc_trim_memory();
	}
}

/* ---- end ---- */

static void kill_rest(const struct cgroup *cgroup)
{
	if (cgroup_kill(cgroup) < 0)
		(void)cgroup_kill_listed(cgroup, EMPTY_TIMEOUT_MS);
}

static bool wants_reboot(const struct monitor *monitor)
{
	return !monitor->stop_deadline && WIFSIGNALED(monitor->status) &&
	       WTERMSIG(monitor->status) == SIGHUP;
}

/* One that was adopted has another parent; how it ended may not be known. */
static void reap(struct monitor *monitor)
{
	int r = pidfd_wait(monitor->init.pidfd, &monitor->status);

	if (r == -ECHILD)
		r = pidfd_exit_status(monitor->init.pidfd, monitor->init.pid, &monitor->status);
	if (r == 0)
		monitor->told_status = monitor->status;
}

/* Init has ended: reap it. Without a pid namespace of its own, what it started lives on. Only then
 * the cgroup is killed: Linux 6.18 kills whatever is cloned into a cgroup that was killed once,
 * which would be the init of the next boot. */
static void collect(struct monitor *monitor)
{
	reap(monitor);
	monitor_set_state(monitor, RLXC_STOPPING);
	if (!(monitor->request->plan->ns_new & NS_BIT(NS_PID)))
		kill_rest(monitor->request->cgroup);
	console_drain(monitor);
	monitor_unwatch(monitor, monitor->init.pidfd);
	monitor_unwatch(monitor, monitor->init.watch_fd);
	monitor_unwatch(monitor, monitor->events_fd);
	cleanup_close(&monitor->events_fd);
	if (!wants_reboot(monitor))
		serve_close_consoles(monitor);
	network_unmake(monitor->request->plan, monitor->request->conf, &monitor->init);
	hooks_stop(monitor);
	launched_done(&monitor->init);
}

/* Before anybody hears that it has ended: they find it gone. */
static __attribute__((noinline)) void remove_ephemeral(const struct monitor_request *request)
{
	const char *name = request->plan->name;
	struct err err = {};

	if (request->conf->ephemeral && store_is_defined(request->store, name) &&
	    container_destroy(request->store, name, false, false, &err) < 0)
		log_error("cannot remove the ephemeral container: %s", err.msg);
}

static void clean_up(struct monitor *monitor, bool has_run)
{
	const struct monitor_request *request = monitor->request;

	(void)cgroup_remove_payload_in_userns(request->cgroup, monitor->userns_fd,
	                                      EMPTY_TIMEOUT_MS);
	notify_stop(monitor);
	(void)hooks_post_stop(monitor); /* a new start must not meet what they clear away */
	if (request->plan->profile)
		lsm_profile_unload(request->plan->label.text);
	cleanup_close(&monitor->userns_fd);
	cleanup_close(&monitor->devices_fd);
	console_close(monitor);
	cleanup_close(&monitor->signal_fd);
	cleanup_close(&monitor->listen_fd);
	if (request->cgroup->monitor_fd >= 0)
		cgroup_remove_monitor_later(request->cgroup, &request->plan->names.cgroup);
	else
		cgroup_prune(request->cgroup, &request->plan->names.cgroup);
	pidfile_remove(request->pidfile);
	watchers_hold(monitor);
	rundir_remove(request->dir);
	if (has_run)
		remove_ephemeral(request);
	monitor_set_state(monitor, RLXC_STOPPED);
	serve_close_all(monitor);
	cleanup_close(&monitor->epoll_fd);
}

static int boot(struct monitor *monitor, bool again, struct err *err)
{
	const struct monitor_request *request = monitor->request;
	int r = 0;

	if (!again && request->adoption) {
		adopt_init(monitor);
		return 0;
	}
	monitor_set_state(monitor, RLXC_STARTING);
	if (again)
		r = cgroup_renew_payload(request->cgroup, &request->plan->names.cgroup,
		                         monitor->userns_fd, EMPTY_TIMEOUT_MS, err);
	if (r == 0)
		r = hooks_pre_start(monitor, err);
	if (r == 0)
		r = launch_init(monitor, again, err);
	if (r == 0)
		monitor_set_state(monitor, RLXC_RUNNING);
	return r;
}

static int live(struct monitor *monitor, struct err *err)
{
	bool again = false;
	int r;

	do {
		if (again)
			monitor_set_state(monitor, RLXC_STOPPED);
		monitor->stopping = false;
		monitor->told_status = -1;
		r = boot(monitor, again, err);
		if (r < 0) {
			monitor->why = err->msg;
			monitor_set_state(monitor, RLXC_ABORTING);
			monitor->why = NULL;
			hooks_stop(monitor);
			log_error("%s", err->msg);
			return again ? monitor->status : r;
		}
		*err = (struct err){}; /* what was overcome is not reported */
		if (!monitor->stopping && (!again || monitor->request->console_fd >= 0) &&
		    report(monitor, err) < 0 && !monitor->request->adoption)
			monitor_kill(monitor);
		serve_new_consoles(monitor);
		loop(monitor);
		collect(monitor);
		again = true;
	} while (wants_reboot(monitor) && hooks_post_stop(monitor) == 0);
	return monitor->status;
}

static int load_profile(const struct monitor_request *request, struct err *err)
{
	const struct start_plan *plan = request->plan;

	return plan->profile ? lsm_profile_load(&request->store->caller, plan->label.text,
	                                        plan->profile, request->dir->dir_fd, err)
	                     : 0;
}

/* lxc.monitor.unshare: what hooks mount stays ours. */
static int unshare_mounts(struct err *err)
{
	if (unshare(CLONE_NEWNS) < 0) {
		int r = err_set(err, -errno, "cannot do as lxc.monitor.unshare says");

		if (r == -EPERM)
			err_hint(err, "only root can; take the key out");
		return r;
	}
	return mount_isolate(err);
}

/* What outlives reboots. */
static int prepare(struct monitor *monitor, struct err *err)
{
	const struct monitor_request *request = monitor->request;
	int r = request->conf->monitor_unshare ? unshare_mounts(err) : 0;

	if (r == 0)
		r = request->adoption ? open_fds(monitor, err) : load_profile(request, err);
	return r < 0 ? r : notify_start(monitor, err);
}

int monitor_run(const struct monitor_request *request, struct err *err)
{
	struct monitor monitor = { .request = request,
		                   .init = LAUNCHED_NONE,
		                   .state = RLXC_STARTING,
		                   .epoll_fd = -EBADF,
		                   .listen_fd = -EBADF,
		                   .events_fd = -EBADF,
		                   .signal_fd = -EBADF,
		                   .userns_fd = -EBADF,
		                   .devices_fd = -EBADF,
		                   .notify_fd = -EBADF,
		                   .notifier = -EBADF,
		                   .watchers_fd = -EBADF,
		                   .told_status = -1,
		                   .console_peer = -EBADF };
	int r;

	*err = (struct err){}; /* what was overcome on the way here is no failure */
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++)
		monitor.clients[i] = (struct client){ .fd = -EBADF, .console_fd = -EBADF };
	if (request->daemon) {
		log_keep_stderr(); /* for the start, until its report */
		detach_stdio();
	}
	if (request->tied_to || (request->daemon && !request->adoption))
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	r = prepare(&monitor, err);
	if (r == 0)
		r = live(&monitor, err);
	if (r >= 0 || !request->adoption) /* else it runs on without us */
		clean_up(&monitor, r >= 0);
	run_status_done(&monitor.status_page);
	if (r < 0)
		(void)report(&monitor, err);
	return r;
}

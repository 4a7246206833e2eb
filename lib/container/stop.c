/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/stop.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/control.h"
#include "container/recover.h"
#include "container/run.h"
#include "container/signals.h"
#include "container/status.h"
#include "container/stuck.h"
#include "os/clock.h"
#include "os/proc.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#define CHANGE_TIMEOUT_S 10
#define CHANGE_POLL_MS 20
#define YOUNG_MS 1000
#define KILL_TIMEOUT_S 60
#define START_POLL_MS 50
#define KILL_NOTICE_S 3 /* more than a container takes that can end */

/* Until the monitor closes the connection: all is gone then. */
static int wait_end(int sock, int64_t deadline)
{
	struct control_header header;
	char data[64];

	for (;;) {
		struct pollfd poller = { .fd = sock, .events = POLLIN };
		int r = poll(&poller, 1, clock_left_ms(deadline));

		if (r < 0 && errno == EINTR)
			continue;
		if (r == 0)
			return -ETIMEDOUT;
		if (r < 0 || control_recv(sock, &header, data, sizeof(data), NULL, 0) <= 0)
			return 0;
	}
}

/* Init is gone, and the monitor busy with hooks: each has its own time limit. */
static bool is_ending(const struct store *store, const char *name)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;

	return rundir_find(store, name, &dir) == 0 && rundir_is_locked(&dir) &&
	       run_status_state(&dir) == RLXC_STOPPING;
}

/* -ESRCH: nobody answered. */
static int ask_to_kill(const struct store *store, int sock, const char *name, struct err *err)
{
	int64_t deadline, soon = clock_deadline(KILL_NOTICE_S);
	_cleanup_free_ char *stuck = NULL;
	int r = 0;

	/* Should it end for a reboot, it hears of this when the next init runs. */
	if (is_ending(store, name))
		(void)control_send(sock, CONTROL_KILL, 0, NULL, 0, NULL, 0);
	else
		r = control_call(sock, CONTROL_KILL, 0, NULL, NULL, 0, NULL, NULL, 0, err);
	if (r < 0)
		return r;
	if (wait_end(sock, soon) == 0)
		return 0;
	stuck = stuck_list(store, name);
	if (stuck)
		log_warn("container '%s' was killed and has not ended%s, which waits in the kernel "
		         "(for a disk or a network file system), waiting for it",
		         name, stuck);
	do {
		deadline = clock_deadline(KILL_TIMEOUT_S);
		r = wait_end(sock, deadline);
	} while (r == -ETIMEDOUT && is_ending(store, name));
	if (r == 0)
		return 0;
	err_say(err, r, "container '%s' does not end%s", name, stuck ? stuck : "");
	err_hint(err, "its hooks and network scripts may take a minute each; a process that waits "
	              "in the kernel (for a disk or a network file system) delays it, too");
	return r;
}

/* Without an answer it has ended by itself; or its monitor was killed just now, and it lives on. */
static int kill_it(const struct store *store, int sock, const char *name, struct err *err)
{
	int r = ask_to_kill(store, sock, name, err);

	return r == -ESRCH ? run_kill(store, name, err) : r;
}

/* The signals are those of the configuration as it is now, so that one which was wrong can be put
 * right; where it has none, or cannot be read, the running one's. A file that was asked for has to
 * be there. */
static int choose_signal(const struct store *store, const char *name,
                         const struct rlxc_stop_options *options, int32_t *ret_signal,
                         struct err *err)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	int own = 0, r;

	r = store_load_conf(store, name, options->rcfile, false, &conf,
	                    options->rcfile ? err : NULL);
	if (r < 0 && options->rcfile)
		return r == -ENOENT ? -EINVAL : r; /* the container is there */
	if (r == 0)
		own = options->reboot ? conf->signal_reboot : conf->signal_halt;
	*ret_signal = own ? own : options->reboot ? CONTROL_SIGNAL_REBOOT : CONTROL_SIGNAL_HALT;
	return 0;
}

/* The wait is registered before the signal is sent: nothing can be missed. */
static int reboot_it(int sock, int watch, const char *name, int timeout_s, int32_t sig,
                     struct err *err)
{
	struct control_header header = {};
	char data[sizeof(struct err) + 1];
	int64_t deadline = clock_deadline(timeout_s);
	struct pollfd poller = { .fd = watch, .events = POLLIN };
	int r;

	r = control_send(watch, CONTROL_WAIT, (int32_t)(CONTROL_WAIT_NEXT | (1U << RLXC_RUNNING)),
	                 NULL, 0, NULL, 0);
	if (r < 0)
		return err_say(err, -ESRCH, "container '%s' has just ended", name);
	r = control_call(sock, CONTROL_SIGNAL, sig, NULL, NULL, 0, NULL, NULL, 0, err);
	if (r < 0 || timeout_s == 0)
		return r < 0 ? r : 0;
	do
		r = poll(&poller, 1, clock_left_ms(deadline));
	while (r < 0 && errno == EINTR);
	if (r == 0) {
		err_say(err, -ETIMEDOUT, "container '%s' did not reboot within %d s", name,
		        timeout_s);
		err_hint(err, "its init may ignore the signal: see lxc.signal.reboot");
		return -ETIMEDOUT;
	}
	if (control_recv(watch, &header, data, sizeof(data), NULL, 0) > 0 && header.value >= 0)
		return 0;
	err_say(err, -ESHUTDOWN, "container '%s' has ended instead of rebooting", name);
	err_hint(err, "its init may take the signal for another one: see lxc.signal.reboot");
	return -ESHUTDOWN;
}

static int64_t age_ms(pid_t pid)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 -
	       (int64_t)proc_start_time(pid) * 1000 / sysconf(_SC_CLK_TCK);
}

/* The signal to halt. The kernel drops it where an init that has just been started does not listen
 * yet: such a one, still there a second later, gets it again. */
static int send_halt(int sock, int32_t sig, int64_t deadline, struct err *err)
{
	int64_t patience = clock_deadline(1);
	struct control_info info = {};
	struct pollfd poller = { .fd = sock, .events = POLLIN };
	uint64_t expected = 0;
	bool young = false;
	int left, r;

	if (control_call(sock, CONTROL_INFO, 0, NULL, &info, sizeof(info), NULL, NULL, 0, NULL) >=
	    0) {
		young = age_ms(info.init_pid) < YOUNG_MS;
		expected = signals_expected(info.init_pid);
	}
	r = control_call(sock, CONTROL_SIGNAL, sig, NULL, NULL, 0, NULL, NULL, 0, err);
	if (r <= 0 || !young || (expected & (1ULL << (r - 1))))
		return r;
	left = clock_left_ms(deadline);
	if (left >= 0 && left < YOUNG_MS)
		return r;
	if (poll(&poller, 1, clock_left_ms(patience)) == 0)
		(void)control_call(sock, CONTROL_SIGNAL, sig, NULL, NULL, 0, NULL, NULL, 0, NULL);
	return r;
}

static int say_ignored(const struct store *store, const char *name, int timeout_s, struct err *err)
{
	_cleanup_free_ char *stuck = stuck_list(store, name);

	err_say(err, -ETIMEDOUT, "container '%s' did not shut down within %d s%s", name, timeout_s,
	        stuck ? stuck : "");
	err_hint(err, "its init may ignore the signal: see lxc.signal.halt; lxc-stop -k ends it");
	return -ETIMEDOUT;
}

static int shut_down(const struct store *store, int sock, const char *name,
                     const struct rlxc_stop_options *options, int32_t sig, struct err *err)
{
	int64_t deadline = clock_deadline(options->timeout_s);
	int r;

	r = send_halt(sock, sig, deadline, err);
	if (r == -ESRCH)
		return 0;
	if (r < 0 || options->timeout_s == 0)
		return r < 0 ? r : 0;
	r = wait_end(sock, deadline);
	if (r == 0 || !options->no_kill)
		return r == 0 ? 0 : kill_it(store, sock, name, err);
	return say_ignored(store, name, options->timeout_s, err);
}

/* Without a monitor there is nobody to ask: init gets its signal from us. Returns 1 when it has
 * ended or is to be killed now. */
static int ask_orphan(const struct store *store, const char *name, int pidfd, pid_t pid,
                      const struct rlxc_stop_options *options, struct err *err)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	int64_t deadline = clock_deadline(options->timeout_s);
	bool heard;
	int r;

	if (options->reboot) {
		err_say(err, -EOPNOTSUPP, "container '%s' cannot reboot: its monitor is gone",
		        name);
		err_hint(err, "end it with lxc-stop, then start it again");
		return -EOPNOTSUPP;
	}
	r = store_load_conf(store, name, options->rcfile, false, &conf,
	                    options->rcfile ? err : NULL);
	if (r < 0 && options->rcfile)
		return r == -ENOENT ? -EINVAL : r; /* the container is there */
	if (r == 0)
		(void)pidfd_kill(pidfd, signals_halt(conf, pid, &heard));
	if (options->timeout_s == 0)
		return 0;
	if (r == 0 && pidfd_wait_exit(pidfd, clock_left_ms(deadline)) == 0)
		return 1;
	return options->no_kill ? say_ignored(store, name, options->timeout_s, err) : 1;
}

/* @options NULL: kill. -ESRCH: there is none. */
static int stop_orphan(const struct store *store, const char *name,
                       const struct rlxc_stop_options *options, struct err *err)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_close_ int pidfd = -EBADF;
	pid_t pid = 0;
	int r = 1;

	if (rundir_find(store, name, &dir) < 0)
		return -ESRCH;
	/* A lock that is held is a start or an end in another process, no orphan. */
	pidfd = rundir_is_locked(&dir) ? -EBADF : recover_open_init(&dir, &pid);
	if (pidfd >= 0 && options && !options->kill)
		r = ask_orphan(store, name, pidfd, pid, options, err);
	if (r <= 0)
		return r;
	if (recover_kill(&dir, err) < 0)
		return err ? err->code : -EIO;
	return pidfd < 0 ? -ESRCH : 0;
}

/* The monitor answers nobody then, maybe for a hook that hangs, but takes a signal. */
static bool is_starting(const struct rundir *dir)
{
	enum rlxc_state state = run_status_state(dir);

	return state == RLXC_STARTING || state == RLXC_STOPPED; /* before a reboot */
}

/* True when there was a start, and it has ended. */
static bool call_off_start(const struct store *store, const char *name)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_(run_state_done) struct run_state state = {};
	_cleanup_close_ int pidfd = -EBADF;

	if (rundir_find(store, name, &dir) < 0 || !rundir_is_locked(&dir) || !is_starting(&dir) ||
	    run_state_read(&dir, &state) < 0)
		return false;
	pidfd = run_state_open_monitor(&state);
	if (pidfd < 0 || pidfd_kill(pidfd, SIGTERM) < 0 ||
	    pidfd_wait_exit(pidfd, CHANGE_TIMEOUT_S * 1000) < 0 || rundir_is_locked(&dir))
		return false;
	(void)run_adopt(store, name, NULL); /* what a starter leaves that has no monitor yet */
	return true;
}

/* A connection to the monitor, or, in 1, that there was none and what it left is ended. While the
 * lock is held and nobody listens, a start has just begun or an end is nearly done: both pass. */
static int connect_or_end(const struct store *store, const char *name,
                          const struct rlxc_stop_options *options, int *ret_sock, struct err *err)
{
	int64_t deadline = clock_deadline(CHANGE_TIMEOUT_S);
	struct err why = {};
	int sock, r;

	for (;;) {
		struct err left = {};

		sock = control_connect(store, name, &why);
		if (sock >= 0) {
			*ret_sock = sock;
			return 0;
		}
		r = sock;
		if (sock == -ESRCH || sock == -ENOENT)
			r = stop_orphan(store, name, options, &left);
		if (r == 0)
			return 1;
		if (r == -ESRCH)
			r = sock; /* and says which it is: not running, or not there */
		else if (r != sock)
			why = left;
		if (r != -EALREADY || clock_left_ms(deadline) == 0)
			break;
		clock_pause(CHANGE_POLL_MS);
	}
	if (err)
		*err = why;
	return r;
}

int run_kill(const struct store *store, const char *name, struct err *err)
{
	_cleanup_close_ int sock = -EBADF;
	struct err why = {};
	int r = call_off_start(store, name) ? 1 : connect_or_end(store, name, NULL, &sock, &why);

	if (r == 0) {
		r = ask_to_kill(store, sock, name, err);
		return r == -ESRCH ? 0 : r;
	}
	if (r == -ESRCH || r == -ENOENT || r == 1)
		return 0;
	if (err)
		*err = why;
	return r;
}

/* The monitor may have been killed while it was asked: then init lives on. */
static int end_rest(const struct store *store, const char *name,
                    const struct rlxc_stop_options *options, struct err *err)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	int r;

	if (rundir_find(store, name, &dir) < 0 || rundir_is_locked(&dir))
		return 0;
	r = stop_orphan(store, name, options, err);
	return r == -ESRCH || r == -EALREADY ? 0 : r;
}

int container_stop(const struct store *store, const char *name,
                   const struct rlxc_stop_options *options, struct err *err)
{
	_cleanup_close_ int sock = -EBADF, watch = -EBADF;
	int32_t sig = 0;
	int r;

	if (options->kill && call_off_start(store, name))
		return 0;
	r = connect_or_end(store, name, options, &sock, err);
	if (r != 0)
		return r < 0 ? r : 0;
	if (options->kill)
		return kill_it(store, sock, name, err);
	r = choose_signal(store, name, options, &sig, err);
	if (r < 0)
		return r;
	if (!options->reboot) {
		r = shut_down(store, sock, name, options, sig, err);
		return r == 0 && options->timeout_s ? end_rest(store, name, options, err) : r;
	}
	watch = control_connect(store, name, err);
	return watch < 0 ? watch : reboot_it(sock, watch, name, options->timeout_s, sig, err);
}

/* ---- waiting for a state ---- */

/* There is nothing to watch before the first start makes the run-time directory. */
static int wait_for_start(int64_t deadline)
{
	int left = clock_left_ms(deadline);

	if (left == 0)
		return -ETIMEDOUT;
	clock_pause(left > 0 && left < START_POLL_MS ? left : START_POLL_MS);
	return 0;
}

/* A monitor answers when a state fits; without time it is asked which one there is. */
static int look_once(int sock, unsigned int states)
{
	struct control_info info = {};

	if (control_call(sock, CONTROL_INFO, 0, NULL, &info, sizeof(info), NULL, NULL, 0, NULL) < 0)
		return -ETIMEDOUT;
	return info.state >= 0 && info.state < RLXC_STATE_MAX && (states & (1U << info.state))
	               ? 0
	               : -ETIMEDOUT;
}

/* Its monitor was killed: it runs (0) until it has ended (1). */
static int wait_on_orphan(const struct store *store, const char *name, unsigned int states,
                          int64_t deadline)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_close_ int pidfd = -EBADF;

	if (rundir_find(store, name, &dir) < 0)
		return -ESRCH;
	pidfd = rundir_is_locked(&dir) ? -ESRCH : recover_open_init(&dir, NULL);
	if (pidfd < 0)
		return -ESRCH;
	if (states & (1U << RLXC_RUNNING))
		return 0;
	return pidfd_wait_exit(pidfd, clock_left_ms(deadline)) < 0 ? -ETIMEDOUT : 1;
}

/* One connection: until a state fits (0), or the monitor goes away (1). */
static int wait_on(int sock, unsigned int states, int64_t deadline)
{
	struct pollfd poller = { .fd = sock, .events = POLLIN };
	struct control_header header;
	char data[sizeof(struct err) + 1];
	int r;

	if (clock_left_ms(deadline) == 0)
		return look_once(sock, states);
	if (control_send(sock, CONTROL_WAIT, (int32_t)states, NULL, 0, NULL, 0) < 0)
		return 1;
	do
		r = poll(&poller, 1, clock_left_ms(deadline));
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return -ETIMEDOUT;
	r = control_recv(sock, &header, data, sizeof(data), NULL, 0);
	return r > 0 && header.value >= 0 ? 0 : 1;
}

int container_wait(const struct store *store, const char *name, unsigned int states, int timeout_s,
                   struct err *err)
{
	int64_t deadline = clock_deadline(timeout_s);
	int r = store_check_name(name, err);

	while (r >= 0) {
		_cleanup_close_ int sock = control_connect(store, name, NULL);

		if (sock < 0 && sock != -ESRCH && sock != -ENOENT)
			return control_connect(store, name, err);
		r = sock >= 0 ? wait_on(sock, states, deadline)
		              : wait_on_orphan(store, name, states, deadline);
		if (r == 0)
			return 0;
		if (r == -ESRCH && (states & (1U << RLXC_STOPPED)))
			return 0;
		if (r == -ESRCH)
			r = wait_for_start(deadline);
		if (r > 0) /* it ended, or takes no more clients: not at once again */
			r = wait_for_start(deadline);
	}
	if (r != -ETIMEDOUT)
		return r;
	err_say(err, r, "container '%s' did not reach the state within %d s", name, timeout_s);
	if (!run_is_running(store, name) && !store_is_defined(store, name))
		err_hint(err, "there is no such container in %s", store->path);
	else
		err_hint(err, "lxc-info -s%s %s shows the state it is in", STORE_OPTION(store),
		         name);
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A start that was decided, carried out: the run directory, the cgroups, and the monitor, which is
 * this process or a child of it. */
#include "container/start-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/launch.h"
#include "container/mark.h"
#include "container/monitor.h"
#include "container/recover.h"
#include "container/run.h"
#include "container/start-cgroup.h"
#include "container/start-options.h"
#include "os/fd.h"
#include "os/proc.h"
#include "os/sock.h"
#include "term/term.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Since the configuration was read it may have been removed, and be in the making again: before it
 * has a configuration a creation locks a file, see store-partial.c. */
static int check_whole(const struct start *start, struct err *err)
{
	const char *name = start->options->name;
	int home_fd = start->dir.home_fd;
	_cleanup_close_ int fd = -EBADF;

	if (!start->options->rcfile && (home_fd < 0 || faccessat(home_fd, "config", F_OK, 0) < 0))
		return store_say_missing(start->store, name, err);
	if (home_fd >= 0)
		fd = openat(home_fd, PARTIAL_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fd_is_locked(fd) <= 0)
		return 0;
	return err_say(err, -EAGAIN, "container '%s' is being created or removed", name);
}

/* What lost its monitor gets another one first: it runs already then, or comes to its end with all
 * its hooks. With the lock, what is left where none could take over is ours to take away. */
static int take_run_dir(struct start *start, struct err *err)
{
	const char *name = start->options->name;
	int r;

	(void)run_adopt(start->store, name, NULL);
	r = rundir_take(start->store, name, &start->dir, err);
	if (r < 0)
		return r;
	r = recover_left_over(start->store, name, &start->dir, err);
	if (r < 0)
		rundir_done(&start->dir); /* what it holds is still needed to end the container */
	return r < 0 ? r : check_whole(start, err);
}

/* Nothing of a start that failed stays. */
static void undo(struct start *start)
{
	pidfile_remove(&start->pidfile);
	cgroup_unmake(&start->cgroup);
	cgroup_prune(&start->cgroup, &start->plan.names.cgroup);
	if (start->dir.lock_fd >= 0)
		rundir_remove(&start->dir);
}

/* A start that is killed at any later point leaves nothing that cannot be found. */
static int record(const struct start *start, struct err *err)
{
	_cleanup_(strv_done) struct strv wanted = {};
	int r;

	r = cgroup_list_wanted(&start->cgroups, &start->plan.names.cgroup, start->plan.use_v1,
	                       &wanted);
	if (r == 0)
		r = run_state_record_wanted(&start->dir, &wanted);
	if (r == 0)
		r = start_options_write(&start->dir, start->options);
	return r < 0 ? err_set(err, r, "cannot write the run-time state of the container") : 0;
}

static int prepare(struct start *start, bool with_monitor, struct err *err)
{
	int r;

	r = take_run_dir(start, err);
	if (r == 0)
		r = record(start, err);
	if (r == 0)
		r = pidfile_open(start->options->pidfile, &start->pidfile, err);
	/* Without a base there may still be v1 hierarchies. */
	if (r == 0 && start->cgroups.rung != CGROUP_RUNG_SCOPE)
		r = start_cgroup_make(&start->cgroups, &start->plan, &start->dir, with_monitor,
		                      &start->cgroup, err);
	if (r < 0)
		undo(start);
	return r;
}

/* The scope, or what there is without one. */
static int climb(struct start *start, bool *ret_climbed, struct err *err)
{
	int r;

	*ret_climbed = false;
	if (start->cgroups.rung != CGROUP_RUNG_SCOPE)
		return 0;
	r = start_cgroup_climb(start->store, &start->cgroups, &start->plan, &start->dir,
	                       &start->cgroup, ret_climbed, err);
	if (r < 0 || *ret_climbed)
		return r;
	r = start_make_plan(start, err);
	if (r == 0)
		r = start_cgroup_make(&start->cgroups, &start->plan, &start->dir,
		                      /* with_monitor= */ false, &start->cgroup, err);
	return r;
}

static __attribute__((noinline)) void set_title(const struct start *start)
{
	char title[512];

	(void)snprintf(title, sizeof(title), "[lxc monitor] %s %s", start->store->path,
	               start->plan.name);
	proc_title_set(title); /* over argv: what the options point to is gone */
}

int start_watch(struct start *start, struct monitor_request *request, struct err *err)
{
	int status;

	if (request->daemon || start->options->close_all_fds)
		fd_close_inherited(3);
	request->store = start->store;
	request->conf = start->conf;
	request->plan = &start->plan;
	request->cgroup = &start->cgroup;
	request->dir = &start->dir;
	request->filter_fd = start->filter_fd;
	request->pidfile = &start->pidfile;
	request->supervised = start->options->supervised;
	request->ready_fd = start->options->ready_fd;
	request->restore = start->restore.dir ? &start->restore : NULL;
	monitor_hold_signals();
	status = climb(start, &request->managed, err);
	if (status < 0) {
		undo(start);
		monitor_report(request, err);
		return status;
	}
	cgroup_host_done(&start->cgroups); /* the monitor lives long, and does without them */
	if (request->daemon)
		set_title(start);
	pidfile_write(&start->pidfile);
	status = monitor_run(request, err);
	if (status < 0)
		return status;
	if (start->options->supervised && WIFSIGNALED(status) && WTERMSIG(status) == SIGINT)
		return 0; /* how the kernel tells a halt, see reboot(2) */
	return start->options->execute || start->options->supervised ? proc_exit_code(status) : 0;
}

static int run_here(struct start *start, struct err *err)
{
	struct monitor_request request = { .report_fd = -EBADF, .console_fd = -EBADF };
	struct err why = {};
	int r;

	r = prepare(start, false, err);
	if (r < 0)
		return r;
	r = start_watch(start, &request, &why);
	if (r < 0 && err)
		*err = why;
	return r;
}

/* The fork that becomes the monitor; returns in the starter only. */
static pid_t fork_monitor(struct start *start, struct monitor_request *request, int *ret_pidfd,
                          struct err *err)
{
	pid_t pid = proc_clone(0, start->cgroup.monitor_fd, ret_pidfd);

	if (pid == -EACCES || pid == -EBUSY || pid == -EOPNOTSUPP) {
		log_info("cannot start the monitor in its own cgroup: %s, continuing in ours",
		         strerror(-pid));
		pid = proc_clone(0, -EBADF, ret_pidfd);
	}
	if (pid < 0) {
		err_set(err, pid, "cannot start the monitor");
		launch_hint_clone(pid, err);
		return pid;
	}
	if (pid == 0) {
		struct err why = {};
		int r;

		(void)setsid();
		r = start_watch(start, request, &why);
		_exit(r < 0 ? 1 : r);
	}
	return pid;
}

/* Not inline: the monitor's stack has the frames of its starter below its own. */
__attribute__((noinline)) int start_wait_report(int fd, int *ret_console, struct err *err)
{
	struct err theirs = {};
	ssize_t n = sock_recv(fd, &theirs, sizeof(theirs), ret_console, 1);

	if (n != (ssize_t)sizeof(theirs))
		return err_say(err, -EPIPE, "the container's monitor ended during the start");
	if (theirs.code < 0 && err)
		*err = theirs;
	return theirs.code;
}

/* A monitor has cleaned up when it is gone, unless it was killed. */
static void end_failed(struct start *start, int pidfd, struct err *err)
{
	int status;

	if (pidfd_wait(pidfd, &status) < 0)
		return;
	if (!WIFSIGNALED(status)) {
		cgroup_unmake(&start->cgroup); /* it may have had no descriptor for that */
		return;
	}
	if (WTERMSIG(status) == SIGKILL && start->cgroup.monitor_path)
		err_hint(err,
		         "SIGKILL ended it: where cgroup.kill was used on '%s', Linux 6.18 "
		         "lets no process enter a cgroup from there: log in anew",
		         start->cgroup.base);
	(void)recover_end(&start->dir, NULL); /* an init that survives its monitor */
	undo(start);
}

static int run_daemon(struct start *start, struct err *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF, none = -EBADF;
	struct monitor_request request = { .daemon = true, .console_fd = -EBADF };
	int pair[2], r;
	pid_t pid;

	r = prepare(start, true, err);
	if (r < 0)
		return r;
	r = sock_pair(pair);
	if (r < 0) {
		undo(start);
		return err_set(err, r, "cannot make a socket pair");
	}
	ours = pair[0];
	theirs = pair[1];
	request.report_fd = theirs;
	pid = fork_monitor(start, &request, &pidfd, err);
	if (pid < 0) {
		undo(start);
		return pid;
	}
	cleanup_close(&theirs);
	r = start_wait_report(ours, &none, err);
	if (r < 0)
		end_failed(start, pidfd, err);
	return r;
}

/* On a terminal: the monitor has the container, we have the terminal. */
static int run_on_terminal(struct start *start, struct err *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF, master = -EBADF;
	_cleanup_close_ int console = -EBADF, output = -EBADF;
	struct monitor_request request = { .tied_to = getpid() };
	int pair[2], stream[2], r, status = 0;
	pid_t pid;

	r = prepare(start, true, err);
	if (r < 0)
		return r;
	r = sock_pair(pair);
	if (r == 0) {
		ours = pair[0];
		theirs = pair[1];
		r = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream) < 0 ? -errno : 0;
	}
	if (r < 0) {
		undo(start);
		return err_set(err, r, "cannot make a socket pair");
	}
	output = stream[0];
	console = stream[1];
	request.report_fd = theirs;
	request.console_fd = console;
	pid = fork_monitor(start, &request, &pidfd, err);
	if (pid < 0) {
		undo(start);
		return pid;
	}
	cleanup_close(&theirs);
	cleanup_close(&console);
	rundir_done(&start->dir);
	/* One report for each boot, with the console of that boot; the last one is end-of-file. */
	r = start_wait_report(ours, &master, err);
	while (r == 0 && master >= 0) {
		struct term_relay relay = { .in_fd = 0,
			                    .out_fd = 1,
			                    .from_fd = output,
			                    .to_fd = master,
			                    .end_fd = ours,
			                    .log_fd = -EBADF,
			                    .pass_to = pidfd };

		r = term_relay_run(&relay, err);
		cleanup_close(&master);
		if (r == 0 && start_wait_report(ours, &master, NULL) < 0)
			break;
	}
	if (pidfd_wait(pidfd, &status) < 0)
		status = 0;
	return r < 0 ? r : proc_exit_code(status);
}

int start_run(struct start *start, struct err *err)
{
	const struct mount_plan *mounts = &start->plan.mounts;

	if (!start->options->foreground)
		return run_daemon(start, err);
	if (!start->options->supervised && isatty(0) && mounts->console)
		return run_on_terminal(start, err);
	return run_here(start, err);
}

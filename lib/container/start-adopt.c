/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A new monitor for what a killed one has left: a container that runs on, or one whose end is not
 * cleared away. It comes to its plan as the start did, by the same options from the configuration
 * as it is now; but what the state file names is opened instead of made, and init stays. How a
 * container ends is then the same as with its first monitor: hooks, network, events, removal of an
 * ephemeral one.
 *
 * All of it is done in a child of the command that met the orphan, which becomes the monitor. */
#include "container/start-internal.h"

#include "base/cleanup.h"
#include "container/monitor.h"
#include "container/recover.h"
#include "container/run.h"
#include "container/start-options.h"
#include "os/fd.h"
#include "os/proc.h"
#include "os/sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct take_over {
	const struct store *store;
	const char *name;
};

static int lock(struct start *start, struct err *err)
{
	const char *name = start->options->name;
	int r = rundir_find(start->store, name, &start->dir);

	if (r == 0)
		r = rundir_lock(&start->dir);
	if (r < 0)
		return err_set(err, r, "cannot lock what the monitor of '%s' has left", name);
	return rundir_lock_home(start->store, name, &start->dir.home_fd, err);
}

/* The limits are in force; what counts is where the container's own cgroups are. */
static int take_place(struct cgroup_host *host, const struct run_state *state)
{
	const char *path = state->payload_cgroup;

	free(host->base);
	host->base = path ? strndup(path, (size_t)(strrchr(path, '/') - path)) : NULL;
	host->rung = path ? CGROUP_RUNG_OWN : CGROUP_RUNG_NONE;
	return path && !host->base ? -ENOMEM : 0;
}

static int decide(struct start *start, const struct run_state *state, struct err *err)
{
	const struct start_request request = start_request_of(start);
	int r = start_load(start, err);

	if (r == 0)
		r = start_find_cgroups(start, err);
	if (r == 0 && take_place(&start->cgroups, state) < 0)
		r = err_oom(err);
	if (r == 0)
		r = start_plan_make(start->store, start->conf, &request, &start->cgroups,
		                    &start->plan, err);
	return r < 0 ? r : start_open_filter(start, err);
}

static int open_cgroups(struct start *start, const struct run_state *state, struct err *err)
{
	struct cgroup *cgroup = &start->cgroup;
	int r = cgroup_reopen(state->monitor_cgroup, state->payload_cgroup,
	                      start->plan.inner_cgroup, cgroup, err);

	if (r == -ENOENT) /* the start had not made it yet */
		r = cgroup_reopen(state->monitor_cgroup, NULL, NULL, cgroup, err);
	for (size_t i = 0; i < state->v1_cgroups.n && r == 0; i++) {
		const char *line = state->v1_cgroups.items[i], *path = run_state_v1_path(state, i);

		r = cgroup_v1_reopen(cgroup, line, (size_t)(path - 1 - line), path, err);
	}
	return r;
}

static int prepare(struct start *start, const struct run_state *state,
                   struct start_record *ret_record, struct rlxc_start_options *options,
                   struct err *err)
{
	const char *name = options->name;
	int r = start_options_read(&start->dir, ret_record);

	if (r < 0)
		return err_set(err, r, "cannot read with what options '%s' was started", name);
	*options = ret_record->options;
	options->name = name;
	r = decide(start, state, err);
	if (r == 0)
		r = open_cgroups(start, state, err);
	return r < 0 ? r : pidfile_open(options->pidfile, &start->pidfile, err);
}

/* What never had an init, or has ended and cannot be planned any more, is cleared away here. */
static int take_over(const struct take_over *job, struct monitor_request *request,
                     struct adoption *adoption, bool *ret_reported, struct err *err)
{
	_cleanup_(run_state_done) struct run_state state = {};
	_cleanup_(start_record_done) struct start_record record = {};
	struct rlxc_start_options options = { .name = job->name };
	_cleanup_(start_done) struct start start = { START_NONE, .store = job->store,
		                                     .options = &options };
	int r = lock(&start, err);

	if (r < 0)
		return r;
	if (run_state_read(&start.dir, &state) < 0 || state.init_pid == 0)
		return recover_end(&start.dir, err);
	r = prepare(&start, &state, &record, &options, err);
	*adoption = (struct adoption){ .pid = state.init_pid,
		                       .pidfd = run_state_open_init(&state),
		                       .net = &state.net };
	if (r < 0)
		return adoption->pidfd < 0 ? recover_end(&start.dir, err) : r;
	if (adoption->pidfd < 0)
		cgroup_kill_hooks(&start.cgroup);
	if (start.cgroup.monitor_fd >= 0) /* from another session we may not */
		(void)cgroup_enter_monitor(&start.cgroup, NULL);
	*ret_reported = true;
	return start_watch(&start, request, err);
}

/* Nothing of the command that met the orphan is ours. */
static _Noreturn void be_monitor(const struct take_over *job, int report_fd)
{
	struct adoption adoption = {};
	struct monitor_request request = {
		.daemon = true, .adoption = &adoption, .report_fd = report_fd, .console_fd = -EBADF
	};
	bool reported = false;
	struct err why = {};
	int r;

	(void)setsid();
	(void)fd_close_from(STDERR_FILENO + 1, &report_fd, 1);
	r = take_over(job, &request, &adoption, &reported, &why);
	if (r < 0 && !reported)
		monitor_report(&request, &why);
	_exit(r < 0 ? 1 : 0);
}

/* Under the lock of another process, and the monitor is dead. */
static bool is_taken_over(const struct rundir *dir)
{
	_cleanup_(run_state_done) struct run_state state = {};
	_cleanup_close_ int pidfd = -EBADF;

	if (run_state_read(dir, &state) < 0 || state.init_pid == 0)
		return false;
	pidfd = run_state_open_monitor(&state);
	return pidfd < 0;
}

int run_adopt(const struct store *store, const char *name, struct err *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF, none = -EBADF;
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	const struct take_over job = { .store = store, .name = name };
	int pair[2], r;
	pid_t pid;

	if (rundir_find(store, name, &dir) < 0)
		return -ESRCH;
	if (rundir_is_locked(&dir))
		return is_taken_over(&dir)
		               ? err_say(err, -EALREADY, "another command has begun to, and hangs")
		               : -ESRCH;
	r = sock_pair(pair);
	if (r < 0)
		return err_set(err, r, "cannot make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	pid = proc_clone(0, -EBADF, &pidfd);
	if (pid == 0)
		be_monitor(&job, theirs);
	if (pid < 0)
		return err_set(err, pid, "cannot start a monitor");
	cleanup_close(&theirs);
	r = start_wait_report(ours, &none, err);
	if (r != -EPIPE)
		return r;
	return pidfd_wait_exit(pidfd, -1); /* of a container that had ended: now all is gone */
}

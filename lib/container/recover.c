/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/recover.h"

#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "container/run.h"
#include "os/proc.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define END_TIMEOUT_MS 5000

int recover_open_init(const struct rundir *dir, pid_t *ret_pid)
{
	_cleanup_(run_state_done) struct run_state state = {};
	int r = run_state_read(dir, &state);

	if (r < 0)
		return -ESRCH;
	if (ret_pid)
		*ret_pid = state.init_pid;
	return run_state_open_init(&state);
}

int recover_left_over(const struct store *store, const char *name, const struct rundir *dir,
                      struct err *err)
{
	_cleanup_(run_state_done) struct run_state state = {};
	_cleanup_close_ int pidfd = -EBADF;

	if (run_state_read(dir, &state) < 0)
		return 0;
	pidfd = run_state_open_init(&state);
	if (pidfd >= 0) {
		err_say(err, -EBUSY, "container '%s' is running, but its monitor is gone", name);
		err_hint(err, "end it first: lxc-stop -k%s %s", STORE_OPTION(store), name);
		return -EBUSY;
	}
	cgroup_remove_stale(state.monitor_cgroup, state.payload_cgroup);
	(void)unlinkat(dir->dir_fd, "state", 0);
	(void)unlinkat(dir->dir_fd, "status", 0);
	return 0;
}

int recover_kill(struct rundir *dir, struct err *err)
{
	_cleanup_(run_state_done) struct run_state state = {};
	_cleanup_close_ int pidfd = -EBADF;
	int r;

	r = rundir_lock(dir);
	if (r < 0)
		return err_set(err, r, "cannot lock what is left of the container");
	if (run_state_read(dir, &state) < 0) {
		rundir_remove(dir);
		return 0;
	}
	pidfd = run_state_open_init(&state);
	if (pidfd >= 0) {
		(void)pidfd_kill(pidfd, SIGKILL);
		r = pidfd_wait_exit(pidfd, END_TIMEOUT_MS);
		if (r < 0)
			return err_set(err, r, "the container's init (pid %d) does not end",
			               (int)state.init_pid);
	}
	cgroup_remove_stale(state.monitor_cgroup, state.payload_cgroup);
	rundir_remove(dir);
	return 0;
}

bool run_is_running(const struct store *store, const char *name)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_close_ int pidfd = -EBADF;

	if (rundir_find(store, name, &dir) < 0)
		return false;
	if (rundir_is_locked(&dir))
		return true;
	pidfd = recover_open_init(&dir, NULL);
	return pidfd >= 0;
}

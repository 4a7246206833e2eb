/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/recover.h"

#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "container/run.h"
#include "net/host.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
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

static void remove_cgroups(const struct run_state *state)
{
	cgroup_remove_stale(state->monitor_cgroup, state->payload_cgroup);
	for (size_t i = 0; i < state->v1_cgroups.n; i++)
		cgroup_v1_remove_stale(run_state_v1_path(state, i));
	for (size_t i = 0; i < state->wanted.n; i++)
		cgroup_remove_unused(state->wanted.items[i]);
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
	net_undo(&state.net, -EBADF);
	remove_cgroups(&state);
	(void)unlinkat(dir->dir_fd, "state", 0);
	(void)unlinkat(dir->dir_fd, "status", 0);
	return 0;
}

/* Interfaces of the host are in there: the namespace must not go before they are out. */
static int hold_netns(const struct run_state *state)
{
	char path[64];

	if (!state->net.n)
		return -EBADF;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)state->init_pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

int recover_end(struct rundir *dir, struct err *err)
{
	_cleanup_(run_state_done) struct run_state state = {};
	_cleanup_close_ int pidfd = -EBADF, netns_fd = -EBADF;
	int r;

	if (run_state_read(dir, &state) < 0) {
		rundir_remove(dir);
		return 0;
	}
	pidfd = run_state_open_init(&state);
	if (pidfd >= 0) {
		netns_fd = hold_netns(&state);
		(void)pidfd_kill(pidfd, SIGKILL);
		for (size_t i = 0; i < state.v1_cgroups.n; i++)
			cgroup_v1_thaw(run_state_v1_path(&state, i));
		r = pidfd_wait_exit(pidfd, END_TIMEOUT_MS);
		if (r < 0)
			return err_set(err, r, "the container's init (pid %d) does not end",
			               (int)state.init_pid);
	}
	net_undo(&state.net, netns_fd);
	remove_cgroups(&state);
	rundir_remove(dir);
	return 0;
}

int recover_kill(struct rundir *dir, struct err *err)
{
	int r = rundir_lock(dir);

	if (r < 0)
		return err_set(err, r, "cannot lock what is left of the container");
	return recover_end(dir, err);
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

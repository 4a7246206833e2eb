/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/stop.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cgroup/cgroup.h"
#include "container/control.h"
#include "container/rundir.h"
#include "os/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define UNDO_TIMEOUT_MS 1000

/* -ETIMEDOUT: no answer before @timeout_ms (-1: never). */
static int ask(int sock, const char *name, bool on, int timeout_ms, struct err *err)
{
	int64_t deadline = clock_ms() + timeout_ms;
	struct pollfd poller = { .fd = sock, .events = POLLIN };
	int r = control_send(sock, CONTROL_FREEZE, on, NULL, 0, NULL, 0);

	if (r < 0)
		return err_set(err, r, "cannot ask the monitor of container '%s'", name);
	do
		r = poll(&poller, 1, timeout_ms < 0 ? -1 : clock_left_ms(deadline));
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return -ETIMEDOUT;
	return control_reply(sock, CONTROL_FREEZE, NULL, 0, NULL, NULL, 0, err);
}

/* "PID (name), ..." of those that hold the freezer up; owned, NULL: none is known. */
static char *list_stuck(const struct store *store, const char *name)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_(run_state_done) struct run_state state = {};
	struct text text = {};
	char *list = NULL;
	size_t n = 0;

	if (rundir_find(store, name, &dir) < 0 || run_state_read(&dir, &state) < 0)
		return NULL;
	if (state.payload_cgroup)
		n = cgroup_name_stuck(state.payload_cgroup, &text);
	for (size_t i = 0; i < state.v1_cgroups.n && !state.payload_cgroup && n == 0; i++)
		n = cgroup_name_stuck(run_state_v1_path(&state, i), &text);
	if (n == 0 || text_finish(&text, &list) < 0)
		text_done(&text);
	return list;
}

static int say_late(const struct store *store, const char *name, bool on, int timeout_s,
                    struct err *err)
{
	_cleanup_free_ char *stuck = on ? list_stuck(store, name) : NULL;

	if (!on)
		return err_say(err, -ETIMEDOUT, "container '%s' is not thawed after %d s", name,
		               timeout_s);
	err_say(err, -ETIMEDOUT, "container '%s' is not frozen after %d s and goes on%s%s", name,
	        timeout_s, stuck ? "; in the way: process " : "", stuck ? stuck : "");
	err_hint(err, "a process that waits in the kernel (for a disk or a network file system) "
	              "cannot be frozen; -t gives it more time");
	return -ETIMEDOUT;
}

int container_freeze(const struct store *store, const char *name, bool on, int timeout_s,
                     struct err *err)
{
	_cleanup_close_ int sock = control_connect(store, name, err);
	int r, timeout_ms = timeout_s < 0 || timeout_s > INT32_MAX / 1000 ? -1 : timeout_s * 1000;

	if (sock < 0)
		return sock;
	r = ask(sock, name, on, timeout_ms, err);
	if (r != -ETIMEDOUT)
		return r;
	r = say_late(store, name, on, timeout_s, err);
	if (on) /* a container of which one half stands still is of no use */
		(void)ask(sock, name, /* on= */ false, UNDO_TIMEOUT_MS, NULL);
	return r;
}

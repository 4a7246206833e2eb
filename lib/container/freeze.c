/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/stop.h"

#include "base/cleanup.h"
#include "container/control.h"
#include "container/stuck.h"
#include "os/clock.h"

#include <errno.h>
#include <poll.h>

#define UNDO_TIMEOUT_MS 1000

/* -ETIMEDOUT: no answer before @timeout_ms (-1: never). */
static int ask(int sock, const char *name, bool on, int timeout_ms, struct err *err)
{
	int64_t deadline = clock_ms() + timeout_ms;
	struct pollfd poller = { .fd = sock, .events = POLLIN };
	int r = control_send(sock, CONTROL_FREEZE, on, NULL, 0, NULL, 0);

	if (r < 0 && r != -EPIPE && r != -ECONNRESET) /* the reply says why it hung up */
		return err_set(err, r, "cannot ask the monitor of container '%s'", name);
	do
		r = poll(&poller, 1, timeout_ms < 0 ? -1 : clock_left_ms(deadline));
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return -ETIMEDOUT;
	return control_reply(sock, CONTROL_FREEZE, NULL, 0, NULL, NULL, 0, err);
}

static int say_late(const struct store *store, const char *name, bool on, int timeout_s,
                    struct err *err)
{
	_cleanup_free_ char *stuck = on ? stuck_list(store, name) : NULL;

	if (!on)
		return err_say(err, -ETIMEDOUT, "container '%s' is not thawed after %d s", name,
		               timeout_s);
	err_say(err, -ETIMEDOUT, "container '%s' is not frozen after %d s and goes on%s", name,
	        timeout_s, stuck ? stuck : "");
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

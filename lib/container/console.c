/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/console.h"

#include "base/cleanup.h"
#include "container/control.h"
#include "term/term.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static void greet(int tty, unsigned char escape)
{
	/* Small letters, and what else Ctrl works with: [\]^_ */
	char key = (char)(escape + (escape <= 26 ? 'a' - 1 : '@'));

	(void)fprintf(
		stderr,
		"\nConnected to tty %d\n"
		"Type <Ctrl+%c q> to exit the console, <Ctrl+%c Ctrl+%c> to enter Ctrl+%c itself\n",
		tty, key, key, key, key);
}

/* After a reboot there is another one (1); when the container ends, so does the connection (0). */
static int next_terminal(int sock, int fds[2], struct err *err)
{
	struct pollfd poller = { .fd = sock, .events = POLLIN };
	struct err why = {};
	int r;

	do /* as long as the way down and up again takes */
		r = poll(&poller, 1, -1);
	while (r < 0 && errno == EINTR);
	r = control_reply(sock, CONTROL_CONSOLE, NULL, 0, NULL, fds, 2, &why);
	if (r == -ESRCH)
		return 0;
	if (r < 0 && err)
		*err = why;
	return r < 0 ? r : 1;
}

/* @first and @second own what @relay uses. */
static void take_terminal(struct term_relay *relay, const int fds[2], int *first, int *second)
{
	cleanup_close(first);
	cleanup_close(second);
	*first = relay->to_fd = fds[0];
	*second = fds[1];
	relay->from_fd = fds[1] >= 0 ? fds[1] : fds[0];
}

int container_console(const struct store *store, const char *name,
                      const struct rlxc_console_options *options, struct err *err)
{
	_cleanup_close_ int sock = -EBADF, first = -EBADF, second = -EBADF;
	struct term_relay relay = {
		.in_fd = 0, .out_fd = 1, .log_fd = -EBADF, .escape = options->escape
	};
	int fds[2], tty, r;

	sock = control_connect(store, name, err);
	if (sock < 0)
		return sock;
	tty = control_call(sock, CONTROL_CONSOLE, options->tty,
	                   options->steal ? CONTROL_CONSOLE_STEAL : NULL, NULL, 0, NULL, fds, 2,
	                   err);
	if (tty < 0)
		return tty;
	relay.end_fd = sock;
	greet(tty, options->escape);
	for (;;) {
		take_terminal(&relay, fds, &first, &second);
		r = term_relay_run(&relay, err);
		if (r != 0)
			return r < 0 ? r : 0;
		r = next_terminal(sock, fds, err);
		if (r <= 0)
			return r;
	}
}

int container_console_log(const struct store *store, const char *name, bool clear, int *ret_fd,
                          struct err *err)
{
	_cleanup_close_ int sock = control_connect(store, name, err);
	int fd, r;

	if (sock < 0)
		return sock;
	r = control_call(sock, CONTROL_CONSOLE_LOG, clear, NULL, NULL, 0, NULL, &fd, 1, err);
	if (r == 0)
		*ret_fd = fd;
	return r < 0 ? r : 0;
}

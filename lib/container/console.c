/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/console.h"

#include "base/cleanup.h"
#include "container/control.h"
#include "term/term.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void greet(int tty, unsigned char escape)
{
	char key = (char)('a' + escape - 1);

	(void)fprintf(
		stderr,
		"\nConnected to tty %d\n"
		"Type <Ctrl+%c q> to exit the console, <Ctrl+%c Ctrl+%c> to enter Ctrl+%c itself\n",
		tty, key, key, key, key);
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
	tty = control_call(sock, CONTROL_CONSOLE, options->tty, NULL, NULL, 0, NULL, fds, 2, err);
	if (tty < 0)
		return tty;
	first = fds[0];
	second = fds[1];
	relay.to_fd = first;
	relay.from_fd = second >= 0 ? second : first;
	relay.end_fd = sock;
	greet(tty, options->escape);
	r = term_relay_run(&relay, err);
	return r < 0 ? r : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "term/term.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>

int term_raw(int fd, struct term_saved *ret_saved)
{
	struct term_saved saved = { .fd = fd };
	struct termios raw;

	ret_saved->fd = -EBADF;
	if (tcgetattr(fd, &saved.saved) < 0)
		return -errno;
	raw = saved.saved;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return -errno;
	*ret_saved = saved;
	return 0;
}

/* A background process that sets a terminal is stopped by SIGTTOU; giving a terminal back must not
 * depend on which job is in front. */
void term_restore(struct term_saved *saved)
{
	sigset_t ttou, old;

	if (saved->fd < 0)
		return;
	(void)sigemptyset(&ttou);
	(void)sigaddset(&ttou, SIGTTOU);
	(void)pthread_sigmask(SIG_BLOCK, &ttou, &old);
	(void)tcsetattr(saved->fd, TCSANOW, &saved->saved);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	saved->fd = -EBADF;
}

void term_copy_size(int from, int to)
{
	struct winsize size;

	if (from >= 0 && to >= 0 && ioctl(from, TIOCGWINSZ, &size) == 0)
		(void)ioctl(to, TIOCSWINSZ, &size);
}

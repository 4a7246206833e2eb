/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "top-screen.h"

#include "base/cleanup.h"
#include "output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Second screen, no cursor, no wrapping of long lines; and back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"
#define BEGIN "\033[H"
#define END "\033[J"

static const int watched[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH };

static int say(const char *text)
{
	return output_write(STDOUT_FILENO, text, strlen(text));
}

/* Signals stay on: Ctrl-C and Ctrl-Z are ours to see. */
static int enter(const struct screen *screen)
{
	struct termios mode = screen->saved;

	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &mode) < 0)
		return -errno;
	return say(ENTER);
}

/* A background process may not set the terminal; whoever is in front has it then. */
static void leave(const struct screen *screen)
{
	void (*old)(int) = signal(SIGTTOU, SIG_IGN);

	(void)say(LEAVE);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &screen->saved);
	(void)signal(SIGTTOU, old);
}

int screen_open(struct screen *screen, struct rlxc_err *err)
{
	sigset_t set;
	int r;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &screen->saved) < 0) {
		output_set(err, -ENOTTY, "standard input and output are no terminal");
		(void)snprintf(err->hint, sizeof(err->hint),
		               "--batch prints lines for another program");
		return -ENOTTY;
	}
	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		(void)sigaddset(&set, watched[i]);
	screen->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (screen->signal_fd < 0)
		return output_set(err, -errno, "cannot take signals: %s", strerror(errno));
	(void)sigprocmask(SIG_BLOCK, &set, &screen->mask);
	r = enter(screen);
	if (r < 0) {
		screen_close(screen);
		return output_set(err, r, "cannot set the terminal: %s", strerror(-r));
	}
	return 0;
}

void screen_close(struct screen *screen)
{
	leave(screen);
	cleanup_close(&screen->signal_fd);
	(void)sigprocmask(SIG_SETMASK, &screen->mask, NULL);
}

unsigned int screen_rows(void)
{
	struct winsize size = {};

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	return size.ws_row ? size.ws_row : 25;
}

int screen_show(const char *text, size_t len)
{
	int r = say(BEGIN);

	if (r == 0)
		r = output_write(STDOUT_FILENO, text, len);
	return r == 0 ? say(END) : r;
}

/* @sig as if it had not been watched: it stops us, or ends us. */
static void suffer(const struct screen *screen, int sig)
{
	sigset_t one;

	leave(screen);
	(void)sigemptyset(&one);
	(void)sigaddset(&one, sig);
	(void)raise(sig);
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
	(void)sigprocmask(SIG_BLOCK, &one, NULL);
	(void)enter(screen);
}

static int take_signal(const struct screen *screen)
{
	struct signalfd_siginfo info;

	if (read(screen->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	switch (info.ssi_signo) {
	case SIGINT:
	case SIGQUIT:
		return SCREEN_QUIT;
	case SIGCONT: /* the shell may have set the terminal meanwhile */
		return enter(screen) < 0 ? SCREEN_QUIT : 0;
	case SIGWINCH:
		return 0;
	default:
		suffer(screen, (int)info.ssi_signo);
		return 0;
	}
}

/* The keys with arrows and the like send several bytes, the first of which is Escape. */
static int take_key(void)
{
	char bytes[32];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : SCREEN_QUIT;
	if (n == 0 || bytes[0] == 'q' || bytes[0] == 'Q')
		return SCREEN_QUIT;
	return bytes[0] > ' ' && bytes[0] < 0x7f ? bytes[0] : 0;
}

int screen_wait(struct screen *screen, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = screen->signal_fd, .events = POLLIN },
	};

	if (poll(fds, ARRAY_SIZE(fds), timeout_ms) < 0)
		return errno == EINTR ? 0 : SCREEN_QUIT;
	if (fds[1].revents)
		return take_signal(screen);
	return fds[0].revents ? take_key() : 0;
}

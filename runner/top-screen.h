/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_TOP_SCREEN_H
#define RLXC_RUNNER_TOP_SCREEN_H

#include <rlxc.h>

#include <signal.h>
#include <termios.h>

/* The terminal of lxc-top: its second screen, keys without Enter, and its size. However the
 * program ends or is stopped, by a signal as well, the terminal is given back as it was. */

struct screen {
	struct termios saved;
	sigset_t mask; /* of signals, as it was */
	int signal_fd;
};

/* Standard input and output have to be terminals. */
int screen_open(struct screen *screen, struct rlxc_err *err);
void screen_close(struct screen *screen);

unsigned int screen_rows(void);
/* Replaces what is shown. */
int screen_show(const char *text, size_t len);

#define SCREEN_QUIT (-1)
/* What happens next: a key; 0: it is time, or the size has changed; SCREEN_QUIT. */
int screen_wait(struct screen *screen, int timeout_ms);

#endif

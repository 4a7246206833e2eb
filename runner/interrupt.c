/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interrupt.h"

#include "output.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

int interrupt_open(const int *signals, size_t n_signals, struct rlxc_err *err)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < n_signals; i++)
		(void)sigaddset(&set, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? output_set(err, -errno, "cannot take signals: %s", strerror(errno)) : fd;
}

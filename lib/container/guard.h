/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_GUARD_H
#define RLXC_CONTAINER_GUARD_H

#include "base/err.h"

#include <signal.h>
#include <stdbool.h>

/* Work that must be undone when the user interrupts it, such as a creation.
 *
 * Between begin and end HUP, INT, QUIT and TERM (those neither ignored nor blocked) are blocked:
 * the caller gets to its clean-up, and the signal takes effect at guard_end. Whatever may take long
 * runs in children, in two steps. guard_run runs @fn in a child and, when a signal comes, closes
 * the pipe whose other end is stop_fd. Somewhere in that child, maybe inside namespaces,
 * guard_supervise runs the work itself in one more child, with the original signals, and ends it
 * and all its descendants when the pipe is closed: by the signal, or because we were killed. */
struct guard {
	sigset_t saved;
	sigset_t watched;
	int signal_fd;
};
#define GUARD_NONE ((struct guard){ .signal_fd = -EBADF })

int guard_begin(struct guard *guard, struct err *err);
/* -EINTR: "interrupted by signal N" when one has come since the beginning; else 0. */
int guard_check(const struct guard *guard, struct err *err);
void guard_end(struct guard *guard);

int guard_run(const struct guard *guard, int (*fn)(void *arg, int stop_fd, struct err *err),
              void *arg, struct err *err);

/* @fn's result, or its error. The child may end in exec: then the exit status counts, 255 is its
 * largest. -EINTR: it was ended by a signal or by us. What a failed one leaves running is killed.
 */
int guard_supervise(const struct guard *guard, int stop_fd, int (*fn)(void *arg, struct err *err),
                    void *arg, struct err *err);

#endif

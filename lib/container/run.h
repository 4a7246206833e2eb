/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_RUN_H
#define RLXC_CONTAINER_RUN_H

#include "base/err.h"
#include "container/store.h"

#include <stdbool.h>

/* Is it running? For commands that only need a yes or no (create, destroy). */

/* True while a monitor holds the container's lock, or its init lives on without one. */
bool run_is_running(const struct store *store, const char *name);
/* A monitor was killed: another one takes over the container that runs on, or clears away what is
 * left of one that has ended (then it is done with that). -ESRCH: there is nothing without a
 * monitor. -EALREADY: another process is at it. */
int run_adopt(const struct store *store, const char *name, struct err *err);
/* Kills init and everything inside and waits until all is gone. 0 also when it was not running. */
int run_kill(const struct store *store, const char *name, struct err *err);

#endif

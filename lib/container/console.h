/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CONSOLE_H
#define RLXC_CONTAINER_CONSOLE_H

#include "api/rlxc.h"
#include "base/err.h"
#include "container/store.h"

/* Connects the caller's terminal to a tty or the console of a running container. The tty is
 * allocated as long as the connection to the monitor is open, over reboots, too. */
int container_console(const struct store *store, const char *name,
                      const struct rlxc_console_options *options, struct err *err);
/* What the console printed last: *@ret_fd, at its beginning. @clear: it is forgotten then. */
int container_console_log(const struct store *store, const char *name, bool clear, int *ret_fd,
                          struct err *err);

#endif

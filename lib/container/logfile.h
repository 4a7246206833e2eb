/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_LOGFILE_H
#define RLXC_CONTAINER_LOGFILE_H

#include "base/err.h"
#include "container/store.h"

#include <stdbool.h>

/* The log file of a command. @file: a path, or NULL or "none"; without a path and with
 * @want_default /var/log/lxc/NAME.log for root with the default store, else NAME.log in the
 * container's directory, and no file (-EBADF) where that cannot be made.
 *
 * Opened once: append, 0640, not through a link, a regular file, and by root never in a directory
 * that others can write. */
int logfile_open(const struct store *store, const char *name, const char *file, bool want_default,
                 int *ret_fd, struct err *err);

#endif

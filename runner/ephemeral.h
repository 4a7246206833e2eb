/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_EPHEMERAL_H
#define RLXC_RUNNER_EPHEMERAL_H

#include "base/strv.h"
#include "options.h"

#include <rlxc.h>

/* Copies that are started at once, and go when they stop: lxc-copy -e, lxc-start-ephemeral. */

/* A list as of lxc-copy -m, "bind=SRC[:DST][:ro|rw],...", as lines of lxc.mount.entry. */
int ephemeral_add_mounts(const char *list, struct strv *lines, struct rlxc_err *err);

/* Makes the copy that @copy asks for, starts it, and with words runs these inside and stops it.
 * The exit code, that of the words' program where there are some. */
int ephemeral_run(const struct request *req, struct rlxc_copy_options *copy, bool foreground);

/* What a copy is made with; says "Created NEW as WHAT of NAME". The exit code. */
int copy_run(const struct request *req, const struct rlxc_copy_options *copy, const char *what,
             char **ret_name);

#endif

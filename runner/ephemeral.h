/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_EPHEMERAL_H
#define RLXC_RUNNER_EPHEMERAL_H

#include "base/strv.h"
#include "options.h"

#include <rlxc.h>

#include <stdbool.h>

/* Copies that are started at once, and go when they stop: lxc-copy -e, lxc-start-ephemeral. */

/* One mount of the copy, "bind=SRC[:DST][:ro|rw|idmap]" or "overlay=SRC[:DST][:idmap]", as a line
 * for rlxc_copy_options; and a list of them, as of lxc-copy -m. */
int ephemeral_add_mount(const char *value, struct strv *lines, struct rlxc_err *err);
int ephemeral_add_mounts(const char *list, struct strv *lines, struct rlxc_err *err);

/* What becomes of the copy, and who runs the words in it. */
struct ephemeral {
	bool foreground;     /* without words: the terminal is its console */
	const char *user;    /* of the container, by su(1) of the container; NULL: its root */
	const char *ssh_key; /* by ssh(1) of the host, with this key; NULL: as lxc-attach does */
};

/* Makes the copy that @copy asks for, starts it, and with words runs these inside and stops it.
 * The exit code, that of the words' program where there are some. */
int ephemeral_run(const struct request *req, struct rlxc_copy_options *copy,
                  const struct ephemeral *how);

/* What a copy is made with; says "Created NEW as WHAT of NAME". The exit code. */
int copy_run(const struct request *req, const struct rlxc_copy_options *copy, const char *what,
             char **ret_name);

#endif

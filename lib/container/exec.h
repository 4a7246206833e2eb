/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_EXEC_H
#define RLXC_CONTAINER_EXEC_H

#include "base/err.h"
#include "base/strv.h"
#include "lsm/lsm.h"

#include <stdint.h>

/* The last step inside a container: becomes a program. A name without a slash is looked up in the
 * PATH of the environment that the program gets. Returns only on failure, with what is wrong
 * in words (missing interpreter, wrong architecture, ...). -ENOENT for a path that is not there
 * has no hint: only the caller knows where the path comes from. */
int exec_program(char *const *argv, const struct strv *environment, struct err *err);

/* The same for @shell, a path, which is told to be a login shell. */
int exec_login_shell(const char *shell, const struct strv *environment, struct err *err);

/* What a process that is on its way into a container must do before anything inside can reach it.
 * The MUSTs: nobody inside traces it (it is not dumpable until its exec), it has no descriptor that
 * a link of the container could lead to, and no way back through its working directory. */

/* Not dumpable: without this, root of a container may trace whoever joins its user namespace, and
 * with him his descriptors and his memory. Again after each change of ids, which resets it. */
void exec_hide(void);
/* A session keyring of its own with the label, by the host's procfs, made with the caller's ids and
 * quota: one that the container could fill up would leave it with the caller's keys. */
int exec_new_keyring(const struct lsm_label *label, struct err *err);
/* Enters a directory of the container. No link of procfs is followed, which could lead to any
 * descriptor (CVE-2024-21626), and the result is below the container's root. */
int exec_enter_dir(const char *path);
/* Where 0, 1 or 2 is the host's /dev/null, puts a node of our own there: root without a user
 * namespace could change the mode of the host's. Does nothing without CAP_MKNOD. */
int exec_replace_null(struct err *err);

/* Default signal mask, every descriptor from 3 on closed by the exec to come, and last of all the
 * filter for system calls, which may forbid any of that (-EBADF: there is none). @notify_fd: see
 * seccomp_load. */
int exec_prepare(int filter_fd, int notify_fd, struct err *err);
/* The capabilities that installing it needs, for caps_apply. */
uint64_t exec_filter_caps(int filter_fd);

#endif

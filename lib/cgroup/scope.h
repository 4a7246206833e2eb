/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CGROUP_SCOPE_H
#define RLXC_CGROUP_SCOPE_H

#include "base/err.h"
#include "host/caller.h"

#include <stdbool.h>
#include <sys/types.h>

/* Is there a socket to ask at? Whether it can be trusted shows when it is used. */
bool cgroup_scope_has_manager(const struct caller *caller);
/* Asks the service manager (the user's, or the host's when root calls) for the transient delegated
 * scope lxc-NAME.scope and to move @pid there. @ret_path: as /proc/PID/cgroup would name it; owned.
 * The scope goes when its last process does.
 *
 * -ENOENT: there is no manager to ask (no socket that can be trusted: found out at once), or no
 * program or library to ask with. -EPERM, -EREMOTEIO: it refused, the error has its words.
 * -ETIMEDOUT: it did not answer within 5 seconds; it may still move @pid later. */
int cgroup_scope_ask(const struct caller *caller, const char *name, pid_t pid, char **ret_path,
                     struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_ATTACH_H
#define RLXC_CONTAINER_ATTACH_H

#include "api/rlxc.h"
#include "base/err.h"
#include "container/store.h"

/* Runs a program in a running container.
 *
 * Three processes. The caller stays outside and moves bytes; a helper joins the namespaces (which
 * for pids counts for its children only) and at once clones the program's process as a child of
 * the caller, straight into the container's cgroup; that one sheds what is left of the host and
 * executes. It is not dumpable for the container before the exec: its memory belongs to the outer
 * user namespace, so nobody inside can trace it. Where that clone is refused the same helper is
 * forked by the monitor instead (attach-spawn.c); it then stays to wait for the program.
 *
 * MUSTs: init is identified by the pidfd that the monitor sent; the caller's terminal is never
 * handed over, by no descriptor and not by its session (a terminal of the container's own devpts
 * is used, and checked to be one); no descriptor but 0-2 survives; passwd of the container is read
 * as hostile; the program ends with the caller. */
int container_attach(const struct store *store, const char *name,
                     const struct rlxc_attach_options *options, struct err *err);

#endif

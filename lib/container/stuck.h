/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_STUCK_H
#define RLXC_CONTAINER_STUCK_H

#include "container/store.h"

/* "; in the way: process PID (name), ..." of a container's processes that wait in the kernel, where
 * neither a freezer nor SIGKILL reaches them; owned, or NULL: none is known. */
char *stuck_list(const struct store *store, const char *name);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_DEVICE_NODE_H
#define RLXC_CONTAINER_DEVICE_NODE_H

#include "base/err.h"
#include "container/entry.h"

#include <sys/stat.h>

/* A device node of the host, bound into a running container. */

/* The host's node @source appears inside at @target, which must not be there yet. @ret_st: of the
 * node. A node that container root could not open is refused, with what is in its way. */
int device_node_add(const struct entry *entry, const char *source, const char *target,
                    struct stat *ret_st, struct err *err);
/* Takes the node at @target away, however it came there. -ENODEV: it is no device. */
int device_node_remove(const struct entry *entry, const char *target, struct stat *ret_st,
                       struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_UNDO_H
#define RLXC_NET_UNDO_H

#include "base/strv.h"
#include "net/talk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The line "phys" of net_undo (host.h): one interface of the host that is inside a container. */

/* Adds it. @address: in hexadecimal, or "-" when it does not change; @inner_index: 0 until it is
 * known. -ENOMEM. */
int net_undo_add_phys(struct strv *undo, const struct net_device *device, const char *address,
                      const char *inner, uint32_t inner_index);
/* Adds a copy of @line under which the interface comes back as @name. -ENOMEM, -EINVAL. */
int net_undo_copy_phys(const char *line, const char *name, struct strv *undo);
/* The line of the interface that is called @name in the network namespace, or was on the host;
 * @ret_old: its name there. */
bool net_undo_find_phys(const struct strv *undo, int netns_fd, const char *name, size_t *ret_at,
                        char ret_old[NET_NAME_SIZE]);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERIDMAP_LEND_H
#define RLXC_USERIDMAP_LEND_H

#include "mounts.h"
#include "order.h"
#include "source.h"

/* Making the mount. It is never attached where anybody sees it, and no namespace of a caller is
 * entered: the map's and the one that locks are made here and gone before the answer.
 *
 * MUSTs: 1. What the kernel shows of the finished mount is what was ordered. 2. Whoever gets it
 * cannot take an attribute away: tried on the very descriptor. Both end the program otherwise, as
 * every failure does.
 *
 * Each needs the capabilities SYS_ADMIN, SETUID and SETGID, and real ids of root: the maker of a
 * namespace is its owner. */

/* A user namespace with the map: disk ids are those inside. */
int lend_namespace(const struct order *order, int proc_fd);
/* A detached copy of the source with that map. */
int lend_copy(const struct source *source, const struct order *order, int namespace_fd);
/* A copy of it with its attributes locked, by way of a mount namespace that this process enters;
 * @facts: of the source's mount. */
int lend_lock(int copy_fd, const struct mounts_facts *facts, uint64_t attr, int proc_fd);

/* Facts about a mount of our mount namespace. */
void lend_look(int proc_fd, uint64_t mount_id, struct mounts_facts *ret_facts);

#endif

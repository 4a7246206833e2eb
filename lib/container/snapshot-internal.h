/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_SNAPSHOT_INTERNAL_H
#define RLXC_CONTAINER_SNAPSHOT_INTERNAL_H

#include "container/snapshot.h"

/* The container is what it was when @snapshot, which is in @snaps, was made. */
int snapshot_restore_here(const struct store *store, const struct store *snaps, const char *name,
                          const char *snapshot, const struct rlxc_copy_options *more,
                          struct err *err);

#endif

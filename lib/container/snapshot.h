/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_SNAPSHOT_H
#define RLXC_CONTAINER_SNAPSHOT_H

#include "api/rlxc.h"
#include "base/err.h"
#include "container/store.h"

/* Snapshots are containers of their own, called snapN, in the directory `snaps` of the container;
 * or, where LXC 1.0 has begun it, in LXCPATHsnaps/NAME. The functions are those of rlxc.h. */

/* The one of both that it is for the container @name. -ENOMEM. */
int snapshot_find_dir(const struct store *store, const char *name, char **ret_path);

int container_snapshot_create(const struct store *store, const char *name, const char *comment,
                              const struct rlxc_copy_options *more, char **ret_name,
                              struct err *err);
int container_snapshot_list(const struct store *store, const char *name,
                            struct rlxc_snapshot **ret_list, size_t *ret_n, struct err *err);
void container_snapshot_list_free(struct rlxc_snapshot *list, size_t n);
int container_snapshot_destroy(const struct store *store, const char *name, const char *snapshot,
                               struct err *err);
int container_snapshot_restore(const struct store *store, const char *name, const char *snapshot,
                               const char *new_name, const struct rlxc_copy_options *more,
                               struct err *err);

#endif

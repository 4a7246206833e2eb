/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CGROUP_ITEM_H
#define RLXC_CONTAINER_CGROUP_ITEM_H

#include "base/err.h"
#include "container/store.h"

#include <stdbool.h>

/* One file of a running container's cgroups, see cgroup/item.h. @ret_text: owned. */
int container_cgroup_get(const struct store *store, const char *name, const char *file,
                         char **ret_text, struct err *err);
int container_cgroup_set(const struct store *store, const char *name, const char *file,
                         const char *value, struct err *err);
/* Adds a device rule ("c 10:229 rwm") to those of the container whose monitor @sock leads to, if
 * any are in force there: without rules everything is allowed. */
int container_cgroup_rule(int sock, bool allow, const char *rule, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_START_H
#define RLXC_CONTAINER_START_H

#include "api/rlxc.h"
#include "base/err.h"
#include "base/strv.h"
#include "container/store.h"

/* The way of a start: configuration, facts, plan, run-time directory, cgroup, monitor.
 * Returns as rlxc_start says. */
int container_start(const struct store *store, const struct rlxc_start_options *options,
                    struct err *err);
int container_start_plan(const struct store *store, const struct rlxc_start_options *options,
                         char **ret_json, struct err *err);
/* The same without the plan. *ret_warnings: sentences about limits that cannot hold here, and
 * settings that change the host. */
int container_start_check(const struct store *store, const struct rlxc_start_options *options,
                          struct strv *ret_warnings, struct err *err);

#endif

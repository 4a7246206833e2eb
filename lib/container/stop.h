/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_STOP_H
#define RLXC_CONTAINER_STOP_H

#include "api/rlxc.h"
#include "base/err.h"
#include "container/store.h"

/* Commands that change or wait for a container's state; see rlxc.h. */
int container_stop(const struct store *store, const char *name,
                   const struct rlxc_stop_options *options, struct err *err);
int container_freeze(const struct store *store, const char *name, bool on, int timeout_s,
                     struct err *err);
int container_wait(const struct store *store, const char *name, unsigned int states, int timeout_s,
                   struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_WATCH_H
#define RLXC_CONTAINER_WATCH_H

#include "api/rlxc.h"
#include "base/err.h"
#include "container/store.h"

/* See rlxc.h. */
int container_watch(const struct store *store, const struct rlxc_watch_options *options,
                    struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CREATE_H
#define RLXC_CONTAINER_CREATE_H

#include "api/rlxc.h"
#include "base/err.h"
#include "container/store.h"

int container_create(const struct store *store, const struct rlxc_create_options *options,
                     struct err *err);
int container_destroy(const struct store *store, const char *name, bool force, bool snapshots,
                      struct err *err);
int container_template_help(const struct store *store, const char *template_name, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CHECK_CONFIG_H
#define RLXC_CONTAINER_CHECK_CONFIG_H

#include "api/rlxc.h"
#include "base/err.h"
#include "container/store.h"

/* Configurations for people: see rlxc_explain and rlxc_check_config in rlxc.h. */
int container_explain(const char *key, struct rlxc_key **ret_keys, size_t *ret_n, struct err *err);
int container_check_config(const struct store *store, const char *path,
                           void (*see)(void *arg, const struct rlxc_line *line), void *arg,
                           unsigned int *ret_wrong, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_BOOT_H
#define RLXC_CONTAINER_BOOT_H

#include "api/rlxc.h"
#include "base/err.h"
#include "container/store.h"

/* What the configurations of all containers say about being started with the host. In one block
 * each; one that cannot be read has .config_error. Sorted by name. */
int container_boots(const struct store *store, struct rlxc_boot **ret_boots, size_t *ret_n,
                    struct err *err);
void container_boots_free(struct rlxc_boot *boots, size_t n);

#endif

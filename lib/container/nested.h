/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_NESTED_H
#define RLXC_CONTAINER_NESTED_H

#include "container/store.h"

#include "api/rlxc.h"

/* The containers inside the running container @name. Names are "NAME/INNER", pids as they are seen
 * inside. A container that cannot be asked has none, and why is
 * logged. */
int nested_list(const struct store *store, const char *name, unsigned int want,
                struct rlxc_list **ret_list, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_DEVICE_H
#define RLXC_CONTAINER_DEVICE_H

#include "base/err.h"
#include "container/store.h"

/* Devices of the host for a running container, until it ends or reboots: see rlxc_device_add and
 * rlxc_device_remove in rlxc.h. */
int container_device_add(const struct store *store, const char *name, const char *device,
                         const char *other, struct err *err);
int container_device_remove(const struct store *store, const char *name, const char *device,
                            const char *other, struct err *err);

#endif

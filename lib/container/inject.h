/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_INJECT_H
#define RLXC_CONTAINER_INJECT_H

#include "base/err.h"
#include "container/store.h"

/* Mounts of the host's files in a running container: see rlxc_mount and rlxc_umount in rlxc.h. */
int container_mount(const struct store *store, const char *name, const char *source,
                    const char *target, const char *options, struct err *err);
int container_umount(const struct store *store, const char *name, const char *target,
                     struct err *err);

#endif

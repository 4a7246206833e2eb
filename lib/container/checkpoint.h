/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CHECKPOINT_H
#define RLXC_CONTAINER_CHECKPOINT_H

#include "api/rlxc.h"
#include "base/err.h"
#include "conf/conf.h"
#include "container/store.h"

/* Checkpoints: what runs in a container, written to a directory by criu(8), and the start that
 * goes on from there instead of booting. */

/* What rlxc_checkpoint does. -EOPNOTSUPP names the first line of the configuration that has to
 * change. */
int container_checkpoint(const struct store *store, const char *name,
                         const struct rlxc_checkpoint_options *options, struct err *err);

struct criu;
/* Before anything is changed, after criu_check. The same -EOPNOTSUPP. */
int checkpoint_begin_restore(const struct conf *conf, const struct rlxc_checkpoint_options *options,
                             struct criu *ret_restore, struct err *err);
struct launch_request;
struct launched;
/* In the monitor, in the place of container_launch: init becomes its child. */
int checkpoint_restore(const struct launch_request *request, struct criu *restore,
                       struct launched *ret_launched, struct err *err);

#endif

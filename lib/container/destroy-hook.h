/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_DESTROY_HOOK_H
#define RLXC_CONTAINER_DESTROY_HOOK_H

#include "base/err.h"
#include "conf/conf.h"

/* Runs each lxc.hook.destroy of the container, as the caller, before anything is removed. The
 * first one that fails ends it: -ECANCELED. See lxc.container.conf(5) for arguments and variables.
 */
int destroy_run_hooks(const struct conf *conf, const char *name, struct err *err);

#endif

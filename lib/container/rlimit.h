/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_RLIMIT_H
#define RLXC_CONTAINER_RLIMIT_H

#include "base/err.h"
#include "conf/conf.h"

#include <sys/resource.h>

/* lxc.prlimit.NAME = SOFT[:HARD], in the units of setrlimit(2); "unlimited". */
int rlimit_parse(const struct conf_pair *pair, int *ret_resource, struct rlimit *ret_limit,
                 struct err *err);
/* Sets one on the calling process. */
int rlimit_apply(const struct conf_pair *pair, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_SECCOMP_CACHE_H
#define RLXC_SECCOMP_CACHE_H

#include "base/err.h"
#include "host/caller.h"

/* Compiled policies, one file each, named by a hash of policy and version: the first start with a
 * policy runs rlxc-seccomp, the next ones open a file of the cache (see host/cache.h). One that is
 * damaged is replaced. */

/* An open file for seccomp_load: of the cache, or of memory where there can be no cache. */
int seccomp_cache_open(const struct caller *caller, const char *policy, struct err *err);

#endif

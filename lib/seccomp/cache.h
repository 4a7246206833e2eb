/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_SECCOMP_CACHE_H
#define RLXC_SECCOMP_CACHE_H

#include "base/err.h"
#include "host/caller.h"

/* Compiled policies, one file each, named by a hash of policy and version: the first start with a
 * policy runs rlxc-seccomp, the next ones open a file. The directory is /var/cache/rlxc/seccomp for
 * root, rlxc/seccomp in $XDG_CACHE_HOME or below ~/.cache for others. Nothing is believed of it:
 * where it, or a file in it, is not the caller's alone, or not what it should be, the policy is
 * compiled anew, and a file that is damaged is replaced. */

/* An open file for seccomp_load: of the cache, or of memory where there can be no cache. */
int seccomp_cache_open(const struct caller *caller, const char *policy, struct err *err);

#endif

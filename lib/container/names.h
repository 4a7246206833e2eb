/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_NAMES_H
#define RLXC_CONTAINER_NAMES_H

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "conf/conf.h"

/* How the configuration calls the container's cgroups: lxc.cgroup.dir*, or without any of them the
 * system's lxc.cgroup.pattern. */
struct names {
	struct cgroup_names cgroup; /* borrowed from the configuration, or the two below */
	char *payload, *monitor;    /* what a pattern says */
};

/* @name and @conf are borrowed; @pattern: NULL or "" for none. -EINVAL: keys that exclude or miss
 * each other. */
int names_make(const char *name, const struct conf *conf, const char *pattern,
               struct names *ret_names, struct err *err);
void names_done(struct names *names);

#endif

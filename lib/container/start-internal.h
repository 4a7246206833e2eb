/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_START_INTERNAL_H
#define RLXC_CONTAINER_START_INTERNAL_H

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "container/pidfile.h"
#include "container/plan.h"
#include "container/rundir.h"
#include "container/start.h"

#include <stdbool.h>

/* What start.c (deciding), start-run.c (acting) and pidfile.c share. */

/* Everything a start gathers before it acts. */
struct start {
	const struct store *store;
	const struct rlxc_start_options *options;
	struct conf *conf;
	struct cgroup_host cgroups;
	struct start_plan plan;
	struct rundir dir;
	struct cgroup cgroup;
	int log_fd;    /* of lxc.log.file */
	int filter_fd; /* for seccomp_load, -EBADF: none */
	bool dry_run;  /* nothing may be touched */
	struct pidfile pidfile;
};

/* start.c: again when a rung of the ladder of cgroups was missed, which the plan depends on. */
int start_make_plan(struct start *start, struct err *err);
/* start-run.c: carries the plan out, in the way that the options ask for. Returns what
 * container_start does. */
int start_run(struct start *start, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_START_INTERNAL_H
#define RLXC_CONTAINER_START_INTERNAL_H

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "container/criu.h"
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
	struct criu restore; /* .dir NULL: it boots */
};

#define START_NONE                                                                                 \
	.dir = RUNDIR_NONE, .cgroup = CGROUP_NONE, .log_fd = -EBADF, .filter_fd = -EBADF,          \
	.pidfile = PIDFILE_NONE

void start_done(struct start *start);
/* start.c: the steps of deciding that a monitor which takes over needs, too. */
int start_load(struct start *start, struct err *err);
int start_find_cgroups(struct start *start, struct err *err);
struct start_request start_request_of(const struct start *start);
int start_open_filter(struct start *start, struct err *err);
/* start.c: again when a rung of the ladder of cgroups was missed, which the plan depends on. */
int start_make_plan(struct start *start, struct err *err);
/* start-run.c: carries the plan out, in the way that the options ask for. Returns what
 * container_start does. */
int start_run(struct start *start, struct err *err);

struct monitor_request;
/* In the process that will be the monitor: fills the request and lives until all is gone. Who waits
 * for a report has got it. @err is not NULL. */
int start_watch(struct start *start, struct monitor_request *request, struct err *err);
/* What the monitor says once init runs, or why it does not. -EPIPE: it is gone. */
int start_wait_report(int fd, int *ret_console, struct err *err);

#endif

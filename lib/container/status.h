/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_STATUS_H
#define RLXC_CONTAINER_STATUS_H

#include "api/rlxc.h"
#include "base/strv.h"
#include "container/rundir.h"

#include <stdbool.h>
#include <stddef.h>

/* What a list shows of a running container, published by its monitor in the file "status" of the
 * run-time directory whenever it changes: hundreds of containers are listed without waking one
 * monitor. See record.h. The monitor's lock, not this file, says that it runs. */

#define STATUS_ADDRS_MAX 64

struct run_status {
	enum rlxc_state state;
	pid_t init_pid, monitor_pid;
	bool autostart, unprivileged;
	char groups[256];        /* joined with ", " */
	struct rlxc_addr *addrs; /* owned */
	size_t n_addrs;          /* at most STATUS_ADDRS_MAX */
	struct strv leaves;      /* of its cgroups, see cgroup_list_leaves */
};

int run_status_write(const struct rundir *dir, const struct run_status *status);
void run_status_done(struct run_status *status);
/* -ENOENT: not published yet. A malformed line is -EBADMSG. */
int run_status_read(const struct rundir *dir, struct run_status *ret_status);
/* The same for text. */
int run_status_parse(char *text, struct run_status *ret_status);
/* What its monitor has published last; before that it starts. */
enum rlxc_state run_status_state(const struct rundir *dir);

#endif

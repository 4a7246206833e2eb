/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_MONITOR_H
#define RLXC_CONTAINER_MONITOR_H

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "conf/conf.h"
#include "container/plan.h"
#include "container/rundir.h"
#include "container/store.h"

#include <stdbool.h>

/* The process that watches one container: the only long-lived one of ours. One epoll loop over
 * init's pidfd, the control socket and its clients, and the console. It reaps init, starts it
 * again after a reboot, and takes everything away at the end. */

struct pidfile;
struct criu;

/* A container that another monitor has started, and was killed. */
struct adoption {
	pid_t pid;              /* of init */
	int pidfd;              /* -EBADF: it has ended, too */
	const struct strv *net; /* what net_undo takes back */
};

struct monitor_request {
	const struct store *store;
	struct conf *conf;
	struct start_plan *plan;
	struct cgroup *cgroup;
	struct rundir *dir; /* locked */
	bool daemon;        /* nobody's terminal: 0-2 become /dev/null */
	int report_fd;      /* told when init runs, by a struct err with code 0, or why not; -EBADF:
	                     * nobody waits. With console_fd the console's master comes along, and
	                     * the same again after each reboot */
	int filter_fd;      /* of system calls, -EBADF: there is none */
	int console_fd;     /* gets what the console prints, -EBADF */
	pid_t tied_to;      /* the parent that it ends with, 0: none */
	bool managed;       /* in a scope: SIGTERM is the service manager's */
	bool supervised;    /* SIGTERM is a supervisor's, which has more patience */
	int ready_fd;       /* notify_ready_fd, 0: none */
	const struct adoption *adoption; /* NULL: a container is started */
	struct criu *restore;            /* from checkpoint_begin_restore; NULL: it boots */
	const struct pidfile *pidfile;   /* removed before anybody hears that all is gone */
};

/* Keeps the signals that the monitor takes for when it can: a start that is interrupted still
 * cleans up, and a scope can be stopped from the moment it is there. Called before monitor_run. */
void monitor_hold_signals(void);
/* Runs until the container is gone. Returns init's wait status, or a negative errno when it never
 * ran (then @err, which is not NULL, says why). Everything is cleaned up. */
int monitor_run(const struct monitor_request *request, struct err *err);
/* Tells who waits at report_fd that nothing will run: for what fails before monitor_run. */
void monitor_report(const struct monitor_request *request, const struct err *err);

#endif

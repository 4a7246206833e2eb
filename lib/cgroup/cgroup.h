/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CGROUP_CGROUP_H
#define RLXC_CGROUP_CGROUP_H

#include "base/err.h"
#include "host/caller.h"

#include <stdbool.h>
#include <stdint.h>

/* The cgroups of one container. See Documentation/admin-guide/cgroup-v2.rst.
 *
 * On cgroup2 (pure or hybrid hosts) a container has two leaves below its base: lxc.monitor.NAME
 * for our process and lxc.payload.NAME for everything inside, which the container root owns as
 * far as /sys/kernel/cgroup/delegate lists. Nobody is ever moved: processes are born where they
 * belong (CLONE_INTO_CGROUP), because a write to cgroup.procs costs 10 ms. */

/* What the host offers; filled once by cgroup_host_load. */
struct cgroup_host {
	bool has_v2;
	bool pure_v2;      /* no v1 hierarchy is mounted */
	char *v2_mount;    /* /sys/fs/cgroup or /sys/fs/cgroup/unified */
	char *base;        /* directory (absolute) below which we may make cgroups, or NULL */
	char *why_no_base; /* one sentence for people, when base is NULL */
};
int cgroup_host_load(const struct caller *caller, struct cgroup_host *ret_host, struct err *err);
void cgroup_host_done(struct cgroup_host *host);

struct cgroup {
	char *base, *monitor_path, *payload_path; /* absolute; NULL when there is no cgroup */
	int base_fd, monitor_fd, payload_fd;      /* O_DIRECTORY, usable for CLONE_INTO_CGROUP */
};
#define CGROUP_NONE                                                                                \
	((struct cgroup){ .base_fd = -EBADF, .monitor_fd = -EBADF, .payload_fd = -EBADF })

/* Makes the leaves (a number is appended when a name is taken: -1, -2, ... -999; an empty left-over
 * of the same name is reused). @with_monitor: also the monitor's. Without a base: CGROUP_NONE, 0.
 */
int cgroup_make(const struct cgroup_host *host, const char *name, bool with_monitor,
                struct cgroup *ret_cgroup, struct err *err);
/* Gives the delegatable files of the payload leaf to container root: called inside the user
 * namespace that maps @uid/@gid, or as root. @fd: payload_fd. */
int cgroup_delegate(int payload_fd, uid_t uid, gid_t gid, struct err *err);
/* Opens the leaves of a running container again, from recorded paths (NULL allowed). */
int cgroup_reopen(const char *monitor_path, const char *payload_path, struct cgroup *ret_cgroup,
                  struct err *err);
void cgroup_done(struct cgroup *cgroup);

/* Kills all in the payload leaf by cgroup.kill (-EOPNOTSUPP without cgroup). */
int cgroup_kill(const struct cgroup *cgroup);
/* Asks for freezing or thawing; completion shows in cgroup.events, see cgroup_events_open. */
int cgroup_freeze(const struct cgroup *cgroup, bool on, struct err *err);
/* fd of cgroup.events for poll(2) with POLLPRI; read by cgroup_events_read. */
int cgroup_events_open(const struct cgroup *cgroup);
int cgroup_events_read(int fd, bool *ret_populated, bool *ret_frozen);
/* Removes the payload leaf and what the container made below it; waits up to @timeout_ms for it to
 * be empty. Never follows links. */
int cgroup_remove_payload(struct cgroup *cgroup, int timeout_ms);
/* Removes the monitor's own leaf from inside it: leaves a short-lived process in the base that
 * does so once the caller has ended. */
void cgroup_remove_monitor_later(const struct cgroup *cgroup);
/* Removes both leaves by path, for a container whose monitor is gone. */
void cgroup_remove_stale(const char *monitor_path, const char *payload_path);

/* UINT64_MAX: not known. */
struct cgroup_stats {
	uint64_t cpu_ns, memory_bytes, kernel_memory_bytes, swap_bytes, io_bytes;
};
void cgroup_stats_read(int payload_fd, struct cgroup_stats *ret_stats);

#endif

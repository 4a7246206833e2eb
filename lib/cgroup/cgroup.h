/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CGROUP_CGROUP_H
#define RLXC_CGROUP_CGROUP_H

#include "base/err.h"
#include "host/caller.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

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
 * of the same name is made anew). @with_monitor: also the monitor's. Without a base: CGROUP_NONE,
 * 0. The fds hold the locks that mark the leaves as used: the monitor keeps them open. */
int cgroup_make(const struct cgroup_host *host, const char *name, bool with_monitor,
                struct cgroup *ret_cgroup, struct err *err);
/* Gives the directory and the delegatable files of the payload leaf to container root: called as
 * root with host ids, or inside the user namespace, once its maps are written, with the ids as
 * seen there (0, 0). There an ordinary user's process must still have the uid that made the leaf:
 * that comes before setresuid, and the files are given by group (see cgroup-make.c); the thread's
 * fsgid is @gid afterwards. @payload_fd < 0: nothing to do. -EPERM: an id that is not mapped. */
int cgroup_delegate(int payload_fd, uid_t uid, gid_t gid, struct err *err);
/* Opens the leaf below @payload_fd that processes from outside enter when the payload's own cgroup
 * takes none (-EBUSY), because an init inside has passed controllers on to its children. It is
 * called ".lxc", as LXC's is, and removed with the rest. Returns a descriptor. */
int cgroup_open_guests(int payload_fd);
/* Opens the leaves of a running container again, from recorded paths (NULL allowed). A monitor leaf
 * that is gone is left out; -ENOENT: the payload's is gone. -EINVAL: not below one base. */
int cgroup_reopen(const char *monitor_path, const char *payload_path, struct cgroup *ret_cgroup,
                  struct err *err);
void cgroup_done(struct cgroup *cgroup);

/* Kills all in the payload leaf by cgroup.kill. -EOPNOTSUPP: no cgroup, or Linux before 5.14. */
int cgroup_kill(const struct cgroup *cgroup);
/* Asks for freezing or thawing; completion shows in cgroup.events, see cgroup_events_open. */
int cgroup_freeze(const struct cgroup *cgroup, bool on, struct err *err);
/* fd of cgroup.events for poll(2) with POLLPRI; read by cgroup_events_read. */
int cgroup_events_open(const struct cgroup *cgroup);
int cgroup_events_read(int fd, bool *ret_populated, bool *ret_frozen);
/* Removes the payload leaf and what the container made below it; waits up to @timeout_ms for it to
 * be empty (-EBUSY: it was not). Never follows links. On success the leaf is no longer part of
 * @cgroup. -EACCES: cgroups of the container's ids are left, an ordinary user needs the next one.
 */
int cgroup_remove_payload(struct cgroup *cgroup, int timeout_ms);
/* The same; what the caller's own rights do not reach is removed by a child that enters the
 * container's user namespace (@userns_fd, -EBADF: none). */
int cgroup_remove_payload_in_userns(struct cgroup *cgroup, int userns_fd, int timeout_ms);
/* Makes the payload leaf anew, for a reboot: what the last init handed on to its children would
 * keep the next one out (-EBUSY), and since 6.18 so does a cgroup.kill. Nothing without a leaf. */
int cgroup_renew_payload(struct cgroup *cgroup, const char *name, int userns_fd, int timeout_ms,
                         struct err *err);
/* Removes the monitor's own leaf from inside it: leaves a short-lived process in the base that
 * does so once the caller has ended. */
void cgroup_remove_monitor_later(const struct cgroup *cgroup);
/* Removes both leaves by path, for a container whose monitor is gone and whose processes were
 * killed. A leaf that is in use again stays. An ordinary user calls it in a child inside a user
 * namespace with the container's map when the container had cgroups of its own. */
void cgroup_remove_stale(const char *monitor_path, const char *payload_path);

/* UINT64_MAX: not known. */
struct cgroup_stats {
	uint64_t cpu_ns, memory_bytes, kernel_memory_bytes, swap_bytes, io_bytes;
};
void cgroup_stats_read(int payload_fd, struct cgroup_stats *ret_stats);

#endif

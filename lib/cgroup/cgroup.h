/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CGROUP_CGROUP_H
#define RLXC_CGROUP_CGROUP_H

#include "base/err.h"
#include "base/strv.h"
#include "host/caller.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The cgroups of one container. See Documentation/admin-guide/cgroup-v2.rst.
 *
 * On cgroup2 (pure or hybrid hosts) a container has two leaves below its base: lxc.monitor.NAME
 * for our process and lxc.payload.NAME for everything inside, which the container root owns as
 * far as /sys/kernel/cgroup/delegate lists. Nobody is ever moved: processes are born where they
 * belong (CLONE_INTO_CGROUP), because a write to cgroup.procs costs 10 ms.
 *
 * Controllers that are on v1 hierarchies (hybrid and legacy hosts) are used there: where something
 * needs one of them (see needs_v1 in container/plan.c), the container has a leaf lxc.payload.NAME
 * in each hierarchy that is writable for us, and init is moved into all of them in a row: the first
 * of these writes costs those 10 ms, the others nothing. */

/* One v1 hierarchy. See Documentation/admin-guide/cgroup-v1/cgroups.rst. */
struct cgroup_hierarchy {
	char *controllers; /* as in /proc/PID/cgroup: "memory", "cpu,cpuacct", "name=systemd" */
	char *mount;       /* mount point; NULL: not mounted where we see it */
	char *mount_root;  /* the cgroup that is seen there */
	char *dir;         /* directory (absolute) below which our leaves go; NULL: not seen */
	char *why_not;     /* one sentence for people: why we cannot make leaves; NULL: we can */
};

/* How a start comes to the directory below which its leaves are made. */
enum cgroup_rung {
	CGROUP_RUNG_NONE,  /* it does not: .why_no_base */
	CGROUP_RUNG_OWN,   /* .base is ours: what we stand in, or what was prepared for us */
	CGROUP_RUNG_SCOPE, /* a service manager is asked; when it refuses, .base if there is one */
};

/* What the host offers; .rung, .base and .why_no_base are filled by cgroup_place. */
struct cgroup_host {
	bool has_v2;
	bool pure_v2;   /* no v1 hierarchy is mounted */
	char *v2_mount; /* /sys/fs/cgroup or /sys/fs/cgroup/unified */
	char *v2_root;  /* the cgroup that is seen there: "/" but for bind mounts */
	enum cgroup_rung rung;
	char *base;        /* directory (absolute) below which we may make cgroups, or NULL */
	char *why_no_base; /* one sentence for people, when base is NULL */
	struct cgroup_hierarchy *v1;
	size_t n_v1;
};
int cgroup_host_load(struct cgroup_host *ret_host, struct err *err);
void cgroup_host_done(struct cgroup_host *host);

/* What a configuration says about the place: lxc.cgroup.relative, and whether any of
 * lxc.cgroup.dir* names one. */
struct cgroup_wishes {
	bool relative, named;
};
/* Chooses the rung, see cgroup-place.c. @wishes may be NULL. */
int cgroup_place(const struct caller *caller, const struct cgroup_wishes *wishes,
                 struct cgroup_host *host, struct err *err);
/* Leaves the v1 hierarchies out that have none of the controllers of @list, joined with commas.
 * -EINVAL: one of them is not there. */
int cgroup_use_only(struct cgroup_host *host, const char *list, struct err *err);
/* Climbs from CGROUP_RUNG_SCOPE: asks the service manager for the scope lxc-NAME.scope, into which
 * it moves this process, and makes that the base. On failure the rung is that without a manager;
 * the error says why, and is no reason to give up. */
int cgroup_place_scope(const struct caller *caller, const char *name, struct cgroup_host *host,
                       struct err *err);
/* The v1 hierarchy that has @controller ("memory", "name=systemd"), writable or not. NULL: that
 * controller is on no v1 hierarchy. */
const struct cgroup_hierarchy *cgroup_host_v1(const struct cgroup_host *host,
                                              const char *controller);
/* Is there one that we can make leaves in? */
bool cgroup_host_has_v1(const struct cgroup_host *host);

/* The container's leaf in one v1 hierarchy. */
struct cgroup_v1_leaf {
	char *controllers; /* as in struct cgroup_hierarchy */
	char *path;        /* absolute */
	int fd;            /* O_DIRECTORY, holds the leaf's lock */
};

struct text;

struct cgroup {
	char *base, *monitor_path, *payload_path; /* absolute; NULL when there is no cgroup */
	int base_fd, monitor_fd, payload_fd;      /* O_DIRECTORY, usable for CLONE_INTO_CGROUP */
	/* A cgroup below the payload's in which the container lives: what is seen inside begins
	 * there, so that the limits stay out of reach of a container root who is their owner. */
	char *inner_path; /* NULL: it lives in the payload's own */
	int inner_fd;
	struct cgroup_v1_leaf *v1;
	size_t n_v1;
};
#define CGROUP_NONE                                                                                \
	((struct cgroup){ .base_fd = -EBADF,                                                       \
	                  .monitor_fd = -EBADF,                                                    \
	                  .payload_fd = -EBADF,                                                    \
	                  .inner_fd = -EBADF })

/* How the leaves are called, lxc.cgroup.dir* and lxc.cgroup.pattern: paths below the base. */
struct cgroup_names {
	const char *name; /* the container's */
	const char *dir;  /* of both leaves; NULL: the base itself */
	const char
		*payload; /* exactly this path, without a name or number added; NULL: the usual */
	const char *monitor; /* the same, for the other leaf */
	const char *pivot;   /* where who removes the monitor's leaf stands; NULL: the base */
};

/* Makes the leaves (a number is appended when a name is taken: -1, -2, ... -999; an empty left-over
 * of the same name is made anew). @with_monitor: also the monitor's. Without a base: CGROUP_NONE,
 * 0. The fds hold the locks that mark the leaves as used: the monitor keeps them open. */
int cgroup_make(const struct cgroup_host *host, const struct cgroup_names *names, bool with_monitor,
                struct cgroup *ret_cgroup, struct err *err);
/* Makes the cgroup @name below the payload's, which hands all its controllers on to it. Nothing
 * without a payload leaf. A renewed payload gets it again. */
#define CGROUP_INNER "lxc.inner" /* for who has no other name */
int cgroup_make_inner(struct cgroup *cgroup, const char *name, struct err *err);
/* Where the container's processes go, -EBADF without a leaf. */
int cgroup_entry_fd(const struct cgroup *cgroup);
/* Moves the calling process into the monitor's leaf: the one way in for who was not born there. */
int cgroup_enter_monitor(const struct cgroup *cgroup, struct err *err);
/* Moves what stands in the base itself into the leaf "lxc.session" of it (a login shell, who
 * called us): a cgroup passes controllers on only when it holds no process. */
int cgroup_clear_base(const struct cgroup *cgroup, struct err *err);
/* The leaf for those below @base_fd, made when it is not there. Returns a descriptor. */
int cgroup_open_session(int base_fd);
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
/* Opens the leaves of a running container again, from recorded paths (NULL allowed), and @inner
 * below the payload's (NULL: there is none). A monitor leaf that is gone is left out; -ENOENT: the
 * payload's is gone. -EINVAL: no path of one. */
int cgroup_reopen(const char *monitor_path, const char *payload_path, const char *inner,
                  struct cgroup *ret_cgroup, struct err *err);
/* Adds a recorded v1 leaf to one that was opened again; one that is gone is left out. */
int cgroup_v1_reopen(struct cgroup *cgroup, const char *controllers, size_t len, const char *path,
                     struct err *err);
void cgroup_done(struct cgroup *cgroup);

/* ---- v1 ---- */

/* Adds leaves in all hierarchies where we can make them to @cgroup, which has none. One that cannot
 * be made is left out. -ENOMEM */
int cgroup_v1_make(const struct cgroup_host *host, const struct cgroup_names *names,
                   struct cgroup *cgroup, struct err *err);
/* Directory of the container's leaf in the hierarchy of @controller. It stays the cgroup's own.
 * -EBADF: there is none. */
int cgroup_v1_fd(const struct cgroup *cgroup, const char *controller);
/* Moves a process (0: the calling one) into the leaves of all v1 hierarchies, or of those that the
 * @fds open. Only root may move a process of another uid. */
int cgroup_v1_enter(const struct cgroup *cgroup, pid_t pid, struct err *err);
int cgroup_v1_enter_fds(const int *fds, size_t n_fds, pid_t pid);
/* Gives the v1 leaves to container root, see cgroup_delegate. Opens them by path: the child has
 * none of the monitor's descriptors. */
int cgroup_v1_delegate(const struct cgroup *cgroup, uid_t uid, gid_t gid, struct err *err);

/* Kills all in the payload leaf by cgroup.kill. -EOPNOTSUPP: no cgroup2 leaf, or Linux before 5.14:
 * what its v1 freezer holds was let go then, so that a signal ends it. */
int cgroup_kill(const struct cgroup *cgroup);
/* Without cgroup.kill: what is listed in the container's leaves is killed until nobody is left.
 * -EBUSY: somebody was, after @timeout_ms. -EOPNOTSUPP: it has no leaf. */
int cgroup_kill_listed(const struct cgroup *cgroup, int timeout_ms);
/* Asks for freezing or thawing; completion shows in cgroup.events, see cgroup_events_open. On a
 * host without cgroup2 the v1 freezer does it. */
int cgroup_freeze(const struct cgroup *cgroup, bool on, struct err *err);
/* fd of cgroup.events for poll(2) with POLLPRI; read by cgroup_events_read. */
int cgroup_events_open(const struct cgroup *cgroup);
/* The v1 freezer tells nobody: its fd is to be read now and then. */
bool cgroup_events_are_silent(const struct cgroup *cgroup);
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
int cgroup_renew_payload(struct cgroup *cgroup, const struct cgroup_names *names, int userns_fd,
                         int timeout_ms, struct err *err);
/* Removes the monitor's own leaf from inside it: leaves a short-lived process in the base that
 * does so once the caller has ended. */
void cgroup_remove_monitor_later(const struct cgroup *cgroup, const struct cgroup_names *names);
/* Removes what is empty of the directories that the leaves were made in, below the base. Called
 * when they are gone; cgroup_remove_monitor_later does the same after its work. */
void cgroup_prune(const struct cgroup *cgroup, const struct cgroup_names *names);
/* Kills what a killed monitor has left in its leaf, which is a hook of its, but not the caller. */
void cgroup_kill_hooks(const struct cgroup *cgroup);
/* Removes both leaves by path, for a container whose monitor is gone and whose processes were
 * killed; what else is in there is killed. A leaf that is in use again stays. An ordinary user
 * calls it in a child inside a user namespace with the container's map when the container had
 * cgroups of its own. */
void cgroup_remove_stale(const char *monitor_path, const char *payload_path);
/* Adds the paths that the leaves of a start get where nobody has the names: what a start that is
 * killed while it makes them leaves. -ENOMEM, -EINVAL: no such name. */
int cgroup_list_wanted(const struct cgroup_host *host, const struct cgroup_names *names,
                       bool use_v1, struct strv *paths);
/* Removes one of these if it is there, and nobody's. */
void cgroup_remove_unused(const char *path);
/* The same for one recorded v1 leaf, with what is in it. */
void cgroup_v1_remove_stale(const char *path);
/* Lets go what the v1 freezer holds in a recorded v1 leaf, if it is one of the freezer's. */
void cgroup_v1_thaw(const char *path);
/* Undoes cgroup_make; what was started in there is killed. */
void cgroup_unmake(struct cgroup *cgroup);
/* Adds "PID (name), ..." of the processes in the leaf @path, of either version, that no freezer
 * stops since they wait in the kernel. Returns how many there are. */
size_t cgroup_name_stuck(const char *path, struct text *out);

/* What a container uses. UINT64_MAX: not known, because the controller is not there or not asked
 * for. Memory is what the controller charges, page cache and kernel memory included, as its limit
 * counts it. */
struct cgroup_stats {
	uint64_t cpu_ns, cpu_user_ns, cpu_system_ns;
	uint64_t memory_bytes, swap_bytes;
	uint64_t memory_swap_bytes; /* both */
	uint64_t kernel_memory_bytes;
	uint64_t io_read_bytes, io_write_bytes, io_read_ops, io_write_ops;
};

/* What to read: each costs a file or two. */
#define CGROUP_STAT_CPU 1U
#define CGROUP_STAT_MEMORY 2U
#define CGROUP_STAT_SWAP 4U
#define CGROUP_STAT_MEMORY_SWAP 8U /* cgroup2 needs the two for it */
#define CGROUP_STAT_KERNEL 16U
#define CGROUP_STAT_IO 32U
void cgroup_stats_read(const struct cgroup *cgroup, unsigned int what,
                       struct cgroup_stats *ret_stats);

/* Where the container's leaves are, for who has only their paths: one "CONTROLLERS PATH" for each,
 * with CGROUP_UNIFIED for cgroup2. -ENOMEM */
#define CGROUP_UNIFIED "unified"
int cgroup_list_leaves(const struct cgroup *cgroup, struct strv *leaves);
void cgroup_stats_read_leaves(const struct strv *leaves, unsigned int what,
                              struct cgroup_stats *ret_stats);

#endif

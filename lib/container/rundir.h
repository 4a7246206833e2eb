/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_RUNDIR_H
#define RLXC_CONTAINER_RUNDIR_H

#include "base/err.h"
#include "base/strv.h"
#include "container/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The run-time directory of a container: BASE/<hash of lxcpath>/NAME/ with
 *   lock     held by the monitor (open file description lock): "running" means it is held, and a
 *            killed monitor leaves no stale one
 *   state    what is needed to find and stop the container without its monitor
 *   control  the monitor's socket
 * and beside these, in BASE/.watch, who watches the containers, see watchers.h.
 *
 * BASE is /run/rlxc for root; for others $XDG_RUNTIME_DIR/rlxc (believed only when absolute, a
 * directory of the caller's with mode 0700 and no link), /run/user/UID/rlxc under the same test,
 * and last LXCPATH/.run. A container is looked for in all of them, since a later login may have
 * other ones than the one that started it. What these cannot tell, since a login may end and take
 * its directory along, or XDG_RUNTIME_DIR name any other: the container's own directory is locked,
 * too, so that a root file system never has two containers. */

struct rundir {
	int dir_fd;  /* O_RDONLY | O_DIRECTORY of .../NAME */
	int lock_fd; /* -EBADF unless we hold the lock */
	int home_fd; /* LXCPATH/NAME, locked as well; -EBADF unless we hold the lock and it is there
	              */
};
#define RUNDIR_NONE ((struct rundir){ .dir_fd = -EBADF, .lock_fd = -EBADF, .home_fd = -EBADF })

/* Makes the directory (0700, all the way) and takes the lock. -EALREADY: it runs, or
 * starts. -EBUSY: it stops, or its own directory is taken. */
int rundir_take(const struct store *store, const char *name, struct rundir *ret_dir,
                struct err *err);
/* Locks LXCPATH/NAME alone, for who removes it. -EBUSY: a container is in there. *@ret_fd stays as
 * it is where there is nothing to lock. */
int rundir_lock_home(const struct store *store, const char *name, int *ret_fd, struct err *err);
/* Finds the directory of a container that runs or whose monitor was killed. -ENOENT: neither. */
int rundir_find(const struct store *store, const char *name, struct rundir *ret_dir);
/* A monitor holds the lock. */
bool rundir_is_locked(const struct rundir *dir);
/* Takes the lock of a directory that rundir_find found. -EALREADY: somebody else has it. */
int rundir_lock(struct rundir *dir);
/* Removes the files and the directory; only the holder of the lock may. */
void rundir_remove(struct rundir *dir);
void rundir_done(struct rundir *dir);
/* Names of all run-time directories of the store. */
int rundir_names(const struct store *store, struct strv *ret_names);

/* Opens BASE number @i, which is made where it is missing; the first one is where we start
 * containers. -ENOENT: there is none of that number. */
#define RUNDIR_BASES_MAX 3
int rundir_open_base(const struct store *store, size_t i, struct err *err);
/* Closes it, and removes it when nothing is in there. */
void rundir_close_base(int *base_fd);

/* Facts about a running container. Written whole by rename before the step they describe. */
struct run_state {
	pid_t monitor_pid, init_pid;
	uint64_t monitor_start, init_start;    /* proc_start_time */
	char *monitor_cgroup, *payload_cgroup; /* absolute, or NULL */
	struct strv v1_cgroups;                /* "CONTROLLERS PATH" of each v1 leaf */
	struct strv net;                       /* lines for net_undo, see net/host.h */
	struct strv wanted; /* cgroups that are about to be made, see cgroup_list_wanted */
	uint64_t inode;     /* of the directory */
	char boot_id[40];
};
int run_state_write(const struct rundir *dir, const struct run_state *state);
/* Writes what is known of a start: its cgroups, and once there is one (else 0) its init, which is
 * the caller's to watch then. */
struct cgroup;
int run_state_record(const struct rundir *dir, const struct cgroup *cgroup, pid_t init_pid);
/* The first thing that a start does. */
int run_state_record_wanted(const struct rundir *dir, const struct strv *wanted);
/* The same, with what is done to the host's network. */
int run_state_record_net(const struct rundir *dir, const struct cgroup *cgroup, pid_t init_pid,
                         const struct strv *net);
/* -ENOENT: none. A state of another boot, or of the directory that this one was copied from, is
 * none.
 */
int run_state_read(const struct rundir *dir, struct run_state *ret_state);
void run_state_done(struct run_state *state);
/* Path of v1 leaf number @i. */
const char *run_state_v1_path(const struct run_state *state, size_t i);
/* A state file's text, which is cut up. -EBADMSG. */
int run_state_parse(char *text, struct run_state *ret_state);
/* pidfd of the recorded init, verified by its start time; -ESRCH: it is gone. */
int run_state_open_init(const struct run_state *state);
/* The same of the process that watches it, which before there is an init may be its starter. */
int run_state_open_monitor(const struct run_state *state);

#endif

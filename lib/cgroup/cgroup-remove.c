/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing the leaves. A container may have made any tree below its own, as deep and as wide as it
 * likes, and owns the directories of it:
 *
 * 1. Everything is reached by fd from the leaf on, with O_NOFOLLOW; a cgroup2 directory cannot be
 *    renamed, so ".." leads back to where we came from.
 * 2. No recursion and one open directory, however deep the tree is.
 * 3. A caller without root's rights removes what belongs to ids of the container from inside its
 *    user namespace, with the uid it has: the leaf's parent is its own, the rest is covered by
 *    the namespace's CAP_DAC_OVERRIDE.
 * 4. Waiting is waiting for cgroup.events to change, until a deadline; on v1 it is trying again.
 *
 * What holds for cgroup2 directories holds for v1 ones: they may be renamed, but not moved. */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/cgroup-internal.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/path.h"
#include "os/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREE_MS 5000 /* for removing what a container made, once it is all empty */
#define STALE_MS 1000
#define ORPHAN_MS 200
#define REAPER_MS 10000
#define V1_PAUSE_MS 2

/* A v1 hierarchy tells nobody when a cgroup becomes empty. */
static int pause_v1(int leaf_fd, int64_t deadline)
{
	if (faccessat(leaf_fd, "cgroup.procs", F_OK, 0) < 0)
		return -errno;
	if (clock_left_ms(deadline) == 0)
		return -EBUSY;
	clock_pause(V1_PAUSE_MS);
	return 0;
}

/* Waits until no process is left in @leaf_fd and below. -EBUSY: not before @deadline. */
static int wait_empty(int leaf_fd, int64_t deadline)
{
	_cleanup_close_ int fd = openat(leaf_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	bool populated, frozen;
	int r;

	if (fd < 0)
		return errno == ENOENT ? pause_v1(leaf_fd, deadline) : -errno;
	for (;;) {
		struct pollfd events = { .fd = fd, .events = POLLPRI };

		r = cgroup_events_read(fd, &populated, &frozen);
		if (r < 0 || !populated)
			return r;
		r = poll(&events, 1, clock_left_ms(deadline));
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0)
			return -EBUSY;
	}
}

/* Where the walk through the tree stands. */
struct walk {
	DIR *dir;
	unsigned long depth; /* below the leaf */
	ino_t came_from;     /* the child whose content was removed last, or 0 */
};

static void walk_done(struct walk *walk)
{
	cleanup_closedirp(&walk->dir);
	walk->dir = NULL;
}

/* Goes to the directory @path of where the walk stands. */
static int walk_go(struct walk *walk, int dir_fd, const char *path)
{
	_cleanup_close_ int fd = -EBADF;
	DIR *dir;

	fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)take_fd(&fd);
	walk_done(walk);
	walk->dir = dir;
	return 0;
}

static int walk_down(struct walk *walk, const char *name)
{
	walk->came_from = 0;
	walk->depth++;
	return walk_go(walk, dirfd(walk->dir), name);
}

static int walk_up(struct walk *walk)
{
	struct stat st;

	if (fstat(dirfd(walk->dir), &st) < 0)
		return -errno;
	walk->came_from = st.st_ino;
	walk->depth--;
	return walk_go(walk, dirfd(walk->dir), "..");
}

bool cgroup_is_child(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0;
}

/* Removes empty cgroups here up to the first with cgroups below, and goes down into that one.
 * -ENOENT: none is left. */
static int remove_children(struct walk *walk)
{
	struct dirent *entry;

	while ((entry = readdir(walk->dir))) {
		if (!cgroup_is_child(entry))
			continue;
		if (unlinkat(dirfd(walk->dir), entry->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		/* Still busy with nothing below it: somebody has moved in. */
		if (errno != EBUSY || entry->d_ino == walk->came_from)
			return -errno;
		return walk_down(walk, entry->d_name);
	}
	return -ENOENT;
}

/* Removes all below @leaf_fd, depth first. */
static int remove_tree(int leaf_fd)
{
	_cleanup_(walk_done) struct walk walk = {};
	int64_t deadline = clock_ms() + TREE_MS;
	int r;

	r = walk_go(&walk, leaf_fd, ".");
	while (r == 0 && clock_left_ms(deadline) > 0) {
		r = remove_children(&walk);
		if (r != -ENOENT)
			continue;
		if (walk.depth == 0)
			return 0;
		r = walk_up(&walk);
	}
	return r < 0 ? r : -EBUSY;
}

int cgroup_remove_leaf(int dir_fd, const char *name, int leaf_fd, int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;
	int r;

	for (;;) {
		if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return -errno;
		r = wait_empty(leaf_fd, deadline);
		if (r == 0)
			r = remove_tree(leaf_fd);
		if (r == -ENODEV || r == -ENOENT)
			return 0; /* somebody else removed it */
		if (r < 0 && (r != -EBUSY || clock_left_ms(deadline) == 0))
			return r;
	}
}

struct removal {
	const struct cgroup *cgroup;
	int userns_fd;
	int timeout_ms;
};

/* Is it gone, or goes, since it is empty? That takes no descriptor more: there may be none. As long
 * as it is there nobody else has the path. */
static bool remove_unused(const char *path, int leaf_fd)
{
	return leaf_fd < 0 || faccessat(leaf_fd, "cgroup.procs", F_OK, 0) < 0 || rmdir(path) == 0 ||
	       errno == ENOENT;
}

static int remove_known(const char *path, int leaf_fd, int timeout_ms)
{
	_cleanup_close_ int dir_fd = -EBADF;

	if (remove_unused(path, leaf_fd))
		return 0;
	dir_fd = openat(leaf_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return cgroup_remove_leaf(dir_fd, path_last(path), leaf_fd, timeout_ms);
}

/* All that can be removed is; the first failure is told. */
static int remove_now(const struct removal *removal)
{
	const struct cgroup *cgroup = removal->cgroup;
	int64_t deadline = clock_ms() + removal->timeout_ms;
	int first = 0, r;

	if (cgroup->payload_fd >= 0)
		first = remove_known(cgroup->payload_path, cgroup->payload_fd, removal->timeout_ms);
	for (size_t i = 0; i < cgroup->n_v1; i++) {
		r = remove_known(cgroup->v1[i].path, cgroup->v1[i].fd, clock_left_ms(deadline));
		if (first == 0)
			first = r;
	}
	return first;
}

static int remove_inside(void *arg, struct err *err)
{
	const struct removal *removal = arg;
	int r;

	/* Root of that namespace may trace those in it, if it shares our pid namespace. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (setns(removal->userns_fd, CLONE_NEWUSER) < 0)
		return err_set(err, -errno, "cannot enter the container's user namespace");
	r = remove_now(removal);
	return r < 0 ? err_set(err, r, "cannot remove the container's cgroups") : 0;
}

int cgroup_remove_payload_in_userns(struct cgroup *cgroup, int userns_fd, int timeout_ms)
{
	struct removal removal = { cgroup, userns_fd, timeout_ms };
	struct err err = {};
	int r;

	if (cgroup->payload_fd < 0 && !cgroup->n_v1)
		return 0;
	r = remove_now(&removal);
	if ((r == -EACCES || r == -EPERM) && userns_fd >= 0)
		r = proc_run_child(remove_inside, &removal, &err);
	if (r < 0)
		return r;
	cleanup_close(&cgroup->payload_fd);
	free(take_ptr(cgroup->payload_path));
	for (size_t i = 0; i < cgroup->n_v1; i++)
		cleanup_close(&cgroup->v1[i].fd);
	return 0;
}

int cgroup_remove_payload(struct cgroup *cgroup, int timeout_ms)
{
	return cgroup_remove_payload_in_userns(cgroup, -EBADF, timeout_ms);
}

/* Waits for the monitor's end, then removes its leaf. The leaf's lock came with the fd: no new
 * container takes the name, or the leaf, before we are done. */
static _Noreturn void reap(const struct cgroup *cgroup, const struct cgroup_names *names, int pidfd)
{
	const int keep[] = { pidfd, cgroup->base_fd, cgroup->monitor_fd };

	(void)setsid();
	(void)chdir("/");
	(void)prctl(PR_SET_NAME, "rlxc-reaper", 0, 0, 0);
	(void)fd_close_from(0, keep, ARRAY_SIZE(keep));
	if (pidfd_wait_exit(pidfd, -1) == 0)
		(void)remove_known(cgroup->monitor_path, cgroup->monitor_fd, REAPER_MS);
	cgroup_prune(cgroup, names);
	_exit(0);
}

/* Somewhere in the base, but not in what is to be removed. */
static pid_t clone_reaper(const struct cgroup *cgroup, const struct cgroup_names *names)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *pivot = NULL;
	pid_t pid = -EBUSY;

	if (!names->pivot) {
		pid = proc_clone(0, cgroup->base_fd, NULL);
		if (pid != -EBUSY) /* its controllers are handed out */
			return pid;
		fd = cgroup_open_session(cgroup->base_fd);
		return fd < 0 ? fd : proc_clone(0, fd, NULL);
	}
	pivot = path_join(names->pivot, "lxc.pivot");
	fd = pivot ? path_make_dir(cgroup->base_fd, pivot, 0755) : -ENOMEM;
	return fd < 0 ? fd : proc_clone(0, fd, NULL);
}

/* Nobody can be made to do it, since a limit of processes is reached: we leave it ourselves. */
static int leave_and_remove(const struct cgroup *cgroup, const struct cgroup_names *names)
{
	_cleanup_close_ int session = -EBADF;
	int r = fd_write_at(cgroup->base_fd, "cgroup.procs", "0");

	if (r == -EBUSY) {
		session = cgroup_open_session(cgroup->base_fd);
		r = session < 0 ? session : fd_write_at(session, "cgroup.procs", "0");
	}
	if (r == 0)
		r = remove_known(cgroup->monitor_path, cgroup->monitor_fd, 0);
	if (r == 0)
		cgroup_prune(cgroup, names);
	return r;
}

void cgroup_remove_monitor_later(const struct cgroup *cgroup, const struct cgroup_names *names)
{
	_cleanup_close_ int pidfd = -EBADF;
	pid_t pid;

	if (cgroup->monitor_fd < 0)
		return;
	pidfd = pidfd_open_pid(getpid());
	if (pidfd < 0)
		return;
	pid = clone_reaper(cgroup, names);
	if (pid == 0)
		reap(cgroup, names, pidfd);
	if (pid < 0)
		pid = leave_and_remove(cgroup, names);
	if (pid < 0)
		log_debug("cgroup '%s' stays: %s", cgroup->monitor_path, strerror(-pid));
}

/* Of one whose lock is ours: nobody looks after what may still run in there. */
static void end_leaf(const char *path, int leaf_fd, bool may_hold_us)
{
	int r;

	if (remove_unused(path, leaf_fd))
		return;
	if (may_hold_us || fd_write_at(leaf_fd, "cgroup.kill", "1") == -ENOENT)
		(void)cgroup_kill_members(leaf_fd, STALE_MS);
	r = remove_known(path, leaf_fd, STALE_MS);
	if (r < 0)
		log_debug("cgroup '%s' stays: %s", path, strerror(-r));
}

/* What a killed monitor was about to start has its descriptors, and ends when it notices. */
static int lock_orphaned(int leaf_fd)
{
	int64_t deadline = clock_ms() + ORPHAN_MS;
	int r;

	for (;;) {
		r = cgroup_lock_leaf(leaf_fd);
		if (r != -EWOULDBLOCK || clock_left_ms(deadline) == 0)
			return r;
		clock_pause(V1_PAUSE_MS);
	}
}

static void remove_stale(const char *path, bool may_hold_us)
{
	_cleanup_close_ int leaf_fd = path ? cgroup_open_any(path) : -EBADF;

	/* Else it is gone, or the name belongs to somebody else by now. */
	if (leaf_fd >= 0 && lock_orphaned(leaf_fd) == 0)
		end_leaf(path, leaf_fd, may_hold_us);
}

void cgroup_kill_hooks(const struct cgroup *cgroup)
{
	if (cgroup->monitor_fd >= 0)
		(void)cgroup_kill_members(cgroup->monitor_fd, STALE_MS);
}

void cgroup_remove_stale(const char *monitor_path, const char *payload_path)
{
	remove_stale(payload_path, /* may_hold_us= */ false);
	remove_stale(monitor_path, /* may_hold_us= */ true);
}

void cgroup_remove_unused(const char *path)
{
	_cleanup_close_ int leaf_fd = cgroup_open_any(path);

	if (leaf_fd >= 0 && cgroup_lock_leaf(leaf_fd) == 0)
		(void)rmdir(path); /* which fails for one with processes */
}

void cgroup_v1_remove_stale(const char *path)
{
	remove_stale(path, /* may_hold_us= */ false);
}

/* While the locks are ours, which an init that was never started may share. */
void cgroup_unmake(struct cgroup *cgroup)
{
	end_leaf(cgroup->payload_path, cgroup->payload_fd, false);
	end_leaf(cgroup->monitor_path, cgroup->monitor_fd, true);
	for (size_t i = 0; i < cgroup->n_v1; i++) {
		end_leaf(cgroup->v1[i].path, cgroup->v1[i].fd, false);
		cleanup_close(&cgroup->v1[i].fd);
	}
	cleanup_close(&cgroup->payload_fd);
	cleanup_close(&cgroup->monitor_fd);
}

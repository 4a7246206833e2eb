/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/rundir.h"

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/num.h"
#include "container/status.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/path.h"
#include "os/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAKE_TRIES 100 /* against containers of the store that end at the same time */

struct bases {
	char *paths[RUNDIR_BASES_MAX];
	size_t n;
};

static void bases_done(struct bases *bases)
{
	for (size_t i = 0; i < bases->n; i++)
		free(bases->paths[i]);
}

/* One directory for each store. */
static uint64_t hash_path(const char *path)
{
	return hash_bytes(path, strlen(path));
}

static bool is_private_dir(const char *path, uid_t uid)
{
	struct stat st;

	return path && path[0] == '/' && lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == uid && (st.st_mode & 07777) == 0700;
}

static void add_base(struct bases *bases, const char *dir, const char *suffix, const char *store)
{
	char *path;
	int r;

	if (suffix)
		r = asprintf(&path, "%s%s/%016llx", dir, suffix,
		             (unsigned long long)hash_path(store));
	else
		r = asprintf(&path, "%s/.run", dir);
	if (r >= 0)
		bases->paths[bases->n++] = path;
}

static void find_bases(const struct store *store, struct bases *ret_bases)
{
	uid_t uid = store->caller.uid;
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	char user_dir[40];

	*ret_bases = (struct bases){};
	if (store->caller.is_root && !store->caller.in_userns) {
		add_base(ret_bases, "/run", "/rlxc", store->path);
		return;
	}
	(void)snprintf(user_dir, sizeof(user_dir), "/run/user/%u", uid);
	if (is_private_dir(xdg, uid))
		add_base(ret_bases, xdg, "/rlxc", store->path);
	if ((!xdg || strcmp(xdg, user_dir) != 0) && is_private_dir(user_dir, uid))
		add_base(ret_bases, user_dir, "/rlxc", store->path);
	add_base(ret_bases, store->path, NULL, store->path);
}

/* Opens BASE/NAME, which must be ours. */
static int open_dir(const char *base, const char *name)
{
	_cleanup_close_ int base_fd = -EBADF, fd = -EBADF;
	struct stat st;

	base_fd = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (base_fd < 0)
		return -errno;
	fd = path_open_beneath(base_fd, name, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return -EPERM;
	return take_fd(&fd);
}

/* 1: locked by a monitor, 0: there but not locked, negative errno: not there. */
static int lock_state(int dir_fd)
{
	_cleanup_close_ int fd = openat(dir_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd_is_locked(fd);
}

bool rundir_is_locked(const struct rundir *dir)
{
	return lock_state(dir->dir_fd) > 0;
}

int rundir_find(const struct store *store, const char *name, struct rundir *ret_dir)
{
	_cleanup_(bases_done) struct bases bases = {};
	_cleanup_close_ int left = -EBADF;

	find_bases(store, &bases);
	for (size_t i = 0; i < bases.n; i++) {
		_cleanup_close_ int fd = open_dir(bases.paths[i], name);

		if (fd < 0)
			continue;
		if (lock_state(fd) > 0) {
			*ret_dir = RUNDIR_NONE;
			ret_dir->dir_fd = take_fd(&fd);
			return 0;
		}
		if (left < 0 && faccessat(fd, "state", F_OK, 0) == 0)
			left = take_fd(&fd);
	}
	if (left < 0)
		return -ENOENT;
	*ret_dir = RUNDIR_NONE;
	ret_dir->dir_fd = take_fd(&left);
	return 0;
}

/* -ESTALE: who held the lock has just removed the file, which nobody finds any more. */
static int take_lock(int dir_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat ours, there;
	int r;

	fd = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == ENOENT ? -ESTALE : -errno; /* the directory is removed */
	r = fd_lock(fd);
	if (r == -EACCES || r == -EAGAIN)
		return -EALREADY;
	if (r < 0)
		return r;
	if (fstat(fd, &ours) < 0 || fstatat(dir_fd, "lock", &there, AT_SYMLINK_NOFOLLOW) < 0 ||
	    ours.st_dev != there.st_dev || ours.st_ino != there.st_ino)
		return -ESTALE;
	return take_fd(&fd);
}

int rundir_lock(struct rundir *dir)
{
	int fd = take_lock(dir->dir_fd);

	if (fd < 0)
		return fd == -ESTALE ? -EALREADY : fd;
	cleanup_close(&dir->lock_fd);
	dir->lock_fd = fd;
	return 0;
}

/* What has the lock of @dir_fd. One that is about to end is no reason to be content. */
static int say_running(int dir_fd, const char *name, struct err *err)
{
	const enum rlxc_state state = run_status_state(&(struct rundir){ .dir_fd = dir_fd });

	if (state == RLXC_STOPPING || state == RLXC_ABORTING) {
		err_say(err, -EBUSY, "container '%s' is stopping", name);
		err_hint(err, "lxc-wait -s STOPPED waits for its end");
		return -EBUSY;
	}
	if (state == RLXC_STARTING || state == RLXC_STOPPED) { /* before a reboot */
		err_say(err, -EALREADY, "container '%s' is starting", name);
		err_hint(err, "lxc-wait -s RUNNING waits for it, lxc-stop ends it");
		return -EALREADY;
	}
	err_say(err, -EALREADY, "container '%s' is already running", name);
	err_hint(err, "lxc-attach runs a program in it, lxc-stop ends it");
	return -EALREADY;
}

static int say_no_dir(const char *base, const char *name, int code, struct err *err)
{
	err_set(err, code, "cannot make the run-time directory '%s%s%s'", base, name ? "/" : "",
	        name ? name : "");
	if (geteuid() != 0 && (code == -EROFS || code == -EACCES || code == -ENOSPC))
		err_hint(err, "set XDG_RUNTIME_DIR to a directory of yours with mode 0700, such "
		              "as a login makes in /run/user");
	return code;
}

/* -ESTALE, without a message: it was removed at once. */
static int make_base(const char *base, struct err *err)
{
	_cleanup_close_ int base_fd = -EBADF;
	struct stat st;
	int r;

	r = path_mkdir_parents(base, 0700);
	if (r == -ENOENT)
		return -ESTALE;
	if (r < 0)
		return say_no_dir(base, NULL, r, err);
	base_fd = open(base, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (base_fd < 0 && errno == ENOENT)
		return -ESTALE;
	if (base_fd < 0 || fstat(base_fd, &st) < 0)
		return err_set(err, -errno, "cannot open the run-time directory '%s'", base);
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return err_say(err, -EPERM,
		               "the run-time directory '%s' is not ours alone (owner %u, mode %o)",
		               base, st.st_uid, st.st_mode & 07777);
	return take_fd(&base_fd);
}

/* -ESTALE, without a message: a container that ended took the directory away under us. */
static int take_at(const char *base, const char *name, struct rundir *ret_dir, struct err *err)
{
	_cleanup_close_ int base_fd = make_base(base, err);
	struct rundir dir = RUNDIR_NONE;
	int r;

	if (base_fd < 0)
		return base_fd;
	if (mkdirat(base_fd, name, 0700) < 0 && errno != EEXIST)
		return errno == ENOENT ? -ESTALE : say_no_dir(base, name, -errno, err);
	dir.dir_fd = open_dir(base, name);
	if (dir.dir_fd == -ENOENT)
		return -ESTALE;
	if (dir.dir_fd < 0) {
		(void)unlinkat(base_fd, name, AT_REMOVEDIR);
		return err_set(err, dir.dir_fd, "cannot open '%s/%s'", base, name);
	}
	dir.lock_fd = take_lock(dir.dir_fd);
	if (dir.lock_fd < 0) {
		r = dir.lock_fd;
		if (r == -EALREADY)
			r = say_running(dir.dir_fd, name, err);
		else if (r != -ESTALE)
			err_set(err, r, "cannot lock '%s/%s/lock'", base, name);
		rundir_done(&dir);
		return r;
	}
	*ret_dir = dir;
	return 0;
}

/* Whoever was killed with it lets go of one lock after the other. */
#define HOME_GRACE_MS 500
#define HOME_POLL_MS 5

/* Where a file system has no such locks the run-time directory has to do. */
static bool is_home_taken(int fd)
{
	const int64_t deadline = clock_ms() + HOME_GRACE_MS;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		if (clock_left_ms(deadline) == 0)
			return true;
		clock_pause(HOME_POLL_MS);
	}
	return false;
}

int rundir_lock_home(const struct store *store, const char *name, int *ret_fd, struct err *err)
{
	_cleanup_close_ int store_fd = open(store->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = store_fd < 0 ? -errno : -EBADF;

	if (store_fd >= 0)
		fd = path_open_beneath(store_fd, name, O_RDONLY | O_DIRECTORY);
	if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
		return err_set(err, fd, "cannot open '%s/%s'", store->path, name);
	if (fd < 0)
		return 0; /* the configuration lies somewhere else */
	if (is_home_taken(fd)) {
		err_say(err, -EBUSY,
		        "container '%s' is running, started from another login, or is being "
		        "removed",
		        name);
		err_hint(err, "its monitor is reached with the XDG_RUNTIME_DIR of its start");
		return -EBUSY;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int rundir_take(const struct store *store, const char *name, struct rundir *ret_dir,
                struct err *err)
{
	_cleanup_(bases_done) struct bases bases = {};
	int r = -ESTALE;

	find_bases(store, &bases);
	for (size_t i = 1; i < bases.n; i++) {
		_cleanup_close_ int fd = open_dir(bases.paths[i], name);

		if (fd >= 0 && lock_state(fd) > 0)
			return say_running(fd, name, err);
	}
	if (bases.n == 0)
		return err_oom(err);
	for (int i = 0; i < TAKE_TRIES && r == -ESTALE; i++)
		r = take_at(bases.paths[0], name, ret_dir, err);
	if (r == -ESTALE)
		return err_say(err, r, "the run-time directory of '%s' keeps vanishing", name);
	if (r == 0)
		r = rundir_lock_home(store, name, &ret_dir->home_fd, err);
	if (r < 0 && faccessat(ret_dir->dir_fd, "state", F_OK, 0) < 0)
		rundir_remove(ret_dir);
	else if (r < 0) /* of what a killed monitor has left */
		rundir_done(ret_dir);
	return r;
}

/* All but the lock; a killed monitor may have left half a state file of any name. Without the
 * options nobody takes over what has ended here; by the state the rest is found, should we be
 * killed. */
static void remove_files(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	(void)unlinkat(dir_fd, "options", 0);
	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, "lock") != 0 && strcmp(entry->d_name, "state") != 0)
			(void)unlinkat(dir_fd, entry->d_name, 0);
	(void)unlinkat(dir_fd, "state", 0);
}

/* Removes the empty directory behind @dir_fd; where it was, or "". */
static void remove_dir(int dir_fd, char *ret_path, size_t size)
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", dir_fd);
	n = readlink(link, ret_path, size - 1);
	ret_path[n > 0 ? n : 0] = '\0';
	if (n > 0 && rmdir(ret_path) < 0)
		ret_path[0] = '\0';
}

void rundir_remove(struct rundir *dir)
{
	char path[4096];

	if (dir->dir_fd < 0)
		return;
	remove_files(dir->dir_fd);
	/* Not by closing alone: a process that we have just made may still have the descriptor. */
	if (dir->home_fd >= 0)
		(void)flock(dir->home_fd, LOCK_UN);
	(void)unlinkat(dir->dir_fd, "lock", 0); /* the last one: it lets the next start in */
	remove_dir(dir->dir_fd, path, sizeof(path));
	if (path[0])
		(void)rmdir(dirname(path)); /* with the store's last container */
	/* Also for the copies in children of ours that have not closed theirs yet. */
	if (dir->home_fd >= 0)
		(void)flock(dir->home_fd, LOCK_UN);
	rundir_done(dir);
}

void rundir_done(struct rundir *dir)
{
	cleanup_close(&dir->home_fd);
	cleanup_close(&dir->lock_fd);
	cleanup_close(&dir->dir_fd);
}

static int add_names(const char *base, struct strv *names)
{
	_cleanup_closedir_ DIR *dir = opendir(base);
	struct dirent *entry;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strv_has(names, entry->d_name))
			continue;
		if (strv_add(names, entry->d_name) < 0)
			return -ENOMEM;
	}
	return 0;
}

int rundir_names(const struct store *store, struct strv *ret_names)
{
	_cleanup_(bases_done) struct bases bases = {};
	int r = 0;

	find_bases(store, &bases);
	for (size_t i = 0; i < bases.n && r >= 0; i++)
		r = add_names(bases.paths[i], ret_names);
	return r;
}

int rundir_open_base(const struct store *store, size_t i, struct err *err)
{
	_cleanup_(bases_done) struct bases bases = {};
	int fd = -ESTALE;

	find_bases(store, &bases);
	if (bases.n == 0)
		return err_oom(err);
	/* What is below a store is not looked for where there is no store yet. */
	if (i >= bases.n || (i > 0 && access(store->path, F_OK) < 0))
		return -ENOENT;
	for (int try = 0; try < TAKE_TRIES && fd == -ESTALE; try++)
		fd = make_base(bases.paths[i], err);
	return fd == -ESTALE ? err_say(err, fd, "the run-time directory '%s' keeps vanishing",
	                               bases.paths[i])
	                     : fd;
}

void rundir_close_base(int *base_fd)
{
	char path[4096];

	if (*base_fd >= 0)
		remove_dir(*base_fd, path, sizeof(path));
	cleanup_close(base_fd);
}

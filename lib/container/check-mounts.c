/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/check-internal.h"

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/mountfd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOUNTS "Mounts by descriptor"

/* A new tmpfs, on "/" of mounts that are this process's own, with it as the working directory. */
static int mount_tmpfs(struct err *err)
{
	static const char *const options[] = { "mode", "0755", NULL };
	_cleanup_close_ int tree = mountfd_new("tmpfs", options, 0), root = -EBADF;
	int r;

	if (tree < 0) {
		err_set(err, tree, "cannot make a tmpfs");
		err_hint(err, "Linux 5.14 or later is needed, with CONFIG_TMPFS");
		return tree;
	}
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(err, -errno, "cannot open '/'");
	r = mountfd_attach(tree, root);
	if (r < 0)
		return err_set(err, r, "cannot mount a tmpfs");
	return fchdir(tree) < 0 ? err_set(err, -errno, "cannot enter a tmpfs") : 0;
}

static int try_mount(void *arg, struct err *err)
{
	_cleanup_close_ int clone = -EBADF;
	int r = mount_tmpfs(err);

	(void)arg;
	if (r < 0)
		return r;
	clone = mountfd_clone(AT_FDCWD, ".", false);
	r = clone < 0 ? clone : mountfd_set_attr(clone, MOUNT_ATTR_RDONLY, 0, 0, false);
	return r < 0 ? err_set(err, r, "cannot change a copy of a mount") : 0;
}

/* ---- overlay ---- */

static int explain_overlay(int code, const char *why, struct err *err)
{
	err_set(err, code, "cannot mount an overlay%s%s", *why ? ": " : "", why);
	if (code == -ENODEV)
		err_hint(err, "as root: modprobe overlay");
	else if (code == -EPERM || code == -EINVAL)
		err_hint(err, "Linux 5.11 or later is needed");
	return code;
}

static int make_file(const char *path, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	return fd < 0 ? err_set(err, -errno, "cannot make a file in an overlay") : 0;
}

/* A file made and one removed show in the upper directory alone. */
static int use_overlay(int tree, struct err *err)
{
	int r = fchdir(tree) < 0 ? err_set(err, -errno, "cannot enter an overlay") : 0;

	if (r == 0)
		r = make_file("new", err);
	if (r == 0 && unlink("old") < 0)
		r = err_set(err, -errno, "cannot remove a file in an overlay");
	return r;
}

static int try_overlay(void *arg, struct err *err)
{
	static const char *const options[] = { "lowerdir",  "lower",   "upperdir",
		                               "upper",     "workdir", "work",
		                               "userxattr", NULL,      NULL };
	static const char *const dirs[] = { "lower", "upper", "work" };
	_cleanup_close_ int tree = -EBADF, base = -EBADF;
	char why[256] = "";
	struct stat st;
	int r = mount_tmpfs(err);

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && r == 0; i++)
		if (mkdir(dirs[i], 0755) < 0)
			r = err_set(err, -errno, "cannot make a directory");
	if (r == 0)
		r = make_file("lower/old", err);
	if (r < 0)
		return r;
	base = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	tree = mountfd_new_why("overlay", options, 0, why, sizeof(why));
	if (tree < 0)
		return explain_overlay(tree, why, err);
	r = use_overlay(tree, err);
	if (r == 0 &&
	    (fstatat(base, "upper/new", &st, 0) < 0 || fstatat(base, "lower/old", &st, 0) < 0))
		r = err_say(err, -EIO, "an overlay does not keep its layers apart");
	return r;
}

/* ---- id-mapped mounts ---- */

/* A user namespace that is not the file system's: of a process that waits to be killed. */
static int open_other_userns(int *ret_pidfd, struct err *err)
{
	char path[64];
	pid_t pid = proc_clone(CLONE_NEWUSER, -EBADF, ret_pidfd);
	int fd;

	if (pid == 0)
		for (;;)
			(void)pause();
	if (pid < 0)
		return err_set(err, pid, "cannot make a user namespace");
	(void)snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	if (fd_write_at(AT_FDCWD, path, "0 0 1") == 0) {
		(void)snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
		(void)fd_write_at(AT_FDCWD, path, "0 0 1");
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_set(err, -errno, "cannot open a user namespace") : fd;
}

static int map_mount(int userns_fd, struct err *err)
{
	_cleanup_close_ int tree = mountfd_new("tmpfs", NULL, 0);
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP,
		                   .userns_fd = (unsigned int)userns_fd };
	int r;

	if (tree < 0)
		return err_set(err, tree, "cannot make a tmpfs");
	if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0)
		return 0;
	r = -errno;
	err_set(err, r, "cannot map the ids of a mount");
	if (r == -EINVAL || r == -EPERM)
		err_hint(err, "Linux 5.12 or later is needed, for tmpfs 6.3");
	return r;
}

static int try_idmapped(void *arg, struct err *err)
{
	_cleanup_close_ int pidfd = -EBADF, userns_fd = open_other_userns(&pidfd, err);
	int r = userns_fd < 0 ? userns_fd : map_mount(userns_fd, err);

	(void)arg;
	if (pidfd >= 0 && pidfd_kill(pidfd, SIGKILL) == 0)
		(void)pidfd_wait(pidfd, &(int){ 0 });
	return r;
}

static int check_mount(struct check_job *job, struct err *err)
{
	static int (*const ways[])(void *arg, struct err *err) = { try_mount, try_overlay,
		                                                   try_idmapped };

	return check_in_userns(job, ways[job->row->what], err);
}

const struct check_row check_rows_mounts[] = {
	{ .label = MOUNTS,
	  .need = CHECK_BY_ALL,
	  .in_userns = true,
	  .needs = "Mount namespace",
	  .run = check_mount,
	  .what = 0 },
	{ .label = "Overlay with userxattr",
	  .in_userns = true,
	  .needs = MOUNTS,
	  .run = check_mount,
	  .what = 1 },
	{ .label = "Id-mapped mounts",
	  .in_userns = true,
	  .needs = MOUNTS,
	  .run = check_mount,
	  .what = 2 },
	{},
};

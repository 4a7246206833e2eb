/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mount injection. A child takes a detached copy of the host's node, with the caller's own rights,
 * enters the container's mount namespace, becomes container root and attaches the copy there.
 *
 * MUSTs, for root of the container is an enemy who knows that we come:
 *   1  the node is opened before anything of the container is entered, and is the device that the
 *      caller named: a character or block device with the numbers seen first;
 *   2  the child enters by entry.h, and joins no pid namespace, so that nobody inside even sees it;
 *   3  files inside are reached by descriptors, beneath the root, without following a link, with
 *      the ids of container root;
 *   4  what was attached is looked at again: the name leads to our mount, or we failed. */
#include "container/device-node.h"

#include "base/cleanup.h"
#include "os/mountfd.h"
#include "os/path.h"
#include "os/proc.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct job {
	const struct entry *entry;
	const char *source, *target;
	struct stat st; /* of the host's node */
	int answer_fd;  /* takes the struct stat of what was removed */
};

static bool is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

/* ---- the gates ---- */

/* By access(2), since opening a device may start something. */
static bool may_open(int fd)
{
	return faccessat(fd, "", R_OK, AT_EMPTY_PATH | AT_EACCESS) == 0 ||
	       faccessat(fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) == 0;
}

/* The kernel asks for permission, then the device cgroup, then the security module. */
static int check_open(int fd, const char *path, const char *who, struct err *err)
{
	struct stat st;
	int r;

	if (may_open(fd))
		return 0;
	r = -errno;
	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot look at '%s'", path);
	if (r == -EPERM) {
		err_say(err, r, "the device rules of the cgroup around us keep %s from '%s'", who,
		        path);
		err_hint(err, "whoever made that cgroup can allow %c %u:%u",
		         S_ISCHR(st.st_mode) ? 'c' : 'b', major(st.st_rdev), minor(st.st_rdev));
	} else if (st.st_mode & (S_IROTH | S_IWOTH)) {
		err_say(err, r, "a security module of the kernel keeps %s from '%s'", who, path);
		err_hint(err, "as root, to see what it denied: journalctl -k -g denied");
	} else {
		err_say(err, r, "the permissions of '%s' (%03o) keep %s from it", path,
		        st.st_mode & 0777U, who);
	}
	return r;
}

static int check_mount(int fd, const char *path, struct err *err)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0)
		return err_set(err, -errno, "cannot look at '%s'", path);
	if (!(fs.f_flag & ST_NODEV))
		return 0;
	err_say(err, -EACCES, "'%s' is on a file system that is mounted nodev", path);
	err_hint(err, "name the node in /dev");
	return -EACCES;
}

static int check_here(const char *path, struct stat *ret_st, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	int r;

	if (fd < 0 || fstat(fd, ret_st) < 0)
		return err_set(err, -errno, "cannot find '%s' on the host", path);
	if (!is_device(ret_st)) {
		err_say(err, -ENODEV, "'%s' is no device node", path);
		err_hint(err, "other files go into a container by lxc.mount.entry");
		return -ENODEV;
	}
	r = check_open(fd, path, "you", err);
	if (r == 0)
		return check_mount(fd, path, err);
	err_hint(err, "you need to be in the group that may: ls -l '%s'", path);
	return r;
}

/* Group members outside have no group inside, unless they keep it. */
static int check_inside(int fd, const char *path, struct err *err)
{
	int r = check_open(fd, path, "root of the container", err);

	if (r < 0)
		err_hint(err,
		         "the container's ids have the rights of everybody else; members of its "
		         "group set lxc.init.groups = keep, or root lets all users: "
		         "chmod o+rw '%s'",
		         path);
	return r;
}

/* ---- the way in ---- */

static int take_node(const struct job *job, int *ret_tree, struct err *err)
{
	_cleanup_close_ int tree = mountfd_clone(AT_FDCWD, job->source, false);
	struct stat st;
	int r;

	if (tree < 0)
		return err_set(err, tree, "cannot take '%s' from the host", job->source);
	if (fstat(tree, &st) < 0)
		return err_set(err, -errno, "cannot look at '%s'", job->source);
	if (!is_device(&st) || st.st_rdev != job->st.st_rdev)
		return err_say(err, -ESTALE, "'%s' has just become something else", job->source);
	r = mountfd_set_attr(tree, 0, 0, MS_PRIVATE, false);
	if (r < 0)
		return err_set(err, r, "cannot separate '%s' from the host's mount", job->source);
	*ret_tree = take_fd(&tree);
	return 0;
}

/* ---- inside ---- */

static void unlink_empty(int dir_fd, const char *name)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (is_device(&st) || (S_ISREG(st.st_mode) && st.st_size == 0)))
		(void)unlinkat(dir_fd, name, 0);
}

static bool is_ours(int tree, int root_fd, const char *target)
{
	_cleanup_close_ int fd = path_open_beneath(root_fd, target, O_PATH);
	uint64_t want, have;

	return fd >= 0 && mountfd_id(tree, &want) == 0 && mountfd_id(fd, &have) == 0 &&
	       want == have;
}

static int attach(int tree, int root_fd, const char *target, struct err *err)
{
	_cleanup_close_ int file = -EBADF, dir = -EBADF;
	const char *name;
	int r;

	file = path_open_beneath(root_fd, target, O_PATH);
	if (file >= 0) {
		err_say(err, -EEXIST, "the container has '%s' already", target);
		err_hint(err, "give the node another name inside, as a third word");
		return -EEXIST;
	}
	file = path_make_file(root_fd, target, 0000);
	if (file < 0)
		return entry_say_target(target, file, err);
	r = mountfd_attach(tree, file);
	if (r == 0 && !is_ours(tree, root_fd, target))
		r = -ESTALE;
	if (r == 0)
		return 0;
	dir = path_open_parent(root_fd, target, &name);
	if (dir >= 0)
		unlink_empty(dir, name);
	return err_set(err, r, "cannot give '%s' to the container", target);
}

static int add(void *arg, struct err *err)
{
	const struct job *job = arg;
	_cleanup_close_ int tree = -EBADF, root_fd = -EBADF;
	int r = entry_join_userns(job->entry, err);

	if (r == 0)
		r = take_node(job, &tree, err);
	if (r < 0)
		return r;
	root_fd = entry_join_mounts(job->entry, err);
	if (root_fd < 0)
		return root_fd;
	r = check_inside(tree, job->source, err);
	return r < 0 ? r : attach(tree, root_fd, job->target, err);
}

int device_node_add(const struct entry *entry, const char *source, const char *target,
                    struct stat *ret_st, struct err *err)
{
	struct job job = { .entry = entry, .source = source, .target = target };
	int r = check_here(source, &job.st, err);

	if (r == 0)
		r = proc_run_child(add, &job, err);
	if (r == 0)
		*ret_st = job.st;
	return r;
}

/* ---- and away ---- */

static int look_at(int root_fd, const char *target, struct stat *ret_st, struct err *err)
{
	_cleanup_close_ int fd = path_open_beneath(root_fd, target, O_PATH);

	if (fd < 0)
		return entry_say_target(target, fd, err);
	if (fstat(fd, ret_st) < 0)
		return err_set(err, -errno, "cannot look at '%s' of the container", target);
	return is_device(ret_st)
	               ? 0
	               : err_say(err, -ENODEV, "'%s' of the container is no device node", target);
}

/* What was bound leaves the file that it was bound on; what was made by mknod is the file. */
static int detach(int root_fd, const char *target, struct err *err)
{
	const char *name;
	_cleanup_close_ int dir = path_open_parent(root_fd, target, &name);
	int r;

	if (dir < 0)
		return entry_say_target(target, dir, err);
	r = mountfd_detach_at(dir, name);
	if (r < 0 && r != -EINVAL)
		return err_set(err, r, "cannot take '%s' from the container", target);
	unlink_empty(dir, name);
	if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_say(err, -EBUSY, "'%s' of the container cannot be removed", target);
	return 0;
}

static int take_away(void *arg, struct err *err)
{
	const struct job *job = arg;
	_cleanup_close_ int root_fd = -EBADF;
	struct stat st;
	int r = entry_join_userns(job->entry, err);

	if (r < 0)
		return r;
	root_fd = entry_join_mounts(job->entry, err);
	if (root_fd < 0)
		return root_fd;
	r = look_at(root_fd, job->target, &st, err);
	if (r == 0)
		r = detach(root_fd, job->target, err);
	if (r == 0)
		(void)!write(job->answer_fd, &st, sizeof(st)); /* below PIPE_BUF: whole */
	return r;
}

int device_node_remove(const struct entry *entry, const char *target, struct stat *ret_st,
                       struct err *err)
{
	struct job job = { .entry = entry, .target = target };
	_cleanup_close_ int reader = -EBADF, writer = -EBADF;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot make a pipe");
	reader = ends[0];
	job.answer_fd = writer = ends[1];
	r = proc_run_child(take_away, &job, err);
	cleanup_close(&writer);
	if (r == 0 && read(reader, ret_st, sizeof(*ret_st)) != (ssize_t)sizeof(*ret_st))
		r = err_say(err, -EPIPE, "the process that entered the container ended early");
	return r;
}

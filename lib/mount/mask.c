/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount/mount-internal.h"

#include "base/cleanup.h"
#include "os/mountfd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* What procfs or sysfs has by itself. -ENOENT also where something else is mounted. */
static int open_masked(const struct mount_op *op, int root_fd)
{
	const char *below = strchr(op->target, '/');
	_cleanup_free_ char *top = strndup(op->target, strcspn(op->target, "/"));
	_cleanup_close_ int dir = top ? path_open_beneath(root_fd, top, O_PATH) : -ENOMEM;
	struct statfs fs;
	int fd;

	if (dir < 0)
		return dir;
	if (fstatfs(dir, &fs) < 0 || (fs.f_type != PROC_SUPER_MAGIC && fs.f_type != SYSFS_MAGIC))
		return -ENOENT;
	fd = path_open_same_mount(dir, below, O_PATH);
	return fd == -EXDEV ? -ENOENT : fd;
}

/* The node that was made for the container, as which criu restores it; or the host's, which its
 * root is not to change. A /dev/null of the image may be anything (CVE-2025-31133). */
static int open_null(const struct mount_op *op, int root_fd, struct err *err)
{
	_cleanup_close_ int node = -EBADF, tree = -EBADF;
	int r;

	if (op->mknod) {
		node = path_open_beneath(root_fd, "dev/null", O_PATH);
		if (node >= 0 && mount_is_device(op, node))
			tree = mountfd_clone(node, "", /* recursive= */ false);
		return tree < 0 ? err_say(err, -ENODEV, "'/dev/null' is not the null device")
		                : take_fd(&tree);
	}
	tree = mount_open_device(op, err);
	if (tree < 0)
		return tree;
	r = mountfd_set_attr(tree, MOUNT_ATTR_RDONLY, 0, 0, /* recursive= */ false);
	return r < 0 ? err_set(err, r, "cannot protect '/dev/null'") : take_fd(&tree);
}

static int open_empty(struct err *err)
{
	static const char *const options[] = { "mode", "0555", NULL };
	int fd = mountfd_new("tmpfs", options,
	                     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
	                             MOUNT_ATTR_NOEXEC);

	return fd < 0 ? err_set(err, fd, "cannot make an empty directory") : fd;
}

static bool is_dir(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

int mount_mask_apply(const struct mount_op *op, int root_fd, struct err *err)
{
	_cleanup_close_ int target = open_masked(op, root_fd), tree = -EBADF;
	int r;

	if (target < 0)
		return err_set(err, target, "cannot hide '/%s' of the container", op->target);
	tree = is_dir(target) ? open_empty(err) : open_null(op, root_fd, err);
	if (tree < 0)
		return err_wrap(err, tree, "cannot hide '/%s' of the container", op->target);
	r = mountfd_attach(tree, target);
	return r < 0 ? err_set(err, r, "cannot hide '/%s' of the container", op->target) : 0;
}

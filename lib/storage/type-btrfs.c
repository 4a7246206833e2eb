/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A subvolume of btrfs: a directory that can be cloned at once. Whoever may make a directory may
 * make one. Removing needs no right either since Linux 4.18, when it is empty: storage/tree.h
 * does that, and where the whole can be removed at once (by root, or mounted with
 * user_subvol_rm_allowed) it does so. */
#include "base/cleanup.h"
#include "os/path.h"
#include "storage/btrfs.h"
#include "storage/storage-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SUBVOLUME_INODE 256 /* BTRFS_FIRST_FREE_OBJECTID */

static bool is_btrfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == BTRFS_SUPER_MAGIC;
}

/* The directories of the path may have to be made yet: what counts is the lowest that is there. */
static int check_file_system(const char *path, struct err *err)
{
	_cleanup_free_ char *above = strdup(path);
	_cleanup_close_ int fd = -EBADF;

	if (!above)
		return err_oom(err);
	for (char *slash; fd < 0 && (slash = strrchr(above, '/'));) {
		slash[slash == above] = '\0'; /* "/" stays */
		fd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (slash == above)
			break;
	}
	if (fd >= 0 && is_btrfs(fd))
		return 0;
	err_say(err, -EOPNOTSUPP, "'%s' would not be on a btrfs file system", path);
	err_hint(err, "choose a directory on one with -P, or another backend");
	return -EOPNOTSUPP;
}

static int btrfs_choose(const struct storage_spec *spec, const struct storage *source,
                        struct storage *storage, struct err *err)
{
	int r = storage_dir_choose(spec, source, storage, err);

	return r < 0 ? r : check_file_system(storage->path, err);
}

/* The calls take no O_PATH descriptor. */
static int open_dir(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int make_subvolume(int dir_fd, const char *name)
{
	_cleanup_close_ int fd = open_dir(dir_fd);
	struct btrfs_ioctl_vol_args args = {};

	if (fd < 0)
		return fd;
	if (strlen(name) > BTRFS_PATH_NAME_MAX)
		return -ENAMETOOLONG;
	strcpy(args.name, name);
	return ioctl(fd, BTRFS_IOC_SUBVOL_CREATE, &args) < 0 ? -errno : 0;
}

static int btrfs_create(const struct storage *storage, const struct storage_spec *spec, int dir_fd,
                        const char *name, struct storage_made *made, struct err *err)
{
	int r = make_subvolume(dir_fd, name);

	(void)spec;
	if (r < 0)
		return err_set(err, r, "cannot make subvolume '%s'", storage->path);
	return storage_open_made(dir_fd, name, storage->path, made, err);
}

static int btrfs_snapshot(const struct storage *source, const struct storage *clone, int source_fd,
                          int dir_fd, const char *name, struct err *err)
{
	_cleanup_close_ int from = open_dir(source_fd), to = open_dir(dir_fd);
	struct btrfs_ioctl_vol_args_v2 args = { .fd = from };
	int r = from < 0 ? from : to;

	(void)stpncpy(args.name, name, sizeof(args.name) - 1);
	if (r >= 0 && ioctl(to, BTRFS_IOC_SNAP_CREATE_V2, &args) < 0)
		r = -errno;
	if (r >= 0)
		return 0;
	err_set(err, r, "cannot make '%s' a snapshot of '%s'", clone->path, source->path);
	if (r == -EXDEV)
		err_hint(err, "a snapshot is on the same file system: make a full copy, without -s "
		              "or -e");
	else if (r == -EINVAL)
		err_hint(err, "'%s' is not a subvolume: make a full copy, without -s or -e",
		         source->path);
	return r;
}

int btrfs_remove_subvolume(int dir_fd, const char *name, int fd)
{
	struct btrfs_ioctl_vol_args args = {};
	_cleanup_close_ int above = -EBADF;
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_ino != SUBVOLUME_INODE || !is_btrfs(fd) ||
	    strlen(name) > BTRFS_PATH_NAME_MAX)
		return -ENOTTY;
	above = open_dir(dir_fd);
	strcpy(args.name, name);
	return above < 0 || ioctl(above, BTRFS_IOC_SNAP_DESTROY, &args) < 0 ? -errno : 0;
}

const struct storage_type storage_btrfs = {
	.name = "btrfs",
	.clone = "btrfs",
	.needs_new = true,
	.open = storage_dir_open,
	.take = storage_dir_take,
	.choose = btrfs_choose,
	.create = btrfs_create,
	.snapshot = btrfs_snapshot,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file with a file system in it, mounted through a loop device. The device is told to let go by
 * itself when nobody uses it any more, so that nothing of it outlives a process that was killed. */
#include "base/cleanup.h"
#include "os/path.h"
#include "storage/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE_MAX 64
#define TRIES_MAX 64 /* others may take the free device that we were told of */

static bool loop_probe(const char *path, const struct stat *st)
{
	(void)path;
	return st && S_ISREG(st->st_mode);
}

/* One try: -EBUSY when somebody was faster. */
static int configure_free(int control, const struct loop_config *config, char device[DEVICE_MAX])
{
	_cleanup_close_ int fd = -EBADF;
	int number = ioctl(control, LOOP_CTL_GET_FREE);

	if (number < 0)
		return -errno;
	(void)snprintf(device, DEVICE_MAX, "/dev/loop%d", number);
	fd = open(device, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, LOOP_CONFIGURE, config) < 0)
		return -errno;
	return take_fd(&fd);
}

/* The device, and its name: it goes with the last that has it open or mounted. */
static int attach(int image, char device[DEVICE_MAX])
{
	_cleanup_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	struct loop_config config = { .fd = (__u32)image,
		                      .info = { .lo_flags = LO_FLAGS_AUTOCLEAR } };
	int r = control < 0 ? -errno : -EBUSY;

	for (int i = 0; r == -EBUSY && i < TRIES_MAX; i++)
		r = configure_free(control, &config, device);
	return r;
}

static int loop_open(const struct storage *storage, const struct storage_user *user, int *ret_fd,
                     struct err *err)
{
	_cleanup_close_ int image = open(storage->path, O_RDWR | O_CLOEXEC), loop = -EBADF;
	char device[DEVICE_MAX];
	struct stat st;

	if (image < 0 || fstat(image, &st) < 0)
		return err_set(err, -errno, "cannot open root file system '%s'", storage->path);
	if (!S_ISREG(st.st_mode))
		return err_say(err, -EINVAL, "root file system '%s' is not a file", storage->path);
	loop = attach(image, device);
	if (loop < 0) {
		err_set(err, loop, "cannot attach '%s' to a loop device", storage->path);
		if (loop == -ENOENT || loop == -ENXIO)
			err_hint(err, "the kernel has no loop devices here: modprobe loop");
		return loop;
	}
	return volume_mount_device(device, storage->path, user, ret_fd, err);
}

static bool is_taken(const struct storage *storage)
{
	return access(storage->path, F_OK) == 0;
}

static int loop_choose(const struct storage_spec *spec, const struct storage *source,
                       struct storage *storage, struct err *err)
{
	_cleanup_free_ char *prefix = path_join(spec->container_path, STORAGE_IMAGE);

	(void)source;
	return prefix ? volume_choose_free(storage, prefix, is_taken, err) : err_oom(err);
}

static int loop_create(const struct storage *storage, const struct storage_spec *spec, int dir_fd,
                       const char *name, struct storage_made *made, struct err *err)
{
	const struct volume_shape shape = volume_shape(spec);
	int fd = openat(dir_fd, path_last(storage->path),
	                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 || ftruncate(fd, (off_t)shape.bytes) < 0 ? -errno : 0;

	cleanup_close(&fd);
	if (r < 0)
		return err_set(err, r, "cannot make '%s' with %llu bytes", storage->path,
		               (unsigned long long)shape.bytes);
	return volume_format_new(storage, shape.fstype, dir_fd, name, made, err);
}

const struct storage_type storage_loop = {
	.name = "loop",
	.root_only =
		"the kernel would read a file system that others have made, which its drivers are "
		"not made for",
	.is_volume = true,
	.needs_new = true,
	.probe = loop_probe,
	.open = loop_open,
	.take = volume_take,
	.choose = loop_choose,
	.create = loop_create,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/logfile.h"

#include "base/cleanup.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_safe(const struct stat *st)
{
	return st->st_uid == 0 && (!(st->st_mode & 022) || (st->st_mode & S_ISVTX));
}

/* A link planted in such a directory, or another directory put in its place, would make root write
 * to any file. Walks up from what is open, not along the path. */
static int check_directory(int dir_fd, const char *path, struct err *err)
{
	_cleanup_close_ int at = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	struct stat st, above;

	if (at < 0 || fstat(at, &st) < 0)
		return err_set(err, -errno, "cannot look at the directory of '%s'", path);
	while (is_safe(&st)) {
		int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (up < 0)
			return err_set(err, -errno, "cannot look above the directory of '%s'",
			               path);
		cleanup_close(&at);
		at = up;
		if (fstat(at, &above) < 0)
			return err_set(err, -errno, "cannot look above the directory of '%s'",
			               path);
		if (above.st_dev == st.st_dev && above.st_ino == st.st_ino)
			return 0;
		st = above;
	}
	return err_say(err, -EPERM,
	               "log file '%s' is in a directory that others than root can change", path);
}

static int open_log(int dir_fd, const char *name, const char *path, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	fd = openat(dir_fd, name,
	            O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
	            0640);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot open log file '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_say(err, -EINVAL, "log file '%s' is not a regular file", path);
	/* The sticky bit does not keep others from making it first, or a second name for ours. */
	if (geteuid() == 0 && (st.st_uid != 0 || st.st_nlink > 1))
		return err_say(err, -EPERM, "log file '%s' is not ours alone", path);
	return take_fd(&fd);
}

static int open_named(const struct store *store, const char *file, int *ret_fd, struct err *err)
{
	_cleanup_free_ char *dir = strdup(file);
	_cleanup_close_ int dir_fd = -EBADF;
	char *slash;
	int fd, r;

	if (!dir)
		return err_oom(err);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0'; /* "/file" is in "/" */
	if (slash && slash > dir)
		(void)path_mkdir_parents(dir, 0755);
	dir_fd = open(slash ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_set(err, -errno, "cannot open the directory of log file '%s'", file);
	if (store->caller.is_root && !store->caller.in_userns) {
		r = check_directory(dir_fd, file, err);
		if (r < 0)
			return r;
	}
	slash = strrchr(file, '/');
	fd = open_log(dir_fd, slash ? slash + 1 : file, file, err);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

int logfile_open(const struct store *store, const char *name, const char *file, bool want_default,
                 int *ret_fd, struct err *err)
{
	_cleanup_free_ char *path = NULL;
	int r;

	*ret_fd = -EBADF;
	if (file && strcmp(file, "none") != 0)
		return open_named(store, file, ret_fd, err);
	if (file || !want_default || !name || store_check_name(name, NULL) < 0)
		return 0;
	if (store->caller.is_root && strcmp(store->path, "/var/lib/lxc") == 0)
		r = asprintf(&path, "/var/log/lxc/%s.log", name);
	else
		r = asprintf(&path, "%s/%s/%s.log", store->path, name, name);
	if (r < 0) {
		path = NULL;
		return err_oom(err);
	}
	if (!(store->caller.is_root && strcmp(store->path, "/var/lib/lxc") == 0) &&
	    !store_is_defined(store, name))
		return 0;
	(void)open_named(store, path, ret_fd, NULL);
	return 0;
}

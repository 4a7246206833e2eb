/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/copy-internal.h"

#include "base/num.h"
#include "base/text.h"
#include "os/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/xattr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#define REPORT_EVERY_MS 100
#define RANGE_MAX ((off_t)16 * 1024 * 1024) /* at a time, so that progress is seen */

/* The way to an open file of any kind, for calls that take no descriptor of O_PATH. */
#define FD_PATH_MAX 32

static const char *fd_path(int fd, char *buf)
{
	(void)snprintf(buf, FD_PATH_MAX, "/proc/self/fd/%d", fd);
	return buf;
}

/* Two components less to look up than by the whole path, for each file. */
int copy_open_regular(const struct copier *copier, int path_fd)
{
	char name[NUM_TEXT_MAX];
	int fd;

	num_format(name, path_fd);
	fd = openat(copier->proc_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* ---- contents ---- */

static void report(struct copier *copier, off_t n)
{
	const struct tree_copy_options *options = copier->options;

	copier->n_bytes += (uint64_t)n;
	if (!options->progress || clock_ms() < copier->report_ms)
		return;
	options->progress(options->progress_arg, copier->n_files, copier->n_bytes);
	copier->report_ms = clock_ms() + REPORT_EVERY_MS;
}

static ssize_t write_all(int fd, const char *data, ssize_t len, off_t at)
{
	for (ssize_t done = 0, n; done < len; done += n) {
		n = pwrite(fd, data + done, (size_t)(len - done), at + done);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			n = 0;
	}
	return len;
}

/* Through our buffer. Returns how much, 0 at the end. */
static ssize_t copy_through(const struct copier *copier, int src_fd, int dst_fd, off_t at,
                            off_t len)
{
	size_t want = len < (off_t)COPY_BUFFER_SIZE ? (size_t)len : COPY_BUFFER_SIZE;
	ssize_t n;

	do
		n = pread(src_fd, copier->buffer, want, at);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : write_all(dst_fd, copier->buffer, n, at);
}

/* By the kernel, which may do better than copying. */
static ssize_t copy_by_kernel(int src_fd, int dst_fd, off_t at, off_t len)
{
	off_t from = at, to = at;
	ssize_t n;

	do
		n = copy_file_range(src_fd, &from, dst_fd, &to,
		                    (size_t)(len < RANGE_MAX ? len : RANGE_MAX), 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* For less than our buffer, two system calls of the plain kind are the quickest. */
static ssize_t copy_some(struct copier *copier, int src_fd, int dst_fd, off_t at, off_t len)
{
	ssize_t n;

	if (!copier->no_range && len > (off_t)COPY_BUFFER_SIZE) {
		n = copy_by_kernel(src_fd, dst_fd, at, len);
		if (n >= 0 || n == -ENOSPC || n == -EDQUOT || n == -EIO || n == -EFBIG)
			return n;
		copier->no_range = true;
	}
	return copy_through(copier, src_fd, dst_fd, at, len);
}

static int copy_range(struct copier *copier, int src_fd, int dst_fd, off_t at, off_t end)
{
	while (at < end) {
		ssize_t n = copy_some(copier, src_fd, dst_fd, at, end - at);

		if (n < 0)
			return (int)n;
		if (n == 0)
			break; /* it became shorter */
		at += n;
		report(copier, n);
	}
	return 0;
}

/* A file system that knows no holes says that all is data. */
static int copy_sparse(struct copier *copier, int src_fd, int dst_fd, off_t size)
{
	off_t data = 0, hole = 0;
	int r = 0;

	while (hole < size && r == 0) {
		data = lseek(src_fd, hole, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		if (data < 0)
			data = hole;
		hole = lseek(src_fd, data, SEEK_HOLE);
		if (hole < 0 || hole > size)
			hole = size;
		r = copy_range(copier, src_fd, dst_fd, data, hole);
	}
	if (r == 0 && ftruncate(dst_fd, size) < 0)
		r = -errno;
	return r;
}

static bool share_blocks(struct copier *copier, int src_fd, int dst_fd)
{
	if (copier->no_clone)
		return false;
	if (ioctl(dst_fd, FICLONE, src_fd) == 0)
		return true;
	if (errno == EOPNOTSUPP || errno == ENOTTY || errno == EXDEV || errno == ENOSYS)
		copier->no_clone = true;
	return false;
}

int copy_data(struct copier *copier, int src_fd, int dst_fd, const struct stat *st)
{
	copier->n_files++;
	if (st->st_size == 0)
		return 0;
	if (share_blocks(copier, src_fd, dst_fd)) {
		report(copier, st->st_size);
		return 0;
	}
	if ((off_t)st->st_blocks * 512 < st->st_size)
		return copy_sparse(copier, src_fd, dst_fd, st->st_size);
	return copy_range(copier, src_fd, dst_fd, 0, st->st_size);
}

/* ---- attributes ---- */

/* Labels of the host's security modules: the copy has what its own directory gives it. */
static bool is_host_label(const char *name)
{
	return str_starts_with(name, "security.") && strcmp(name, XATTR_NAME_CAPS) != 0;
}

static int copy_xattr(const char *src, const char *dst, const char *name, char *value)
{
	ssize_t len = getxattr(src, name, value, XATTR_LIST_MAX);

	if (len < 0)
		return errno == ENODATA ? 0 : -errno;
	if (setxattr(dst, name, value, (size_t)len, 0) < 0 && !is_host_label(name))
		return -errno;
	return 0;
}

/* Most files have none: one call. A descriptor of O_PATH is EBADF. */
static int copy_xattrs(const struct copier *copier, int src_fd, int dst_fd)
{
	char *names = copier->buffer, *value = copier->buffer + XATTR_LIST_MAX;
	ssize_t len = flistxattr(src_fd, names, XATTR_LIST_MAX);
	char src[FD_PATH_MAX], dst[FD_PATH_MAX];
	int r = 0;

	if (len == 0)
		return 0;
	(void)fd_path(src_fd, src);
	(void)fd_path(dst_fd, dst);
	if (len < 0 && errno == EBADF)
		len = listxattr(src, names, XATTR_LIST_MAX);
	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *name = names; name < names + len && r == 0; name += strlen(name) + 1)
		r = copy_xattr(src, dst, name, value);
	return r;
}

static int copy_mode(int dst_fd, mode_t mode)
{
	char dst[FD_PATH_MAX];

	if (S_ISLNK(mode) || fchmod(dst_fd, mode & 07777) == 0)
		return 0;
	if (errno == EBADF && chmod(fd_path(dst_fd, dst), mode & 07777) == 0)
		return 0;
	return -errno;
}

int copy_attributes(const struct copier *copier, int src_fd, int dst_fd, const struct stat *st,
                    bool has_owner)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };
	int r;

	/* Takes capabilities and the set-id bits away. */
	if (!has_owner && fchownat(dst_fd, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) < 0)
		return -errno;
	r = copy_xattrs(copier, src_fd, dst_fd);
	if (r == 0) /* with an ACL the mode's group bits are its mask */
		r = copy_mode(dst_fd, st->st_mode);
	if (r < 0)
		return r;
	return utimensat(dst_fd, "", times, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

void copy_drop_acls(int dir_fd)
{
	char path[FD_PATH_MAX];

	(void)fd_path(dir_fd, path);
	(void)removexattr(path, "system.posix_acl_default");
	(void)removexattr(path, "system.posix_acl_access");
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool copy_is_unchanged(int src_fd, const struct stat *st)
{
	struct stat now;

	return fstat(src_fd, &now) == 0 && now.st_size == st->st_size &&
	       is_same_time(&now.st_mtim, &st->st_mtim) && is_same_time(&now.st_ctim, &st->st_ctim);
}

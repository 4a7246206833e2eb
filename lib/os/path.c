/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/path.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RENAME_RACE_TRIES 32

static int open_resolved(int dir_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (unsigned int)(flags | O_CLOEXEC), .resolve = resolve };

	while (*path == '/')
		path++;
	if (!*path)
		path = ".";
	for (int i = 0; i < RENAME_RACE_TRIES; i++) {
		long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

/* The kernel would let ".." through as long as it stays below, and then races with renames. */
static bool has_dot_dot(const char *path)
{
	for (; *path; path += strcspn(path, "/")) {
		path += strspn(path, "/");
		if (path[0] == '.' && path[1] == '.' && (path[2] == '/' || !path[2]))
			return true;
	}
	return false;
}

static int open_beneath(int dir_fd, const char *path, int flags, uint64_t more)
{
	if (has_dot_dot(path))
		return -EXDEV;
	return open_resolved(dir_fd, path, flags,
	                     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | more);
}

int path_open_beneath(int dir_fd, const char *path, int flags)
{
	return open_beneath(dir_fd, path, flags, 0);
}

int path_open_same_mount(int dir_fd, const char *path, int flags)
{
	return open_beneath(dir_fd, path, flags, RESOLVE_NO_XDEV);
}

int path_open_in_root(int dir_fd, const char *path, int flags)
{
	return open_resolved(dir_fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* Opens one component as a directory, making it when it is missing. */
static int make_component(int dir_fd, const char *name, mode_t mode)
{
	int fd = path_open_beneath(dir_fd, name, O_PATH | O_DIRECTORY);

	if (fd != -ENOENT)
		return fd;
	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	return path_open_beneath(dir_fd, name, O_PATH | O_DIRECTORY);
}

/* Makes all components of @copy but the last; *@ret_last points to the last one in @copy. */
static int make_parents(int dir_fd, char *copy, mode_t mode, char **ret_last)
{
	_cleanup_close_ int at = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	char *save = NULL, *name, *next;

	if (at < 0)
		return -errno;
	name = strtok_r(copy, "/", &save);
	if (!name)
		return -EISDIR;
	while ((next = strtok_r(NULL, "/", &save))) {
		int fd = make_component(at, name, mode);

		if (fd < 0)
			return fd;
		cleanup_close(&at);
		at = fd;
		name = next;
	}
	*ret_last = name;
	return take_fd(&at);
}

int path_make_dir(int dir_fd, const char *path, mode_t mode)
{
	_cleanup_close_ int parent = -EBADF;
	_cleanup_free_ char *copy = NULL;
	char *last;
	int fd;

	fd = path_open_beneath(dir_fd, path, O_PATH | O_DIRECTORY);
	if (fd != -ENOENT)
		return fd;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	parent = make_parents(dir_fd, copy, mode, &last);
	if (parent < 0)
		return parent;
	return make_component(parent, last, mode);
}

int path_make_file(int dir_fd, const char *path, mode_t mode)
{
	_cleanup_close_ int parent = -EBADF, made = -EBADF;
	_cleanup_free_ char *copy = NULL;
	char *last;
	int fd;

	fd = path_open_beneath(dir_fd, path, O_PATH);
	if (fd != -ENOENT)
		return fd;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	parent = make_parents(dir_fd, copy, 0755, &last);
	if (parent < 0)
		return parent;
	made = openat(parent, last, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, mode);
	if (made < 0 && errno != EEXIST)
		return -errno;
	return path_open_beneath(parent, last, O_PATH);
}

int path_mkdir_parents(const char *path, mode_t mode)
{
	_cleanup_free_ char *copy = NULL;
	struct stat st;

	if (!*path)
		return -ENOENT;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	for (char *s = copy + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return -errno;
		*s = '/';
	}
	if (mkdir(copy, mode) == 0)
		return 0;
	if (errno != EEXIST || stat(copy, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

char *path_join(const char *a, const char *b)
{
	char *path;

	return asprintf(&path, "%s/%s", a, b) < 0 ? NULL : path;
}

const char *path_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int path_open_parent(int dir_fd, const char *path, const char **ret_name)
{
	_cleanup_free_ char *dir = strdup(path);

	if (!dir)
		return -ENOMEM;
	*ret_name = path_last(path);
	dir[*ret_name - path] = '\0';
	return path_open_beneath(dir_fd, dir, O_PATH | O_DIRECTORY);
}

void path_simplify(char *path)
{
	char *out = path;
	const char *in = path;

	if (!*path)
		return;
	while (in[0] == '.' && in[1] == '/') {
		in += 2;
		in += strspn(in, "/");
	}
	while (*in) {
		if (in[0] == '/' && in[1] == '/') {
			in++;
		} else if (in[0] == '/' && in[1] == '.' && (in[2] == '/' || !in[2])) {
			in += 2;
			if (!*in && out == path)
				*out++ = '/';
		} else {
			*out++ = *in++;
		}
	}
	while (out > path + 1 && out[-1] == '/')
		out--;
	if (out == path)
		*out++ = '.';
	*out = '\0';
}

const char *path_error_text(int code)
{
	switch (code) {
	case -ELOOP:
		return "a symbolic link is in the way";
	case -EXDEV:
		return "it leads outside the root file system";
	case -ENOTDIR:
		return "something that is not a directory is in the way";
	default:
		return NULL;
	}
}

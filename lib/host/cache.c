/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cache.h"

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/log.h"
#include "os/fd.h"
#include "os/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef RLXC_VERSION
#define RLXC_VERSION "unknown"
#endif
#ifndef RLXC_LOCALSTATEDIR
#define RLXC_LOCALSTATEDIR "/var"
#endif

/* $HOME may be somebody else's, as after su(1): that of the entry in /etc/passwd is ours. */
static char *cache_path(const struct caller *caller, const char *kind)
{
	const char *xdg = getenv("XDG_CACHE_HOME");
	char below[64];

	(void)snprintf(below, sizeof(below), "rlxc/%s", kind);
	if (caller->is_root && !caller->in_userns)
		return path_join(RLXC_LOCALSTATEDIR "/cache", below);
	if (xdg && xdg[0] == '/')
		return path_join(xdg, below);
	(void)snprintf(below, sizeof(below), ".cache/rlxc/%s", kind);
	return path_join(caller->own_home, below);
}

static bool is_ours(const struct stat *st, const struct caller *caller)
{
	return st->st_uid == caller->uid && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

int cache_open_dir(const struct caller *caller, const char *kind)
{
	_cleanup_free_ char *path = cache_path(caller, kind);
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && path_mkdir_parents(path, 0700) == 0)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!is_ours(&st, caller)) {
		log_warn("others can write to the cache '%s', continuing without it", path);
		return -EPERM;
	}
	return take_fd(&fd);
}

void cache_name(const char *key, char ret_name[CACHE_NAME_MAX])
{
	(void)snprintf(ret_name, CACHE_NAME_MAX, RLXC_VERSION "-%016llx",
	               (unsigned long long)hash_bytes(key, strlen(key)));
}

int cache_open_file(int dir_fd, const char *name, const struct caller *caller)
{
	_cleanup_close_ int fd =
		openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || !is_ours(&st, caller))
		return -EPERM;
	(void)futimens(fd, NULL);
	return take_fd(&fd);
}

static bool is_older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* Called for each file that is added, and thus enough to bound them; half-written ones that a kill
 * left behind are among them. */
static void forget_oldest(int dir_fd)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char oldest[sizeof(((struct dirent *)0)->d_name)];
	struct timespec used;
	struct dirent *entry;
	struct stat st;
	size_t n = 0;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		cleanup_close(&fd);
	while (dir && (entry = readdir(dir))) {
		if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISDIR(st.st_mode))
			continue;
		if (n++ == 0 || is_older(&st.st_mtim, &used)) {
			used = st.st_mtim;
			(void)strcpy(oldest, entry->d_name);
		}
	}
	if (n > CACHE_FILES)
		(void)unlinkat(dir_fd, oldest, 0);
}

int cache_keep(int dir_fd, const char *name, const void *data, size_t len)
{
	int r = fd_replace_at(dir_fd, name, 0600, data, len);

	if (r == 0)
		forget_oldest(dir_fd);
	return r;
}

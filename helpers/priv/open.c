/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "priv/open.h"

#include "priv/auth.h"
#include "priv/say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

bool priv_is_roots(const struct stat *st, mode_t type)
{
	return AUTH((st->st_mode & S_IFMT) == type) && AUTH(st->st_uid == 0) &&
	       AUTH(!(st->st_mode & (S_IWGRP | S_IWOTH)));
}

static int verified(int fd, mode_t type)
{
	struct stat st;

	if (fd < 0 || (fstat(fd, &st) == 0 && AUTH(priv_is_roots(&st, type))))
		return fd;
	(void)close(fd);
	errno = EPERM;
	return -1;
}

/* The directory of that name. One that is made is for all to look into. */
static int descend(int above, const char *name, bool create)
{
	if (create) {
		const mode_t mask = umask(022);

		(void)mkdirat(above, name, 0755); /* opening it tells */
		(void)umask(mask);
	}
	return verified(openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
	                S_IFDIR);
}

int priv_open_dir(const char *path, bool create)
{
	int fd = descend(AT_FDCWD, "/", false);
	char name[NAME_MAX + 1];

	while (fd >= 0 && *(path += strspn(path, "/"))) {
		const int above = fd;

		(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(path, "/"), path);
		fd = descend(above, name, create);
		(void)close(above);
		path += strcspn(path, "/");
	}
	return fd;
}

int priv_open_file(int dir_fd, const char *name, int flags)
{
	return verified(
		openat(dir_fd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600),
		S_IFREG);
}

int priv_open_proc(void)
{
	const int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		priv_fail("cannot start");
	return fd;
}

ssize_t priv_read(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, text + len, size - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 && len < size);
	if (n < 0 || len == size)
		return -1;
	text[len] = '\0';
	return (ssize_t)len;
}

ssize_t priv_read_at(int dir_fd, const char *path, char *text, size_t size)
{
	const int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = priv_read(fd, text, size);
	(void)close(fd);
	return n;
}

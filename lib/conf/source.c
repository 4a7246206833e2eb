/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/source.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static bool in_first_userns(void)
{
	char map[128];
	unsigned int inside, outside, count;

	if (fd_read_short(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map)) < 0)
		return true;
	return sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 &&
	       outside == 0 && count == 4294967295U;
}

/* In a user namespace the files of the host's root have an owner that is not mapped there. */
bool source_is_roots(const struct stat *st)
{
	if (S_ISCHR(st->st_mode))
		return true; /* /dev/null, a terminal: only root makes device nodes */
	if (st->st_mode & S_IWOTH || (st->st_mode & S_IWGRP && st->st_gid != 0))
		return false;
	return st->st_uid == 0 || (st->st_uid == PROC_OVERFLOW_ID && !in_first_userns());
}

/* A pipe that a shell made for <(command) has somebody who writes and an end. */
static bool is_pipe(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC;
}

static int check_source(int fd, const char *name, struct source_id *ret_id, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot look at '%s'", name);
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISFIFO(st.st_mode) && !is_pipe(fd))
		return err_say(err, -EINVAL, "'%s' is a fifo, not a file", name);
	if (geteuid() == 0 && !source_is_roots(&st)) {
		(void)err_say(err, -EPERM,
		              "'%s' belongs to user %u (mode %04o): root does not read a "
		              "configuration that others can write",
		              name, st.st_uid, (unsigned int)(st.st_mode & 07777));
		err_hint(err, "run 'chown root:root %s && chmod go-w %s', or start it as its owner",
		         name, name);
		return -EPERM;
	}
	*ret_id = (struct source_id){ .dev = st.st_dev, .ino = st.st_ino };
	return 0;
}

static int say_unreadable(int dir_fd, const char *path, const char *name, int code, struct err *err)
{
	struct stat st;

	err_set(err, code, "cannot read '%s'", name);
	if (code == -EACCES && fstatat(dir_fd, path, &st, 0) == 0)
		err_hint(err,
		         "it belongs to user %u: its owner lets you read it with: chmod a+r %s",
		         st.st_uid, name);
	else if (code == -EACCES)
		err_hint(err, "a directory above it cannot be searched by you");
	return code;
}

int source_read(int dir_fd, const char *path, const char *name, size_t max, char **ret_text,
                size_t *ret_len, struct source_id *ret_id, struct err *err)
{
	/* A fifo without a writer must not make us wait, as root least of all. */
	_cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r;

	if (fd < 0)
		return say_unreadable(dir_fd, path, name, -errno, err);
	r = check_source(fd, name, ret_id, err);
	if (r < 0)
		return r;
	(void)fd_set_nonblock(fd, false);
	r = fd_read_all(fd, max, ret_text, ret_len);
	if (r == -EFBIG) {
		err_say(err, r, "'%s': the configuration has more than 4 MiB in all", name);
		err_hint(err, "is it the right file?");
		return r;
	}
	return r < 0 ? err_set(err, r, "cannot read '%s'", name) : 0;
}

/* ".conf" alone is no such name, ".a.conf" is one. */
static bool is_conf_name(const char *name)
{
	return strlen(name) >= 6 && str_ends_with(name, ".conf");
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int source_list(int dir_fd, struct strv *ret_names)
{
	_cleanup_(strv_done) struct strv names = {};
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd;

	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		int saved = errno;

		(void)close(fd);
		return -saved;
	}
	for (errno = 0; (entry = readdir(dir)); errno = 0)
		if (is_conf_name(entry->d_name) && strv_add(&names, entry->d_name) < 0)
			return -ENOMEM;
	if (errno)
		return -errno;
	if (names.n)
		qsort(names.items, names.n, sizeof(*names.items), compare_names);
	*ret_names = names;
	names = (struct strv){};
	return 0;
}

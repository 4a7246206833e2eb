/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/watchers.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR_NAME ".watch"
#define WATCHERS_MAX 64          /* are told; the work of a monitor stays bounded */
#define FIFO_BYTES (1024 * 1024) /* what a watcher may be behind: about 10000 lines */
#define JOIN_TRIES 100           /* against watchers that leave at the same time */

/* ---- the monitor's side ---- */

int watchers_open(const struct rundir *dir)
{
	int fd = openat(dir->dir_fd, "../" DIR_NAME,
	                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void tell_one(int dir_fd, const char *name, const struct text *line)
{
	_cleanup_close_ int fd =
		openat(dir_fd, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno != ENXIO)
		return;
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode)))
		return;
	if (fd < 0 || write(fd, line->data, line->len) != (ssize_t)line->len)
		(void)unlinkat(dir_fd, name, 0);
}

void watchers_tell(int dir_fd, const struct event *event)
{
	_cleanup_closedir_ DIR *dir = dir_fd < 0 ? NULL : fdopendir(dir_fd);
	_cleanup_(text_done) struct text line = {};
	struct dirent *entry;
	int left = WATCHERS_MAX;

	if (!dir) {
		cleanup_close(&dir_fd);
		return;
	}
	event_add(&line, event);
	while (!line.failed && left > 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			tell_one(dirfd(dir), entry->d_name, &line);
			left--;
		}
}

/* ---- the watcher's side ---- */

/* -ENOENT: the directory was just removed by somebody who left. */
static int make_fifo(struct watcher *watcher)
{
	char hidden[sizeof(watcher->name) + 1];
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -EIO;
	(void)snprintf(watcher->name, sizeof(watcher->name), "%016llx", (unsigned long long)number);
	(void)snprintf(hidden, sizeof(hidden), ".%s", watcher->name);
	if (mkfifoat(watcher->dir_fd, hidden, 0600) < 0)
		return -errno;
	/* Open for writing as well: it never comes to an end when a monitor closes it. */
	watcher->fifo_fd =
		openat(watcher->dir_fd, hidden, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (watcher->fifo_fd < 0 ||
	    renameat(watcher->dir_fd, hidden, watcher->dir_fd, watcher->name) < 0) {
		int r = -errno;

		(void)unlinkat(watcher->dir_fd, hidden, 0);
		return r == -ENOENT ? -EIO : r;
	}
	(void)fcntl(watcher->fifo_fd, F_SETPIPE_SZ, FIFO_BYTES); /* else it is smaller */
	return 0;
}

int watcher_join(int base_fd, struct watcher *ret_watcher)
{
	struct watcher watcher = WATCHER_NONE;
	int r = -ENOENT;

	watcher.base_fd = base_fd;
	for (int i = 0; i < JOIN_TRIES && r == -ENOENT; i++) {
		cleanup_close(&watcher.dir_fd);
		if (mkdirat(base_fd, DIR_NAME, 0700) < 0 && errno != EEXIST) {
			r = errno == ENOENT ? -ESTALE : -errno;
			break;
		}
		watcher.dir_fd =
			openat(base_fd, DIR_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = watcher.dir_fd < 0 ? -errno : make_fifo(&watcher);
	}
	if (r < 0) {
		watcher_leave(&watcher);
		return r;
	}
	*ret_watcher = watcher;
	return 0;
}

bool watcher_is_dropped(const struct watcher *watcher)
{
	struct stat st;

	return fstat(watcher->fifo_fd, &st) == 0 && st.st_nlink == 0;
}

void watcher_leave(struct watcher *watcher)
{
	if (watcher->dir_fd >= 0)
		(void)unlinkat(watcher->dir_fd, watcher->name, 0);
	if (watcher->base_fd >= 0) {
		(void)unlinkat(watcher->base_fd, DIR_NAME, AT_REMOVEDIR);
		rundir_close_base(&watcher->base_fd);
	}
	cleanup_close(&watcher->fifo_fd);
	cleanup_close(&watcher->dir_fd);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/pending.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *pending_name(const char *name, char *buf)
{
	(void)snprintf(buf, PENDING_NAME_MAX, ".config.%s", name);
	return buf;
}

/* The old one steps aside, the new one takes its name; each may have happened already. */
static int exchange(int dir_fd, const char *new_name)
{
	const char *name = new_name + strlen(PENDING_NEW);
	char old_name[PENDING_NAME_MAX];

	(void)snprintf(old_name, sizeof(old_name), PENDING_OLD "%s", name);
	if (renameat2(dir_fd, name, dir_fd, old_name, RENAME_NOREPLACE) < 0 && errno != ENOENT &&
	    errno != EEXIST)
		return -errno;
	return renameat(dir_fd, new_name, dir_fd, name) < 0 ? -errno : 0;
}

static int finish_restore(int dir_fd)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (str_starts_with(entry->d_name, PENDING_NEW))
			r = exchange(dir_fd, entry->d_name);
	if (r == 0 && renameat(dir_fd, PENDING_RESTORED, dir_fd, "config") < 0)
		r = -errno;
	return r;
}

void pending_settle(int dir_fd, const char *name)
{
	char file[PENDING_NAME_MAX];
	int r = 0;

	if (renameat(dir_fd, pending_name(name, file), dir_fd, "config") < 0 && errno != ENOENT)
		r = -errno;
	if (faccessat(dir_fd, PENDING_RESTORED, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		r = finish_restore(dir_fd);
	if (r < 0)
		log_debug("cannot end what was begun with '%s': %s", name, strerror(-r));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/pidfile.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nothing but an ordinary file with this one name is emptied, or waited for. */
static int create(const char *path)
{
	_cleanup_close_ int fd = open(
		path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
		return -EEXIST;
	return ftruncate(fd, 0) < 0 ? -errno : take_fd(&fd);
}

int pidfile_open(const char *path, struct pidfile *ret_pidfile, struct err *err)
{
	_cleanup_free_ char *absolute = NULL;
	int fd;

	if (!path)
		return 0;
	if (path[0] == '/') {
		absolute = strdup(path);
	} else {
		_cleanup_free_ char *cwd = getcwd(NULL, 0);

		if (!cwd || asprintf(&absolute, "%s/%s", cwd, path) < 0)
			absolute = NULL;
	}
	if (!absolute)
		return err_oom(err);
	fd = create(absolute);
	if (fd < 0)
		return err_set(err, fd, "cannot make pid file '%s'", path);
	*ret_pidfile = (struct pidfile){ .path = take_ptr(absolute), .fd = fd };
	return 0;
}

void pidfile_write(struct pidfile *pidfile)
{
	char text[NUM_TEXT_MAX];

	if (pidfile->fd < 0)
		return;
	num_format(text, getpid());
	(void)fd_write(pidfile->fd, text, strlen(text));
	cleanup_close(&pidfile->fd);
}

void pidfile_remove(const struct pidfile *pidfile)
{
	if (pidfile->path)
		(void)unlink(pidfile->path);
}

void pidfile_done(struct pidfile *pidfile)
{
	free(pidfile->path);
	cleanup_close(&pidfile->fd);
	*pidfile = PIDFILE_NONE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/tools.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef RLXC_LIBEXEC_DIR
#define RLXC_LIBEXEC_DIR "/usr/local/libexec/lxc"
#endif

static int open_program(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tools_open(const char *name, struct err *err)
{
	static const char *const places[] = { "", "/../libexec/lxc" };
	char self[PATH_MAX], path[PATH_MAX + 128];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd;

	if (n > 0) {
		self[n] = '\0';
		if (strrchr(self, '/'))
			*strrchr(self, '/') = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			(void)snprintf(path, sizeof(path), "%s%s/%s", self, places[i], name);
			fd = open_program(path);
			if (fd >= 0)
				return fd;
		}
	}
	(void)snprintf(path, sizeof(path), "%s/%s", RLXC_LIBEXEC_DIR, name);
	fd = open_program(path);
	if (fd < 0) {
		err_set(err, fd, "cannot find our program '%s'", path);
		err_hint(err, "the installation is incomplete: run make install");
	}
	return fd;
}

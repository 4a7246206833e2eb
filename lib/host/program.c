/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/program.h"

#include "base/cleanup.h"
#include "os/mountfd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXE "/proc/self/exe"
#define VARIABLE "RLXC_PROGRAM" /* the path, which a detached mount does not have */

static struct {
	char **argv;
	char *path; /* of a program that was executed anew */
} self;

/* The kernel calls the root of a mount that is attached nowhere "/", and says of a file that an
 * upgrade has just replaced that it is deleted. */
static bool is_detached(void)
{
	char link[sizeof("/ (deleted)")];
	ssize_t n = readlink(EXE, link, sizeof(link));

	return n > 0 && strncmp("/ (deleted)", link, (size_t)n) == 0;
}

void program_init(char **argv)
{
	const char *path = getenv(VARIABLE), *slash = strrchr(argv[0], '/');

	self.argv = argv;
	if (!path)
		return;
	if (is_detached()) { /* or somebody else made the variable */
		self.path = strdup(path);
		(void)prctl(PR_SET_NAME, slash ? slash + 1 : argv[0], 0, 0, 0);
	}
	(void)unsetenv(VARIABLE);
}

int program_path(char *buf, size_t size)
{
	ssize_t n;

	if (self.path) {
		n = snprintf(buf, size, "%s", self.path);
	} else {
		n = readlink(EXE, buf, size);
		if (n < 0)
			return -errno;
	}
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	buf[n] = '\0';
	return 0;
}

static int execute(int program)
{
	char path[PATH_MAX];
	int r = mountfd_set_attr(program, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0, false);

	if (r == 0)
		r = program_path(path, sizeof(path));
	if (r < 0)
		return r;
	if (setenv(VARIABLE, path, /* overwrite= */ 1) < 0)
		return -errno;
	(void)syscall(SYS_execveat, program, "", self.argv, environ, AT_EMPTY_PATH);
	r = -errno;
	(void)unsetenv(VARIABLE);
	return r;
}

int program_detach(struct err *err)
{
	_cleanup_close_ int program = -EBADF;
	int r;

	if (geteuid() != 0 || !self.argv || is_detached())
		return 0;
	program = mountfd_clone(AT_FDCWD, EXE, /* recursive= */ false);
	/* Root of a user namespace without mounts of its own, to whom nothing belongs. */
	if (program == -EPERM)
		return 0;
	r = program < 0 ? program : execute(program);
	return err_set(err, r, "cannot execute our program from a read-only mount of its file");
}

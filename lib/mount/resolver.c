/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/resolv.conf of a container whose own one cannot work: it is covered by a small file in
 * memory. The root file system is not written to, but for an empty file to mount on where there is
 * none, and no link of it is followed. */
#include "mount/mount-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/mountfd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESOLVER_MAX ((size_t)64 * 1024)

bool mount_resolver_works(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n"), blank;

		if (str_starts_with(text, "nameserver")) {
			const char *server = text + strlen("nameserver");

			blank = strspn(server, " \t");
			server += blank;
			if (blank && *server && *server != '\n' && *server != '#' &&
			    !str_starts_with(server, "127.") && !str_starts_with(server, "::1") &&
			    !str_starts_with(server, "0.0.0.0"))
				return true;
		}
		text += len + (text[len] == '\n');
	}
	return false;
}

/* 1: there is a file that works. 0: there is none that does, it is to be covered. */
static int read_own(int root_fd, const char *target)
{
	_cleanup_close_ int fd =
		path_open_beneath(root_fd, target, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	r = fd_read_all(fd, RESOLVER_MAX, &text, NULL);
	return r < 0 ? r : mount_resolver_works(text);
}

static int write_file(int tree, const char *text)
{
	_cleanup_close_ int fd =
		openat(tree, "resolv.conf", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : fd_write(fd, text, strlen(text));
}

/* Linux before 6.15 copies nothing of a file system that is mounted nowhere: it is for a moment, on
 * the directory of the file, which is still reached through @target. */
static int clone_file(int tree, int dir)
{
	char path[64];
	int fd, r = mountfd_attach(tree, dir);

	if (r < 0)
		return r;
	fd = mountfd_clone(tree, "resolv.conf", false);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", tree);
	if (umount2(path, MNT_DETACH) < 0 && fd >= 0) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	return fd;
}

static int cover(const struct mount_op *op, int root_fd)
{
	static const char *const options[] = { "mode", "0755", "size", "64k", NULL, NULL };
	_cleanup_close_ int dir = path_open_beneath(root_fd, "etc", O_PATH | O_DIRECTORY);
	_cleanup_close_ int target = -EBADF, tree = -EBADF, file = -EBADF;
	int r;

	if (dir < 0)
		return dir;
	target = path_make_file(root_fd, op->target, 0644);
	if (target < 0)
		return target;
	tree = mountfd_new("tmpfs", options, NO_EXEC_DEV_SUID);
	if (tree < 0)
		return tree;
	r = write_file(tree, op->source);
	file = r < 0 ? r : clone_file(tree, dir);
	return file < 0 ? file : mountfd_attach(file, target);
}

void mount_resolver_apply(const struct mount_op *op, int root_fd)
{
	int r = read_own(root_fd, op->target);

	if (r == 0)
		r = cover(op, root_fd);
	if (r < 0)
		log_info("the container's /%s is left as it is: %s", op->target,
		         path_error_text(r) ? path_error_text(r) : strerror(-r));
}

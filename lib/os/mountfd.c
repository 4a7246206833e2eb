/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/mountfd.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A message of the context: a letter (e is an error), a blank, the text. Older ones come first. */
static void read_why(int context, char *why, size_t size)
{
	char message[256];
	ssize_t n;

	while ((n = read(context, message, sizeof(message) - 1)) > 2) {
		message[n] = '\0';
		if (message[0] == 'e')
			(void)snprintf(why, size, "%.*s", (int)strcspn(message + 2, "\n"),
			               message + 2);
	}
}

static int set_option(int context, const char *key, const char *value)
{
	unsigned int command = value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

	return syscall(SYS_fsconfig, context, command, key, value, 0) < 0 ? -errno : 0;
}

static int set_word(int context, const char *word)
{
	_cleanup_free_ char *key = strdup(word);
	char *value = key ? strchr(key, '=') : NULL;

	if (!key)
		return -ENOMEM;
	if (value)
		*value++ = '\0';
	return set_option(context, key, value);
}

static int finish_new(int context, uint64_t attr)
{
	long fd;

	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, (unsigned int)attr);
	return fd < 0 ? -errno : (int)fd;
}

static int make_new(int context, const char *const *options, uint64_t attr)
{
	int r = 0;

	for (; r == 0 && options && options[0]; options += 2)
		r = set_option(context, options[0], options[1]);
	return r < 0 ? r : finish_new(context, attr);
}

int mountfd_new_why(const char *type, const char *const *options, uint64_t attr, char *why,
                    size_t size)
{
	_cleanup_close_ int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int r;

	if (size)
		why[0] = '\0';
	if (context < 0)
		return -errno;
	r = make_new(context, options, attr);
	if (r < 0 && size)
		read_why(context, why, size);
	return r;
}

int mountfd_new(const char *type, const char *const *options, uint64_t attr)
{
	return mountfd_new_why(type, options, attr, NULL, 0);
}

int mountfd_new_words(const char *type, const struct strv *words, uint64_t attr, char *why,
                      size_t size)
{
	_cleanup_close_ int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int r = context < 0 ? -errno : 0;

	why[0] = '\0';
	for (size_t i = 0; r == 0 && i < words->n; i++)
		r = set_word(context, words->items[i]);
	if (r == 0)
		r = finish_new(context, attr);
	if (r < 0 && context >= 0)
		read_why(context, why, size);
	return r;
}

int mountfd_clone(int dir_fd, const char *path, bool recursive)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT;
	long fd;

	if (!*path)
		flags |= AT_EMPTY_PATH;
	if (recursive)
		flags |= AT_RECURSIVE;
	fd = syscall(SYS_open_tree, dir_fd, path, flags);
	return fd < 0 ? -errno : (int)fd;
}

int mountfd_attach(int tree_fd, int target_fd)
{
	long r = syscall(SYS_move_mount, tree_fd, "", target_fd, "",
	                 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);

	return r < 0 ? -errno : 0;
}

int mountfd_detach_at(int dir_fd, const char *name)
{
	return fchdir(dir_fd) < 0 || umount2(name, UMOUNT_NOFOLLOW | MNT_DETACH) < 0 ? -errno : 0;
}

static int set_attr(int fd, struct mount_attr *attr, bool recursive)
{
	unsigned int flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);

	return syscall(SYS_mount_setattr, fd, "", flags, attr, sizeof(*attr)) < 0 ? -errno : 0;
}

int mountfd_set_attr(int fd, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };

	return set_attr(fd, &attr, recursive);
}

int mountfd_set_idmap(int fd, int userns_fd, bool recursive)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP,
		                   .userns_fd = (unsigned int)userns_fd };

	return set_attr(fd, &attr, recursive);
}

int mountfd_id(int fd, uint64_t *ret_id)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		return -errno;
	if (!(stx.stx_mask & STATX_MNT_ID))
		return -EOPNOTSUPP;
	*ret_id = stx.stx_mnt_id;
	return 0;
}

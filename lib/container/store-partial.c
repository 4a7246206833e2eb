/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/store.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "container/mark.h"
#include "container/remove.h"
#include "os/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A creation holds a lock on the file `partial` from the first moment to the last, and so does a
 * removal. Present and unlocked means that whoever held it was killed. */

static int lock_named(int dir_fd, int more_flags)
{
	_cleanup_close_ int fd = openat(dir_fd, PARTIAL_NAME,
	                                O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK |
	                                        O_CLOEXEC | more_flags,
	                                0600);
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	r = fd_lock(fd);
	if (r < 0)
		return r == -EACCES ? -EAGAIN : r;
	/* Between the two somebody may have taken it for one of the dead. */
	return fstat(fd, &st) < 0 || st.st_nlink == 0 ? -EAGAIN : take_fd(&fd);
}

int store_lock_partial(int dir_fd, bool is_new)
{
	_cleanup_close_ int fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd >= 0 && fd_lock(fd) == 0) {
		if (linkat(AT_FDCWD, path, dir_fd, PARTIAL_NAME, AT_SYMLINK_FOLLOW) == 0)
			return take_fd(&fd);
		if (errno == EEXIST && is_new)
			return -EEXIST;
	}
	return lock_named(dir_fd, is_new ? O_EXCL : 0);
}

/* Takes the lock of an abandoned creation. -EAGAIN: it is not abandoned. -ENOENT: no such file, or
 * the creation came to its end just now. */
static int lock_abandoned(int dir_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	fd = openat(dir_fd, PARTIAL_NAME, O_RDWR | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? -EAGAIN : -errno;
	r = fd_lock(fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return -ENOENT;
	return take_fd(&fd);
}

bool store_is_bare(const struct stat *st)
{
	/* The set-gid bit comes from the directory above. */
	return (st->st_mode & (07777U ^ S_ISGID)) == STORE_BARE_MODE;
}

/* Nothing but the lock, and half a mark, can be in it. */
static int clean_bare(const struct store *store, const char *name)
{
	_cleanup_close_ int store_fd = open(store->path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	store_clean_unmarked(store, name);
	return unlinkat(store_fd, name, AT_REMOVEDIR) == 0;
}

int store_clean_partial(const struct store *store, const char *name, struct err *err)
{
	_cleanup_close_ int dir_fd = -EBADF, lock_fd = -EBADF;
	_cleanup_(mark_done) struct mark mark = {};
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct removal removal;
	struct stat st;
	int r;

	dir_fd = store_open_dir(store, name, NULL);
	if (dir_fd < 0 || fstat(dir_fd, &st) < 0 || st.st_uid != store->caller.uid)
		return 0;
	if (store_is_bare(&st) && faccessat(dir_fd, MARK_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return clean_bare(store, name);
	lock_fd = lock_abandoned(dir_fd);
	if (lock_fd < 0)
		return 0;
	r = mark_read(dir_fd, store->path, store->caller.uid, &mark, NULL);
	if (r < 0)
		return 0;
	(void)store_load_conf(store, name, NULL, /* tolerate= */ true, &conf, NULL);
	removal = (struct removal){
		.store = store,
		.name = name,
		.dir_fd = dir_fd,
		.idmaps = conf && conf->idmaps.n ? &conf->idmaps : &mark.idmaps,
		.rootfs_path = mark.rootfs_path,
		.rootfs_inode = mark.rootfs_inode,
		.rootfs_made = mark.rootfs_made,
		.volumes = &mark.volumes,
	};
	r = removal_check(&removal, err);
	if (r == 0)
		r = removal_run(&removal, err);
	if (r < 0)
		return err_wrap(err, r, "cannot clear away the unfinished container '%s'", name);
	log_info("cleared away the unfinished container '%s'", name);
	return 1;
}

/* Half a mark is all that can be there beside the lock. */
void store_clean_unmarked(const struct store *store, const char *name)
{
	_cleanup_close_ int dir_fd = store_open_dir(store, name, NULL);
	_cleanup_close_ int lock_fd = dir_fd < 0 ? -EBADF : lock_abandoned(dir_fd);
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	struct stat st;
	int fd;

	if (lock_fd < 0 || fstat(dir_fd, &st) < 0 || st.st_uid != store->caller.uid ||
	    faccessat(dir_fd, MARK_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir)))
		if (str_starts_with(entry->d_name, "." MARK_NAME ".") &&
		    str_ends_with(entry->d_name, ".new"))
			(void)unlinkat(dir_fd, entry->d_name, 0);
	(void)unlinkat(dir_fd, PARTIAL_NAME, 0);
}

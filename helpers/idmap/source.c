/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "source.h"

#include "priv/auth.h"
#include "priv/open.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <unistd.h>

#define LEVELS_MAX 16
/* The libc says 0 on 64-bit machines. */
#ifdef __aarch64__
#define KERNEL_LARGEFILE 0400000
#else
#define KERNEL_LARGEFILE 0100000
#endif

bool source_mount_id(int fd, uint64_t *ret_id)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0 || !(stx.stx_mask & STATX_MNT_ID))
		return false;
	*ret_id = stx.stx_mnt_id;
	return true;
}

bool source_take(int fd, struct source *ret_source)
{
	const int usual = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | KERNEL_LARGEFILE;
	const int flags = fcntl(fd, F_GETFL);
	struct source source = { .fd = fd };

	if (flags < 0 || !AUTH(!(flags & ~usual)) || fstat(fd, &source.st) < 0 ||
	    !AUTH(S_ISDIR(source.st.st_mode)) || !source_mount_id(fd, &source.mount_id))
		return false;
	*ret_source = source;
	return true;
}

/* The directory above the one that @fd is, on the same mount, in its place. -1: none. */
static int climb(int fd, uint64_t mount, struct stat *st)
{
	const int above = openat(fd, "..", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const ino_t ino = st->st_ino;
	uint64_t id;

	(void)close(fd);
	if (above >= 0 && source_mount_id(above, &id) && AUTH(id == mount) &&
	    fstat(above, st) == 0 && st->st_ino != ino)
		return above;
	if (above >= 0)
		(void)close(above);
	return -1;
}

/* From subordinate ids up to the caller, with nobody between. */
static bool is_below_own(const struct source *source, const struct source_owners *owners)
{
	struct stat st = source->st;
	int fd = fcntl(source->fd, F_DUPFD_CLOEXEC, 3);

	for (int i = 0; i < LEVELS_MAX && fd >= 0; i++) {
		if (!AUTH(owned_has(owners->uids, st.st_uid, 1)))
			break;
		fd = climb(fd, source->mount_id, &st);
		if (fd >= 0 && st.st_uid == owners->caller->uid) {
			(void)close(fd);
			return true;
		}
	}
	if (fd >= 0)
		(void)close(fd);
	return false;
}

bool source_is_own(const struct source *source, const struct source_owners *owners)
{
	const struct stat *st = &source->st;
	bool is_below;

	if (!AUTH(priv_caller_has_gid(owners->caller, st->st_gid)) &&
	    !AUTH(owned_has(owners->gids, st->st_gid, 1)))
		return false;
	if (AUTH(st->st_uid == owners->caller->uid))
		return true;
	priv_as_caller(owners->caller);
	is_below = AUTH(is_below_own(source, owners));
	priv_as_root();
	return is_below;
}

bool source_is_published(const struct source *source, const char *path, bool below)
{
	struct stat st, published;
	uint64_t mount, published_mount;
	int fd, at = source->fd;
	bool is_it;

	if (!AUTH(priv_is_roots(&source->st, S_IFDIR)))
		return false;
	if (below)
		at = openat(source->fd, "..", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	fd = priv_open_dir(path, /* create= */ false);
	is_it = at >= 0 && fd >= 0 && fstat(at, &st) == 0 && fstat(fd, &published) == 0 &&
	        AUTH(st.st_dev == published.st_dev) && AUTH(st.st_ino == published.st_ino) &&
	        source_mount_id(at, &mount) && source_mount_id(fd, &published_mount) &&
	        AUTH(mount == published_mount);
	if (below && at >= 0)
		(void)close(at);
	if (fd >= 0)
		(void)close(fd);
	return is_it;
}

bool source_is_same(const struct source *source, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && AUTH(st.st_dev == source->st.st_dev) &&
	       AUTH(st.st_ino == source->st.st_ino) && AUTH(st.st_uid == source->st.st_uid) &&
	       AUTH(st.st_gid == source->st.st_gid);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/tree.h"

#include "base/cleanup.h"
#include "base/strv.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/path.h"
#include "storage/btrfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A walk holds one descriptor, that of the directory it stands in, and for each level above the
 * names of the directories it has still to visit. It comes back up through "..", and since a
 * directory can be moved while we are below it, what is arrived at is compared with the device and
 * inode noted on the way down: a walk never works in a directory that it did not enter by name.
 *
 * The pass that looks for mounts and the pass that removes are the same walk. */

#define RESCAN_MAX 16    /* a directory that others keep filling is given up after so many tries */
#define SHOWN_LEVELS 12U /* of the path in a message */

struct level {
	char *name; /* in the level above; NULL for the first */
	struct strv dirs;
	dev_t dev;
	ino_t ino;
};

struct walk {
	int fd; /* of the last level */
	struct level *levels;
	size_t n, size;
	const char *path;
	bool remove;
};

static void walk_done(struct walk *walk)
{
	cleanup_close(&walk->fd);
	for (size_t i = 0; i < walk->n; i++) {
		free(walk->levels[i].name);
		strv_done(&walk->levels[i].dirs);
	}
	free(walk->levels);
}

/* The path of @name in the directory the walk stands in, for a message; owned, maybe NULL. */
static char *describe(const struct walk *walk, const char *name)
{
	struct text text = {};
	char *path = NULL;
	size_t first = 1;

	text_add_printable(&text, walk->path);
	if (walk->n > SHOWN_LEVELS + 1) {
		first = walk->n - SHOWN_LEVELS;
		text_addf(&text, "/(%zu levels)", first - 1);
	}
	for (size_t i = first; i < walk->n; i++) {
		text_add(&text, "/");
		text_add_printable(&text, walk->levels[i].name);
	}
	text_add(&text, "/");
	text_add_printable(&text, name);
	return text_finish(&text, &path) < 0 ? NULL : path;
}

static int say_mounted(const struct walk *walk, const char *name, struct err *err)
{
	_cleanup_free_ char *path = describe(walk, name);

	err_say(err, -EBUSY, "something is mounted on '%s'", path ? path : name);
	err_hint(err, "umount '%s'", path ? path : name);
	return -EBUSY;
}

static int say_failed(const struct walk *walk, const char *verb, const char *name, int r,
                      struct err *err)
{
	_cleanup_free_ char *path = describe(walk, name);

	if (r == -EBUSY || r == -EXDEV)
		return say_mounted(walk, name, err);
	err_set(err, r, "cannot %s '%s'", verb, path ? path : name);
	if (r == -EPERM)
		err_hint(err, "it may be immutable (lsattr, chattr -i), or its owner is not in "
		              "the container's lxc.idmap");
	return r;
}

/* Stands in the directory @fd from now on. Takes ownership of @fd. */
static int push(struct walk *walk, int fd, const char *name, struct err *err)
{
	_cleanup_close_ int owned = fd;
	struct level level = {};
	struct stat st;

	if (fstat(fd, &st) < 0)
		return say_failed(walk, "examine", name ? name : "", -errno, err);
	if (walk->n == walk->size) {
		size_t size = walk->size ? walk->size * 2 : 16;
		struct level *bigger = reallocarray(walk->levels, size, sizeof(*bigger));

		if (!bigger)
			return err_oom(err);
		walk->levels = bigger;
		walk->size = size;
	}
	level.dev = st.st_dev;
	level.ino = st.st_ino;
	if (name) {
		level.name = strdup(name);
		if (!level.name)
			return err_oom(err);
	}
	walk->levels[walk->n++] = level;
	cleanup_close(&walk->fd);
	walk->fd = take_fd(&owned);
	return 0;
}

/* Is @name a directory (1) or something else (0)? Mount points are -EBUSY. */
static int look_at(const struct walk *walk, const char *name, struct err *err)
{
	struct statx stx;

	if (statx(walk->fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &stx) < 0)
		return errno == ENOENT ? 0 : say_failed(walk, "examine", name, -errno, err);
	if (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return say_mounted(walk, name, err);
	return S_ISDIR(stx.stx_mode);
}

/* Removes an entry unless it is a directory, which is 1. */
static int remove_file(const struct walk *walk, const struct dirent *entry, struct err *err)
{
	if (entry->d_type == DT_DIR)
		return 1;
	if (unlinkat(walk->fd, entry->d_name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno == EISDIR)
		return 1;
	return say_failed(walk, "remove", entry->d_name, -errno, err);
}

/* Handles all entries of the directory the walk stands in; directories are noted. */
static int scan(struct walk *walk, struct err *err)
{
	struct level *level = &walk->levels[walk->n - 1];
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd, r;

	fd = openat(walk->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return say_failed(walk, "read", ".", -errno, err);
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return err_oom(err);
	}
	while ((errno = 0, entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = walk->remove ? remove_file(walk, entry, err)
		                 : look_at(walk, entry->d_name, err);
		if (r < 0)
			return r;
		if (r > 0 && strv_add(&level->dirs, entry->d_name) < 0)
			return err_oom(err);
	}
	return errno ? say_failed(walk, "read", ".", -errno, err) : 0;
}

/* Enters the last directory noted. What is gone by now is skipped. */
static int descend(struct walk *walk, struct err *err)
{
	struct strv *dirs = &walk->levels[walk->n - 1].dirs;
	_cleanup_free_ char *name = strdup(dirs->items[dirs->n - 1]);
	int fd, r;

	if (!name)
		return err_oom(err);
	strv_remove(dirs, dirs->n - 1);
	fd = path_open_same_mount(walk->fd, name, O_RDONLY | O_DIRECTORY);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return say_failed(walk, "open", name, fd, err);
	r = push(walk, fd, name, err);
	if (r < 0)
		return r;
	return scan(walk, err);
}

/* Back to the level above. */
static int ascend(struct walk *walk, struct err *err)
{
	const struct level *above = &walk->levels[walk->n - 2];
	_cleanup_close_ int fd = openat(walk->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return say_failed(walk, "leave", ".", -errno, err);
	if (st.st_dev != above->dev || st.st_ino != above->ino)
		return err_say(err, -ESTALE, "'%s' is being changed by somebody else", walk->path);
	cleanup_close(&walk->fd);
	walk->fd = take_fd(&fd);
	return 0;
}

/* Removes the directory that was just left; when others have put something into it meanwhile it is
 * visited once more. */
static int remove_left(struct walk *walk, const char *name, struct err *err)
{
	struct strv *dirs = &walk->levels[walk->n - 1].dirs;

	if (unlinkat(walk->fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return say_failed(walk, "remove", name, -errno, err);
	return strv_add(dirs, name) < 0 ? err_oom(err) : 1;
}

static int leave(struct walk *walk, unsigned int *tries, struct err *err)
{
	_cleanup_free_ char *name = NULL;
	int r;

	r = ascend(walk, err);
	if (r < 0)
		return r;
	walk->n--;
	name = take_ptr(walk->levels[walk->n].name);
	strv_done(&walk->levels[walk->n].dirs);
	if (!walk->remove)
		return 0;
	r = remove_left(walk, name, err);
	if (r <= 0)
		return r;
	if (++*tries > RESCAN_MAX)
		return say_failed(walk, "remove", name, -ENOTEMPTY, err);
	return 0;
}

/* Everything below the directory @fd. Takes ownership of @fd. */
static int walk_below(int fd, const char *path, bool remove, struct err *err)
{
	_cleanup_(walk_done) struct walk walk = { .fd = -EBADF, .path = path, .remove = remove };
	unsigned int tries = 0;
	int r;

	r = push(&walk, fd, NULL, err);
	if (r == 0)
		r = scan(&walk, err);
	while (r == 0) {
		if (walk.levels[walk.n - 1].dirs.n)
			r = descend(&walk, err);
		else if (walk.n > 1)
			r = leave(&walk, &tries, err);
		else
			break;
	}
	return r;
}

/* A walk that stands in @dir_fd, for messages about @name in it. Nothing is owned. */
static struct walk outside(int dir_fd, const char *path)
{
	return (struct walk){ .fd = dir_fd, .path = path };
}

int tree_check_mounts_in(int dir_fd, const char *path, struct err *err)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, -errno, "cannot read '%s'", path);
	return walk_below(fd, path, /* remove= */ false, err);
}

int tree_empty(int dir_fd, const char *path, struct err *err)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, -errno, "cannot read '%s'", path);
	return walk_below(fd, path, /* remove= */ true, err);
}

/* Opens the directory @name for a walk. -ENOTDIR: it is none. */
static int open_top(int dir_fd, const char *name, const char *path, struct err *err)
{
	const struct walk walk = outside(dir_fd, path);
	int fd = path_open_same_mount(dir_fd, name, O_RDONLY | O_DIRECTORY);

	if (fd >= 0 || fd == -ENOENT || fd == -ENOTDIR)
		return fd;
	if (fd == -ELOOP)
		return -ENOTDIR; /* a link is removed as such */
	return say_failed(&walk, "open", name, fd, err);
}

int tree_check_mounts(int dir_fd, const char *name, const char *path, struct err *err)
{
	const struct walk walk = outside(dir_fd, path);
	_cleanup_free_ char *inner = NULL;
	int fd, r;

	r = look_at(&walk, name, err);
	if (r <= 0)
		return r;
	fd = open_top(dir_fd, name, path, err);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return fd;
	inner = describe(&walk, name);
	return walk_below(fd, inner ? inner : name, /* remove= */ false, err);
}

int tree_remove(int dir_fd, const char *name, const char *path, struct err *err)
{
	const struct walk walk = outside(dir_fd, path);
	_cleanup_free_ char *inner = NULL;
	int fd, r;

	fd = open_top(dir_fd, name, path, err);
	if (fd == -ENOENT)
		return 0;
	if (fd == -ENOTDIR) {
		if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
			return 0;
		return say_failed(&walk, "remove", name, -errno, err);
	}
	if (fd < 0)
		return fd;
	if (btrfs_remove_subvolume(dir_fd, name, fd) == 0) {
		(void)close(fd);
		return 0;
	}
	inner = describe(&walk, name);
	r = walk_below(fd, inner ? inner : name, /* remove= */ true, err);
	if (r < 0)
		return r;
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return say_failed(&walk, "remove", name, -errno, err);
	return 0;
}

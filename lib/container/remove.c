/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/remove.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/ids.h"
#include "idmap/idmap.h"
#include "os/fd.h"
#include "os/path.h"
#include "storage/storage.h"
#include "storage/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In this order, when all else is gone. Without its mark the directory is a bare one (store.h). */
static const char *const last_names[] = { "config", MARK_NAME, PARTIAL_NAME };

static bool is_last_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(last_names); i++)
		if (strcmp(name, last_names[i]) == 0)
			return true;
	return false;
}

/* A removal under way: what was opened as the caller, for use inside the namespace. */
struct work {
	const struct removal *removal;
	char *path;         /* of the container's directory, for messages */
	struct strv names;  /* its entries but for the last ones */
	int rootfs_fd;      /* of the root file system outside, or -EBADF */
	uint32_t uid, gid;  /* the caller inside the namespace */
	bool remove;        /* or only look for mounts */
	bool needs_mapping; /* something belongs to other ids than the caller's */
};

static void work_done(struct work *work)
{
	free(work->path);
	strv_done(&work->names);
	cleanup_close(&work->rootfs_fd);
}

static int list_names(struct work *work, struct err *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd;

	fd = openat(work->removal->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "cannot read '%s'", work->path);
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return err_oom(err);
	}
	while ((errno = 0, entry = readdir(dir))) {
		const char *name = entry->d_name;
		struct stat st;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_last_name(name))
			continue;
		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_uid != work->removal->store->caller.uid)
			work->needs_mapping = true;
		if (strv_add(&work->names, name) < 0)
			return err_oom(err);
	}
	return errno ? err_set(err, -errno, "cannot read '%s'", work->path) : 0;
}

/* The root file system outside, when it is still the directory that was recorded. */
static void open_rootfs(struct work *work)
{
	const struct removal *removal = work->removal;
	struct stat st;

	if (!removal->rootfs_path)
		return;
	work->rootfs_fd = open(removal->rootfs_path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (work->rootfs_fd < 0) {
		if (errno != ENOENT && work->remove)
			log_warn("cannot open '%s': %s, leaving it", removal->rootfs_path,
			         strerror(errno));
		return;
	}
	if (fstat(work->rootfs_fd, &st) < 0 || st.st_ino != removal->rootfs_inode) {
		if (work->remove)
			log_warn(
				"'%s' is not the directory that was filled at creation, leaving it",
				removal->rootfs_path);
		cleanup_close(&work->rootfs_fd);
		return;
	}
	if (st.st_uid != removal->store->caller.uid)
		work->needs_mapping = true;
}

static int work_init(struct work *work, const struct removal *removal, bool remove, struct err *err)
{
	*work = (struct work){ .removal = removal, .rootfs_fd = -EBADF, .remove = remove };
	work->path = path_join(removal->store->path, removal->name);
	if (!work->path)
		return err_oom(err);
	open_rootfs(work);
	return list_names(work, err);
}

/* The root file system outside: emptied, and the caller's own again. */
static int clear_rootfs(const struct work *work, struct err *err)
{
	const char *path = work->removal->rootfs_path;
	int r;

	if (work->rootfs_fd < 0)
		return 0;
	if (!work->remove)
		return tree_check_mounts_in(work->rootfs_fd, path, err);
	r = tree_empty(work->rootfs_fd, path, err);
	if (r == 0 && fchownat(work->rootfs_fd, "", work->uid, work->gid, AT_EMPTY_PATH) < 0)
		r = err_set(err, -errno, "cannot take back '%s'", path);
	return r;
}

/* Runs as root of the container's ids, or as the caller when nothing is mapped. */
static int clear_inside(void *arg, struct err *err)
{
	const struct work *work = arg;
	int r;

	for (size_t i = 0; i < work->names.n; i++) {
		const char *name = work->names.items[i];

		r = work->remove ? tree_remove(work->removal->dir_fd, name, work->path, err)
		                 : tree_check_mounts(work->removal->dir_fd, name, work->path, err);
		if (r < 0)
			return r;
	}
	return clear_rootfs(work, err);
}

static int clear(struct work *work, struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	const struct removal *removal = work->removal;
	const struct caller *caller = &removal->store->caller;
	int r;

	work->uid = caller->uid;
	work->gid = caller->gid;
	if (caller->is_root || !removal->idmaps->n)
		return clear_inside(work, err);
	if (!work->needs_mapping) {
		/* A creation may have failed because there are no maps to be had. */
		r = clear_inside(work, err);
		if (r != -EACCES && r != -EPERM)
			return r;
	}
	if (idmap_with_self(removal->idmaps, caller, &maps) < 0)
		return err_oom(err);
	work->uid = ids_inside(&maps, IDMAP_UID, caller->uid);
	work->gid = ids_inside(&maps, IDMAP_GID, caller->gid);
	return idmap_run(&maps, caller, clear_inside, work, err);
}

int removal_check(const struct removal *removal, struct err *err)
{
	_cleanup_(work_done) struct work work;
	int r;

	r = work_init(&work, removal, /* remove= */ false, err);
	return r < 0 ? r : clear(&work, err);
}

static int remove_rootfs_dir(const struct work *work, struct err *err)
{
	const char *path = work->removal->rootfs_path;

	if (work->rootfs_fd < 0 || !work->removal->rootfs_made)
		return 0;
	if (rmdir(path) < 0 && errno != ENOENT)
		return err_set(err, -errno, "cannot remove '%s'", path);
	return 0;
}

int removal_destroy_volume(const char *note, struct err *err)
{
	_cleanup_(storage_done) struct storage storage = {};
	int r = storage_parse_note(note, &storage, err);

	return r < 0 ? r : storage_destroy(&storage, err);
}

static int remove_volumes(const struct removal *removal, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < removal->volumes->n; i++)
		r = removal_destroy_volume(removal->volumes->items[i], err);
	return r;
}

static int remove_last(const struct work *work, struct err *err)
{
	const struct removal *removal = work->removal;
	_cleanup_close_ int store_fd = -EBADF;

	store_fd = open(removal->store->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (store_fd < 0)
		return err_set(err, -errno, "cannot open '%s'", removal->store->path);
	if (!removal->keep_dir)
		(void)fchmodat(store_fd, removal->name, STORE_BARE_MODE, 0);
	for (size_t i = 0; i < ARRAY_SIZE(last_names); i++)
		if (unlinkat(removal->dir_fd, last_names[i], 0) < 0 && errno != ENOENT)
			return err_set(err, -errno, "cannot remove '%s/%s'", work->path,
			               last_names[i]);
	if (removal->keep_dir)
		return 0;
	if (unlinkat(store_fd, removal->name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_set(err, -errno, "cannot remove '%s'", work->path);
	return 0;
}

int removal_run(const struct removal *removal, struct err *err)
{
	_cleanup_(work_done) struct work work;
	int r;

	r = work_init(&work, removal, /* remove= */ true, err);
	if (r == 0)
		r = remove_volumes(removal, err);
	if (r == 0)
		r = clear(&work, err);
	if (r == 0)
		r = remove_rootfs_dir(&work, err);
	if (r == 0)
		r = remove_last(&work, err);
	if (r == 0 && !removal->store->caller.is_root)
		ids_release(removal->store, removal->name);
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/snapshot-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/text.h"
#include "conf/read.h"
#include "container/clones.h"
#include "container/copy-internal.h"
#include "container/pending.h"
#include "container/run.h"
#include "container/rundir.h"
#include "idmap/idmap.h"
#include "os/path.h"
#include "storage/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A restore never leaves the container without files. A complete copy of the snapshot's lies beside
 * those of the container before its configuration makes it count, by one rename; what follows is
 * done by us, or by the next command that looks at the container (pending.h). What was there before
 * is removed last. Of an overlay only what was written is replaced. */

#define STAGED_CONFIG ".new-config"

struct restore {
	const struct store *store, *snaps;
	const char *name, *snapshot;
	const struct rlxc_copy_options *more;
	char *path, *src_path; /* of the container, and of the snapshot */
	struct conf *conf;     /* of the snapshot */
	struct storage storage;
	const char *entry; /* that has the files, in both directories */
	int dir_fd, src_fd;
	int entry_fd; /* the snapshot's, opened as the caller */
};

static void restore_done(struct restore *restore)
{
	free(restore->path);
	free(restore->src_path);
	(void)conf_free(restore->conf);
	storage_done(&restore->storage);
	cleanup_close(&restore->dir_fd);
	cleanup_close(&restore->src_fd);
	cleanup_close(&restore->entry_fd);
}

static int lock(struct restore *restore, struct err *err)
{
	if (run_is_running(restore->store, restore->name)) {
		err_say(err, -EBUSY, "container '%s' is running", restore->name);
		err_hint(err, "stop it first, or restore the snapshot as a new container (-N)");
		return -EBUSY;
	}
	return rundir_lock_home(restore->store, restore->name, &restore->dir_fd, err);
}

static int load(struct restore *restore, struct err *err)
{
	int r;

	restore->path = path_join(restore->store->path, restore->name);
	restore->src_path = path_join(restore->snaps->path, restore->snapshot);
	if (!restore->path || !restore->src_path)
		return err_oom(err);
	restore->src_fd = store_open_dir(restore->snaps, restore->snapshot, err);
	if (restore->src_fd < 0)
		return restore->src_fd;
	r = store_load_conf(restore->snaps, restore->snapshot, NULL, /* tolerate= */ false,
	                    &restore->conf, err);
	if (r < 0 || !restore->conf->rootfs_path)
		return r;
	return storage_parse(restore->conf->rootfs_backend, restore->conf->rootfs_path,
	                     &restore->storage, err);
}

static int check(struct restore *restore, struct err *err)
{
	_cleanup_(strv_done) struct strv clones = {};
	int r = clones_read(restore->dir_fd, &clones);

	if (r == 0 && clones.n)
		return err_say(err, -EBUSY,
		               "container '%s' has %zu clones that need its files, "
		               "such as '%s'",
		               restore->name, clones.n, clones.items[0]);
	if (!restore->storage.type)
		return 0;
	if (storage_is_volume(&restore->storage)) {
		err_say(err, -EOPNOTSUPP, "a volume (%s) cannot be restored in its place",
		        storage_name(&restore->storage));
		err_hint(err, "restore it as a new container (-N NAME)");
		return -EOPNOTSUPP;
	}
	restore->entry = restore->storage.lowers.n ? "overlay" : "rootfs";
	restore->entry_fd =
		path_open_beneath(restore->src_fd, restore->entry, O_PATH | O_DIRECTORY);
	return restore->entry_fd < 0 ? err_set(err, restore->entry_fd, "cannot open '%s/%s'",
	                                       restore->src_path, restore->entry)
	                             : 0;
}

/* ---- in the container's user namespace ---- */

/* What a restore has replaced, or one that was killed has not. */
static int remove_rests(const struct restore *restore, struct err *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(restore->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_set(err, -errno, "cannot read '%s'", restore->path);
	while (r == 0 && (entry = readdir(dir)))
		if (str_starts_with(entry->d_name, PENDING_NEW) ||
		    str_starts_with(entry->d_name, PENDING_OLD))
			r = tree_remove(fd, entry->d_name, restore->path, err);
	return r;
}

static int remove_inside(void *arg, struct err *err)
{
	return remove_rests(arg, err);
}

static int stage_inside(void *arg, struct err *err)
{
	const struct restore *restore = arg;
	const struct rlxc_copy_options *more = restore->more;
	const struct tree_copy_options options = {
		.progress = more ? more->progress : NULL,
		.progress_arg = more ? more->progress_arg : NULL,
	};
	_cleanup_close_ int fd = -EBADF;
	char name[PENDING_NAME_MAX];
	int r = remove_rests(restore, err);

	if (r < 0 || !restore->entry)
		return r;
	(void)snprintf(name, sizeof(name), PENDING_NEW "%s", restore->entry);
	if (mkdirat(restore->dir_fd, name, 0700) < 0)
		return err_set(err, -errno, "cannot make '%s/%s'", restore->path, name);
	fd = path_open_beneath(restore->dir_fd, name, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return err_set(err, fd, "cannot open '%s/%s'", restore->path, name);
	return tree_copy(restore->entry_fd, restore->src_path, fd, restore->path, &options, err);
}

static int run_inside(struct restore *restore, int (*fn)(void *arg, struct err *err),
                      struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	const struct caller *caller = &restore->store->caller;

	if (caller->is_root || !restore->conf->idmaps.n)
		return fn(restore, err);
	if (idmap_with_self(&restore->conf->idmaps, caller, &maps) < 0)
		return err_oom(err);
	return idmap_run(&maps, caller, fn, restore, err);
}

/* ---- the order of things ---- */

static int stage(struct restore *restore, struct err *err)
{
	int r = run_inside(restore, stage_inside, err);

	if (r == 0)
		r = copy_move_paths(restore->conf, restore->src_path, restore->path, err);
	if (r == 0)
		r = copy_write_config(restore->dir_fd, restore->path, STAGED_CONFIG, restore->conf,
		                      err);
	if (r == 0 && syncfs(restore->dir_fd) < 0)
		r = err_set(err, -errno, "cannot write '%s' to the disk", restore->path);
	return r;
}

static int commit(struct restore *restore, struct err *err)
{
	struct err why = {};

	if (renameat(restore->dir_fd, STAGED_CONFIG, restore->dir_fd, PENDING_RESTORED) < 0)
		return err_set(err, -errno, "cannot rename '%s/" STAGED_CONFIG "'", restore->path);
	pending_settle(restore->dir_fd, restore->name);
	if (faccessat(restore->dir_fd, PENDING_RESTORED, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_say(err, -EIO, "cannot put the files of the snapshot in their place");
	if (run_inside(restore, remove_inside, &why) < 0)
		log_warn("%s, leaving files of before the restore", why.msg);
	return 0;
}

int snapshot_restore_here(const struct store *store, const struct store *snaps, const char *name,
                          const char *snapshot, const struct rlxc_copy_options *more,
                          struct err *err)
{
	static int (*const steps[])(struct restore * restore, struct err * err) = {
		lock, load, check, stage, commit,
	};
	_cleanup_(restore_done) struct restore restore = {
		.store = store,
		.snaps = snaps,
		.name = name,
		.snapshot = snapshot,
		.more = more,
		.dir_fd = -EBADF,
		.src_fd = -EBADF,
		.entry_fd = -EBADF,
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(steps) && r == 0; i++)
		r = steps[i](&restore, err);
	if (r < 0 && restore.conf && restore.dir_fd >= 0 && r != -EBUSY)
		(void)run_inside(&restore, remove_inside, NULL);
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/snapshot-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/text.h"
#include "conf/item.h"
#include "conf/read.h"
#include "container/clones.h"
#include "container/copy-internal.h"
#include "container/pending.h"
#include "container/remove.h"
#include "container/run.h"
#include "container/rundir.h"
#include "idmap/idmap.h"
#include "os/fd.h"
#include "os/path.h"
#include "storage/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A restore never leaves the container without files. A complete copy of the snapshot's lies beside
 * those of the container before its configuration makes it count, by one rename; what follows is
 * done by us, or by the next command that looks at the container (pending.h). What was there before
 * is removed last. Of an overlay only what was written is replaced. A volume gets another name than
 * the container's own; of those in the mark the one counts that the configuration names. */

#define STAGED_CONFIG ".new-config"

struct restore {
	const struct store *store, *snaps;
	const char *name, *snapshot;
	const struct rlxc_copy_options *more;
	char *path, *src_path; /* of the container, and of the snapshot */
	struct conf *conf;     /* of the snapshot */
	struct storage storage;
	struct storage_spec spec; /* of what takes its place */
	struct storage fresh;     /* which is a clone or a volume; else none */
	bool shares;
	struct mark mark;
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
	storage_done(&restore->fresh);
	mark_done(&restore->mark);
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

static bool has_volume(const struct restore *restore)
{
	return restore->storage.type && storage_is_volume(&restore->storage);
}

static int read_mark(struct restore *restore, struct err *err)
{
	int r = mark_read(restore->dir_fd, restore->path, restore->store->caller.uid,
	                  &restore->mark, err);

	if (r != -ENOENT)
		return r;
	err_say(err, -EPERM, "container '%s' was not made by rlxc, and its volume is not replaced",
	        restore->name);
	err_hint(err, "restore the snapshot as a new container (-N NAME)");
	return -EPERM;
}

/* A clone, where it needs nothing of the snapshot later. */
static int choose(struct restore *restore, struct err *err)
{
	int r;

	restore->spec = (struct storage_spec){
		.backend = restore->storage.type ? storage_name(&restore->storage) : NULL,
		.name = restore->name,
		.container_path = restore->path,
		.like = &restore->storage,
	};
	if (!restore->storage.type)
		return 0;
	r = storage_choose_snapshot(&restore->storage, &restore->spec, &restore->fresh, NULL);
	restore->shares = r == 0 && !restore->fresh.needs_source;
	if (restore->shares)
		return 0;
	storage_done(&restore->fresh);
	return has_volume(restore) ? storage_choose(&restore->spec, &restore->store->caller,
	                                            &restore->fresh, err)
	                           : 0;
}

static int check(struct restore *restore, struct err *err)
{
	int r = clones_refuse(restore->dir_fd, restore->path, restore->name, err);

	if (r < 0 || !restore->storage.type)
		return r;
	if (has_volume(restore))
		return read_mark(restore, err);
	restore->entry = restore->storage.lowers.n ? "overlay" : "rootfs";
	restore->entry_fd =
		path_open_beneath(restore->src_fd, restore->entry, O_PATH | O_DIRECTORY);
	return restore->entry_fd < 0 ? err_set(err, restore->entry_fd, "cannot open '%s/%s'",
	                                       restore->src_path, restore->entry)
	                             : 0;
}

/* ---- in the container's user namespace ---- */

/* What a restore has replaced, or one that was killed has not. */
static int remove_trees(const struct restore *restore, struct err *err)
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
	return remove_trees(arg, err);
}

static struct tree_copy_options copy_options(const struct restore *restore)
{
	const struct rlxc_copy_options *more = restore->more;

	return (struct tree_copy_options){
		.progress = more ? more->progress : NULL,
		.progress_arg = more ? more->progress_arg : NULL,
	};
}

static int stage_inside(void *arg, struct err *err)
{
	const struct restore *restore = arg;
	const struct tree_copy_options options = copy_options(restore);
	_cleanup_close_ int fd = -EBADF;
	char name[PENDING_NAME_MAX];

	(void)snprintf(name, sizeof(name), PENDING_NEW "%s", restore->entry);
	if (restore->shares)
		return storage_snapshot(&restore->storage, &restore->fresh, restore->entry_fd,
		                        restore->dir_fd, name, NULL, err);
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

/* ---- volumes, which only root has ---- */

static int fill_volume(const struct restore *restore, const struct storage_made *made,
                       struct err *err)
{
	const struct storage_user user = { .caller = &restore->store->caller };
	const struct tree_copy_options options = copy_options(restore);
	_cleanup_close_ int from = -EBADF;
	int r = storage_open(&restore->storage, &user, &from, err);

	if (r == 0)
		r = tree_copy(from, restore->src_path, made->fd, restore->path, &options, err);
	return r == 0 && syncfs(made->fd) < 0
	               ? err_set(err, -errno, "cannot write '%s' to the disk", restore->fresh.path)
	               : r;
}

static int stage_volume(struct restore *restore, struct err *err)
{
	_cleanup_(storage_made_done) struct storage_made made = STORAGE_MADE_NONE;
	int r = mark_note_volume(restore->dir_fd, &restore->mark, &restore->fresh, err);

	if (r < 0)
		return r;
	if (restore->shares)
		return storage_snapshot(&restore->storage, &restore->fresh, -EBADF, restore->dir_fd,
		                        "rootfs", NULL, err);
	r = storage_create(&restore->fresh, &restore->spec, restore->dir_fd, PENDING_NEW "rootfs",
	                   &made, err);
	return r < 0 ? r : fill_volume(restore, &made, err);
}

static int name_volume(struct restore *restore, struct err *err)
{
	_cleanup_free_ char *value = NULL;
	int r;

	if (storage_format(&restore->fresh, &value) < 0)
		return err_oom(err);
	r = conf_save_clear(restore->conf, "lxc.rootfs.path", err);
	return r < 0 ? r : conf_save_set(restore->conf, "lxc.rootfs.path", value, err);
}

/* What lxc.rootfs.path of the container says now. < 0: that cannot be known. */
static int read_current(const struct restore *restore, struct storage *ret_storage)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	int r = store_load_conf(restore->store, restore->name, NULL, /* tolerate= */ false, &conf,
	                        NULL);

	if (r < 0 || !conf->rootfs_path)
		return r < 0 ? r : -ENOENT;
	return storage_parse(conf->rootfs_backend, conf->rootfs_path, ret_storage, NULL);
}

/* Images in the container's directory but for @current, if that is one. */
static int remove_images(const struct restore *restore, const struct storage *current,
                         struct err *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	const char *name = path_last(current->path);
	size_t len = strlen(restore->path);
	struct dirent *entry;

	if (strncmp(current->path, restore->path, len) != 0 || name != current->path + len + 1)
		return 0;
	dir = opendir(restore->path);
	while (dir && (entry = readdir(dir)))
		if (str_starts_with(entry->d_name, STORAGE_IMAGE) &&
		    strcmp(entry->d_name, name) != 0 &&
		    unlinkat(restore->dir_fd, entry->d_name, 0) < 0)
			return err_set(err, -errno, "cannot remove '%s/%s'", restore->path,
			               entry->d_name);
	return 0;
}

/* Without the one that counts there is none that does not. */
static int remove_noted(struct restore *restore, const struct storage *current, struct err *err)
{
	_cleanup_free_ char *value = NULL;
	struct strv *notes = &restore->mark.volumes;
	size_t counts = notes->n;
	int r = storage_format(current, &value) < 0 ? err_oom(err) : 0;

	for (size_t i = 0; r == 0 && i < notes->n; i++)
		if (str_ends_with(notes->items[i], value))
			counts = i;
	if (counts == notes->n || notes->n == 1)
		return r;
	for (size_t i = 0; r == 0 && i < notes->n; i++)
		if (i != counts)
			r = removal_destroy_volume(notes->items[i], err);
	for (size_t i = notes->n; r == 0 && i-- > 0;)
		if (i != counts)
			strv_remove(notes, i);
	return r < 0 ? r : mark_write(restore->dir_fd, &restore->mark, err);
}

static int remove_volumes(struct restore *restore, struct err *err)
{
	_cleanup_(storage_done) struct storage current = {};

	if (read_current(restore, &current) < 0)
		return 0;
	return storage_has_tools(&current) ? remove_noted(restore, &current, err)
	                                   : remove_images(restore, &current, err);
}

/* It may have been made a clone, and is none any more. */
static void forget_parent(const struct restore *restore)
{
	_cleanup_free_ char *lxcpath = NULL, *name = NULL;

	if (clones_read_parent(restore->dir_fd, &lxcpath, &name) < 0)
		return;
	(void)clones_forget(lxcpath, name, restore->store->path, restore->name);
	(void)unlinkat(restore->dir_fd, CLONES_PARENT_NAME, 0);
}

/* ---- the order of things ---- */

static int remove_rests(struct restore *restore, struct err *err)
{
	int r = has_volume(restore) ? remove_volumes(restore, err) : 0;

	return r < 0 ? r : run_inside(restore, remove_inside, err);
}

static int stage(struct restore *restore, struct err *err)
{
	int r = remove_rests(restore, err);

	if (r == 0)
		r = choose(restore, err);
	if (r == 0 && has_volume(restore))
		r = stage_volume(restore, err);
	else if (r == 0 && restore->entry)
		r = run_inside(restore, stage_inside, err);
	if (r == 0)
		r = copy_move_paths(restore->conf, restore->src_path, restore->path, err);
	if (r == 0 && has_volume(restore))
		r = name_volume(restore, err);
	if (r == 0)
		r = copy_write_config(restore->dir_fd, restore->path, STAGED_CONFIG, restore->conf,
		                      err);
	if (r == 0 && syncfs(restore->dir_fd) < 0)
		r = err_set(err, -errno, "cannot write '%s' to the disk", restore->path);
	return r;
}

/* Who becomes a clone from now on waits for us. */
static int commit(struct restore *restore, struct err *err)
{
	_cleanup_close_ int lock_fd = clones_lock(restore->dir_fd);
	struct err why = {};
	int r = clones_refuse(restore->dir_fd, restore->path, restore->name, err);

	if (r < 0)
		return r;
	if (renameat(restore->dir_fd, STAGED_CONFIG, restore->dir_fd, PENDING_RESTORED) < 0)
		return err_set(err, -errno, "cannot rename '%s/" STAGED_CONFIG "'", restore->path);
	pending_settle(restore->dir_fd, restore->name);
	if (faccessat(restore->dir_fd, PENDING_RESTORED, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_say(err, -EIO, "cannot put the files of the snapshot in their place");
	(void)fd_sync_at(restore->dir_fd, "."); /* before what there was goes */
	if (has_volume(restore))
		forget_parent(restore);
	if (remove_rests(restore, &why) < 0)
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
	store_hint_full(store, r, err);
	if (r < 0 && restore.conf && restore.dir_fd >= 0)
		(void)remove_rests(&restore, NULL);
	return r;
}

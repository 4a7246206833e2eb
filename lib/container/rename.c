/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/copy.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/strv.h"
#include "conf/item.h"
#include "conf/read.h"
#include "container/clones.h"
#include "container/copy-internal.h"
#include "container/ids.h"
#include "container/pending.h"
#include "container/run.h"
#include "container/rundir.h"
#include "idmap/idmap.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* LXC copies the container and destroys the original. Within one store the directory is renamed
 * instead: the result is the same, at no cost, and at every moment there is one container, under
 * one of its names. The configuration for the new name is written first, into a file that counts
 * only where the directory has that name (see pending.h). */

struct renaming {
	const struct store *store;
	const char *name, *new_name;
	char *path, *new_path;
	int store_fd, dir_fd, home_fd;
	struct conf *conf;
	char *parent_lxcpath, *parent_name; /* when it is a clone */
};

static void renaming_done(struct renaming *renaming)
{
	free(renaming->path);
	free(renaming->new_path);
	cleanup_close(&renaming->store_fd);
	cleanup_close(&renaming->dir_fd);
	cleanup_close(&renaming->home_fd);
	(void)conf_free(renaming->conf);
	free(renaming->parent_lxcpath);
	free(renaming->parent_name);
}

static int check_names(struct renaming *renaming, struct err *err)
{
	int r;

	r = store_check_name(renaming->name, err);
	if (r == 0)
		r = store_check_name(renaming->new_name, err);
	if (r < 0)
		return r;
	renaming->path = path_join(renaming->store->path, renaming->name);
	renaming->new_path = path_join(renaming->store->path, renaming->new_name);
	if (!renaming->path || !renaming->new_path)
		return err_oom(err);
	return store_clean_partial(renaming->store, renaming->new_name, err) < 0 ? -EBUSY : 0;
}

static int load(struct renaming *renaming, struct err *err)
{
	const struct store *store = renaming->store;
	int r;

	r = store_load_conf(store, renaming->name, NULL, /* tolerate= */ false, &renaming->conf,
	                    err);
	if (r < 0)
		return r;
	renaming->dir_fd = store_open_dir(store, renaming->name, err);
	if (renaming->dir_fd < 0)
		return renaming->dir_fd;
	renaming->store_fd = open(store->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (renaming->store_fd < 0)
		return err_set(err, -errno, "cannot open '%s'", store->path);
	(void)clones_read_parent(renaming->dir_fd, &renaming->parent_lxcpath,
	                         &renaming->parent_name);
	return 0;
}

/* Those who know it by its path. */
static int check_dependants(struct renaming *renaming, struct err *err)
{
	int r = clones_refuse(renaming->dir_fd, renaming->path, renaming->name, err);

	if (r < 0)
		return r;
	if (unlinkat(renaming->dir_fd, "snaps", AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	err_say(err, -EBUSY, "container '%s' has snapshots", renaming->name);
	err_hint(err, "lxc-snapshot%s -n %s -d ALL removes them", STORE_OPTION(renaming->store),
	         renaming->name);
	return -EBUSY;
}

/* From here on nobody can start or destroy it. */
static int lock(struct renaming *renaming, struct err *err)
{
	if (run_is_running(renaming->store, renaming->name)) {
		err_say(err, -EBUSY, "container '%s' is running", renaming->name);
		err_hint(err, "stop it first");
		return -EBUSY;
	}
	return rundir_lock_home(renaming->store, renaming->name, &renaming->home_fd, err);
}

static int write_config(struct renaming *renaming, struct err *err)
{
	char file[PENDING_NAME_MAX];
	int r;

	r = copy_move_paths(renaming->conf, renaming->path, renaming->new_path, err);
	if (r == 0)
		r = copy_set_uts_name(renaming->conf, renaming->new_name, err);
	if (r == 0)
		r = copy_write_config(renaming->home_fd, renaming->path,
		                      pending_name(renaming->new_name, file), renaming->conf, err);
	if (r < 0)
		return r;
	r = fd_sync_at(renaming->home_fd, file);
	return r < 0 ? err_set(err, r, "cannot write '%s/config' to the disk", renaming->path) : 0;
}

/* Both names are on the list for a moment; the one that is gone counts no more. */
static int note_parent(struct renaming *renaming, struct err *err)
{
	int r;

	if (!renaming->parent_name)
		return 0;
	r = clones_add(renaming->parent_lxcpath, renaming->parent_name, renaming->store->path,
	               renaming->new_name);
	return r < 0 ? err_set(err, r, "cannot note '%s' as a clone of '%s'", renaming->new_name,
	                       renaming->parent_name)
	             : 0;
}

/* Who becomes a clone from now on waits for us, and finds it gone. */
static int move(struct renaming *renaming, struct err *err)
{
	_cleanup_close_ int lock_fd = clones_lock(renaming->home_fd);
	int r = clones_refuse(renaming->home_fd, renaming->path, renaming->name, err);

	if (r < 0)
		return r;
	if (renameat2(renaming->store_fd, renaming->name, renaming->store_fd, renaming->new_name,
	              RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST) {
		err_say(err, -EEXIST, "container '%s' exists already", renaming->new_name);
		err_hint(err, "lxc-destroy%s -n %s removes it", STORE_OPTION(renaming->store),
		         renaming->new_name);
		return -EEXIST;
	}
	return err_set(err, -errno, "cannot rename '%s' to '%s'", renaming->path,
	               renaming->new_path);
}

/* The name is changed: nothing that follows can make that undone. */
static void finish(struct renaming *renaming)
{
	const struct store *store = renaming->store;

	(void)fd_sync_at(renaming->store_fd, ".");
	pending_settle(renaming->home_fd, renaming->new_name);
	(void)fd_sync_at(renaming->home_fd, ".");
	if (renaming->parent_name)
		(void)clones_forget(renaming->parent_lxcpath, renaming->parent_name, store->path,
		                    renaming->name);
	if (!store->caller.is_root && renaming->conf->idmaps.n)
		ids_record(store, renaming->new_name, &renaming->conf->idmaps);
}

/* ---- the name inside ---- */

struct hostname {
	const struct renaming *renaming;
	struct storage storage;
	struct storage_user user;
	struct template_run run;
	int root_fd;
};

static void hostname_done(struct hostname *hostname)
{
	storage_done(&hostname->storage);
	cleanup_close(&hostname->root_fd);
}

/* As the container's root. */
static int set_hostname(void *arg, struct err *err)
{
	const struct hostname *hostname = arg;
	const struct renaming *renaming = hostname->renaming;

	return hostname->root_fd >= 0
	               ? copy_set_hostname(hostname->root_fd, renaming->new_name, err)
	               : copy_set_hostname_above(&hostname->run, &hostname->storage,
	                                         &hostname->user, renaming->home_fd,
	                                         renaming->new_name, err);
}

/* -ENOENT: there is no root file system; -EXDEV: an overlay whose layers are not here, and which
 * others may have mounted. */
static int open_hostname(const struct renaming *renaming, struct hostname *hostname,
                         struct err *err)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_free_ char *work = path_join(renaming->new_path, "overlay/work");
	const struct storage *storage = &hostname->storage;
	int r = store_load_conf(renaming->store, renaming->new_name, NULL, /* tolerate= */ false,
	                        &conf, err);

	if (r < 0 || !conf->rootfs_path)
		return r < 0 ? r : -ENOENT;
	r = storage_parse(conf->rootfs_backend, conf->rootfs_path, &hostname->storage, err);
	if (r == 0 && !storage->lowers.n)
		return storage_open(storage, &hostname->user, &hostname->root_fd, err);
	return r < 0 || !work || strcmp(storage->work, work) == 0 ? r : -EXDEV;
}

static int run_hostname(struct hostname *hostname, struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	const struct conf_idmaps *idmaps = &hostname->renaming->conf->idmaps;
	const struct caller *caller = hostname->user.caller;

	if (!idmaps->n || caller->is_root)
		return set_hostname(hostname, err);
	if (idmap_with_self(idmaps, caller, &maps) < 0)
		return err_oom(err);
	hostname->run = (struct template_run){
		.mapped = true,
		.uid = ids_inside(&maps, IDMAP_UID, caller->uid),
		.gid = ids_inside(&maps, IDMAP_GID, caller->gid),
	};
	return idmap_run(&maps, caller, set_hostname, hostname, err);
}

static void rename_inside(const struct renaming *renaming)
{
	const struct caller *caller = &renaming->store->caller;
	_cleanup_(hostname_done) struct hostname hostname = {
		.renaming = renaming,
		.user = { .caller = caller,
		          .in_userns = renaming->conf->idmaps.n || caller->in_userns },
		.root_fd = -EBADF,
	};
	struct err err = {};
	int r = open_hostname(renaming, &hostname, &err);

	if (r == 0)
		r = run_hostname(&hostname, &err);
	if (r < 0 && r != -ENOENT && r != -EXDEV)
		log_warn("%s, leaving the name inside as it is", err.msg);
}

int container_rename(const struct store *store, const char *name, const char *new_name,
                     struct err *err)
{
	static int (*const steps[])(struct renaming * renaming, struct err * err) = {
		check_names, load, check_dependants, lock, write_config, note_parent, move,
	};
	_cleanup_(renaming_done) struct renaming renaming = {
		.store = store,
		.name = name,
		.new_name = new_name,
		.store_fd = -EBADF,
		.dir_fd = -EBADF,
		.home_fd = -EBADF,
	};
	char file[PENDING_NAME_MAX];
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(steps) && r == 0; i++)
		r = steps[i](&renaming, err);
	if (r < 0) {
		if (renaming.home_fd >= 0)
			(void)unlinkat(renaming.home_fd, pending_name(new_name, file), 0);
		if (renaming.parent_name)
			(void)clones_forget(renaming.parent_lxcpath, renaming.parent_name,
			                    store->path, new_name);
		return r;
	}
	finish(&renaming);
	rename_inside(&renaming);
	return 0;
}

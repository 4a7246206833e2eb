/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/create.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "container/clones.h"
#include "container/hook.h"
#include "container/hooks.h"
#include "container/mark.h"
#include "container/remove.h"
#include "container/recover.h"
#include "container/run.h"
#include "container/rundir.h"
#include "os/fd.h"
#include "os/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* First everything that can forbid it, then the hooks, then the removal. From the hooks on a locked
 * file `partial` is there: should we be killed, the next command that looks at the container ends
 * what was begun. */

#define SNAPSHOTS_NAME "snaps"

struct destruction {
	const struct store *store;
	const char *name;
	int dir_fd, partial_fd, home_fd;
	char *path;
	struct conf *conf;
	struct mark mark;
	char *parent_lxcpath, *parent_name; /* when it is a clone */
};

static void destruction_done(struct destruction *d)
{
	cleanup_close(&d->dir_fd);
	cleanup_close(&d->partial_fd);
	cleanup_close(&d->home_fd);
	free(d->path);
	(void)conf_free(d->conf);
	mark_done(&d->mark);
	free(d->parent_lxcpath);
	free(d->parent_name);
}

/* A configuration that cannot be read in full does not keep a container alive. */
static int load(struct destruction *d, struct err *err)
{
	struct err why = {};
	int r;

	d->dir_fd = store_open_dir(d->store, d->name, err);
	if (d->dir_fd < 0)
		return d->dir_fd;
	d->path = path_join(d->store->path, d->name);
	if (!d->path)
		return err_oom(err);
	r = store_load_conf(d->store, d->name, NULL, /* tolerate= */ true, &d->conf, &why);
	if (r < 0 && !d->conf) {
		if (err)
			*err = why;
		return r;
	}
	if (r < 0)
		log_warn("%s, going by what could be read", why.msg);
	return 0;
}

static int read_mark(struct destruction *d, struct err *err)
{
	int r;

	r = mark_read(d->dir_fd, d->path, d->store->caller.uid, &d->mark, err);
	if (r != -ENOENT)
		return r;
	err_say(err, r, "container '%s' was not made by rlxc, and is not removed", d->name);
	err_hint(err, "when all of '%s' may go: touch '%s/" MARK_NAME "'", d->path, d->path);
	return -EPERM;
}

static int check_clones(const struct destruction *d, struct err *err)
{
	int r = clones_refuse(d->dir_fd, d->path, d->name, err);

	if (r == -EBUSY)
		err_hint(err, "lxc-destroy -s%s -n %s removes them too", STORE_OPTION(d->store),
		         d->name);
	return r;
}

/* Does the container itself say so? The list of its parent may name one that is gone, and whose
 * name another has now. */
static bool is_clone(const struct destruction *d, const struct store *store, const char *name)
{
	_cleanup_close_ int dir_fd = store_open_dir(store, name, NULL);
	_cleanup_free_ char *lxcpath = NULL, *parent = NULL;

	return dir_fd >= 0 && clones_read_parent(dir_fd, &lxcpath, &parent) == 0 &&
	       strcmp(lxcpath, d->store->path) == 0 && strcmp(parent, d->name) == 0;
}

static int destroy_clone(const struct destruction *d, const char *path, bool force, struct err *err)
{
	const char *name = path_last(path);
	_cleanup_free_ char *lxcpath = strndup(path, (size_t)(name - path) - 1);
	struct store store = *d->store;

	if (!lxcpath)
		return err_oom(err);
	store.path = lxcpath;
	return is_clone(d, &store, name)
	               ? container_destroy(&store, name, force, /* snapshots= */ true, err)
	               : 0;
}

/* Before there is `partial`: a removal that was killed is ended by the next command, under no
 * clone. */
static int destroy_clones(const struct destruction *d, bool force, struct err *err)
{
	_cleanup_(strv_done) struct strv paths = {};
	int r = clones_read(d->dir_fd, &paths);

	if (r < 0)
		return err_set(err, r, "cannot read '%s/" CLONES_NAME "'", d->path);
	for (size_t i = 0; i < paths.n && r == 0; i++)
		r = destroy_clone(d, paths.items[i], force, err);
	return r;
}

/* 1: there is something in the directory of the snapshots. */
static int has_snapshots(const struct destruction *d)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd = path_open_beneath(d->dir_fd, SNAPSHOTS_NAME, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return 0;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return 1;
	return 0;
}

static int check_snapshots(const struct destruction *d, bool allowed, struct err *err)
{
	int r = has_snapshots(d);

	if (r < 0)
		return err_set(err, r, "cannot read '%s/" SNAPSHOTS_NAME "'", d->path);
	if (r == 0 || allowed)
		return 0;
	err_say(err, -EBUSY, "container '%s' has snapshots", d->name);
	err_hint(err, "lxc-destroy -s%s -n %s removes them too", STORE_OPTION(d->store), d->name);
	return -EBUSY;
}

/* What a killed monitor has left of one that has ended. */
static void clear_run_dir(const struct destruction *d)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;

	if (run_adopt(d->store, d->name, NULL) < 0 && rundir_find(d->store, d->name, &dir) == 0)
		(void)recover_kill(&dir, NULL);
}

static int end_running(const struct destruction *d, bool force, struct err *err)
{
	if (!run_is_running(d->store, d->name)) {
		clear_run_dir(d);
		return 0;
	}
	if (force)
		return run_kill(d->store, d->name, err);
	err_say(err, -EBUSY, "container '%s' is running", d->name);
	err_hint(err, "stop it first, or lxc-destroy -f%s -n %s", STORE_OPTION(d->store), d->name);
	return -EBUSY;
}

static int lock(struct destruction *d, struct err *err)
{
	int r;

	d->partial_fd = store_lock_partial(d->dir_fd, /* is_new= */ false);
	if (d->partial_fd >= 0)
		return 0;
	if (d->partial_fd == -EAGAIN)
		return err_say(err, -EBUSY, "container '%s' is being created or removed right now",
		               d->name);
	r = err_set(err, d->partial_fd, "cannot make '%s/" PARTIAL_NAME "'", d->path);
	err_hint(err, "you need to be able to write to '%s'", d->path);
	return r;
}

/* Each snapshot is a container below `snaps`, and is removed as one. */
static int destroy_snapshots(const struct destruction *d, struct err *err)
{
	_cleanup_free_ char *path = path_join(d->path, SNAPSHOTS_NAME);
	_cleanup_(strv_done) struct strv names = {};
	struct store snapshots = *d->store;
	int r;

	if (!path)
		return err_oom(err);
	snapshots.path = path;
	r = store_names(&snapshots, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = container_destroy(&snapshots, names.items[i], /* force= */ false,
		                      /* snapshots= */ true, err);
	return r;
}

static struct removal removal_of(const struct destruction *d)
{
	return (struct removal){
		.store = d->store,
		.name = d->name,
		.dir_fd = d->dir_fd,
		.idmaps = d->conf->idmaps.n ? &d->conf->idmaps : &d->mark.idmaps,
		.rootfs_path = d->mark.rootfs_path,
		.rootfs_inode = d->mark.rootfs_inode,
		.rootfs_made = d->mark.rootfs_made,
		.volumes = &d->mark.volumes,
	};
}

/* As the caller, before anything is removed. For an ephemeral one it is the monitor that waits. */
static int run_hooks(const struct destruction *d, struct err *err)
{
	const struct hooks hooks = { .conf = d->conf,
		                     .name = d->name,
		                     .moment = CONF_HOOK_DESTROY,
		                     .timeout_ms = d->conf->ephemeral ? HOOK_END_TIMEOUT_MS : 0 };
	int r = hooks_check(d->conf, err);

	if (r == 0)
		r = hooks_run(&hooks, err);
	return r == -ECANCELED ? err_wrap(err, r, "'%s' is not removed", d->name) : r;
}

/* Who has become a clone since, see clones_add. */
static int check_clones_again(const struct destruction *d, struct err *err)
{
	_cleanup_close_ int lock_fd = clones_lock(d->dir_fd);

	return check_clones(d, err);
}

static int remove_all(struct destruction *d, bool snapshots, struct err *err)
{
	const struct removal removal = removal_of(d);
	int r;

	r = check_clones_again(d, err);
	if (r == 0)
		r = removal_check(&removal, err);
	if (r == 0)
		r = run_hooks(d, err);
	if (r == 0 && snapshots)
		r = destroy_snapshots(d, err);
	if (r == 0)
		r = removal_run(&removal, err);
	/* The user knows, and decides; but what a process of ours was killed over goes on. */
	if (r < 0 && r != -EINTR)
		(void)unlinkat(d->dir_fd, PARTIAL_NAME, 0);
	return r;
}

static void forget_clone(const struct destruction *d)
{
	int r;

	if (!d->parent_name)
		return;
	r = clones_forget(d->parent_lxcpath, d->parent_name, d->store->path, d->name);
	if (r < 0)
		log_warn("cannot take '%s' out of the clones of '%s': %s, leaving it there",
		         d->name, d->parent_name, strerror(-r));
}

static int check_all(struct destruction *d, bool force, bool snapshots, struct err *err)
{
	int r;

	r = snapshots ? 0 : check_clones(d, err);
	if (r == 0)
		r = check_snapshots(d, snapshots, err);
	if (r == 0 && !force)
		r = end_running(d, /* force= */ false, err);
	if (r == 0)
		r = read_mark(d, err);
	return r;
}

int container_destroy(const struct store *store, const char *name, bool force, bool snapshots,
                      struct err *err)
{
	_cleanup_(destruction_done) struct destruction d = {
		.store = store,
		.name = name,
		.dir_fd = -EBADF,
		.partial_fd = -EBADF,
		.home_fd = -EBADF,
	};
	int r;

	r = store_check_name(name, err);
	if (r == 0)
		r = load(&d, err);
	if (r == 0)
		r = check_all(&d, force, snapshots, err);
	if (r < 0)
		return r;
	if (!d.conf->rootfs_managed) {
		log_warn("container '%s' has lxc.rootfs.managed = 0, removing nothing", name);
		return 0;
	}
	r = end_running(&d, force, err);
	if (r == 0)
		r = rundir_lock_home(store, name, &d.home_fd, err);
	if (r < 0)
		return r;
	if (!store_is_defined(store, name))
		return 0; /* an ephemeral one goes when it stops */
	(void)clones_read_parent(d.dir_fd, &d.parent_lxcpath, &d.parent_name);
	r = snapshots ? destroy_clones(&d, force, err) : 0;
	if (r == 0)
		r = lock(&d, err);
	if (r == 0)
		r = remove_all(&d, snapshots, err);
	if (r == 0)
		forget_clone(&d);
	return r;
}

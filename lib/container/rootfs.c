/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/rootfs.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "idmap/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int rootfs_take_over(const struct storage_made *made, struct err *err)
{
	int r = made->fd < 0 || fchown(made->fd, 0, 0) == 0 ? 0 : -errno;

	for (size_t i = 0; r == 0 && i < made->n_give; i++)
		if (fchownat(made->give[i], "", 0, 0, AT_EMPTY_PATH) < 0)
			r = -errno;
	return r < 0 ? err_set(err, r, "cannot give the root file system to the container's root")
	             : 0;
}

static int give_inside(void *arg, struct err *err)
{
	return rootfs_take_over(arg, err);
}

int rootfs_give(const struct storage_made *made, const struct conf_idmaps *idmaps,
                const struct caller *caller, struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps maps = {};

	/* The caller's id may be that of the container's root already. */
	if (!made->n_give || !idmaps->n || idmap_to_ns(idmaps, IDMAP_UID, caller->uid) == 0)
		return 0;
	if (idmap_with_self(idmaps, caller, &maps) < 0)
		return err_oom(err);
	return idmap_run(&maps, caller, give_inside, (void *)made, err);
}

static int prepare(const struct rootfs *rootfs, const struct start_plan *plan, struct err *err)
{
	_cleanup_(storage_made_done) struct storage_made made = STORAGE_MADE_NONE;
	int r = storage_prepare(&rootfs->storage, &made, err);

	return r < 0 ? r : rootfs_give(&made, &plan->maps, rootfs->user.caller, err);
}

/* A bind mount has no file system to hand options to: a word that is misspelt would go unseen. */
static void warn_unused(const struct storage *storage, const struct strv *options)
{
	if (options->n && !storage_is_volume(storage) && !storage->lowers.n)
		log_warn("lxc.rootfs.options: '%s' has no effect on a directory, continuing "
		         "without it",
		         options->items[0]);
}

static int choose(const struct store *store, const struct conf *conf, const struct start_plan *plan,
                  struct rootfs *rootfs, struct err *err)
{
	int r;

	rootfs->user = (struct storage_user){
		.caller = &store->caller,
		.in_userns = plan->maps.n || plan->ns_share[NS_USER] || store->caller.in_userns,
		.options = &plan->mounts.rootfs_options.data,
	};
	r = storage_parse(conf->rootfs_backend, conf->rootfs_path, &rootfs->storage, err);
	return r < 0 ? r : storage_check_user(&rootfs->storage, &rootfs->user, err);
}

static int hint_path(int r, const struct conf *conf, struct err *err)
{
	if (r < 0)
		err_hint(err, "check lxc.rootfs.path in '%s'",
		         conf->file ? conf->file : "the configuration");
	return r;
}

int rootfs_check(const struct store *store, const struct conf *conf, const struct start_plan *plan,
                 struct err *err)
{
	_cleanup_(rootfs_done) struct rootfs rootfs = ROOTFS_NONE;

	return conf->rootfs_path ? hint_path(choose(store, conf, plan, &rootfs, err), conf, err)
	                         : 0;
}

int rootfs_open(const struct store *store, const struct conf *conf, const struct start_plan *plan,
                struct rootfs *ret_rootfs, struct err *err)
{
	_cleanup_(rootfs_done) struct rootfs rootfs = ROOTFS_NONE;
	int r;

	if (!conf->rootfs_path)
		return 0;
	r = choose(store, conf, plan, &rootfs, err);
	if (r == 0)
		r = prepare(&rootfs, plan, err);
	if (r == 0)
		r = storage_open(&rootfs.storage, &rootfs.user, &rootfs.fd, err);
	if (r < 0)
		return hint_path(r, conf, err);
	warn_unused(&rootfs.storage, rootfs.user.options);
	*ret_rootfs = rootfs;
	rootfs = ROOTFS_NONE;
	return 0;
}

void rootfs_done(struct rootfs *rootfs)
{
	storage_done(&rootfs->storage);
	cleanup_close(&rootfs->fd);
}

bool rootfs_is_of_host(const struct rootfs *rootfs)
{
	const struct storage *storage = &rootfs->storage;

	return storage->type && !storage_is_volume(storage) && storage->lowers.n == 0;
}

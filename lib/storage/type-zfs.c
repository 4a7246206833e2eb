/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dataset of ZFS, by the program zfs. It is mounted by us alone (mountpoint=legacy). LXC of long
 * ago wrote a path, at which ZFS itself has the dataset mounted: that is used like a directory. */
#include "base/cleanup.h"
#include "base/text.h"
#include "storage/volume.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_path(const struct storage *storage)
{
	return storage->path[0] == '/';
}

static bool exists(const char *dataset)
{
	return volume_run(NULL, "zfs", "list", "-H", "-o", "name", dataset, NULL) == 0;
}

static bool zfs_probe(const char *path, const struct stat *st)
{
	return !st && path[0] != '/' && path[0] != '-' && exists(path);
}

static int zfs_parse(struct storage *storage, struct err *err)
{
	const char *path = storage->path;

	if (is_path(storage) || (strchr(path, '/') && path[0] != '-' && !strpbrk(path, "@ \t")))
		return 0;
	return err_say(err, -EINVAL, "'zfs:%s' is not a dataset: write zfs:POOL/DATASET", path);
}

static int zfs_open(const struct storage *storage, const struct storage_user *user, int *ret_fd,
                    struct err *err)
{
	return is_path(storage)
	               ? storage_dir_open(storage, user, ret_fd, err)
	               : volume_mount("zfs", storage->path, storage->path, user, ret_fd, err);
}

static int zfs_take(const struct storage *storage, const struct storage_user *user, int host_fd,
                    struct storage_root *root, struct err *err)
{
	return is_path(storage) ? storage_dir_take(storage, user, host_fd, root, err)
	                        : volume_take(storage, user, host_fd, root, err);
}

static int zfs_choose(const struct storage_spec *spec, const struct storage *source,
                      struct storage *storage, struct err *err)
{
	const char *above = spec->zfsroot ? spec->zfsroot : "lxc";
	int r;

	(void)source;
	if (asprintf(&storage->path, "%s/%s", above, spec->name) < 0)
		return err_oom(err);
	r = *above == '/' ? err_say(err, -EINVAL, "'%s' is not a dataset", above)
	                  : zfs_parse(storage, err);
	if (r == 0)
		r = volume_run(err, "zfs", "list", "-H", "-o", "name", above, NULL);
	if (r < 0) {
		err_wrap(err, r, "cannot use dataset '%s'", above);
		err_hint(err, "--zfsroot names another one, 'zfs list' lists them");
		return r;
	}
	return exists(storage->path)
	               ? err_say(err, -EEXIST, "dataset '%s' exists already", storage->path)
	               : 0;
}

static int zfs_create(const struct storage *storage, const struct storage_spec *spec, int dir_fd,
                      const char *name, struct storage_made *made, struct err *err)
{
	int r = volume_run(err, "zfs", "create", "-o", "mountpoint=legacy", storage->path, NULL);

	(void)spec;
	return r < 0 ? r : volume_open_new(storage, dir_fd, name, made, err);
}

/* A clone is made from a snapshot, which is named after it and goes with it. */
static int zfs_snapshot(const struct storage *source, const struct storage *clone, int source_fd,
                        int dir_fd, struct err *err)
{
	_cleanup_free_ char *snapshot = NULL;
	int r;

	(void)source_fd;
	(void)dir_fd;
	if (asprintf(&snapshot, "%s@%s", source->path, strrchr(clone->path, '/') + 1) < 0)
		return err_oom(err);
	r = volume_run(err, "zfs", "snapshot", snapshot, NULL);
	if (r < 0)
		return r;
	r = volume_run(err, "zfs", "clone", "-o", "mountpoint=legacy", snapshot, clone->path, NULL);
	if (r < 0)
		(void)volume_run(NULL, "zfs", "destroy", snapshot, NULL);
	return r;
}

static int zfs_destroy(const struct storage *storage, struct err *err)
{
	_cleanup_free_ char *origin = NULL;
	int r;

	if (is_path(storage) || !exists(storage->path))
		return 0;
	r = volume_ask(&origin, err, "zfs", "get", "-H", "-o", "value", "origin", storage->path,
	               NULL);
	if (r == 0)
		r = volume_run(err, "zfs", "destroy", storage->path, NULL);
	/* A snapshot of our own making; others may have cloned it, too. */
	if (r == 0 && strchr(origin, '@') &&
	    strcmp(strchr(origin, '@') + 1, strrchr(storage->path, '/') + 1) == 0)
		(void)volume_run(NULL, "zfs", "destroy", origin, NULL);
	return r;
}

const struct storage_type storage_zfs = {
	.name = "zfs",
	.clone = "zfs",
	.root_only = "datasets are the administrator's",
	.is_volume = true,
	.needs_new = true,
	.probe = zfs_probe,
	.parse = zfs_parse,
	.open = zfs_open,
	.take = zfs_take,
	.choose = zfs_choose,
	.create = zfs_create,
	.snapshot = zfs_snapshot,
	.destroy = zfs_destroy,
};

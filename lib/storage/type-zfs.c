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

/* A property that says whose it is. */
#define TAG_NAME "rlxc:tag"
#define TAG_WORD_MAX 64

static const char *tag_word(const struct storage *storage, char word[TAG_WORD_MAX])
{
	(void)snprintf(word, TAG_WORD_MAX, TAG_NAME "=%s", storage->tag);
	return word;
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

static bool is_taken(const struct storage *storage)
{
	return exists(storage->path);
}

static int check_parent(const char *above, struct err *err)
{
	int r = *above == '/' || *above == '-'
	                ? err_say(err, -EINVAL, "'%s' is not a dataset", above)
	                : volume_run(err, "zfs", "list", "-H", "-o", "name", above, NULL);

	if (r == 0)
		return 0;
	err_wrap(err, r, "cannot use dataset '%s'", above);
	err_hint(err, "--zfsroot names another one, 'zfs list' lists them");
	return r;
}

/* A clone is beside what it is made from, and so is a copy. */
static int zfs_choose(const struct storage_spec *spec, const struct storage *source,
                      struct storage *storage, struct err *err)
{
	const struct storage *like =
		spec->like && spec->like->type == &storage_zfs ? spec->like : NULL;
	const struct storage *near = source ? source : like && !is_path(like) ? like : NULL;
	_cleanup_free_ char *above = NULL, *prefix = NULL;
	int r;

	if (near && is_path(near))
		return err_say(err, -EOPNOTSUPP,
		               "'zfs:%s' does not name a dataset, and has no clones", near->path);
	above = near ? strndup(near->path, (size_t)(strrchr(near->path, '/') - near->path))
	             : strdup(spec->zfsroot ? spec->zfsroot : "lxc");
	if (!above || asprintf(&prefix, "%s/%s", above, spec->name) < 0)
		return err_oom(err);
	r = check_parent(above, err);
	if (r == 0)
		r = volume_choose_free(storage, prefix, is_taken, err);
	return r < 0 ? r : zfs_parse(storage, err);
}

static int zfs_create(const struct storage *storage, const struct storage_spec *spec, int dir_fd,
                      const char *name, struct storage_made *made, struct err *err)
{
	char tag[TAG_WORD_MAX];
	int r = volume_run(err, "zfs", "create", "-o", "mountpoint=legacy", "-o",
	                   tag_word(storage, tag), storage->path, NULL);

	(void)spec;
	return r < 0 ? r : volume_open_new(storage, dir_fd, name, made, err);
}

/* A clone is made from a snapshot, which has the clone's tag as its name: none meets another of
 * that name on its way to other datasets, and it is known to be ours. */
static int zfs_snapshot(const struct storage *source, const struct storage *clone, int source_fd,
                        int dir_fd, const char *name, struct err *err)
{
	_cleanup_free_ char *snapshot = NULL;
	char tag[TAG_WORD_MAX];
	int r;

	(void)source_fd;
	(void)dir_fd;
	(void)name;
	if (asprintf(&snapshot, "%s@%s", source->path, clone->tag) < 0)
		return err_oom(err);
	r = volume_run(err, "zfs", "snapshot", snapshot, NULL);
	if (r < 0)
		return r;
	r = volume_run(err, "zfs", "clone", "-o", "mountpoint=legacy", "-o", tag_word(clone, tag),
	               snapshot, clone->path, NULL);
	if (r < 0)
		(void)volume_run(NULL, "zfs", "destroy", snapshot, NULL);
	return r;
}

/* A column for each snapshot of a dataset, in lines. */
static int list_snapshots(const char *dataset, const char *column, char **ret_answer,
                          struct err *err)
{
	return volume_ask(ret_answer, err, "zfs", "list", "-H", "-r", "-d", "1", "-t", "snapshot",
	                  "-o", column, dataset, NULL);
}

/* Clones of @dataset get the snapshots that they are made from, so that it can go. A promotion
 * takes all snapshots up to that one along, hence one at a time. */
static int promote_clones(const char *dataset, struct err *err)
{
	_cleanup_free_ char *last = NULL;

	for (;;) {
		_cleanup_free_ char *answer = NULL;
		const char *first;
		int r = list_snapshots(dataset, "clones", &answer, err);

		if (r < 0)
			return r;
		first = answer + strspn(answer, "-\n\t ");
		if (!*first)
			return 0;
		answer[(size_t)(first - answer) + strcspn(first, ",\n")] = '\0';
		if (last && strcmp(last, first) == 0)
			return err_say(err, -EBUSY, "'%s' still depends on '%s'", first, dataset);
		free(last);
		last = strdup(first);
		r = last ? volume_run(err, "zfs", "promote", first, NULL) : err_oom(err);
		if (r < 0)
			return r;
	}
}

/* "POOL/DATASET@NAME", if it was made for a clone and none needs it. */
static void destroy_snapshot(const char *snapshot)
{
	const char *name = strchr(snapshot, '@');

	if (name && str_starts_with(name + 1, STORAGE_TAG))
		(void)volume_run(NULL, "zfs", "destroy", snapshot, NULL);
}

/* Those of clones that are gone. */
static int destroy_snapshots(const char *dataset, struct err *err)
{
	_cleanup_(strv_done) struct strv names = {};
	_cleanup_free_ char *answer = NULL;
	int r = list_snapshots(dataset, "name", &answer, err);

	if (r == 0 && strv_split_at(&names, answer, '\n') < 0)
		return err_oom(err);
	for (size_t i = 0; i < names.n; i++)
		destroy_snapshot(names.items[i]);
	return r;
}

static bool is_other(const struct storage *storage)
{
	_cleanup_free_ char *tag = NULL;

	return storage->tag && (volume_ask(&tag, NULL, "zfs", "get", "-H", "-o", "value", TAG_NAME,
	                                   storage->path, NULL) < 0 ||
	                        strcmp(tag, storage->tag) != 0);
}

static int zfs_destroy(const struct storage *storage, struct err *err)
{
	_cleanup_free_ char *origin = NULL;
	int r;

	if (is_path(storage) || !exists(storage->path) || is_other(storage))
		return 0;
	r = promote_clones(storage->path, err);
	if (r == 0)
		r = destroy_snapshots(storage->path, err);
	if (r == 0) /* after a promotion it is another one */
		r = volume_ask(&origin, err, "zfs", "get", "-H", "-o", "value", "origin",
		               storage->path, NULL);
	if (r == 0)
		r = volume_run(err, "zfs", "destroy", storage->path, NULL);
	if (r == 0)
		destroy_snapshot(origin);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A logical volume, by the programs of lvm2. Where the volume group has the thin pool that is asked
 * for it is a thin one, whose clones cost nothing until they differ. */
#include "base/cleanup.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/path.h"
#include "storage/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#define DEV "/dev/"

static bool lvm_probe(const char *path, const struct stat *st)
{
	char file[64], uuid[8];

	(void)path;
	if (!st || !S_ISBLK(st->st_mode))
		return false;
	(void)snprintf(file, sizeof(file), "/sys/dev/block/%u:%u/dm/uuid", major(st->st_rdev),
	               minor(st->st_rdev));
	return fd_read_short(AT_FDCWD, file, uuid, sizeof(uuid)) > 0 &&
	       str_starts_with(uuid, "LVM-");
}

/* "VG/LV", which LVM's programs and messages know, of "/dev/VG/LV". */
static const char *volume_name(const struct storage *storage)
{
	return storage->path + strlen(DEV);
}

static const struct storage *like_of(const struct storage_spec *spec)
{
	return spec->like && spec->like->type == &storage_lvm ? spec->like : NULL;
}

static int lvm_parse(struct storage *storage, struct err *err)
{
	const char *path = storage->path, *slash;

	if (str_starts_with(path, DEV)) {
		slash = strchr(path + strlen(DEV), '/');
		if (slash && slash != path + strlen(DEV) && slash[1] && !strchr(slash + 1, '/'))
			return 0;
	}
	return err_say(err, -EINVAL, "'lvm:%s' is not a logical volume: write lvm:/dev/VG/LV",
	               path);
}

static int lvm_open(const struct storage *storage, const struct storage_user *user, int *ret_fd,
                    struct err *err)
{
	/* --yes: with a snapshot that is not thin its origin is activated, too */
	int r = volume_run(err, "lvchange", "--yes", "-K", "-ay", volume_name(storage), NULL);

	return r < 0 ? err_wrap(err, r, "cannot activate '%s'", storage->path)
	             : volume_mount_device(storage->path, storage->path, user, ret_fd, err);
}

/* A column of lvs(8) for "VG/LV". */
static int ask(const char *column, const char *volume, char **ret_answer, struct err *err)
{
	return volume_ask(ret_answer, err, "lvs", "--noheadings", "-o", column, volume, NULL);
}

static bool is_taken(const struct storage *storage)
{
	return volume_run(NULL, "lvs", volume_name(storage), NULL) == 0;
}

/* The first letter of lv_attr. */
#define THIN 'V'
#define THIN_POOL 't'
#define SNAPSHOT 's' /* of what is not thin */

/* '\0': there is no such volume. */
static char kind_of(const char *volume)
{
	_cleanup_free_ char *attributes = NULL;

	return ask("lv_attr", volume, &attributes, NULL) == 0 ? attributes[0] : '\0';
}

static char *group_of(const struct storage *storage)
{
	return strndup(volume_name(storage), strcspn(volume_name(storage), "/"));
}

static int check_clone(const struct storage *source, struct storage *storage, struct err *err)
{
	char kind = kind_of(volume_name(source));

	storage->needs_source = kind != THIN;
	if (kind != SNAPSHOT)
		return 0;
	err_say(err, -EOPNOTSUPP, "'%s' is a snapshot itself, and not thin: it has none",
	        volume_name(source));
	err_hint(err, "make a full copy, without -s or -e");
	return -EOPNOTSUPP;
}

static int choose_name(const struct storage_spec *spec, const char *group, struct storage *storage,
                       struct err *err)
{
	const char *name = spec->lvname ? spec->lvname : spec->name;
	_cleanup_free_ char *prefix = NULL;

	if (*group == '-' || *name == '-')
		return err_say(err, -EINVAL, "'%s/%s' is no name of a logical volume", group, name);
	if (asprintf(&prefix, DEV "%s/%s", group, name) < 0)
		return err_oom(err);
	if (!spec->lvname)
		return volume_choose_free(storage, prefix, is_taken, err);
	storage->path = take_ptr(prefix);
	return is_taken(storage) ? err_say(err, -EEXIST, "logical volume '%s' exists already",
	                                   volume_name(storage))
	                         : 0;
}

static int check_group(const char *group, struct err *err)
{
	int r = volume_run(err, "vgs", group, NULL);

	if (r == 0)
		return 0;
	err_wrap(err, r, "cannot use volume group '%s'", group);
	err_hint(err, "--vgname names another one, 'vgs' lists them");
	return r;
}

/* A clone is in the group of what it is made from, and so is a copy. */
static int lvm_choose(const struct storage_spec *spec, const struct storage *source,
                      struct storage *storage, struct err *err)
{
	const struct storage *near = source ? source : like_of(spec);
	_cleanup_free_ char *group = near           ? group_of(near)
	                             : spec->vgname ? strdup(spec->vgname)
	                                            : strdup("lxc");
	int r;

	if (!group)
		return err_oom(err);
	r = check_group(group, err);
	if (r == 0 && source)
		r = check_clone(source, storage, err);
	if (r == 0)
		r = choose_name(spec, group, storage, err);
	return r < 0 ? r : lvm_parse(storage, err);
}

/* "VG/POOL": what a copy's original is in, else what was asked for; it need not be there. */
static char *choose_pool(const struct storage_spec *spec, const char *group)
{
	const char *asked = spec->thinpool ? spec->thinpool : "lxc";
	const struct storage *like = like_of(spec);
	_cleanup_free_ char *of_like = NULL;
	char *pool;

	if (like && ask("pool_lv", volume_name(like), &of_like, NULL) == 0 && *of_like)
		asked = of_like;
	return asprintf(&pool, "%s/%s", group, asked) < 0 ? NULL : pool;
}

static int make_volume(const struct storage *storage, const struct storage_spec *spec,
                       uint64_t bytes, struct err *err)
{
	_cleanup_free_ char *group = group_of(storage);
	_cleanup_free_ char *pool = group ? choose_pool(spec, group) : NULL;
	const char *name = path_last(storage->path), *tag = storage->tag;
	char size[32];

	if (!pool)
		return err_oom(err);
	(void)snprintf(size, sizeof(size), "%llub", (unsigned long long)bytes);
	return kind_of(pool) == THIN_POOL
	               ? volume_run(err, "lvcreate", "-q", "-Wy", "--yes", "--addtag", tag,
	                            "--thinpool", pool, "-V", size, "-n", name, group, NULL)
	               : volume_run(err, "lvcreate", "-q", "-Wy", "--yes", "--addtag", tag, "-L",
	                            size, "-n", name, group, NULL);
}

static int lvm_create(const struct storage *storage, const struct storage_spec *spec, int dir_fd,
                      const char *name, struct storage_made *made, struct err *err)
{
	const struct volume_shape shape = volume_shape(spec);
	int r = make_volume(storage, spec, shape.bytes, err);

	if (r == 0)
		r = volume_format_new(storage, shape.fstype, dir_fd, name, made, err);
	return r < 0 ? err_wrap(err, r, "cannot make '%s'", storage->path) : 0;
}

/* What is not thin needs room for what will differ: a fifth of its size. */
static int lvm_snapshot(const struct storage *source, const struct storage *clone, int source_fd,
                        int dir_fd, const char *name, struct err *err)
{
	const char *from = volume_name(source), *tag = clone->tag;
	int r;

	(void)source_fd;
	(void)dir_fd;
	(void)name;
	if (clone->needs_source)
		r = volume_run(err, "lvcreate", "-q", "-s", "--addtag", tag, "-l", "20%ORIGIN",
		               "-n", path_last(clone->path), from, NULL);
	else
		r = volume_run(err, "lvcreate", "-q", "-s", "--addtag", tag, "-kn", "-n",
		               path_last(clone->path), from, NULL);
	return r < 0 ? err_wrap(err, r, "cannot make '%s' a snapshot of '%s'", clone->path,
	                        source->path)
	             : 0;
}

static int lvm_destroy(const struct storage *storage, struct err *err)
{
	const char *volume = volume_name(storage);
	_cleanup_free_ char *answer = NULL;
	_cleanup_(strv_done) struct strv tags = {};

	if (ask("lv_tags", volume, &answer, NULL) < 0)
		return 0;
	if (strv_split_at(&tags, answer, ',') < 0)
		return err_oom(err);
	return !storage->tag || strv_has(&tags, storage->tag)
	               ? volume_run(err, "lvremove", "-q", "-f", volume, NULL)
	               : 0;
}

const struct storage_type storage_lvm = {
	.name = "lvm",
	.clone = "lvm",
	.root_only = "logical volumes are the administrator's",
	.is_volume = true,
	.needs_new = true,
	.probe = lvm_probe,
	.parse = lvm_parse,
	.open = lvm_open,
	.take = volume_take,
	.choose = lvm_choose,
	.create = lvm_create,
	.snapshot = lvm_snapshot,
	.destroy = lvm_destroy,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A logical volume, by the programs of lvm2. Where the volume group has the thin pool that is asked
 * for it is a thin one, whose clones cost nothing until they differ. */
#include "base/cleanup.h"
#include "base/text.h"
#include "os/fd.h"
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
	int r = volume_run(err, "lvchange", "-K", "-ay", volume_name(storage), NULL);

	return r < 0 ? err_wrap(err, r, "cannot activate '%s'", storage->path)
	             : volume_mount_device(storage->path, storage->path, user, ret_fd, err);
}

static bool exists(const char *volume)
{
	return volume_run(NULL, "lvs", volume, NULL) == 0;
}

/* @word: "VG/POOL". */
static bool is_thin_pool(const char *word)
{
	_cleanup_free_ char *attributes = NULL;

	return volume_ask(&attributes, NULL, "lvs", "--noheadings", "-o", "lv_attr", word, NULL) ==
	               0 &&
	       attributes[0] == 't';
}

static int lvm_choose(const struct storage_spec *spec, const struct storage *source,
                      struct storage *storage, struct err *err)
{
	const char *group = spec->vgname ? spec->vgname : "lxc";
	const char *name = spec->lvname ? spec->lvname : spec->name;
	_cleanup_free_ char *of_source = NULL;
	int r;

	if (source) { /* a clone is in the same group */
		of_source = strndup(volume_name(source), strcspn(volume_name(source), "/"));
		if (!of_source)
			return err_oom(err);
		group = of_source;
	}
	if (*group == '-' || *name == '-')
		return err_say(err, -EINVAL, "'%s/%s' is no name of a logical volume", group, name);
	if (asprintf(&storage->path, DEV "%s/%s", group, name) < 0)
		return err_oom(err);
	r = lvm_parse(storage, err);
	if (r == 0)
		r = volume_run(err, "vgs", group, NULL);
	if (r < 0) {
		err_wrap(err, r, "cannot use volume group '%s'", group);
		err_hint(err, "--vgname names another one, 'vgs' lists them");
		return r;
	}
	return exists(volume_name(storage))
	               ? err_say(err, -EEXIST, "logical volume '%s' exists already",
	                         volume_name(storage))
	               : 0;
}

static int make_volume(const struct storage *storage, const struct storage_spec *spec,
                       struct err *err)
{
	uint64_t bytes = spec->fssize ? spec->fssize : VOLUME_FSSIZE;
	_cleanup_free_ char *group = NULL, *pool = NULL;
	const char *name = strrchr(storage->path, '/') + 1;
	char size[32];

	(void)snprintf(size, sizeof(size), "%llub", (unsigned long long)bytes);
	group = strndup(volume_name(storage), strcspn(volume_name(storage), "/"));
	if (!group || asprintf(&pool, "%s/%s", group, spec->thinpool ? spec->thinpool : "lxc") < 0)
		return err_oom(err);
	return is_thin_pool(pool) ? volume_run(err, "lvcreate", "-q", "-Wy", "--yes", "--thinpool",
	                                       pool, "-V", size, "-n", name, group, NULL)
	                          : volume_run(err, "lvcreate", "-q", "-Wy", "--yes", "-L", size,
	                                       "-n", name, group, NULL);
}

static int lvm_create(const struct storage *storage, const struct storage_spec *spec, int dir_fd,
                      const char *name, struct storage_made *made, struct err *err)
{
	int r = make_volume(storage, spec, err);

	if (r == 0)
		r = volume_format(storage->path, spec->fstype ? spec->fstype : VOLUME_FSTYPE, err);
	return r < 0 ? err_wrap(err, r, "cannot make '%s'", storage->path)
	             : volume_open_new(storage, dir_fd, name, made, err);
}

/* Of a thick volume the clone takes a fifth of its size for what will differ. */
static int lvm_snapshot(const struct storage *source, const struct storage *clone, int source_fd,
                        int dir_fd, struct err *err)
{
	const char *name = strrchr(clone->path, '/') + 1, *from = volume_name(source);
	_cleanup_free_ char *attributes = NULL;
	int r = volume_ask(&attributes, err, "lvs", "--noheadings", "-o", "lv_attr", from, NULL);

	(void)source_fd;
	(void)dir_fd;
	if (r == 0 && attributes[0] == 'V')
		r = volume_run(err, "lvcreate", "-q", "-s", "-kn", "-n", name, from, NULL);
	else if (r == 0)
		r = volume_run(err, "lvcreate", "-q", "-s", "-l", "20%ORIGIN", "-n", name, from,
		               NULL);
	return r < 0 ? err_wrap(err, r, "cannot make '%s' a snapshot of '%s'", clone->path,
	                        source->path)
	             : 0;
}

static int lvm_destroy(const struct storage *storage, struct err *err)
{
	const char *volume = volume_name(storage);

	return exists(volume) ? volume_run(err, "lvremove", "-q", "-f", volume, NULL) : 0;
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plain directory. What it does is what every tree does. */
#include "base/cleanup.h"
#include "os/mountfd.h"
#include "os/path.h"
#include "storage/storage-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool dir_probe(const char *path, const struct stat *st)
{
	(void)path;
	return st && S_ISDIR(st->st_mode);
}

char *storage_find_closed(const char *path)
{
	char *copy = strdup(path);

	for (char *s = copy ? strchr(copy + 1, '/') : NULL; s; s = strchr(s + 1, '/')) {
		*s = '\0';
		if (access(copy, X_OK) < 0)
			return copy;
		*s = '/';
	}
	free(copy);
	return NULL;
}

int storage_dir_open(const struct storage *storage, const struct storage_user *user, int *ret_fd,
                     struct err *err)
{
	_cleanup_close_ int fd = open(storage->path, O_PATH | O_CLOEXEC);
	struct stat st;

	(void)user;
	if (fd < 0 || fstat(fd, &st) < 0) {
		int r = -errno;
		_cleanup_free_ char *closed =
			r == -EACCES ? storage_find_closed(storage->path) : NULL;

		err_set(err, r, "cannot open root file system '%s'", storage->path);
		if (closed)
			err_hint(err,
			         "you may not search '%s'; its owner can allow it with: chmod "
			         "o+x '%s'",
			         closed, closed);
		return r;
	}
	if (!S_ISDIR(st.st_mode)) {
		err_say(err, -ENOTDIR, "root file system '%s' is not a directory", storage->path);
		err_hint(err, "lxc.rootfs.path must name a directory");
		return -ENOTDIR;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int storage_dir_reopen(const struct storage *storage, int host_fd, struct storage_root *root,
                       struct err *err)
{
	struct stat here, there;

	root->under = open(storage->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->under < 0)
		return err_set(err, -errno, "cannot open root file system '%s'", storage->path);
	if (host_fd < 0)
		return 0;
	if (fstat(root->under, &here) < 0 || fstat(host_fd, &there) < 0)
		return err_set(err, -errno, "cannot look at root file system '%s'", storage->path);
	if (here.st_dev != there.st_dev || here.st_ino != there.st_ino)
		return err_say(err, -ESTALE, "root file system '%s' was exchanged during the start",
		               storage->path);
	return 0;
}

int storage_dir_take(const struct storage *storage, const struct storage_user *user, int host_fd,
                     struct storage_root *root, struct err *err)
{
	int r = storage_dir_reopen(storage, host_fd, root, err);

	(void)user;
	if (r < 0)
		return r;
	root->tree = mountfd_clone(root->under, "", /* recursive= */ true);
	if (root->tree < 0)
		return err_set(err, root->tree, "cannot take root file system '%s'", storage->path);
	return 0;
}

int storage_dir_choose(const struct storage_spec *spec, const struct storage *source,
                       struct storage *storage, struct err *err)
{
	(void)source;
	storage->path = spec->dir ? strdup(spec->dir) : path_join(spec->container_path, "rootfs");
	if (!storage->path)
		return err_oom(err);
	path_simplify(storage->path);
	return 0;
}

int storage_open_made(int dir_fd, const char *name, const char *path, struct storage_made *made,
                      struct err *err)
{
	made->fd = path_open_beneath(dir_fd, name, O_RDONLY | O_DIRECTORY);
	return made->fd < 0 ? err_set(err, made->fd, "cannot open '%s'", path) : 0;
}

int storage_make_dir(int dir_fd, const char *name, const char *path, struct storage_made *made,
                     struct err *err)
{
	if (mkdirat(dir_fd, name, 0755) < 0)
		return err_set(err, -errno, "cannot make '%s'", path);
	return storage_open_made(dir_fd, name, path, made, err);
}

static int dir_create(const struct storage *storage, const struct storage_spec *spec, int dir_fd,
                      const char *name, struct storage_made *made, struct err *err)
{
	(void)spec;
	return storage_make_dir(dir_fd, name, storage->path, made, err);
}

const struct storage_type storage_dir = {
	.name = "dir",
	.clone = "overlay",
	.probe = dir_probe,
	.open = storage_dir_open,
	.take = storage_dir_take,
	.choose = storage_dir_choose,
	.create = dir_create,
};

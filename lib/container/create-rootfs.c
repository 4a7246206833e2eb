/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/create-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/ids.h"
#include "container/rootfs.h"
#include "idmap/idmap.h"
#include "os/mountfd.h"
#include "os/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory is made by the caller, who may reach it through ways that are closed to the
 * container's root (a 0700 home), and is then given to that root by a child inside the user
 * namespace, over the descriptor. The template runs in a child of that child (guard.h). */

static int refuse_entry(const struct creation *c, const char *path, const char *name,
                        struct err *err)
{
	if (strcmp(name, PARTIAL_NAME) == 0)
		return err_say(err, -EEXIST, "container '%s' is being created or removed right now",
		               c->options->name);
	err_say(err, -EEXIST, "'%s' is there already and not empty", path);
	err_hint(err, "choose a path where nothing is yet");
	return -EEXIST;
}

int create_check_empty(const struct creation *c, int dir_fd, const char *path, struct err *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	struct stat st;
	int fd;

	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "cannot read '%s'", path);
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return err_oom(err);
	}
	if (fstat(fd, &st) < 0 || st.st_uid != c->store->caller.uid) {
		err_say(err, -EPERM, "'%s' is there already and belongs to somebody else", path);
		err_hint(err, "choose a path where nothing is yet");
		return -EPERM;
	}
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    strcmp(name, MARK_NAME) != 0)
			return refuse_entry(c, path, name, err);
	}
	return 0;
}

/* Notes in the mark what was made outside the container's directory, before it is filled. */
static int note_outside(struct creation *c, bool made, struct err *err)
{
	struct stat st;

	if (fstat(c->made.fd, &st) < 0)
		return err_set(err, -errno, "cannot examine '%s'", c->rootfs_path);
	c->mark.rootfs_path = strdup(c->rootfs_path);
	if (!c->mark.rootfs_path)
		return err_oom(err);
	c->mark.rootfs_inode = st.st_ino;
	c->mark.rootfs_made = made;
	c->noted_outside = true;
	return mark_write(c->dir_fd, &c->mark, err);
}

/* A directory that is there and empty will do where it is no more than a directory. */
static int use_existing(struct creation *c, int above_fd, struct err *err)
{
	int r;

	if (storage_needs_new(&c->storage))
		return -EEXIST;
	c->made.fd = path_open_beneath(above_fd, path_last(c->rootfs_path), O_RDONLY | O_DIRECTORY);
	if (c->made.fd < 0)
		return err_set(err, c->made.fd, "cannot open '%s'", c->rootfs_path);
	r = create_check_empty(c, c->made.fd, c->rootfs_path, err);
	return r < 0 ? r : note_outside(c, /* made= */ false, err);
}

static int make_outside(struct creation *c, struct err *err)
{
	_cleanup_free_ char *above =
		strndup(c->rootfs_path, (size_t)(path_last(c->rootfs_path) - c->rootfs_path));
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!above)
		return err_oom(err);
	fd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		r = err_set(err, -errno, "cannot make '%s'", c->rootfs_path);
		if (r == -ENOENT)
			err_hint(err, "make the directory above it first");
		return r;
	}
	r = storage_create(&c->storage, &c->spec, fd, path_last(c->rootfs_path), &c->made, err);
	if (r == -EEXIST)
		return use_existing(c, fd, err);
	return r < 0 ? r : note_outside(c, /* made= */ true, err);
}

static int make_inside(struct creation *c, struct err *err)
{
	int r = mark_note_volume(c->dir_fd, &c->mark, &c->storage, err);

	return r < 0 ? r
	             : storage_create(&c->storage, &c->spec, c->dir_fd, "rootfs", &c->made, err);
}

int create_check_storage_options(const struct creation *c, struct err *err)
{
	const struct rlxc_create_options *options = c->options;
	const struct {
		const char *name;
		bool is_given;
		const char *types[2];
	} rows[] = {
		{ "dir", options->dir && storage_is_volume(&c->storage), {} },
		{ "lvname", options->lvname, { "lvm" } },
		{ "vgname", options->vgname, { "lvm" } },
		{ "thinpool", options->thinpool, { "lvm" } },
		{ "zfsroot", options->zfsroot, { "zfs" } },
		{ "fstype", options->fstype, { "loop", "lvm" } },
		{ "fssize", options->fssize, { "loop", "lvm" } },
	};
	const char *type = storage_name(&c->storage);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool fits = !rows[i].is_given;

		for (size_t k = 0; k < ARRAY_SIZE(rows[i].types) && rows[i].types[k]; k++)
			fits = fits || strcmp(type, rows[i].types[k]) == 0;
		if (fits)
			continue;
		(void)err_say(err, -EINVAL, "--%s does not belong to the backend '%s'",
		              rows[i].name, type);
		err_hint(err, "lxc-create(1) says which options each backend has");
		return -EINVAL;
	}
	return 0;
}

static const char *or_default(const char *value, const char *otherwise)
{
	return value ? value : otherwise;
}

int create_choose_storage(struct creation *c, struct err *err)
{
	const struct rlxc_create_options *options = c->options;
	const struct sysconf *system = &c->store->sysconf;
	int r;

	c->spec = (struct storage_spec){
		.backend = options->bdev,
		.name = options->name,
		.container_path = c->path,
		.dir = options->dir,
		.lvname = options->lvname,
		.vgname = or_default(options->vgname, system->lvm_vg),
		.thinpool = or_default(options->thinpool, system->lvm_thin_pool),
		.zfsroot = or_default(options->zfsroot, system->zfs_root),
		.fstype = options->fstype,
		.fssize = options->fssize,
	};
	if (!c->rootfs_path)
		return 0;
	r = storage_choose(&c->spec, &c->store->caller, &c->storage, err);
	return r < 0 || (options->bdev && strcmp(options->bdev, "best") == 0)
	               ? r
	               : create_check_storage_options(c, err);
}

int create_make_rootfs(struct creation *c, struct err *err)
{
	int r;

	if (!c->rootfs_path)
		return 0;
	r = c->outside ? make_outside(c, err) : make_inside(c, err);
	if (r < 0)
		return r;
	/* A set-gid directory above may have given it a group that the container does not know. */
	if (fchown(c->made.fd, (uid_t)-1, c->store->caller.gid) < 0 || fchmod(c->made.fd, 0755) < 0)
		return err_set(err, -errno, "cannot take '%s' over", c->rootfs_path);
	c->run.rootfs_fd = c->made.fd;
	return 0;
}

/* ---- in children ---- */

struct fill {
	struct creation *c;
	int stop_fd;
};

static int silence(struct err *err)
{
	_cleanup_close_ int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		return err_set(err, -errno, "cannot open '/dev/null'");
	return 0;
}

/* The innermost child: the template itself. */
static int run_template(void *arg, struct err *err)
{
	struct creation *c = arg;
	int r;

	(void)umask(022);
	if (c->options->quiet) {
		r = silence(err);
		if (r < 0)
			return r;
	}
	return c->template->fill(&c->run, err);
}

/* A template may have replaced the configuration: it is the caller's file again. */
static void take_config_back(const struct creation *c)
{
	struct stat st;

	if (fstatat(c->dir_fd, "config", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid != c->run.uid)
		(void)fchownat(c->dir_fd, "config", c->run.uid, c->run.gid, AT_SYMLINK_NOFOLLOW);
}

/* As root of the container's ids. */
static int fill_inside(void *arg, struct err *err)
{
	const struct fill *fill = arg;
	struct creation *c = fill->c;
	int r;

	r = c->run.mapped ? rootfs_take_over(&c->made, err) : 0;
	if (r < 0 || !c->template->fill)
		return r;
	r = guard_supervise(&c->guard, fill->stop_fd, run_template, c, err);
	if (c->run.mapped)
		take_config_back(c);
	return r;
}

/* Mounts of a template go away with it, and a volume is mounted for it alone. */
static int leave_mounts(const struct creation *c, struct err *err)
{
	_cleanup_close_ int point = -EBADF;
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		log_debug("the template runs without a mount namespace of its own: %s",
		          strerror(errno));
		return storage_is_volume(&c->storage)
		               ? err_say(err, -EPERM, "cannot make a mount namespace")
		               : 0;
	}
	if (!storage_is_volume(&c->storage))
		return 0;
	/* By its path: what was opened before is of the mount namespace that was left. */
	point = open(c->rootfs_path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = point < 0 ? -errno : mountfd_attach(c->made.mount, point);
	return r < 0 ? err_set(err, r, "cannot mount the new root file system") : 0;
}

static int fill_outside(void *arg, int stop_fd, struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	struct creation *c = arg;
	const struct caller *caller = &c->store->caller;
	struct fill fill = { .c = c, .stop_fd = stop_fd };

	int r = c->run.mapped && !storage_is_volume(&c->storage) ? 0 : leave_mounts(c, err);

	if (r < 0)
		return r;
	if (!c->run.mapped)
		return fill_inside(&fill, err);
	if (idmap_with_self(&c->mark.idmaps, caller, &maps) < 0)
		return err_oom(err);
	c->run.uid = ids_inside(&maps, IDMAP_UID, caller->uid);
	c->run.gid = ids_inside(&maps, IDMAP_GID, caller->gid);
	return idmap_run(&maps, caller, fill_inside, &fill, err);
}

int create_fill_rootfs(struct creation *c, struct err *err)
{
	int r;

	if (!c->rootfs_path)
		return 0;
	r = guard_run(&c->guard, fill_outside, c, err);
	if (r > 0) {
		err_say(err, -ECHILD, "template '%s' failed with exit status %d",
		        c->template == &template_external ? (const char *)c->run.data
		                                          : c->template->name,
		        r);
		err_hint(err, "%s",
		         c->options->quiet ? "run it again without -q to see what it says"
		                           : "what it printed is above; lxc-create -t TEMPLATE -h "
		                             "shows its options");
		return -ECHILD;
	}
	if (r == -EINTR && guard_check(&c->guard, NULL) == 0) {
		err_wrap(err, r, "template '%s' did not end by itself", c->options->template_name);
		err_hint(err, "somebody ended it, or the kernel for want of memory: see dmesg");
		return r;
	}
	return r;
}

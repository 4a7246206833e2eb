/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/create.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/create-internal.h"
#include "container/ids.h"
#include "container/remove.h"
#include "idmap/idmap.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A creation: what can be checked is checked before anything is made; then the container's
 * directory is claimed by a locked file `partial`, which goes when all is done. Whoever finds it
 * unlocked knows that we were killed and clears up (store_clean_partial). When we fail, or are
 * interrupted, what was made goes again, and nothing else. */

static int check_dir(const char *dir, struct err *err)
{
	size_t len;

	if (!dir)
		return 0;
	len = strlen(dir);
	if (*dir != '/')
		return err_say(err, -EINVAL, "--dir needs an absolute path, not '%s'", dir);
	for (const char *s = dir; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return err_say(err, -EINVAL, "--dir has a control character in its path");
	if (dir[len - 1] == ' ' || strspn(dir, "/") == len)
		return err_say(err, -EINVAL, "--dir cannot be '%s'", dir);
	return 0;
}

static int check_options(const struct rlxc_create_options *options, struct err *err)
{
	int r;

	r = store_check_name(options->name, err);
	return r < 0 ? r : check_dir(options->dir, err);
}

/* Finds the template and lets it look at its options. */
static int prepare_template(struct creation *c, struct err *err)
{
	_cleanup_free_ char *path = NULL;
	int r;

	r = template_find(c->options->template_name, &c->template, &path, err);
	if (r < 0)
		return r;
	c->run = (struct template_run){
		.store = c->store,
		.name = c->options->name,
		.words = c->options->template_argv,
		.container_path = c->path,
		.rootfs_fd = -EBADF,
		.quiet = c->options->quiet,
		.data = take_ptr(path),
	};
	if (c->template->prepare)
		return c->template->prepare(&c->run, err);
	return template_parse(c->template->name, c->run.words, NULL, 0, err);
}

/* A root file system given by --dir is outside the container's directory, or where we would put it
 * ourselves. */
static int use_dir(struct creation *c, struct err *err)
{
	size_t len = strlen(c->path);

	c->rootfs_path = strdup(c->options->dir);
	if (!c->rootfs_path)
		return err_oom(err);
	path_simplify(c->rootfs_path);
	c->outside = strncmp(c->rootfs_path, c->path, len) != 0 ||
	             (c->rootfs_path[len] && c->rootfs_path[len] != '/');
	if (!c->outside && strcmp(c->rootfs_path + len, "/rootfs") != 0)
		return err_say(err, -EINVAL, "--dir cannot be '%s', which is the container's own",
		               c->rootfs_path);
	return 0;
}

/* Where the root file system will be, if we make one. */
static int decide_rootfs(struct creation *c, struct err *err)
{
	int r = 0;

	if (c->options->dir) {
		r = use_dir(c, err);
	} else if (c->template->fill || c->options->bdev) {
		c->rootfs_path = path_join(c->path, "rootfs");
		r = c->rootfs_path ? 0 : err_oom(err);
	}
	c->run.rootfs_path = c->rootfs_path;
	return r;
}

#define LOCK_TRIES 16
static void hint_place(const struct store *store, int code, struct err *err)
{
	store_hint_full(store, code, err);
	err_hint(err, "choose a directory that you may write to with -P");
}

int create_make_store(struct creation *c, struct err *err)
{
	struct stat st;
	int r;

	if (stat(c->store->path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		err_say(err, -ENOTDIR, "'%s' is not a directory", c->store->path);
		err_hint(err, "-P names the directory of the containers");
		return -ENOTDIR;
	}
	r = path_mkdir_parents(c->store->path, 0755);
	if (r < 0) {
		err_set(err, r, "cannot make '%s'", c->store->path);
		hint_place(c->store, r, err);
		return r;
	}
	c->made_store = true;
	return 0;
}

int create_check_undefined(struct creation *c, struct err *err)
{
	const char *name = c->options->name;
	int r;

	r = store_clean_partial(c->store, name, err);
	if (r < 0)
		return r;
	if (!store_is_defined(c->store, name)) {
		store_clean_unmarked(c->store, name);
		return 0;
	}
	err_say(err, -EEXIST, "container '%s' exists already", name);
	err_hint(err, "lxc-destroy%s -n %s removes it", STORE_OPTION(c->store), name);
	return -EEXIST;
}

/* Group access is of use where the group is the user's own, the habit of most distributions; in a
 * shared one its members could change what runs in the user's name. */
static mode_t directory_mode(const struct caller *caller)
{
	return caller->uid == caller->gid ? 0770 : 0700;
}

static int make_directory(struct creation *c, struct err *err)
{
	_cleanup_close_ int store_fd = -EBADF;
	struct stat st;

	store_fd = open(c->store->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (store_fd < 0)
		return err_set(err, -errno, "cannot open '%s'", c->store->path);
	if (mkdirat(store_fd, c->options->name, STORE_BARE_MODE) == 0)
		c->made_dir = true;
	else if (errno != EEXIST) {
		int r = err_set(err, -errno, "cannot make '%s'", c->path);

		hint_place(c->store, r, err);
		return r;
	}
	c->dir_fd = path_open_same_mount(store_fd, c->options->name, O_RDONLY | O_DIRECTORY);
	if (c->dir_fd == -EXDEV) /* a volume of its own is fine */
		c->dir_fd = path_open_beneath(store_fd, c->options->name, O_RDONLY | O_DIRECTORY);
	if (c->dir_fd < 0)
		return err_set(err, c->dir_fd, "cannot open '%s'", c->path);
	if (fstat(c->dir_fd, &st) == 0 && store_is_bare(&st))
		c->made_dir = true; /* by one who was killed, or who loses the lock to us */
	return c->made_dir ? 0 : create_check_empty(c, c->dir_fd, c->path, err);
}

/* Until the lock is there, somebody may remove the directory as a bare one. */
static int lock_directory(struct creation *c, struct err *err)
{
	int r = -ENOENT;

	for (int i = 0; i < LOCK_TRIES && r == -ENOENT; i++) {
		cleanup_close(&c->dir_fd);
		c->partial_fd = -EBADF;
		r = make_directory(c, err);
		if (r == 0)
			r = c->partial_fd = store_lock_partial(c->dir_fd, /* is_new= */ true);
	}
	return r;
}

/* From here on the directory is ours. The lock comes before the mark: whoever sees both finds the
 * lock taken. */
int create_claim_directory(struct creation *c, struct err *err)
{
	int r = lock_directory(c, err);

	if (r < 0 && c->partial_fd == -EBADF)
		return r;
	if (c->partial_fd == -EEXIST || c->partial_fd == -EAGAIN)
		return err_say(err, -EEXIST, "container '%s' is being created right now",
		               c->options->name);
	if (c->partial_fd < 0)
		return err_set(err, c->partial_fd, "cannot make '%s/" PARTIAL_NAME "'", c->path);
	c->claimed = true;
	r = mark_write(c->dir_fd, &c->mark, err);
	if (r == 0 && c->made_dir && fchmod(c->dir_fd, directory_mode(&c->store->caller)) < 0)
		r = err_set(err, -errno, "cannot set the mode of '%s'", c->path);
	return r;
}

int create_sync_files(struct creation *c, struct err *err)
{
	if (syncfs(c->dir_fd) < 0 || (c->made.mount >= 0 && syncfs(c->made.fd) < 0))
		return err_set(err, -errno, "cannot write '%s' to the disk", c->path);
	return 0;
}

/* Without files of its own there is little to wait for. */
static int sync_created(struct creation *c, struct err *err)
{
	int r = c->made.fd >= 0 ? create_sync_files(c, err) : fd_sync_at(c->dir_fd, "config");

	return r < 0 ? err_set(err, r, "cannot write '%s/config' to the disk", c->path) : 0;
}

/* It counts from here on, also after a power cut. Its own entry was made before the files, and is
 * on the disk with them. */
int create_release_directory(struct creation *c, struct err *err)
{
	int r;

	if (unlinkat(c->dir_fd, PARTIAL_NAME, 0) < 0)
		return err_set(err, -errno, "cannot remove '%s/" PARTIAL_NAME "'", c->path);
	cleanup_close(&c->partial_fd);
	r = fd_sync_at(c->dir_fd, ".");
	return r < 0 ? err_set(err, r, "cannot write '%s' to the disk", c->path) : 0;
}

void create_undo(const struct creation *c)
{
	const struct removal removal = {
		.store = c->store,
		.name = c->options->name,
		.dir_fd = c->dir_fd,
		.idmaps = &c->mark.idmaps,
		.rootfs_path = c->noted_outside ? c->mark.rootfs_path : NULL,
		.rootfs_inode = c->mark.rootfs_inode,
		.rootfs_made = c->mark.rootfs_made,
		.volumes = &c->mark.volumes,
		.keep_dir = !c->made_dir,
	};
	struct err err = {};

	if (c->claimed && removal_run(&removal, &err) < 0)
		log_warn("%s, leaving what is there of container '%s'", err.msg, c->options->name);
	if (!c->claimed && c->made_dir)
		(void)rmdir(c->path);
	if (c->made_store)
		(void)rmdir(c->store->path); /* fails when others made containers meanwhile */
}

void create_hint_full(const struct creation *c, int code, struct err *err)
{
	if (code == -ENOSPC && c->storage.type && storage_is_volume(&c->storage))
		err_hint(err, "the volume may be too small (--fssize), or the disk full: df '%s'",
		         c->store->path);
	store_hint_full(c->store, code, err);
}

/* The steps, in order; an interruption takes effect between them. */
static int create(struct creation *c, struct err *err)
{
	static int (*const steps[])(struct creation * c, struct err * err) = {
		prepare_template,       decide_rootfs,
		create_read_config,     create_check_undefined,
		create_make_store,      create_choose_storage,
		create_claim_directory, create_choose_idmap,
		create_make_rootfs,     create_write_config,
		create_fill_rootfs,     create_finish_config,
		sync_created,           create_release_directory,
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(steps) && r == 0; i++) {
		r = steps[i](c, err);
		if (r == 0 && i + 1 < ARRAY_SIZE(steps))
			r = guard_check(&c->guard, err);
	}
	return r;
}

void creation_done(struct creation *c)
{
	if (c->template && c->template->done)
		c->template->done(&c->run);
	free(c->config_text);
	(void)conf_free(c->conf);
	free(c->path);
	free(c->rootfs_path);
	storage_done(&c->storage);
	storage_made_done(&c->made);
	mark_done(&c->mark);
	cleanup_close(&c->dir_fd);
	cleanup_close(&c->partial_fd);
	guard_end(&c->guard); /* last: the signal may end us */
}

int container_create(const struct store *store, const struct rlxc_create_options *options,
                     struct err *err)
{
	_cleanup_(creation_done) struct creation c = {
		.store = store,
		.options = options,
		.guard = GUARD_NONE,
		.dir_fd = -EBADF,
		.partial_fd = -EBADF,
		.made = STORAGE_MADE_NONE,
	};
	int r;

	r = check_options(options, err);
	if (r < 0)
		return r;
	c.path = path_join(store->path, options->name);
	if (!c.path)
		return err_oom(err);
	r = guard_begin(&c.guard, err);
	if (r < 0)
		return r;
	r = create(&c, err);
	create_hint_full(&c, r, err);
	if (r < 0)
		create_undo(&c);
	return r;
}

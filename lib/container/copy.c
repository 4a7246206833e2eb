/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/copy.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/read.h"
#include "container/clones.h"
#include "container/copy-internal.h"
#include "container/ids.h"
#include "container/run.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* A copy is a creation (see create.c) whose configuration and files come from another container:
 * the same mark, lock and clearing away after a kill. The source is only read, and has no lock: it
 * may be copied by several, and who starts it meanwhile makes a full copy fail, since its files
 * change (tree_copy). */

/* ---- deciding ---- */

int copy_load_source(struct copy *copy, struct err *err)
{
	const char *name = copy->options->name;
	int r;

	r = store_load_conf(copy->from, name, NULL, /* tolerate= */ false, &copy->c.conf, err);
	if (r < 0)
		return r;
	copy->src_path = path_join(copy->from->path, name);
	if (!copy->src_path)
		return err_oom(err);
	copy->src_fd = store_open_dir(copy->from, name, err);
	return copy->src_fd < 0 ? copy->src_fd : 0;
}

static int check_stopped(struct copy *copy, struct err *err)
{
	const char *name = copy->options->name;

	copy->live = run_is_running(copy->from, name);
	if (!copy->live || copy->options->allow_running)
		return 0;
	err_say(err, -EBUSY, "container '%s' is running", name);
	err_hint(err, copy->options->native
	                      ? "stop it first"
	                      : "stop it first, or copy it as it is found with --allowrunning");
	return -EBUSY;
}

int copy_open_source(struct copy *copy, struct err *err)
{
	const struct conf *conf = copy->c.conf;
	int r;

	copy->user = (struct storage_user){
		.caller = &copy->from->caller,
		.in_userns = conf->idmaps.n || copy->from->caller.in_userns,
	};
	if (!conf->rootfs_path)
		return 0;
	r = storage_parse(conf->rootfs_backend, conf->rootfs_path, &copy->source, err);
	if (r == 0)
		r = storage_open(&copy->source, &copy->user, &copy->source_fd, err);
	return r;
}

/* The type that LXC would choose: that of the source, but a directory where the copy leaves the
 * source's surroundings; an overlay can stay one anywhere, and a state keeps its type. */
static const char *default_backend(const struct copy *copy)
{
	return copy->options->native || strcmp(copy->from->path, copy->to->path) == 0
	               ? storage_name(&copy->source)
	               : "dir";
}

/* The upper directory is copied, and the lower ones are shared as before. */
static int choose_delta(struct copy *copy, struct err *err)
{
	int r = storage_choose_snapshot(&copy->source, &copy->c.spec, &copy->c.storage, err);

	if (r == 0)
		strv_remove(&copy->c.storage.lowers, 0);
	copy->delta = copy->shares = true;
	return r;
}

/* A clone of its own file system's making: what becomes of the source is no matter to it. */
static bool choose_native(struct copy *copy)
{
	struct creation *c = &copy->c;

	copy->shares = copy->options->native &&
	               storage_choose_snapshot(&copy->source, &c->spec, &c->storage, NULL) == 0;
	if (copy->shares && c->storage.needs_source) {
		storage_done(&c->storage);
		copy->shares = false;
	}
	return copy->shares;
}

/* Snapshots of different containers have the same names. */
static int name_volume(struct copy *copy)
{
	bool is_snapshot = copy->notes;

	return asprintf(&copy->volume_name, "%s%s%s", is_snapshot ? copy->options->name : "",
	                is_snapshot ? "_" : "", copy->new_name);
}

static int choose_storage(struct copy *copy, struct err *err)
{
	const struct rlxc_copy_options *options = copy->options;
	struct creation *c = &copy->c;

	c->rootfs_path = path_join(c->path, "rootfs");
	if (!c->rootfs_path || name_volume(copy) < 0)
		return err_oom(err);
	c->spec = (struct storage_spec){
		.name = copy->volume_name,
		.container_path = c->path,
		.vgname = copy->to->sysconf.lvm_vg,
		.thinpool = copy->to->sysconf.lvm_thin_pool,
		.zfsroot = copy->to->sysconf.zfs_root,
		.fssize = options->fssize,
		.like = &copy->source,
	};
	if (!copy->source.type)
		return 0;
	if (choose_native(copy))
		return 0;
	copy->shares = options->snapshot;
	if (options->snapshot)
		return storage_choose_snapshot(&copy->source, &c->spec, &c->storage, err);
	if (copy->source.lowers.n && (!options->bdev || strncmp(options->bdev, "overlay", 7) == 0))
		return choose_delta(copy, err);
	c->spec.backend = options->bdev ? options->bdev : default_backend(copy);
	return storage_choose(&c->spec, &copy->to->caller, &c->storage, err);
}

static int check_backend(struct copy *copy, struct err *err)
{
	const char *asked = copy->options->bdev;
	int r = 0;

	if (copy->c.storage.type && (!asked || strcmp(asked, "best") != 0))
		r = create_check_storage_options(&copy->c, err);
	if (r < 0)
		return r;
	if (!copy->options->snapshot || !asked || !copy->c.storage.type ||
	    strncmp(asked, storage_name(&copy->c.storage),
	            strlen(storage_name(&copy->c.storage))) == 0)
		return 0;
	err_say(err, -EOPNOTSUPP, "a snapshot of '%s' is of type '%s', not '%s'",
	        copy->options->name, storage_name(&copy->c.storage), asked);
	err_hint(err, "leave -B out, or make a full copy without -s");
	return -EOPNOTSUPP;
}

static int check_tmpfs(struct copy *copy, struct err *err)
{
	if (!copy->options->tmpfs || copy->c.storage.lowers.n)
		return 0;
	err_say(err, -EOPNOTSUPP, "a copy of '%s' cannot write to memory: its type is '%s'",
	        copy->options->name, copy->source.type ? storage_name(&copy->c.storage) : "none");
	err_hint(err, "that needs a source of type 'dir' or 'overlay'");
	return -EOPNOTSUPP;
}

/* ---- acting ---- */

static int check_undefined(struct copy *copy, struct err *err)
{
	return create_check_undefined(&copy->c, err);
}

static int make_store(struct copy *copy, struct err *err)
{
	return create_make_store(&copy->c, err);
}

static int claim_directory(struct copy *copy, struct err *err)
{
	return create_claim_directory(&copy->c, err);
}

/* The same ids as the source: the files keep their owners, and lower directories are shared. */
static int take_idmap(struct copy *copy, struct err *err)
{
	struct creation *c = &copy->c;

	if (!c->conf->idmaps.n)
		return 0;
	if (!copy->to->caller.is_root)
		ids_record(copy->to, copy->new_name, &c->conf->idmaps);
	return create_choose_idmap(c, err);
}

static int make_rootfs(struct copy *copy, struct err *err)
{
	struct creation *c = &copy->c;
	bool is_volume = c->storage.type && storage_is_volume(&c->storage);
	int r = is_volume ? mark_note_volume(c->dir_fd, &c->mark, &c->storage, err) : 0;

	if (r < 0 || !c->storage.type)
		return r;
	if (!copy->shares)
		return storage_create(&c->storage, &c->spec, c->dir_fd, "rootfs", &c->made, err);
	return is_volume ? storage_snapshot(&copy->source, &c->storage, copy->source_fd, c->dir_fd,
	                                    "rootfs", &c->made, err)
	                 : 0;
}

/* What is read back must be usable. */
static int write_config(struct copy *copy, struct err *err)
{
	int r = copy_edit_config(copy, err);

	if (r == 0)
		r = copy_write_config(copy->c.dir_fd, copy->c.path, "config", copy->c.conf, err);
	if (r < 0)
		return r;
	r = store_load_conf(copy->to, copy->new_name, NULL, /* tolerate= */ false, &copy->written,
	                    err);
	return r < 0 ? err_wrap(err, r, "the copy's configuration is not usable") : 0;
}

static int write_notes(struct copy *copy, struct err *err)
{
	int r = 0;

	for (const struct copy_note *note = copy->notes; note && note->name && r == 0; note++)
		if (note->text)
			r = fd_replace_at(copy->c.dir_fd, note->name, 0644, note->text, note->len);
	return r < 0 ? err_set(err, r, "cannot write to '%s'", copy->c.path) : 0;
}

static int fill(struct copy *copy, struct err *err)
{
	copy->c.template = &template_copy;
	copy->c.run.data = copy;
	return create_fill_rootfs(&copy->c, err);
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/';
}

/* Does the source's overlay lie on a directory of its own (lxc-create -B overlay)? */
static bool has_own_lower(const struct copy *copy)
{
	for (size_t i = 0; i < copy->source.lowers.n; i++)
		if (is_below(copy->source.lowers.items[i], copy->src_path))
			return true;
	return false;
}

/* Whom the new container needs: the source, or for a copied delta that is over nothing of the
 * source's whom that needs. -ENOENT: nobody. */
static int find_parent(const struct copy *copy, char **ret_lxcpath, char **ret_name)
{
	if (copy->delta && !has_own_lower(copy))
		return clones_read_parent(copy->src_fd, ret_lxcpath, ret_name);
	*ret_lxcpath = strdup(copy->from->path);
	*ret_name = strdup(copy->options->name);
	return *ret_lxcpath && *ret_name ? 0 : -ENOMEM;
}

/* The parent's list has no snapshots of its own: those go with it. */
static int note_parent(struct copy *copy, struct err *err)
{
	_cleanup_free_ char *lxcpath = NULL, *name = NULL;
	int r;

	if (!copy->shares || !copy->c.storage.needs_source)
		return 0;
	r = find_parent(copy, &lxcpath, &name);
	if (r < 0)
		return r == -ENOMEM ? err_oom(err) : 0;
	r = clones_write_parent(copy->c.dir_fd, lxcpath, name);
	if (r == 0 && !is_below(copy->to->path, copy->src_path))
		r = clones_add(lxcpath, name, copy->to->path, copy->new_name);
	if (r == -EBUSY)
		return err_say(err, r, "container '%s' is being removed or renamed right now",
		               name);
	return r < 0 ? err_set(err, r, "cannot note '%s' as a clone of '%s'", copy->new_name, name)
	             : 0;
}

/* The files are on the disk before the copy counts. Those of a clone are: see template_copy. */
static int sync_files(struct copy *copy, struct err *err)
{
	return copy->shares && !copy->delta ? 0 : create_sync_files(&copy->c, err);
}

static int release_directory(struct copy *copy, struct err *err)
{
	return create_release_directory(&copy->c, err);
}

/* The steps, in order; an interruption takes effect between them. */
static int run(struct copy *copy, struct err *err)
{
	static int (*const steps[])(struct copy * copy, struct err * err) = {
		copy_load_source, check_stopped,     copy_open_source,
		choose_storage,   check_backend,     check_tmpfs,
		check_undefined,  make_store,        claim_directory,
		take_idmap,       make_rootfs,       write_config,
		write_notes,      note_parent,       fill,
		sync_files,       release_directory,
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(steps) && r == 0; i++) {
		r = steps[i](copy, err);
		if (r == 0 && i + 1 < ARRAY_SIZE(steps))
			r = guard_check(&copy->c.guard, err);
	}
	return r;
}

/* A clone that is not made is nobody's child. */
static void undo(const struct copy *copy)
{
	_cleanup_free_ char *lxcpath = NULL, *name = NULL;
	bool noted = copy->c.claimed && clones_read_parent(copy->c.dir_fd, &lxcpath, &name) == 0;

	create_undo(&copy->c);
	if (noted)
		(void)clones_forget(lxcpath, name, copy->to->path, copy->new_name);
}

void copy_done(struct copy *copy)
{
	copy->c.template = NULL;
	cleanup_close(&copy->src_fd);
	cleanup_close(&copy->source_fd);
	storage_done(&copy->source);
	free(copy->src_path);
	free(copy->volume_name);
	(void)conf_free(copy->written);
	strv_done(&copy->uppers);
	creation_done(&copy->c);
}

static int choose_name(const struct rlxc_copy_options *options, char **ret_name, struct err *err)
{
	static const char digits[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	unsigned char random[6];

	if (options->new_name) {
		*ret_name = strdup(options->new_name);
		return *ret_name ? 0 : err_oom(err);
	}
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_set(err, -EIO, "cannot choose a name");
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (unsigned char)digits[random[i] % (sizeof(digits) - 1)];
	if (asprintf(ret_name, "%s_%.6s", options->name, (const char *)random) < 0)
		return err_oom(err);
	return 0;
}

int container_copy(const struct store *from, const struct store *to,
                   const struct rlxc_copy_options *options, const struct copy_note *notes,
                   char **ret_name, struct err *err)
{
	_cleanup_free_ char *name = NULL;
	struct rlxc_create_options made = { .template_name = "copy" };
	_cleanup_(copy_done) struct copy copy = {
		.from = from,
		.to = to,
		.options = options,
		.notes = notes,
		.c = { .store = to,
		       .options = &made,
		       .guard = GUARD_NONE,
		       .dir_fd = -EBADF,
		       .partial_fd = -EBADF,
		       .made = STORAGE_MADE_NONE },
		.src_fd = -EBADF,
		.source_fd = -EBADF,
	};
	int r;

	r = store_check_name(options->name, err);
	if (r == 0)
		r = choose_name(options, &name, err);
	if (r == 0)
		r = store_check_name(name, err);
	if (r < 0)
		return r;
	copy.new_name = made.name = name;
	made.fssize = options->fssize;
	copy.c.path = path_join(to->path, name);
	if (!copy.c.path)
		return err_oom(err);
	r = guard_begin(&copy.c.guard, err);
	if (r == 0)
		r = run(&copy, err);
	create_hint_full(&copy.c, r, err);
	if (r < 0)
		undo(&copy);
	else
		*ret_name = take_ptr(name);
	return r;
}

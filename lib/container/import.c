/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/exported.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "conf/item.h"
#include "conf/read.h"
#include "container/copy-internal.h"
#include "container/ids.h"
#include "container/import-internal.h"
#include "container/import-trust.h"
#include "container/snapshot.h"
#include "container/unpack.h"
#include "idmap/idmap.h"
#include "net/links.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An import is a creation (create.c) whose files and configuration come from an archive: one of
 * rlxc export, or a tar of a container's directory that somebody made on the host.
 *
 * The archive is read two or three times: for what it is, for the root file system, and for the
 * other files. What comes from a pipe is kept beside the containers meanwhile, in a file without a
 * name. Nobody vouches for an archive, hence rlxc-unpack; and what its configuration would have run
 * on the host is refused unless the caller trusts it.
 *
 * A snapshot is imported as a container below the one that is being imported, with the ids of that.
 * It is read two or three times as well; of an export no more than what lies before its end. What a
 * kill leaves goes with the unfinished container.
 *
 * Which ids it has: those inside, for one of ours. A tar made on the host has the host's when its
 * configuration has a map and the root file system belongs to the root of that. */

/* The container that is imported. */
static const struct import *whole_of(const struct import *import)
{
	return import->container ? import->container : import;
}

/* ---- deciding ---- */

static int choose_name(struct import *import, struct err *err)
{
	const char *name = import->options->name ? import->options->name : path_last(import->top);
	struct creation *c = &import->c;

	if (!*name) {
		err_say(err, -EINVAL, "'%s' does not say what the container is called",
		        import->archive);
		err_hint(err, "-n names it");
		return -EINVAL;
	}
	if (store_check_name(name, err) < 0)
		return -EINVAL;
	import->name = strdup(name);
	import->made.name = import->name;
	c->path = import->name ? path_join(c->store->path, import->name) : NULL;
	return c->path ? 0 : err_oom(err);
}

static int read_marker(struct import *import, struct err *err)
{
	const struct unpack_file *file = import_find_beside(import, EXPORTED_NAME);
	int r = file ? exported_parse(file->text, &import->exported) : 0;

	import->is_exported = file && r == 0;
	import->has_rootfs = import->is_exported ? import->exported.has_rootfs : !!import->owner;
	if (r == -EPROTONOSUPPORT)
		return err_say(err, r, "'%s' was made by a later rlxc, in a way not known here",
		               import->archive);
	return r < 0 ? err_say(err, r, "'%s' is damaged: '" EXPORTED_NAME "' makes no sense",
	                       import->archive)
	             : 0;
}

/* A tar of the directory lacks what an overlay is over, and the content of a volume. */
static int check_rootfs(const struct import *import, struct err *err)
{
	static const char *const whole[] = { "dir", "btrfs", "zfs" };
	const struct conf *conf = import->conf;
	bool is_whole = import->is_exported || !conf->rootfs_path ||
	                (import->owner && !conf->rootfs_backend);

	for (size_t i = 0; i < ARRAY_SIZE(whole) && import->owner && conf->rootfs_backend; i++)
		is_whole = is_whole || strcmp(conf->rootfs_backend, whole[i]) == 0;
	if (is_whole)
		return 0;
	err_say(err, -EINVAL, "'%s' lacks the root file system: lxc.rootfs.path is '%s%s%s'",
	        import->archive, conf->rootfs_backend ? conf->rootfs_backend : "",
	        conf->rootfs_backend ? ":" : "", conf->rootfs_path);
	err_hint(err, "where the container is, 'rlxc export' makes an archive of all of it");
	return -EINVAL;
}

static int read_config(struct import *import, struct err *err)
{
	const struct unpack_file *file = import_find_beside(import, "config");
	int r;

	import->conf = conf_new();
	if (!import->conf)
		return err_oom(err);
	if (strlen(file->text) != file->len)
		return err_say(err, -EINVAL, "the configuration in '%s' is no text",
		               import->archive);
	r = conf_read_text(import->conf, "config", file->text, err);
	if (r < 0)
		return err_wrap(err, r, "cannot use the configuration in '%s'", import->archive);
	return check_rootfs(import, err);
}

static int name_snapshot(const struct import *container, size_t i, const char *entry,
                         char **ret_name)
{
	const char *top = container->top;

	if (asprintf(ret_name, "%s%ssnaps/%s%s", top, *top ? "/" : "",
	             container->exported.snapshots.items[i], entry) >= 0)
		return 0;
	*ret_name = NULL;
	return -ENOMEM;
}

static int find_end(struct import *import, struct err *err)
{
	const struct import *container = whole_of(import);

	if (import->n_snapshots == container->exported.snapshots.n)
		return 0;
	return name_snapshot(container, import->n_snapshots, "/rootfs", &import->until) < 0
	               ? err_oom(err)
	               : 0;
}

/* See at the top. */
static int find_shift(struct import *import, struct err *err)
{
	const struct conf_idmaps *maps = &import->conf->idmaps;
	long long uid;

	if (import->is_exported || !import->owner || sscanf(import->owner, "%lld", &uid) != 1 ||
	    uid != idmap_to_host(maps, IDMAP_UID, 0))
		return 0;
	return mark_copy_idmaps(maps, &import->shift) < 0 ? err_oom(err) : 0;
}

/* Where a tar was made its configuration says. */
static int find_old_path(struct import *import, struct err *err)
{
	const char *rootfs = import->conf->rootfs_path;

	if (import->is_exported)
		import->old_path = strdup(import->exported.path);
	else if (rootfs && str_ends_with(rootfs, "/rootfs"))
		import->old_path = strndup(rootfs, strlen(rootfs) - strlen("/rootfs"));
	else
		return 0;
	return import->old_path ? 0 : err_oom(err);
}

static int share_maps(struct import *import, struct err *err)
{
	struct creation *c = &import->c;

	c->conf = conf_new();
	if (!c->conf || mark_copy_idmaps(&import->container->c.mark.idmaps, &c->conf->idmaps) < 0)
		return err_oom(err);
	return 0;
}

/* The caller's initial configuration decides about ids. Root without a map in it goes on with that
 * of the archive; where that says no more than that there was one, nobody's container becomes one
 * of the host's root unseen. */
static int choose_maps(struct import *import, struct err *err)
{
	struct creation *c = &import->c;
	bool was_mapped = import->is_exported ? import->exported.is_mapped : import->conf->idmaps.n;
	int r;

	if (import->container)
		return share_maps(import, err);
	r = create_read_config(c, err);
	if (r < 0 || c->conf->idmaps.n || !c->store->caller.is_root || !was_mapped ||
	    import->options->privileged)
		return r;
	if (!import->is_exported)
		return mark_copy_idmaps(&import->conf->idmaps, &c->conf->idmaps) < 0 ? err_oom(err)
		                                                                     : 0;
	err_say(err, -EPERM, "container '%s' had ids of its own and would have those of root here",
	        import->name);
	err_hint(err, "-f FILE with lines of lxc.idmap gives it some; --privileged does without");
	return -EPERM;
}

static int decide(struct import *import, struct err *err)
{
	struct creation *c = &import->c;
	int r;

	r = choose_name(import, err);
	if (r == 0)
		r = read_marker(import, err);
	if (r == 0)
		r = read_config(import, err);
	if (r < 0)
		return r;
	r = find_end(import, err);
	if (r == 0)
		r = find_shift(import, err);
	if (r == 0)
		r = find_old_path(import, err);
	if (r < 0)
		return r;
	if (import->has_rootfs) {
		c->rootfs_path = path_join(c->path, "rootfs");
		if (!c->rootfs_path)
			return err_oom(err);
	}
	return choose_maps(import, err);
}

/* ---- the configuration ---- */

static int set_place(struct import *import, struct err *err)
{
	const struct conf_idmaps *maps = &import->c.mark.idmaps;
	struct conf *conf = import->conf;
	_cleanup_free_ char *rootfs = NULL;
	char line[MARK_IDMAP_MAX];
	int r = 0;

	for (size_t i = 0; i < maps->n && r == 0; i++) {
		mark_format_idmap(&maps->items[i], line);
		r = conf_save_set(conf, "lxc.idmap", line, err);
	}
	if (r < 0 || !import->c.rootfs_path)
		return r;
	if (storage_format(&import->c.storage, &rootfs) < 0)
		return err_oom(err);
	return conf_save_set(conf, "lxc.rootfs.path", rootfs, err);
}

/* Two containers with one address disturb each other. */
static int renew_addresses(struct import *import, struct err *err)
{
	if (!net_has_used_address(&import->conf->nets))
		return 0;
	log_info("an address of lxc.net.N.hwaddr is in use on this host, drawing new ones");
	return copy_renew_hwaddrs(import->conf, err);
}

static int edit_config(struct import *import, struct err *err)
{
	struct conf *conf = import->conf;
	/* A snapshot is called as its container. */
	const struct import *named = whole_of(import);
	bool is_renamed = strcmp(named->name, path_last(named->top)) != 0;
	int r;

	r = conf_save_clear(conf, "lxc.idmap", err);
	/* First the old path goes: it is replaced, not moved. */
	if (r == 0)
		r = conf_save_clear(conf, "lxc.rootfs.path", err);
	if (r == 0 && import->old_path)
		r = copy_move_paths(conf, import->old_path, import->c.path, err);
	if (r == 0)
		r = set_place(import, err);
	if (r == 0 && is_renamed)
		r = copy_set_uts_name(conf, named->name, err);
	return r < 0 ? r : renew_addresses(import, err);
}

static int write_config(struct import *import, struct err *err)
{
	const struct creation *c = &import->c;
	int r = edit_config(import, err);

	return r < 0 ? r : copy_write_config(c->dir_fd, c->path, "config", import->conf, err);
}

/* What is read back must be usable, and do nothing on the host that the caller does not know of. */
static int check_config(struct import *import, struct err *err)
{
	_cleanup_(conf_freep) struct conf *check = NULL;
	const struct creation *c = &import->c;
	int r = store_load_conf(c->store, import->name, NULL, /* tolerate= */ false, &check, err);

	return r < 0 || import->options->trust ? r
	                                       : import_check_trust(c->path, import->archive, err);
}

/* ---- the files, as root of the container's ids ---- */

static int unpack_own(const struct template_run *run, struct import *import, struct err *err)
{
	/* The first ones a snapshot has. */
	static const char *const excludes[] = { "ts",           "comment",       "rootfs",
		                                "rootfs.dev",   "config",        PARTIAL_NAME,
		                                "overlay",      "rootdev",       "snaps",
		                                "lxc_rdepends", "lxc_snapshots", ".*",
		                                "*.log",        "*.log.*",       NULL };
	const struct import *whole = whole_of(import);
	const struct unpack_how how = { .excludes = (char *const *)excludes +
		                                    (import->container ? 2 : 0),
		                        .below = *import->top ? import->top : NULL,
		                        /* what we have made has it last */
		                        .until = whole->is_exported ? whole->rootfs : NULL,
		                        .is_trusted = import->options->trust,
		                        .is_plain = true,
		                        .uid = run->uid,
		                        .gid = run->gid };

	return unpack_tree(import->program_fd, import->archive_fd, import->archive,
	                   import->c.dir_fd, &how, err);
}

static int fill_import(struct template_run *run, struct err *err)
{
	struct import *import = run->data;
	const struct unpack_how how = {
		.below = import->rootfs,
		.until = import->until,
		.shift = &import->shift,
		.is_trusted = import->options->trust,
		.has_devices = !run->mapped,
	};
	int r = 0;

	if (import->has_rootfs)
		r = unpack_tree(import->program_fd, import->archive_fd, import->archive,
		                run->rootfs_fd, &how, err);
	return r < 0 ? r : unpack_own(run, import, err);
}

static const struct template template_import = {
	.name = "import",
	.fill = fill_import,
};

/* Without a root file system there are the other files. */
static int fill(struct import *import, struct err *err)
{
	struct creation *c = &import->c;

	if (!c->rootfs_path)
		c->rootfs_path = path_join(c->path, "rootfs");
	if (!c->rootfs_path)
		return err_oom(err);
	c->template = &template_import;
	c->run.data = import;
	return create_fill_rootfs(c, err);
}

/* ---- the order of things ---- */

static int make_store(struct import *import, struct err *err)
{
	return create_make_store(&import->c, err);
}

static int check_undefined(struct import *import, struct err *err)
{
	return create_check_undefined(&import->c, err);
}

static int choose_storage(struct import *import, struct err *err)
{
	return create_choose_storage(&import->c, err);
}

static int claim_directory(struct import *import, struct err *err)
{
	return create_claim_directory(&import->c, err);
}

static int choose_idmap(struct import *import, struct err *err)
{
	const struct creation *c = &import->c;

	if (import->container && !c->store->caller.is_root)
		ids_record(c->store, import->name, &c->conf->idmaps);
	return create_choose_idmap(&import->c, err);
}

static int make_rootfs(struct import *import, struct err *err)
{
	return create_make_rootfs(&import->c, err);
}

/* All is on the disk before the container counts. */
static int sync_files(struct import *import, struct err *err)
{
	if (syncfs(import->c.dir_fd) < 0)
		return err_set(err, -errno, "cannot write '%s' to the disk", import->c.path);
	return 0;
}

static int release_directory(struct import *import, struct err *err)
{
	return create_release_directory(&import->c, err);
}

static int run_steps(struct import *import,
                     int (*const *steps)(struct import *import, struct err *err), struct err *err)
{
	int r = 0;

	for (; *steps && r == 0; steps++) {
		r = (*steps)(import, err);
		if (r == 0 && steps[1])
			r = guard_check(&import->c.guard, err);
	}
	return r;
}

static void import_init(struct import *import, const struct store *store,
                        const struct rlxc_import_options *options)
{
	*import = (struct import){
		.options = options,
		.made = { .template_name = "import", .config = options->config },
		.c = { .store = store,
		       .options = &import->made,
		       .guard = GUARD_NONE,
		       .dir_fd = -EBADF,
		       .partial_fd = -EBADF,
		       .made = STORAGE_MADE_NONE },
		.archive_fd = -EBADF,
		.program_fd = -EBADF,
	};
}

static void import_done(struct import *import)
{
	import->c.template = NULL;
	cleanup_close(&import->archive_fd);
	cleanup_close(&import->program_fd);
	unpack_files_done(&import->files);
	exported_done(&import->exported);
	(void)conf_free(import->conf);
	free(import->archive);
	idmap_done(&import->shift);
	free(import->old_path);
	free(import->top);
	free(import->rootfs);
	free(import->until);
	free(import->name);
	creation_done(&import->c);
}

/* ---- snapshots ---- */

static int check_snapshot(struct import *import, struct err *err)
{
	const struct unpack_file *marker = import_find_beside(import, EXPORTED_NAME);
	const struct unpack_file *config = import_find_beside(import, "config");

	return marker && config ? 0
	                        : err_say(err, -EINVAL, "'%s' is damaged: it lacks snapshot '%s'",
	                                  import->archive, import->options->name);
}

/* It ends with the container's import, if that fails. */
static int run_snapshot(struct import *import, struct err *err)
{
	static int (*const steps[])(struct import * import, struct err * err) = {
		make_store,
		import_find_container,
		check_snapshot,
		decide,
		choose_storage,
		claim_directory,
		choose_idmap,
		make_rootfs,
		write_config,
		check_config,
		fill,
		check_config,
		release_directory,
		NULL,
	};
	int r;

	import->c.guard = import->container->c.guard; /* lent */
	r = run_steps(import, steps, err);
	import->c.guard = GUARD_NONE;
	return r;
}

/* @i: which, of those that the archive has. */
static int import_snapshot(const struct import *container, const struct store *snaps, size_t i,
                           struct err *err)
{
	struct rlxc_import_options options = *container->options;
	_cleanup_(import_done) struct import import = {};

	options.name = container->exported.snapshots.items[i];
	import_init(&import, snaps, &options);
	import.container = container;
	import.n_snapshots = i + 1;
	import.archive_fd = fd_dup(container->archive_fd);
	import.program_fd = fd_dup(container->program_fd);
	import.archive = strdup(container->archive);
	if (import.archive_fd < 0 || import.program_fd < 0 || !import.archive ||
	    name_snapshot(container, i, "", &import.top) < 0)
		return err_oom(err);
	return run_snapshot(&import, err);
}

static int import_snapshots(struct import *import, struct err *err)
{
	struct store snaps = *import->c.store;
	_cleanup_free_ char *path = NULL;
	int r = 0;

	if (!import->exported.snapshots.n)
		return 0;
	if (snapshot_find_dir(&snaps, import->name, &path) < 0)
		return err_oom(err);
	if (!str_starts_with(path, import->c.path)) {
		err_say(err, -EOPNOTSUPP, "the snapshots in '%s' would be in '%s', as of LXC 1.0",
		        import->archive, path);
		err_hint(err, "-P names a directory of containers without such snapshots");
		return -EOPNOTSUPP;
	}
	snaps.path = path;
	for (size_t i = 0; r == 0 && i < import->exported.snapshots.n; i++) {
		r = store_check_name(import->exported.snapshots.items[i], err);
		if (r == 0)
			r = import_snapshot(import, &snaps, i, err);
	}
	return r;
}

/* ---- ---- */

static int run(struct import *import, struct err *err)
{
	static int (*const steps[])(struct import * import, struct err * err) = {
		make_store,
		import_open_archive,
		import_find_container,
		decide,
		check_undefined,
		choose_storage,
		claim_directory,
		choose_idmap,
		make_rootfs,
		write_config,
		/* soon, and once more with what the archive has brought */
		check_config,
		fill,
		check_config,
		import_snapshots,
		sync_files,
		release_directory,
		NULL,
	};
	int r = guard_begin(&import->c.guard, err);

	return r < 0 ? r : run_steps(import, steps, err);
}

int container_import(const struct store *store, const struct rlxc_import_options *options,
                     char **ret_name, struct err *err)
{
	_cleanup_(import_done) struct import import = {};
	int r;

	import_init(&import, store, options);
	r = run(&import, err);
	if (r == -EFBIG && !options->trust)
		err_hint(err, "if you know who made the archive: --trust");
	if (r == -ENOSPC || r == -EDQUOT)
		err_hint(err, "df '%s' and df -i '%s' show what is free", store->path, store->path);
	if (r < 0)
		create_undo(&import.c);
	else
		*ret_name = take_ptr(import.name);
	return r;
}

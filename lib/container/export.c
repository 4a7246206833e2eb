/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/exported.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "conf/item.h"
#include "container/copy-internal.h"
#include "container/ids.h"
#include "container/run.h"
#include "container/rundir.h"
#include "container/snapshot.h"
#include "container/status.h"
#include "container/stop.h"
#include "container/unpack.h"
#include "idmap/idmap.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* The container is read as for a copy (copy.c): by a process that is root of its ids, over
 * descriptors that the caller has opened. A file gets its name when all of it is on the disk. The
 * snapshots are containers that are read in the same way, by the same process. */

#define FREEZE_TIMEOUT_S 10
#define DEFAULT_FILTER "zstd"

/* The container, or one of its snapshots. */
struct part {
	struct copy copy; /* its source */
	struct rlxc_copy_options source;
	char *name; /* of its directory in the archive */
	bool is_snapshot;
};

struct export
{
	const struct store *store;
	const struct rlxc_export_options *options;
	struct guard guard;
	struct rlxc_snapshot *snapshots;
	size_t n_snapshots;
	struct store snaps; /* borrows all */
	struct part *parts; /* the container comes first */
	size_t n_parts;
	const char *filter;
	int program_fd;
	int out_fd;
	int dir_fd;    /* where the file will be, -EBADF: there is none */
	char temp[32]; /* its name there meanwhile */
	bool has_temp; /* there is a file of that name */
	bool frozen;
	struct conf_idmaps maps; /* with the caller's own ids */
	/* what is in the archive */
	struct strv members;
	int *fds;
	size_t n_fds;
};

/* ---- where to ---- */

static const struct {
	char suffix[8], filter[8];
} suffixes[] = {
	{ ".tar", "none" }, { ".gz", "gzip" },  { ".tgz", "gzip" },  { ".xz", "xz" },
	{ ".txz", "xz" },   { ".zst", "zstd" }, { ".tzst", "zstd" },
};

static const char *choose_filter(const struct rlxc_export_options *options)
{
	if (options->compression)
		return options->compression;
	for (size_t i = 0; options->file && i < ARRAY_SIZE(suffixes); i++)
		if (str_ends_with(options->file, suffixes[i].suffix))
			return suffixes[i].filter;
	return DEFAULT_FILTER;
}

/* What would be replaced is a file: no device, no directory. */
static int check_file(const char *file, struct err *err)
{
	struct stat st;

	if (lstat(file, &st) < 0)
		return errno == ENOENT ? 0 : err_set(err, -errno, "cannot write '%s'", file);
	if (S_ISREG(st.st_mode))
		return 0;
	err_say(err, -EEXIST, "cannot write '%s': it is there and not a file", file);
	err_hint(err, "without -o the archive goes to stdout");
	return -EEXIST;
}

/* Some file systems, such as NFS and FAT, know no files without a name. */
static int open_new(struct export *export)
{
	const int flags = O_WRONLY | O_CLOEXEC, dir_fd = export->dir_fd;
	int fd;

	(void)snprintf(export->temp, sizeof(export->temp), ".rlxc-export.%d", (int)getpid());
	fd = openat(dir_fd, ".", O_TMPFILE | flags, 0600);
	if (fd >= 0 || errno != EOPNOTSUPP)
		return fd;
	(void)unlinkat(dir_fd, export->temp, 0);
	fd = openat(dir_fd, export->temp, O_CREAT | O_EXCL | flags, 0600);
	export->has_temp = fd >= 0;
	return fd;
}

static int open_output(struct export *export, struct err *err)
{
	const char *file = export->options->file;
	_cleanup_free_ char *above = NULL;
	int r;

	if (!file) {
		export->out_fd = fd_dup(STDOUT_FILENO);
		return export->out_fd < 0 ? err_set(err, export->out_fd, "cannot write to stdout")
		                          : 0;
	}
	r = check_file(file, err);
	if (r < 0)
		return r;
	above = strndup(file, (size_t)(path_last(file) - file));
	if (!above)
		return err_oom(err);
	export->dir_fd = open(*above ? above : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (export->dir_fd >= 0)
		export->out_fd = open_new(export);
	return export->out_fd < 0 ? err_set(err, -errno, "cannot write '%s'", file) : 0;
}

/* The name that a link can have must be free; a rename then takes the place of an older file. */
static int name_output(struct export *export, struct err *err)
{
	const char *file = export->options->file;
	int dir_fd = export->dir_fd;
	char path[64];

	if (!file)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", export->out_fd);
	if (fsync(export->out_fd) < 0)
		return err_set(err, -errno, "cannot write '%s'", file);
	if (!export->has_temp) {
		(void)unlinkat(dir_fd, export->temp, 0);
		if (linkat(AT_FDCWD, path, dir_fd, export->temp, AT_SYMLINK_FOLLOW) < 0)
			return err_set(err, -errno, "cannot write '%s'", file);
		export->has_temp = true;
	}
	if (renameat(dir_fd, export->temp, dir_fd, path_last(file)) < 0)
		return err_set(err, -errno, "cannot write '%s'", file);
	export->has_temp = false;
	return fsync(dir_fd) < 0 ? err_set(err, -errno, "cannot write '%s'", file) : 0;
}

/* ---- what ---- */

static int init_part(struct export *export, const char *snapshot, struct err *err)
{
	const struct store *from = snapshot ? &export->snaps : export->store;
	struct part *part = &export->parts[export->n_parts++];

	*part = (struct part){
		.copy = { .from = from,
		          .to = from,
		          .options = &part->source,
		          .c = { .guard = GUARD_NONE,
		                 .dir_fd = -EBADF,
		                 .partial_fd = -EBADF,
		                 .made = STORAGE_MADE_NONE },
		          .src_fd = -EBADF,
		          .source_fd = -EBADF },
		.source = { .name = snapshot ? snapshot : export->options->name,
		            .allow_running = true },
		.is_snapshot = snapshot,
	};
	if (asprintf(&part->name, "%s%s%s", export->options->name, snapshot ? "/snaps/" : "",
	             snapshot ? snapshot : "") < 0) {
		part->name = NULL;
		return err_oom(err);
	}
	return 0;
}

static int find_parts(struct export *export, struct err *err)
{
	int r = 0;

	if (export->options->snapshots)
		r = container_snapshot_list(export->store, export->options->name,
		                            &export->snapshots, &export->n_snapshots, err);
	if (r < 0)
		return r;
	export->snaps = *export->store;
	export->parts = calloc(export->n_snapshots + 1, sizeof(*export->parts));
	if (!export->parts)
		return err_oom(err);
	r = init_part(export, NULL, err);
	for (size_t i = 0; r == 0 && i < export->n_snapshots; i++) {
		export->snaps.path = export->snapshots[i].path; /* of all the same */
		r = init_part(export, export->snapshots[i].name, err);
	}
	return r;
}

static int check_source(const struct part *part, struct err *err)
{
	const struct conf *conf = part->copy.c.conf;
	_cleanup_(strv_done) struct strv words = {};
	const char *name = part->name;

	if (conf->rootfs_options && strv_split_at(&words, conf->rootfs_options, ',') < 0)
		return err_oom(err);
	for (size_t i = 0; i < words.n; i++) {
		if (!str_starts_with(words.items[i], "idmap="))
			continue;
		err_say(err, -EOPNOTSUPP,
		        "the files of container '%s' are seen through '%s', which "
		        "only a start sets up",
		        name, words.items[i]);
		err_hint(err,
		         "start it, and lxc-attach -n %s -- tar -C / --one-file-system -c . ; "
		         "lxc-create -t local takes that",
		         name);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* One process reads all, and one import gives them ids. */
static int check_ids(const struct export *export, const struct part *part, struct err *err)
{
	const struct conf_idmaps *ids = &part->copy.c.conf->idmaps;
	const struct conf_idmaps *want = &export->parts[0].copy.c.conf->idmaps;
	bool is_same = ids->n == want->n;

	for (size_t i = 0; is_same && i < ids->n; i++)
		is_same = memcmp(&ids->items[i], &want->items[i], sizeof(*ids->items)) == 0;
	if (is_same)
		return 0;
	err_say(err, -EOPNOTSUPP, "the snapshot '%s' has other ids (lxc.idmap) than the container",
	        part->name);
	err_hint(err, "lxc-snapshot -n %s -r %s -N NEW makes a container of it, to be exported",
	         export->options->name, part->source.name);
	return -EOPNOTSUPP;
}

static int check_complete(const struct part *part, struct err *err)
{
	if (faccessat(part->copy.src_fd, PARTIAL_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return err_say(err, -EBUSY, "'%s' is being created or removed right now", part->name);
}

static int load_parts(struct export *export, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < export->n_parts; i++) {
		struct part *part = &export->parts[i];

		r = copy_load_source(&part->copy, err);
		if (r == 0)
			r = check_complete(part, err);
		if (r == 0)
			r = check_source(part, err);
		if (r == 0)
			r = check_ids(export, part, err);
	}
	return r;
}

static int open_parts(struct export *export, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < export->n_parts; i++)
		r = copy_open_source(&export->parts[i].copy, err);
	return r;
}

static bool is_frozen(const struct store *store, const char *name)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_(run_status_done) struct run_status status = {};

	return rundir_find(store, name, &dir) == 0 && run_status_read(&dir, &status) == 0 &&
	       status.state == RLXC_FROZEN;
}

/* A frozen one stays so. */
static int suspend(struct export *export, struct err *err)
{
	const char *name = export->options->name;
	int r;

	if (!run_is_running(export->store, name))
		return 0;
	if (!export->options->freeze) {
		err_say(err, -EBUSY, "container '%s' is running", name);
		err_hint(err, "stop it first, or suspend it meanwhile with --freeze");
		return -EBUSY;
	}
	if (is_frozen(export->store, name))
		return 0;
	r = container_freeze(export->store, name, /* on= */ true, FREEZE_TIMEOUT_S, err);
	export->frozen = r == 0;
	return r;
}

static int add_member(struct export *export, const struct part *part, const char *kind, int fd,
                      const char *name, struct err *err)
{
	_cleanup_close_ int owned = fd;
	int *fds;

	if (fd < 0)
		return err_set(err, fd, "cannot open '%s/%s'", part->copy.src_path, name);
	fds = reallocarray(export->fds, export->n_fds + 1, sizeof(*fds));
	if (!fds)
		return err_oom(err);
	export->fds = fds;
	if (strv_addf(&export->members, "%s:%d:%s/%s", kind, fd, part->name, name) < 0)
		return err_oom(err);
	export->fds[export->n_fds++] = take_fd(&owned);
	return 0;
}

static int add_text(struct export *export, const struct part *part, const char *name,
                    const char *text, struct err *err)
{
	_cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write(fd, text, strlen(text));

	return add_member(export, part, "text", r < 0 ? r : take_fd(&fd), name, err);
}

static int format_marker(const struct export *export, const struct part *part, char **ret_text)
{
	struct exported exported = { .is_mapped = part->copy.user.in_userns,
		                     .has_rootfs = part->copy.source.type,
		                     .path = part->copy.src_path };
	int r = 0;

	for (size_t i = 0; !part->is_snapshot && r == 0 && i < export->n_snapshots; i++)
		r = strv_add(&exported.snapshots, export->snapshots[i].name);
	if (r == 0)
		r = exported_format(&exported, ret_text);
	strv_done(&exported.snapshots);
	return r;
}

static int add_marker(struct export *export, const struct part *part, struct err *err)
{
	_cleanup_free_ char *text = NULL;

	return format_marker(export, part, &text) < 0
	               ? err_oom(err)
	               : add_text(export, part, EXPORTED_NAME, text, err);
}

/* Where the files are kept, and with which ids, is the host's own. */
static int add_config(struct export *export, const struct part *part, struct err *err)
{
	const struct storage *storage = &part->copy.source;
	struct conf *conf = part->copy.c.conf;
	int r = conf_save_clear(conf, "lxc.idmap", err);

	if (r == 0)
		r = conf_save_clear(conf, "lxc.rootfs.path", err);
	if (r == 0 && storage->type && (storage_is_volume(storage) || storage->lowers.n))
		r = conf_save_clear(conf, "lxc.rootfs.options", err);
	return r < 0 ? r : add_text(export, part, "config", conf->saved ? conf->saved : "", err);
}

static bool has_entry(const struct part *part, const char *name)
{
	return copy_has(name) ||
	       (part->is_snapshot && (strcmp(name, "ts") == 0 || strcmp(name, "comment") == 0));
}

/* What else the container's directory has, such as hooks and an fstab. */
static int add_own(struct export *export, const struct part *part, struct err *err)
{
	const struct copy *copy = &part->copy;
	int fd = openat(copy->src_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return err_set(err, -errno, "cannot read '%s'", copy->src_path);
	while (r == 0 && (entry = readdir(dir))) {
		if (!has_entry(part, entry->d_name))
			continue;
		fd = path_open_same_mount(copy->src_fd, entry->d_name, O_PATH | O_NOFOLLOW);
		r = add_member(export, part, "own", fd, entry->d_name, err);
	}
	return r;
}

static int add_parts(struct export *export, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < export->n_parts; i++) {
		const struct part *part = &export->parts[i];

		r = add_marker(export, part, err);
		if (r == 0)
			r = add_config(export, part, err);
		if (r == 0)
			r = add_own(export, part, err);
	}
	return r;
}

/* ---- in children ---- */

/* As root of the container's ids. */
static int pack(void *arg, struct err *err)
{
	struct export *export = arg;
	const char *path = export->options->file ? export->options->file : "stdout";
	int r = 0;

	for (size_t i = 0; r == 0 && i < export->n_parts; i++) {
		const struct part *part = &export->parts[i];
		int fd = -EBADF;

		if (part->copy.source.type)
			r = copy_open_merged(&part->copy, &fd, err);
		if (r == 0 && fd >= 0)
			r = add_member(export, part, "tree", fd, "rootfs", err);
	}
	return r < 0 ? r
	             : unpack_pack(export->program_fd, export->out_fd, path, export->filter,
	                           &export->members, export->fds, export->n_fds, err);
}

struct supervised {
	struct export *export;
	int stop_fd;
};

static int supervise(void *arg, struct err *err)
{
	const struct supervised *supervised = arg;

	return guard_supervise(&supervised->export->guard, supervised->stop_fd, pack,
	                       supervised->export, err);
}

static int pack_outside(void *arg, int stop_fd, struct err *err)
{
	struct export *export = arg;
	struct supervised supervised = { .export = export, .stop_fd = stop_fd };

	return export->maps.n ? idmap_run(&export->maps, &export->store->caller, supervise,
	                                  &supervised, err)
	                      : supervise(&supervised, err);
}

static int choose_ids(struct export *export, struct err *err)
{
	const struct conf_idmaps *idmaps = &export->parts[0].copy.c.conf->idmaps;
	const struct caller *caller = &export->store->caller;

	if (!idmaps->n)
		return 0;
	if (idmap_with_self(idmaps, caller, &export->maps) < 0)
		return err_oom(err);
	for (size_t i = 0; i < export->n_parts; i++) {
		struct template_run *run = &export->parts[i].copy.c.run;

		run->mapped = true;
		run->uid = ids_inside(&export->maps, IDMAP_UID, caller->uid);
		run->gid = ids_inside(&export->maps, IDMAP_GID, caller->gid);
	}
	return 0;
}

/* ---- the order of things ---- */

static int write_archive(struct export *export, struct err *err)
{
	int r = guard_run(&export->guard, pack_outside, export, err);

	return r > 0 ? err_say(err, -ECHILD, "cannot export: exit status %d", r) : r;
}

static int run(struct export *export, struct err *err)
{
	static int (*const steps[])(struct export * export, struct err * err) = {
		find_parts, load_parts, open_output, suspend,
		open_parts, choose_ids, add_parts,   write_archive,
	};
	int r = guard_begin(&export->guard, err);

	for (size_t i = 0; i < ARRAY_SIZE(steps) && r == 0; i++) {
		r = steps[i](export, err);
		if (r == 0)
			r = guard_check(&export->guard, err);
	}
	return r;
}

static int thaw(struct export *export, struct err *err)
{
	if (!export->frozen)
		return 0;
	return container_freeze(export->store, export->options->name, /* on= */ false,
	                        FREEZE_TIMEOUT_S, err);
}

static void export_done(struct export *export)
{
	for (size_t i = 0; i < export->n_fds; i++)
		cleanup_close(&export->fds[i]);
	free(export->fds);
	strv_done(&export->members);
	idmap_done(&export->maps);
	cleanup_close(&export->program_fd);
	cleanup_close(&export->out_fd);
	if (export->has_temp)
		(void)unlinkat(export->dir_fd, export->temp, 0);
	cleanup_close(&export->dir_fd);
	for (size_t i = 0; i < export->n_parts; i++) {
		copy_done(&export->parts[i].copy);
		free(export->parts[i].name);
	}
	free(export->parts);
	container_snapshot_list_free(export->snapshots, export->n_snapshots);
	guard_end(&export->guard); /* last: the signal may end us */
}

int container_export(const struct store *store, const struct rlxc_export_options *options,
                     struct err *err)
{
	_cleanup_(export_done) struct export export = {
		.store = store,
		.options = options,
		.guard = GUARD_NONE,
		.filter = choose_filter(options),
		.program_fd = -EBADF,
		.out_fd = -EBADF,
		.dir_fd = -EBADF,
	};
	int r = store_check_name(options->name, err);

	if (r < 0)
		return r;
	export.program_fd = unpack_find_pack(err);
	r = export.program_fd < 0 ? export.program_fd : run(&export, err);
	if (r < 0) {
		(void)thaw(&export, NULL);
		return r;
	}
	r = thaw(&export, err);
	return r < 0 ? r : name_output(&export, err);
}

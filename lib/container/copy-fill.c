/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/copy-internal.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "container/clones.h"
#include "container/hooks.h"
#include "os/fd.h"
#include "os/mountfd.h"
#include "os/path.h"
#include "storage/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

/* All of this runs in a child, as root of the container's ids, with the caller's id mapped as well:
 * descriptors were opened before, by the caller. Beside the root file system a container's
 * directory may hold whatever the configuration names there: hooks, an fstab, directories of
 * mount entries. All of it is copied but for what belongs to the source alone. */

static const char not_copied[][16] = {
	".",       "..",      "config", PARTIAL_NAME, MARK_NAME, "rootfs",       "rootfs.dev",
	"overlay", "rootdev", "snaps",  "ts",         "comment", "lxc_rdepends", "lxc_snapshots"
};

bool copy_has(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_copied); i++)
		if (strcmp(name, not_copied[i]) == 0)
			return false;
	/* Logs, what commands that were killed have left, and images after a restore. */
	return !str_starts_with(name, STORAGE_IMAGE "_") && name[0] != '.' &&
	       !str_ends_with(name, ".log") && !strstr(name, ".log.");
}

static struct tree_copy_options options_of(const struct copy *copy)
{
	return (struct tree_copy_options){
		.live = copy->live,
		.progress = copy->options->progress,
		.progress_arg = copy->options->progress_arg,
	};
}

static int copy_others(const struct copy *copy, struct err *err)
{
	const struct tree_copy_options options = options_of(copy);
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(copy->src_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_set(err, -errno, "cannot read '%s'", copy->src_path);
	while (r == 0 && (entry = readdir(dir)))
		if (copy_has(entry->d_name))
			r = tree_copy_entry(fd, copy->src_path, entry->d_name, copy->c.dir_fd,
			                    copy->c.path, &options, err);
	return r;
}

/* ---- the root file system ---- */

/* Whose ways to the files (a 0700 home) are open. Capabilities over mounts stay. */
static void look_as(uint32_t uid, uint32_t gid)
{
	(void)setfsgid(gid);
	(void)setfsuid(uid);
}

/* A detached mount of what the container sees, or would see. */
static int mount_detached(const struct template_run *run, const struct storage *storage,
                          const struct storage_user *user, int *ret_fd, struct err *err)
{
	_cleanup_(storage_root_done) struct storage_root root = STORAGE_ROOT_NONE;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (run->mapped)
		look_as(run->uid, run->gid);
	r = storage_open(storage, user, &fd, err);
	if (r == 0)
		r = storage_take(storage, user, fd, &root, err);
	if (run->mapped)
		look_as(0, 0);
	if (r == 0)
		r = storage_mount(storage, user, &root, err);
	if (r == 0)
		*ret_fd = take_fd(&root.tree);
	return r;
}

/* An overlay's files are what its mount shows. */
int copy_open_merged(const struct copy *copy, int *ret_fd, struct err *err)
{
	if (copy->source.lowers.n && !copy->delta)
		return mount_detached(&copy->c.run, &copy->source, &copy->user, ret_fd, err);
	*ret_fd = fd_dup(copy->source_fd);
	return *ret_fd < 0 ? err_set(err, *ret_fd, "cannot open '%s'", copy->source.path) : 0;
}

/* Where the files go: what was made to be filled, or the upper directory. */
static int open_target(const struct copy *copy, int *ret_fd, struct err *err)
{
	int fd = copy->delta
	                 ? path_open_beneath(copy->c.dir_fd, "overlay/delta", O_PATH | O_DIRECTORY)
	                 : fd_dup(copy->c.made.fd);

	if (fd < 0)
		return err_set(err, fd, "cannot open '%s'", copy->c.storage.path);
	*ret_fd = fd;
	return 0;
}

static int copy_files(const struct copy *copy, struct err *err)
{
	const struct tree_copy_options options = options_of(copy);
	_cleanup_close_ int from = -EBADF, to = -EBADF;
	int r;

	r = copy_open_merged(copy, &from, err);
	if (r == 0)
		r = open_target(copy, &to, err);
	return r < 0 ? r
	             : tree_copy(from, copy->source.path, to, copy->c.storage.path, &options, err);
}

static int copy_rootfs(const struct copy *copy, struct err *err)
{
	int r = 0;

	if (!copy->source.type)
		return 0;
	/* A volume was cloned by the caller already, who has the rights for that. */
	if (copy->shares && !storage_is_volume(&copy->c.storage))
		r = storage_snapshot(&copy->source, &copy->c.storage, copy->source_fd,
		                     copy->c.dir_fd, "rootfs", NULL, err);
	if (r == 0 && (!copy->shares || copy->delta))
		r = copy_files(copy, err);
	return r;
}

static int make_uppers(const struct copy *copy, struct err *err)
{
	for (size_t i = 0; i < copy->uppers.n; i++) {
		int fd = path_make_dir(copy->c.dir_fd, copy->uppers.items[i], 0755);

		if (fd < 0)
			return err_set(err, fd, "cannot make '%s/%s'", copy->c.path,
			               copy->uppers.items[i]);
		(void)close(fd);
	}
	return 0;
}

/* ---- the new container's own touch ---- */

int copy_set_hostname(int root_fd, const char *name, struct err *err)
{
	_cleanup_close_ int fd = path_open_beneath(root_fd, "etc/hostname",
	                                           O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0; /* a link leads to what the container decides itself */
	r = ftruncate(fd, 0) < 0 ? -errno : fd_write(fd, name, strlen(name));
	return r < 0 ? err_set(err, r, "cannot write '/etc/hostname' of '%s'", name) : 0;
}

/* The new root file system, as the container will see it; *@ret_fd stays as it is without one. */
static int open_new(const struct copy *copy, int *ret_fd, struct err *err)
{
	const struct storage *storage = &copy->c.storage;

	if (!storage->type)
		return 0;
	if (!storage_is_volume(storage) && (copy->shares || storage->lowers.n))
		return mount_detached(&copy->c.run, storage, &copy->user, ret_fd, err);
	*ret_fd = fd_dup(copy->c.made.fd);
	return 0;
}

/* By its path: what was opened before is of the host's mount namespace. */
static int open_point(const struct copy *copy)
{
	_cleanup_free_ char *path = path_join(copy->c.path, "rootfs");
	const struct template_run *run = &copy->c.run;
	int fd;

	if (!path)
		return -ENOMEM;
	if (run->mapped)
		look_as(run->uid, run->gid);
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	if (run->mapped)
		look_as(0, 0);
	return fd;
}

/* Hooks find it mounted on `rootfs`, in this process's own mount namespace. */
static int mount_new(const struct copy *copy, int root_fd, struct err *err)
{
	_cleanup_close_ int point = -EBADF;
	int r;

	if (root_fd < 0 || !copy->shares || storage_is_volume(&copy->c.storage))
		return 0;
	if (mkdirat(copy->c.dir_fd, "rootfs", 0755) < 0 && errno != EEXIST)
		return err_set(err, -errno, "cannot make '%s/rootfs'", copy->c.path);
	point = open_point(copy);
	r = point < 0 ? point : mountfd_attach(root_fd, point);
	return r < 0 ? err_set(err, r, "cannot mount the new root file system") : 0;
}

/* Words of the command line, each in quotes of the shell. */
static int quote_words(char *const *words, char **ret_text)
{
	struct text text = {};

	for (; words && *words; words++) {
		text_add(&text, " '");
		for (const char *s = *words; *s; s++)
			if (*s == '\'')
				text_add(&text, "'\\''");
			else
				text_add_len(&text, s, 1);
		text_add(&text, "'");
	}
	return text_finish(&text, ret_text);
}

static int run_hooks(const struct copy *copy, struct err *err)
{
	_cleanup_(strv_done) struct strv variables = {};
	_cleanup_free_ char *extra = NULL, *mount = path_join(copy->c.path, "rootfs");
	struct hooks hooks = { .conf = copy->written,
		               .name = copy->new_name,
		               .moment = CONF_HOOK_CLONE,
		               .variables = &variables };
	if (!mount || quote_words(copy->options->hook_argv, &extra) < 0 ||
	    strv_addf(&variables, "LXC_SRC_NAME=%s", copy->options->name) < 0 ||
	    strv_addf(&variables, "LXC_ROOTFS_MOUNT=%s", mount) < 0)
		return err_oom(err);
	hooks.extra = extra;
	return hooks_run(&hooks, err);
}

/* The end of an overlay's mount writes all of the file system that its layers are on to the disk,
 * for one file of ours. `volatile` leaves that out, and a note in the work directory that no mount
 * may follow, which goes with all else that is in there. */
int copy_set_hostname_above(const struct template_run *run, const struct storage *storage,
                            const struct storage_user *user, int dir_fd, const char *name,
                            struct err *err)
{
	char volatile_word[] = "volatile", *words[] = { volatile_word };
	const struct strv options = { .items = words, .n = 1 };
	const struct storage_user passing = { user->caller, user->in_userns, &options };
	_cleanup_close_ int fd = -EBADF, work_fd = -EBADF;
	int r;

	r = mount_detached(run, storage, &passing, &fd, err);
	if (r == 0)
		r = copy_set_hostname(fd, name, err);
	if (r < 0)
		return r;
	cleanup_close(&fd);
	work_fd = path_open_beneath(dir_fd, "overlay/work", O_PATH | O_DIRECTORY);
	if (work_fd < 0)
		return err_set(err, work_fd, "cannot open '%s'", storage->work);
	return tree_empty(work_fd, storage->work, err);
}

static int touch_new(const struct copy *copy, struct err *err)
{
	bool hooks = copy->c.conf->hooks[CONF_HOOK_CLONE].n > 0;
	bool is_clone = copy->shares && copy->c.storage.lowers.n;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!hooks && copy->options->keep_name)
		return 0;
	if (!hooks && is_clone)
		return copy_set_hostname_above(&copy->c.run, &copy->c.storage, &copy->user,
		                               copy->c.dir_fd, copy->new_name, err);
	r = open_new(copy, &fd, err);
	if (r == 0 && hooks) {
		r = mount_new(copy, fd, err);
		if (r == 0)
			r = run_hooks(copy, err);
	}
	if (r == 0 && fd >= 0 && !copy->options->keep_name)
		r = copy_set_hostname(fd, copy->new_name, err);
	return r;
}

static int sync_at(int dir_fd, const char *path, bool data_only)
{
	_cleanup_close_ int fd =
		path_open_beneath(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = data_only
	            ? sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER)
	            : fsync(fd);
	return r < 0 ? -errno : 0;
}

/* What a clone is made of: a few files, on a file system that may be busy with other things. Once
 * the data of all is written, the first fsync(2) leaves little to do for the others. */
static int sync_clone(const struct copy *copy, struct err *err)
{
	static const char *const names[] = { "config", CLONES_PARENT_NAME,
		                             "overlay/delta/etc/hostname", "." };
	int r = 0;

	if (!copy->shares || copy->delta)
		return 0;
	for (size_t i = 0; i + 1 < ARRAY_SIZE(names) && r == 0; i++)
		r = sync_at(copy->c.dir_fd, names[i], /* data_only= */ true);
	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++)
		r = sync_at(copy->c.dir_fd, names[i], /* data_only= */ false);
	return r < 0 ? err_set(err, r, "cannot write '%s' to the disk", copy->c.path) : 0;
}

static int fill(struct template_run *run, struct err *err)
{
	const struct copy *copy = run->data;
	int r;

	r = copy_rootfs(copy, err);
	if (r == 0)
		r = copy_others(copy, err);
	if (r == 0)
		r = make_uppers(copy, err);
	if (r == 0)
		r = touch_new(copy, err);
	return r < 0 ? r : sync_clone(copy, err);
}

const struct template template_copy = {
	.name = "copy",
	.fill = fill,
};

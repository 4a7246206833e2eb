/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories that are only read (lowers), and one above them that takes what is written.
 *
 *	overlay:LOWER[:LOWER...]:UPPER	the uppermost first; `work` is beside UPPER
 *
 * The layers are opened while the caller's ways to them (a 0700 home) are still open, in the mount
 * namespace where the overlay will be used; the overlay itself is made by the container's root over
 * these descriptors, since the kernel reads and writes the layers with the rights of whoever mounts
 * it. Its notes (what is removed, what is opaque) are trusted.* attributes, which root of a user
 * namespace can neither write nor read: there they are user.* ones. With the option upper=tmpfs
 *what is written is kept in memory, and UPPER only read. */
#include "base/cleanup.h"
#include "os/mountfd.h"
#include "os/overlay.h"
#include "os/path.h"
#include "storage/storage-internal.h"
#include "storage/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define OVERLAY_UPPER "overlay/delta" /* of a container that we make */
#define OVERLAY_WORK "overlay/work"

/* ---- the path ---- */

static char *beside(const char *path, const char *name)
{
	char *other;

	return asprintf(&other, "%.*s/%s", (int)(strrchr(path, '/') - path), path, name) < 0
	               ? NULL
	               : other;
}

static int set_work(struct storage *storage, struct err *err)
{
	storage->work = beside(storage->path, "work");
	if (!storage->work)
		return err_oom(err);
	return strcmp(storage->work, storage->path) != 0
	               ? 0
	               : err_say(err, -EINVAL,
	                         "the upper directory of an overlay cannot be called 'work': '%s'",
	                         storage->path);
}

/* Colons in front of a slash separate. */
static int overlay_parse(struct storage *storage, struct err *err)
{
	const char *rest = storage->path, *colon;
	char *upper;

	while (*rest == '/' && (colon = strstr(rest, ":/"))) {
		if (strv_add_len(&storage->lowers, rest, (size_t)(colon - rest)) < 0)
			return err_oom(err);
		rest = colon + 1;
	}
	if (*rest != '/' || !storage->lowers.n) {
		err_say(err, -EINVAL,
		        "lxc.rootfs.path 'overlay:%s' does not name two absolute paths",
		        storage->path);
		err_hint(err, "write 'overlay:LOWER:UPPER', where what is written goes to UPPER");
		return -EINVAL;
	}
	upper = strdup(rest);
	if (!upper)
		return err_oom(err);
	free(storage->path);
	storage->path = upper;
	return set_work(storage, err);
}

/* ---- a start ---- */

static int open_layer(const char *path, struct err *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), r;
	_cleanup_free_ char *closed = NULL;

	if (fd >= 0)
		return fd;
	r = err_set(err, -errno, "cannot open directory '%s' of the overlay", path);
	if (r == -ENOENT)
		err_hint(err, "what is below an overlay must stay where it was: has the container "
		              "that it belongs to been removed or renamed?");
	closed = r == -EACCES ? storage_find_closed(path) : NULL;
	if (closed)
		err_hint(err,
		         "you may not search '%s'; its owner can allow it with: chmod o+x '%s'",
		         closed, closed);
	return r;
}

/* Nothing is made for an overlay that cannot be. */
static int check_lowers(const struct storage *storage, struct err *err)
{
	for (size_t i = 0; i < storage->lowers.n; i++) {
		int fd = open_layer(storage->lowers.items[i], err);

		if (fd < 0)
			return fd;
		(void)close(fd);
	}
	return 0;
}

/* Also one that was made before, and not given to the container's root because we were killed. */
static int make_dir(const char *path, struct storage_made *made, struct err *err)
{
	bool is_new = mkdir(path, 0755) == 0;
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (!is_new && errno != EEXIST)
		return err_set(err, -errno, "cannot make '%s'", path);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot open '%s'", path);
	if (is_new && chmod(path, 0755) < 0) /* mkdir(2) has taken the umask off */
		return err_set(err, -errno, "cannot set the mode of '%s'", path);
	if (st.st_uid == geteuid())
		made->give[made->n_give++] = take_fd(&fd);
	return 0;
}

static int overlay_prepare(const struct storage *storage, struct storage_made *made,
                           struct err *err)
{
	_cleanup_free_ char *above = beside(storage->path, "");
	int r;

	if (!above)
		return err_oom(err);
	r = check_lowers(storage, err);
	if (r < 0)
		return r;
	r = path_mkdir_parents(above, 0755);
	if (r < 0)
		return err_set(err, r, "cannot make '%s' for the overlay", above);
	r = make_dir(storage->path, made, err);
	return r < 0 ? r : make_dir(storage->work, made, err);
}

static int overlay_take(const struct storage *storage, const struct storage_user *user, int host_fd,
                        struct storage_root *root, struct err *err)
{
	int r = storage_dir_reopen(storage, host_fd, root, err);

	(void)user;
	if (r < 0)
		return r;
	root->layers = calloc(storage->lowers.n + 1, sizeof(*root->layers));
	if (!root->layers)
		return err_oom(err);
	for (size_t i = 0; i <= storage->lowers.n; i++) {
		int fd = open_layer(i ? storage->lowers.items[i - 1] : storage->work, err);

		if (fd < 0)
			return fd;
		root->layers[root->n_layers++] = fd;
	}
	return 0;
}

/* ---- the mount ---- */

/* The kernel goes by its own checks later, when the container looks at a file. */
static int check_readable(const struct storage *storage, const struct storage_root *root,
                          struct err *err)
{
	for (size_t i = 0; i < storage->lowers.n; i++) {
		int fd = openat(root->layers[i + 1], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0) {
			int r = err_set(err, -errno, "the container's root cannot read '%s'",
			                storage->lowers.items[i]);

			err_hint(err, "its files need owners that lxc.idmap maps, or modes that "
			              "let others read");
			return r;
		}
		(void)close(fd);
	}
	return 0;
}

/* What is written goes to memory then, and the upper directory is the first of the lower ones. */
static int use_tmpfs(const struct storage *storage, struct storage_root *root, struct err *err)
{
	int *layers = reallocarray(root->layers, root->n_layers + 1, sizeof(*layers));
	struct stat st;
	int upper, work, r;

	if (!layers)
		return err_oom(err);
	root->layers = layers;
	r = fstat(root->under, &st) < 0
	            ? -errno
	            : overlay_new_tmpfs(layers[0], st.st_mode & 07777, &upper, &work);
	if (r < 0)
		return err_set(err, r, "cannot keep what is written to '%s' in memory",
		               storage->path);
	memmove(layers + 2, layers + 1, (root->n_layers - 1) * sizeof(*layers));
	root->n_layers++;
	(void)close(layers[0]);
	layers[0] = work;
	layers[1] = root->under;
	root->under = upper;
	return 0;
}

static int list_options(const struct storage_user *user, const struct storage_root *root,
                        struct strv *words)
{
	const struct overlay_layers layers = { .lowers = root->layers + 1,
		                               .n_lowers = root->n_layers - 1,
		                               .upper = root->under,
		                               .work = root->layers[0] };
	int r = strv_add(words, "source=overlay");

	if (r == 0)
		r = overlay_add_layers(&layers, words);
	if (r == 0 && user->in_userns)
		r = strv_add(words, "userxattr");
	for (size_t i = 0; r == 0 && user->options && i < user->options->n; i++)
		if (strcmp(user->options->items[i], OVERLAY_WORD_TMPFS) != 0)
			r = strv_add(words, user->options->items[i]);
	return r;
}

/* File systems that cannot take what is written, by the names that mount(8) has for them. */
static const char *unfit_name(int fd)
{
	static const struct {
		unsigned int magic;
		const char *name;
	} unfit[] = {
		{ OVERLAYFS_SUPER_MAGIC, "overlay" }, { NFS_SUPER_MAGIC, "nfs" },
		{ FUSE_SUPER_MAGIC, "fuse" },         { V9FS_MAGIC, "9p" },
		{ MSDOS_SUPER_MAGIC, "vfat" },        { ECRYPTFS_SUPER_MAGIC, "ecryptfs" },
	};
	struct statfs fs;

	for (size_t i = 0; fstatfs(fd, &fs) == 0 && i < ARRAY_SIZE(unfit); i++)
		if ((unsigned int)fs.f_type == unfit[i].magic)
			return unfit[i].name;
	return NULL;
}

/* A `volatile` mount leaves this note in its work directory, and the kernel mounts no more there:
 * the host may have crashed before all was written. */
static int open_note(const struct storage_root *root, const char *path)
{
	return path_open_beneath(root->layers[0], path, O_PATH | O_DIRECTORY);
}

/* Who asks for `volatile` again takes that risk. */
static void remove_note(const struct storage_user *user, const struct storage_root *root)
{
	_cleanup_close_ int fd = open_note(root, "work/incompat");

	if (fd >= 0 && user->options && strv_has(user->options, "volatile"))
		(void)tree_remove(fd, "volatile", "work/incompat", NULL);
}

static int explain(const struct storage *storage, const struct storage_user *user,
                   const struct storage_root *root, int code, const char *why, struct err *err)
{
	const char *unfit = code == -EINVAL ? unfit_name(root->under) : NULL;
	_cleanup_close_ int note_fd =
		code == -EINVAL ? open_note(root, "work/incompat/volatile") : -EBADF;

	if (note_fd >= 0) {
		err_say(err, code,
		        "cannot make an overlay over '%s': it was mounted with the option "
		        "'volatile', and may be damaged if the host has crashed since",
		        storage->path);
		err_hint(err, "when it has not: lxc-usernsexec -s -- rm -rf '%s/work'",
		         storage->work);
		return code;
	}
	if (unfit) {
		err_say(err, code,
		        "cannot make an overlay over '%s': it is on a file system (%s) "
		        "that overlay cannot write to",
		        storage->path, unfit);
		err_hint(err, "keep the container elsewhere (-P), or use 'dir'");
	} else if (*why) {
		err_say(err, code, "cannot make an overlay over '%s': %s", storage->path, why);
	} else {
		err_set(err, code, "cannot make an overlay over '%s'", storage->path);
	}
	if (code == -ENODEV)
		err_hint(err, "the kernel has no overlay file system: modprobe overlay");
	else if (code == -EPERM && user->in_userns)
		err_hint(err, "overlays of ordinary users need Linux 5.11 or newer");
	else if (code == -EINVAL)
		err_hint(err, "nothing may be mounted below the directories, at most two overlays "
		              "lie on one another, and lxc.rootfs.options are overlay's own");
	return code;
}

static int overlay_mount(const struct storage *storage, const struct storage_user *user,
                         struct storage_root *root, struct err *err)
{
	_cleanup_(strv_done) struct strv words = {};
	char why[256];
	int r = check_readable(storage, root, err);

	if (r == 0 && user->options && strv_has(user->options, OVERLAY_WORD_TMPFS))
		r = use_tmpfs(storage, root, err);
	if (r < 0)
		return r;
	if (list_options(user, root, &words) < 0)
		return err_oom(err);
	remove_note(user, root);
	root->tree = mountfd_new_words("overlay", &words, 0, why, sizeof(why));
	return root->tree < 0 ? explain(storage, user, root, root->tree, why, err) : 0;
}

/* ---- a new one ---- */

static int add_lowers_of(const struct storage *source, struct strv *lowers)
{
	int r = strv_add(lowers, source->path);

	for (size_t i = 0; r == 0 && i < source->lowers.n; i++)
		r = strv_add(lowers, source->lowers.items[i]);
	return r;
}

/* Of a creation the template fills the lower directory. */
static int overlay_choose(const struct storage_spec *spec, const struct storage *source,
                          struct storage *storage, struct err *err)
{
	_cleanup_(storage_done) struct storage lower = {};
	int r = source ? 0 : storage_dir_choose(spec, NULL, &lower, err);

	if (r < 0)
		return r;
	storage->needs_source = source;
	storage->path = path_join(spec->container_path, OVERLAY_UPPER);
	if (!storage->path || add_lowers_of(source ? source : &lower, &storage->lowers) < 0)
		return err_oom(err);
	return set_work(storage, err);
}

static int overlay_create(const struct storage *storage, const struct storage_spec *spec,
                          int dir_fd, const char *name, struct storage_made *made, struct err *err)
{
	int r = storage_make_dir(dir_fd, name, storage->lowers.items[0], made, err);

	(void)spec;
	return r < 0 ? r : overlay_prepare(storage, made, err);
}

static int overlay_snapshot(const struct storage *source, const struct storage *clone,
                            int source_fd, int dir_fd, const char *name, struct err *err)
{
	static const char *const dirs[] = { OVERLAY_UPPER, OVERLAY_WORK };

	(void)source;
	(void)source_fd;
	(void)name;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int fd = path_make_dir(dir_fd, dirs[i], 0755);

		if (fd < 0)
			return err_set(err, fd, "cannot make '%s' for the overlay", clone->path);
		(void)close(fd);
	}
	return 0;
}

const struct storage_type storage_overlay = {
	.name = "overlay",
	.alias = "overlayfs",
	.clone = "overlay",
	.parse = overlay_parse,
	.open = storage_dir_open,
	.take = overlay_take,
	.mount = overlay_mount,
	.prepare = overlay_prepare,
	.choose = overlay_choose,
	.create = overlay_create,
	.snapshot = overlay_snapshot,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/copy.h"

#include "base/cleanup.h"
#include "base/strv.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/path.h"
#include "storage/copy-internal.h"
#include "storage/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* Two walks side by side, each with the one descriptor of the directory it stands in; the one in
 * the source goes by the rules of tree.c. Every entry is opened with O_PATH first, and what it is
 * is asked of that descriptor: a name whose meaning is swapped between two looks leads to another
 * entry of the source at worst, never elsewhere, and nothing is opened but regular files and
 * directories.
 *
 * A directory gets its attributes when it is left: they may forbid filling it, its default ACL is
 * not for what we make, and filling it changes its times.
 *
 * The first name of a file with several is also linked into a directory of our own at the top of
 * the copy, under the number of its inode; there the others find it. So the file system keeps the
 * table, however many there are. */

#define SHOWN_LEVELS 12U /* of the path in a message */

struct level {
	char *name; /* in the level above; NULL for the first */
	struct strv dirs;
	struct stat st;  /* of the source, when it was entered */
	struct stat dst; /* of the copy, still as it was made */
};

struct walk {
	struct copier copier;
	int src_fd, dst_fd; /* of the last level */
	int links_fd;       /* files with several names, -EBADF: none yet */
	int top_fd;         /* of the copy */
	char links_name[48];
	struct level *levels;
	size_t n, size;
	const char *src_path, *dst_path;
};

static void walk_done(struct walk *walk)
{
	cleanup_close(&walk->src_fd);
	cleanup_close(&walk->dst_fd);
	cleanup_close(&walk->links_fd);
	cleanup_close(&walk->top_fd);
	cleanup_close(&walk->copier.proc_fd);
	for (size_t i = 0; i < walk->n; i++) {
		free(walk->levels[i].name);
		strv_done(&walk->levels[i].dirs);
	}
	free(walk->levels);
	free(walk->copier.buffer);
}

/* ---- messages ---- */

/* The path of @name in the source's directory the walk stands in; owned, maybe NULL. */
static char *describe(const struct walk *walk, const char *name)
{
	struct text text = {};
	char *path = NULL;
	size_t first = 1;

	text_add_printable(&text, walk->src_path);
	if (walk->n > SHOWN_LEVELS + 1) {
		first = walk->n - SHOWN_LEVELS;
		text_addf(&text, "/(%zu levels)", first - 1);
	}
	for (size_t i = first; i < walk->n; i++) {
		text_add(&text, "/");
		text_add_printable(&text, walk->levels[i].name);
	}
	if (*name) {
		text_add(&text, "/");
		text_add_printable(&text, name);
	}
	return text_finish(&text, &path) < 0 ? NULL : path;
}

static void hint(const char *path, const char *dst_path, int r, struct err *err)
{
	if (r == -EOPNOTSUPP)
		err_hint(err, "the file system of '%s' cannot keep its attributes (getfattr -d)",
		         dst_path);
	else if (r == -EPERM || r == -EINVAL || r == -EOVERFLOW)
		err_hint(err, "it may be a device, which a user cannot make, or its owner is not "
		              "in the container's lxc.idmap");
	else if (r == -EBUSY)
		err_hint(err, "umount '%s'", path);
}

static int say(const struct walk *walk, const char *name, int r, struct err *err)
{
	_cleanup_free_ char *owned = describe(walk, name);
	const char *path = owned ? owned : name;

	if (r == -EXDEV)
		r = -EBUSY;
	if (r == -EBUSY)
		err_say(err, r, "something is mounted on '%s'", path);
	else if (r == -ESTALE)
		err_say(err, r, "'%s' is being changed by somebody else", path);
	else
		err_set(err, r, "cannot copy '%s' to '%s'", path, walk->dst_path);
	hint(path, walk->dst_path, r, err);
	return r;
}

/* What cannot be opened as what it was seen to be. 0: it may be left out. */
static int say_gone(const struct walk *walk, const char *name, int r, struct err *err)
{
	if (r != -ENOENT && r != -ENOTDIR && r != -ELOOP)
		return say(walk, name, r, err);
	return walk->copier.options->live ? 0 : say(walk, name, -ESTALE, err);
}

/* ---- hard links ---- */

#define LINK_NAME_MAX 48

static const char *link_name(const struct stat *st, char *buf)
{
	(void)snprintf(buf, LINK_NAME_MAX, "%llx-%llx", (unsigned long long)st->st_dev,
	               (unsigned long long)st->st_ino);
	return buf;
}

/* A name that no source can foresee. */
static int make_links_dir(struct walk *walk)
{
	unsigned long long random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	(void)snprintf(walk->links_name, sizeof(walk->links_name), ".rlxc-links-%llx", random);
	if (mkdirat(walk->top_fd, walk->links_name, 0700) < 0)
		return -errno;
	walk->links_fd = path_open_beneath(walk->top_fd, walk->links_name, O_PATH | O_DIRECTORY);
	return walk->links_fd < 0 ? walk->links_fd : 0;
}

/* 1: @name is another name of a file that is copied already. */
static int link_known(const struct walk *walk, const char *name, const struct stat *st)
{
	char key[LINK_NAME_MAX];

	if (walk->links_fd < 0)
		return 0;
	if (linkat(walk->links_fd, link_name(st, key), walk->dst_fd, name, 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

static int note_link(struct walk *walk, const char *name, const struct stat *st)
{
	char key[LINK_NAME_MAX];
	int r = walk->links_fd < 0 ? make_links_dir(walk) : 0;

	if (r == 0 && linkat(walk->dst_fd, name, walk->links_fd, link_name(st, key), 0) < 0)
		r = -errno;
	return r;
}

/* ---- one entry ---- */

/* What is made in a directory of our own has the owner which that one got, its group by a set-gid
 * bit above included. */
static bool is_made_with_owner(const struct walk *walk, const struct stat *st)
{
	const struct stat *dir = walk->n > 1 ? &walk->levels[walk->n - 1].dst : NULL;

	return dir && dir->st_uid == st->st_uid && dir->st_gid == st->st_gid;
}

/* A regular file: by the descriptor that said so, which no device can have taken the place of. */
static int copy_regular(struct walk *walk, int path_fd, const char *name, const struct stat *st)
{
	_cleanup_close_ int src_fd = -EBADF, dst_fd = -EBADF;
	int r;

	src_fd = copy_open_regular(&walk->copier, path_fd);
	if (src_fd < 0)
		return src_fd;
	dst_fd = openat(walk->dst_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	                0600);
	if (dst_fd < 0)
		return -errno;
	r = copy_data(&walk->copier, src_fd, dst_fd, st);
	if (r == 0)
		r = copy_attributes(&walk->copier, src_fd, dst_fd, st,
		                    is_made_with_owner(walk, st));
	if (r == 0 && !walk->copier.options->live && !copy_is_unchanged(src_fd, st))
		r = -ESTALE;
	return r;
}

static int copy_link(const struct walk *walk, int path_fd, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(path_fd, "", target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, walk->dst_fd, name) < 0 ? -errno : 0;
}

/* Links, and what is made by mknod(2): never opened. */
static int copy_special(struct walk *walk, int path_fd, const char *name, const struct stat *st)
{
	_cleanup_close_ int dst_fd = -EBADF;
	int r = 0;

	walk->copier.n_files++;
	if (S_ISLNK(st->st_mode))
		r = copy_link(walk, path_fd, name);
	else if (mknodat(walk->dst_fd, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0)
		r = -errno;
	if (r < 0)
		return r;
	dst_fd = path_open_beneath(walk->dst_fd, name, O_PATH | O_NOFOLLOW);
	return dst_fd < 0 ? dst_fd
	                  : copy_attributes(&walk->copier, path_fd, dst_fd, st,
	                                    /* has_owner= */ false);
}

static int copy_file(struct walk *walk, int path_fd, const char *name, const struct stat *st)
{
	int r = st->st_nlink > 1 ? link_known(walk, name, st) : 0;

	if (r != 0)
		return r < 0 ? r : 0;
	r = S_ISREG(st->st_mode) ? copy_regular(walk, path_fd, name, st)
	                         : copy_special(walk, path_fd, name, st);
	if (r == 0 && st->st_nlink > 1)
		r = note_link(walk, name, st);
	return r;
}

/* Copies what is no directory; 1: it is one. */
static int copy_one(struct walk *walk, const char *name, struct err *err)
{
	_cleanup_close_ int fd = path_open_same_mount(walk->src_fd, name, O_PATH | O_NOFOLLOW);
	struct stat st;
	int r;

	if (fd < 0)
		return say_gone(walk, name, fd, err);
	if (fstat(fd, &st) < 0)
		return say(walk, name, -errno, err);
	if (S_ISDIR(st.st_mode))
		return 1;
	r = copy_file(walk, fd, name, &st);
	return r < 0 ? say(walk, name, r, err) : 0;
}

/* ---- the walk ---- */

/* Stands in these directories from now on. Takes ownership of both. */
static int push(struct walk *walk, int src_fd, int dst_fd, const char *name, struct err *err)
{
	_cleanup_close_ int src = src_fd, dst = dst_fd;
	struct level level = {};

	if (fstat(src, &level.st) < 0 || fstat(dst, &level.dst) < 0)
		return say(walk, name ? name : "", -errno, err);
	if (walk->n == walk->size) {
		size_t size = walk->size ? walk->size * 2 : 16;
		struct level *bigger = reallocarray(walk->levels, size, sizeof(*bigger));

		if (!bigger)
			return err_oom(err);
		walk->levels = bigger;
		walk->size = size;
	}
	if (name) {
		level.name = strdup(name);
		if (!level.name)
			return err_oom(err);
	}
	walk->levels[walk->n++] = level;
	cleanup_close(&walk->src_fd);
	cleanup_close(&walk->dst_fd);
	walk->src_fd = take_fd(&src);
	walk->dst_fd = take_fd(&dst);
	return 0;
}

/* Copies all entries of the directory the walk stands in; directories are noted. */
static int scan(struct walk *walk, struct err *err)
{
	struct level *level = &walk->levels[walk->n - 1];
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd, r;

	fd = openat(walk->src_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return say(walk, "", -errno, err);
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return err_oom(err);
	}
	while ((errno = 0, entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = copy_one(walk, entry->d_name, err);
		if (r < 0)
			return r;
		if (r > 0 && strv_add(&level->dirs, entry->d_name) < 0)
			return err_oom(err);
	}
	return errno ? say(walk, "", -errno, err) : 0;
}

/* Enters the last directory noted, and its copy. */
static int descend(struct walk *walk, struct err *err)
{
	struct strv *dirs = &walk->levels[walk->n - 1].dirs;
	_cleanup_free_ char *name = strdup(dirs->items[dirs->n - 1]);
	_cleanup_close_ int src_fd = -EBADF, dst_fd = -EBADF;
	int r;

	if (!name)
		return err_oom(err);
	strv_remove(dirs, dirs->n - 1);
	src_fd = path_open_same_mount(walk->src_fd, name, O_PATH | O_DIRECTORY);
	if (src_fd < 0)
		return say_gone(walk, name, src_fd, err);
	if (mkdirat(walk->dst_fd, name, 0700) < 0)
		return say(walk, name, -errno, err);
	dst_fd = path_open_beneath(walk->dst_fd, name, O_PATH | O_DIRECTORY);
	if (dst_fd < 0)
		return say(walk, name, dst_fd, err);
	r = push(walk, take_fd(&src_fd), take_fd(&dst_fd), name, err);
	return r < 0 ? r : scan(walk, err);
}

static int open_above(int fd, const struct stat *seen)
{
	_cleanup_close_ int above = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (above < 0 || fstat(above, &st) < 0)
		return -errno;
	return st.st_dev == seen->st_dev && st.st_ino == seen->st_ino ? take_fd(&above) : -ESTALE;
}

/* The copy of the directory the walk stands in is complete. */
static int finish_directory(const struct walk *walk, struct err *err)
{
	const struct level *level = &walk->levels[walk->n - 1];
	int r;

	r = copy_attributes(&walk->copier, walk->src_fd, walk->dst_fd, &level->st,
	                    /* has_owner= */ false);
	if (r == 0 && !walk->copier.options->live && !copy_is_unchanged(walk->src_fd, &level->st))
		r = -ESTALE;
	return r < 0 ? say(walk, "", r, err) : 0;
}

static int leave(struct walk *walk, struct err *err)
{
	const struct level *above = &walk->levels[walk->n - 2];
	_cleanup_close_ int src_fd = -EBADF, dst_fd = -EBADF;
	int r;

	r = finish_directory(walk, err);
	if (r < 0)
		return r;
	src_fd = open_above(walk->src_fd, &above->st);
	if (src_fd < 0)
		return say(walk, "", src_fd, err);
	dst_fd = open_above(walk->dst_fd, &above->dst);
	if (dst_fd < 0)
		return say(walk, "", dst_fd, err);
	walk->n--;
	free(walk->levels[walk->n].name);
	strv_done(&walk->levels[walk->n].dirs);
	cleanup_close(&walk->src_fd);
	cleanup_close(&walk->dst_fd);
	walk->src_fd = take_fd(&src_fd);
	walk->dst_fd = take_fd(&dst_fd);
	return 0;
}

static int walk_all(struct walk *walk, struct err *err)
{
	int r = scan(walk, err);

	while (r == 0) {
		if (walk->levels[walk->n - 1].dirs.n)
			r = descend(walk, err);
		else if (walk->n > 1)
			r = leave(walk, err);
		else
			break;
	}
	if (r == 0 && walk->links_fd >= 0)
		r = tree_remove(walk->top_fd, walk->links_name, walk->dst_path, err);
	return r < 0 ? r : finish_directory(walk, err);
}

static int walk_init(struct walk *walk, const char *src_path, const char *dst_path,
                     const struct tree_copy_options *options, struct err *err)
{
	*walk = (struct walk){
		.copier = { .options = options,
		            .buffer = malloc(COPY_BUFFER_SIZE),
		            .proc_fd = -EBADF },
		.src_fd = -EBADF,
		.dst_fd = -EBADF,
		.links_fd = -EBADF,
		.top_fd = -EBADF,
		.src_path = src_path,
		.dst_path = dst_path,
	};
	if (!walk->copier.buffer)
		return err_oom(err);
	walk->copier.proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return walk->copier.proc_fd < 0 ? err_set(err, -errno, "cannot open '/proc/self/fd'") : 0;
}

int tree_copy(int src_fd, const char *src_path, int dst_fd, const char *dst_path,
              const struct tree_copy_options *options, struct err *err)
{
	_cleanup_(walk_done) struct walk walk;
	int r;

	r = walk_init(&walk, src_path, dst_path, options, err);
	if (r < 0)
		return r;
	copy_drop_acls(dst_fd);
	walk.top_fd = fd_dup(dst_fd);
	r = push(&walk, fd_dup(src_fd), fd_dup(dst_fd), NULL, err);
	return r < 0 ? r : walk_all(&walk, err);
}

static int copy_directory(int src_fd, const char *name, int dst_fd, const struct walk *outer,
                          struct err *err)
{
	_cleanup_close_ int src = path_open_same_mount(src_fd, name, O_PATH | O_DIRECTORY);
	_cleanup_close_ int dst = -EBADF;
	_cleanup_free_ char *path = path_join(outer->src_path, name);

	if (!path)
		return err_oom(err);
	if (src < 0)
		return say_gone(outer, name, src, err);
	if (mkdirat(dst_fd, name, 0700) < 0)
		return say(outer, name, -errno, err);
	dst = path_open_beneath(dst_fd, name, O_PATH | O_DIRECTORY);
	if (dst < 0)
		return say(outer, name, dst, err);
	return tree_copy(src, path, dst, outer->dst_path, outer->copier.options, err);
}

int tree_copy_entry(int src_fd, const char *src_path, const char *name, int dst_fd,
                    const char *dst_path, const struct tree_copy_options *options, struct err *err)
{
	_cleanup_(walk_done) struct walk walk;
	int r;

	r = walk_init(&walk, src_path, dst_path, options, err);
	if (r < 0)
		return r;
	walk.src_fd = fd_dup(src_fd);
	walk.dst_fd = fd_dup(dst_fd);
	walk.top_fd = fd_dup(dst_fd);
	r = copy_one(&walk, name, err);
	return r > 0 ? copy_directory(src_fd, name, dst_fd, &walk, err) : r;
}

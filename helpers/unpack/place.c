/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "place.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SKIPPED_MAX 65536
#define XATTR_VALUE_MAX 65536

void place_init(struct place *place, int root_fd)
{
	*place = (struct place){ .root_fd = root_fd };
}

void place_done(struct place *place)
{
	for (size_t i = 0; i < place->n_dirs; i++) {
		free(place->dirs[i].name);
		for (size_t k = 0; k < ARRAY_SIZE(place->dirs[i].acls); k++)
			free(place->dirs[i].acls[k].value);
	}
	free(place->dirs);
	strv_done(&place->skipped);
}

/* ---- names ---- */

static int refuse(const char *why, const char **ret_why)
{
	*ret_why = why;
	return -EINVAL;
}

int place_clean_name(const char *raw, char *ret_name, const char **ret_why)
{
	size_t out = 0, depth = 0;

	if (!raw || !*raw)
		return refuse("it has no name", ret_why);
	if (*raw == '/')
		return refuse("its name is absolute", ret_why);
	while (*raw) {
		size_t len = strcspn(raw, "/");

		if (len == 2 && raw[0] == '.' && raw[1] == '.')
			return refuse("its name contains '..'", ret_why);
		if (len > NAME_MAX || out + len + 1 > PLACE_NAME_MAX)
			return refuse("its name is too long", ret_why);
		if (len && !(len == 1 && raw[0] == '.')) {
			if (++depth > PLACE_DEPTH_MAX)
				return refuse("it lies too deep", ret_why);
			if (out)
				ret_name[out++] = '/';
			memcpy(ret_name + out, raw, len);
			out += len;
		}
		raw += len;
		raw += strspn(raw, "/");
	}
	ret_name[out] = '\0';
	return 0;
}

const char *place_name_below(const char *dir, const char *raw, char *buf)
{
	size_t len = strlen(dir);
	const char *why;

	if (!len)
		return raw;
	if (place_clean_name(raw, buf, &why) < 0)
		return raw;
	if (!str_starts_with(buf, dir))
		return NULL;
	if (!buf[len])
		return ".";
	return buf[len] == '/' ? buf + len + 1 : NULL;
}

static int clean(const char *raw, char *ret_name, const char *what, struct err *err)
{
	const char *why = NULL;
	int r = place_clean_name(raw, ret_name, &why);

	return r < 0 ? err_say(err, r, "%s '%.200s' is refused: %s", what, raw ? raw : "", why) : 0;
}

/* ---- lookups ---- */

static int say_lookup(const char *name, int r, struct err *err)
{
	if (r == -ELOOP)
		return err_say(err, r, "member '%.200s' is refused: a symbolic link is on its way",
		               name);
	if (r == -EXDEV)
		return err_say(err, r, "member '%.200s' is refused: its way leaves the directory",
		               name);
	if (r == -ENOTDIR)
		return err_say(err, r, "member '%.200s' is refused: a file is on its way", name);
	return err_set(err, r, "cannot reach member '%.200s'", name);
}

/* Opens the directory @path, making what is missing, one component at a time. */
static int make_path(int root_fd, const char *path)
{
	char part[PLACE_NAME_MAX + 1];
	int fd = open_beneath(root_fd, path, O_RDONLY | O_DIRECTORY);

	if (fd != -ENOENT)
		return fd;
	for (size_t i = 0; path[i]; i++) {
		part[i] = path[i];
		if (path[i + 1] && path[i + 1] != '/')
			continue;
		part[i + 1] = '\0';
		fd = open_beneath(root_fd, part, O_PATH | O_DIRECTORY);
		if (fd >= 0) {
			(void)close(fd);
			continue;
		}
		if (fd != -ENOENT)
			return fd;
		/* The way up to here was just walked without a link, and nobody else is here. */
		if (mkdirat(root_fd, part, 0755) < 0)
			return -errno;
	}
	return open_beneath(root_fd, path, O_RDONLY | O_DIRECTORY);
}

/* Opens the directory that holds @name; *@ret_last points to the last component in it. */
static int open_parent(const struct place *place, char *name, bool make, const char **ret_last)
{
	char *slash = strrchr(name, '/');
	int fd;

	if (!slash) {
		*ret_last = name;
		return open_beneath(place->root_fd, "", O_RDONLY | O_DIRECTORY);
	}
	*slash = '\0';
	fd = make ? make_path(place->root_fd, name)
	          : open_beneath(place->root_fd, name, O_RDONLY | O_DIRECTORY);
	*slash = '/';
	*ret_last = slash + 1;
	return fd;
}

/* Rule 3: nothing has this name any more. */
static int free_name(int parent, const char *name)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* ---- attributes ---- */

static bool is_id(int64_t id)
{
	return id >= 0 && id < UINT32_MAX;
}

/* 1: owner set. 0: the owner is not in the map (or no id at all); the file stays root's. */
static int set_owner(struct place *place, int fd, const char *name, const struct member *member)
{
	int flags = *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;

	if (is_id(member->uid) && is_id(member->gid)) {
		if (fchownat(fd, name, (uid_t)member->uid, (gid_t)member->gid, flags) == 0)
			return 1;
		if (errno != EINVAL)
			return -errno;
	}
	place->n_owners++;
	return 0;
}

static mode_t bits(const struct member *member, int owned)
{
	return member->mode & (owned > 0 ? 07777U : 01777U);
}

static void times_of(struct timespec mtime, struct timespec times[2])
{
	times[0] = mtime;
	times[1] = mtime;
}

int place_file_owner(struct place *place, const struct member *member, int fd, struct err *err)
{
	int owned = set_owner(place, fd, "", member);

	if (owned < 0)
		return err_set(err, owned, "cannot set the owner of '%.200s'", member->name);
	if (fchmod(fd, bits(member, owned)) < 0)
		return err_set(err, -errno, "cannot set the mode of '%.200s'", member->name);
	return 0;
}

int place_file_times(const struct member *member, int fd, struct err *err)
{
	struct timespec times[2];

	times_of(member->mtime, times);
	if (futimens(fd, times) < 0 && errno != EINVAL)
		return err_set(err, -errno, "cannot set the time of '%.200s'", member->name);
	return 0;
}

/* Containers inside a user's container keep their layers in it: a directory that hides the one
 * below must go on doing so. Other marks lead elsewhere. */
bool place_keeps_xattr(const char *name)
{
	return (str_starts_with(name, "user.") && !str_starts_with(name, "user.overlay.")) ||
	       strcmp(name, "user.overlay.opaque") == 0 || strcmp(name, "security.capability") == 0;
}

int place_xattr(struct place *place, int fd, const char *name, const void *value, size_t size)
{
	if (place_keeps_xattr(name) && size <= XATTR_VALUE_MAX &&
	    fsetxattr(fd, name, value, size, 0) == 0)
		return 1;
	place->n_xattrs++;
	return 0;
}

static void *memdup(const void *data, size_t size)
{
	void *copy = malloc(size);

	return copy ? memcpy(copy, data, size) : NULL;
}

void place_file_acl(struct place *place, int fd, const void *value, size_t size)
{
	if (fsetxattr(fd, "system.posix_acl_access", value, size, 0) < 0)
		place->n_xattrs++;
}

void place_dir_acl(struct place *place, bool is_default, const void *value, size_t size)
{
	struct dir_acl *acl = &place->dirs[place->n_dirs - 1].acls[is_default];

	acl->value = memdup(value, size);
	acl->size = size;
	if (!acl->value)
		place->n_xattrs++;
}

int place_open_dir(const struct place *place, const struct member *member)
{
	char name[PLACE_NAME_MAX + 1];
	const char *why;

	if (place_clean_name(member->name, name, &why) < 0)
		return -EINVAL;
	return open_beneath(place->root_fd, name, O_RDONLY | O_DIRECTORY);
}

/* ---- the types ---- */

static int note_dir(struct place *place, const char *name, mode_t mode, struct timespec mtime)
{
	struct dir_entry *entry;

	if (place->n_dirs == place->size_dirs) {
		size_t size = place->size_dirs ? place->size_dirs * 2 : 256;
		struct dir_entry *bigger = reallocarray(place->dirs, size, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		place->dirs = bigger;
		place->size_dirs = size;
	}
	entry = &place->dirs[place->n_dirs];
	*entry = (struct dir_entry){ .name = strdup(name) };
	if (!entry->name)
		return -ENOMEM;
	entry->mode = mode;
	entry->mtime = mtime;
	place->n_dirs++;
	return 0;
}

/* The directory @name of @parent, made unless it is there. */
static int make_dir(int parent, const char *name)
{
	struct stat st;

	if (mkdirat(parent, name, 0700) == 0)
		return 0;
	if (errno != EEXIST || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return 0;
	if (unlinkat(parent, name, 0) < 0 || mkdirat(parent, name, 0700) < 0)
		return -errno;
	return 0;
}

static int place_dir(struct place *place, int parent, const char *last, const char *name,
                     const struct member *member)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	r = *last ? make_dir(parent, last) : 0;
	if (r < 0)
		return r;
	fd = open_beneath(parent, last, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	r = set_owner(place, fd, "", member);
	return r < 0 ? r : note_dir(place, name, bits(member, r), member->mtime);
}

static int place_symlink(struct place *place, int parent, const char *last,
                         const struct member *member)
{
	struct timespec times[2];
	int r;

	if (!member->target || !*member->target)
		return -EINVAL;
	if (symlinkat(member->target, parent, last) < 0)
		return -errno;
	times_of(member->mtime, times);
	r = set_owner(place, parent, last, member);
	(void)utimensat(parent, last, times, AT_SYMLINK_NOFOLLOW);
	return r < 0 ? r : 0;
}

/* A fifo, a whiteout, which is a character device 0:0 that anybody may make, or another node. */
static int place_node(struct place *place, int parent, const char *last,
                      const struct member *member)
{
	struct timespec times[2];
	int r;

	if (mknodat(parent, last, (member->mode & S_IFMT) | 0600, member->rdev) < 0)
		return -errno;
	r = set_owner(place, parent, last, member);
	if (r < 0)
		return r;
	/* What was just made is no link that fchmodat could follow. */
	if (fchmodat(parent, last, bits(member, r), 0) < 0)
		return -errno;
	times_of(member->mtime, times);
	(void)utimensat(parent, last, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

/* Rule 4. Takes care of a link to a name that is its own. */
static int place_hardlink(struct place *place, int parent, const char *last,
                          const struct member *member, struct err *err)
{
	_cleanup_close_ int target_dir = -EBADF;
	char target[PLACE_NAME_MAX + 1];
	const char *target_last;
	struct stat st, old;
	int r;

	r = clean(member->target, target, "hard link target", err);
	if (r < 0)
		return r;
	if (strv_has(&place->skipped, target))
		return 0;
	target_dir = open_parent(place, target, /* make= */ false, &target_last);
	if (target_dir < 0)
		return say_lookup(target, target_dir, err);
	if (fstatat(target_dir, target_last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, "cannot link '%.200s' to '%.200s'", member->name,
		               target);
	if (!*target_last || S_ISDIR(st.st_mode))
		return err_say(err, -EINVAL,
		               "hard link '%.200s' is refused: '%.200s' is a directory",
		               member->name, target);
	if (fstatat(parent, last, &old, AT_SYMLINK_NOFOLLOW) == 0 && old.st_ino == st.st_ino &&
	    old.st_dev == st.st_dev)
		return 0;
	r = free_name(parent, last);
	if (r == 0 && linkat(target_dir, target_last, parent, last, 0) < 0)
		r = -errno;
	return r < 0 ? err_set(err, r, "cannot link '%.200s' to '%.200s'", member->name, target)
	             : 0;
}

static int place_device(struct place *place, const char *name)
{
	place->n_devices++;
	if (place->skipped.n >= SKIPPED_MAX)
		return 0;
	return strv_add(&place->skipped, name);
}

static int create_file(int parent, const char *last)
{
	return openat(parent, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* Names are seldom there already. */
static int place_file(int parent, const char *last)
{
	int fd = create_file(parent, last), r;

	if (fd >= 0 || errno != EEXIST)
		return fd < 0 ? -errno : fd;
	r = free_name(parent, last);
	if (r < 0)
		return r;
	fd = create_file(parent, last);
	return fd < 0 ? -errno : fd;
}

/* Everything but directories and hard links. Returns 1 for a file, with its fd. */
static int place_new(struct place *place, int parent, const char *last, const struct member *member,
                     int *ret_fd)
{
	int r;

	if (S_ISREG(member->mode)) {
		*ret_fd = place_file(parent, last);
		return *ret_fd < 0 ? *ret_fd : 1;
	}
	r = free_name(parent, last);
	if (r < 0)
		return r;
	if (S_ISLNK(member->mode))
		return place_symlink(place, parent, last, member);
	return place_node(place, parent, last, member);
}

static int place_at(struct place *place, int parent, const char *last, const char *name,
                    const struct member *member, int *ret_fd)
{
	if (S_ISDIR(member->mode))
		return place_dir(place, parent, last, name, member);
	if (!*last)
		return -EISDIR;
	return place_new(place, parent, last, member, ret_fd);
}

static bool is_device(const struct member *member)
{
	return S_ISBLK(member->mode) || (S_ISCHR(member->mode) && member->rdev);
}

static bool is_harmless(dev_t rdev)
{
#define IS_IT(major, minor) || rdev == makedev(major, minor)
	return false PLACE_DEVICES(IS_IT);
}

static bool is_placed(const struct place *place, const struct member *member)
{
	return S_ISREG(member->mode) || S_ISDIR(member->mode) || S_ISLNK(member->mode) ||
	       S_ISFIFO(member->mode) || (S_ISCHR(member->mode) && !member->rdev) ||
	       (is_device(member) && place->has_devices &&
	        (place->is_trusted || is_harmless(member->rdev)));
}

int place_member(struct place *place, const struct member *member, int *ret_fd, struct err *err)
{
	_cleanup_close_ int parent = -EBADF;
	char name[PLACE_NAME_MAX + 1];
	const char *last;
	int r;

	r = clean(member->name, name, "member", err);
	if (r < 0)
		return r;
	if (!member->is_hardlink && S_ISREG(member->mode) &&
	    (member->size < 0 || (member->size > PLACE_FILE_MAX && !place->is_trusted)))
		return err_say(err, -EFBIG, "member '%.200s' is refused: it is too large", name);
	if (!member->is_hardlink && !is_placed(place, member))
		return place_device(place, name) < 0 ? err_oom(err) : 0;
	parent = open_parent(place, name, /* make= */ true, &last);
	if (parent < 0)
		return say_lookup(name, parent, err);
	if (member->is_hardlink)
		return *last ? place_hardlink(place, parent, last, member, err)
		             : err_say(err, -EINVAL, "member '.' is refused: it is a hard link");
	r = place_at(place, parent, last, name, member, ret_fd);
	/* In a user namespace no root may. */
	if (r == -EPERM && is_device(member))
		return place_device(place, name) < 0 ? err_oom(err) : 0;
	if (r == -ENOTEMPTY || r == -EEXIST)
		return err_say(err, r,
		               "member '%.200s' is refused: it replaces a directory with content",
		               name);
	return r < 0 ? err_set(err, r, "cannot make '%.200s'", name) : r;
}

static void set_dir_acl(struct place *place, int fd, const char *name, const struct dir_acl *acl)
{
	if (acl->value && fsetxattr(fd, name, acl->value, acl->size, 0) < 0)
		place->n_xattrs++;
}

/* A directory that something else has replaced since is left alone. */
static int finish_dir(struct place *place, const struct dir_entry *dir)
{
	_cleanup_close_ int fd = open_beneath(place->root_fd, dir->name, O_RDONLY | O_DIRECTORY);
	struct timespec times[2];

	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? 0 : fd;
	times_of(dir->mtime, times);
	(void)futimens(fd, times);
	if (fchmod(fd, dir->mode) < 0)
		return -errno;
	set_dir_acl(place, fd, "system.posix_acl_access", &dir->acls[0]);
	set_dir_acl(place, fd, "system.posix_acl_default", &dir->acls[1]);
	return 0;
}

int place_finish(struct place *place, struct err *err)
{
	/* In the archive's order: of a name that came twice the later one counts. That a directory
	 * above is closed by then does not matter to root of this namespace. */
	for (size_t i = 0; i < place->n_dirs; i++) {
		int r = finish_dir(place, &place->dirs[i]);

		if (r < 0)
			return err_set(err, r, "cannot set the mode of '%.200s'",
			               place->dirs[i].name);
	}
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rlxc-pack none|gzip|xz|zstd KIND:FD:NAME...    writes a tar archive to stdout
 *
 * Each word is a member, or many, in this order; FD is an open descriptor:
 *
 * text   a file NAME of mode 0640 with the content of FD (from its beginning)
 * own    what FD (O_PATH) is, with all below: files and directories alone, of owner 0, without
 *        special bits and attributes
 * tree   what FD (O_PATH) is, with all below, as it is
 *
 * The counterpart of rlxc-unpack: run as root of the container's user namespace, so that owners,
 * ACLs and capabilities are read as the container sees them. The archive is pax, with times to the
 * nanosecond, holes, and SCHILY.xattr.* and SCHILY.acl.* as other tars know them.
 *
 * MUSTs: the trees are somebody else's, who may be changing them. No link is followed, no mount is
 * entered, and nothing is opened but directories and what was seen to be a regular file. What
 * changes while it is read is an error: half a file is worse than no archive.
 *
 * What went wrong is one line on stderr; what was left out are lines "note: ...". Exit status: 2
 * when there is no space left, 1 for another failure. */

#include "acl.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "beneath.h"
#include "place.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/xattr.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NO_SPACE 2 /* exit status */
#define BLOCK_SIZE 65536
#define BUFFER_SIZE (256 * 1024)

struct level {
	DIR *dir;
	size_t name_len; /* of the directory's own name in pack->name */
	struct stat st;
};

struct pack {
	struct archive *archive;
	struct archive_entry *entry;
	struct archive_entry_linkresolver *links;
	struct level levels[PLACE_DEPTH_MAX + 1];
	size_t n_levels;
	char name[PLACE_NAME_MAX + 1]; /* of the member */
	bool is_own;
	uint64_t n_sockets, n_others;
};

static char buffer[BUFFER_SIZE];

/* ---- the archive ---- */

static int say_archive(struct archive *archive, struct err *err)
{
	int code = archive_errno(archive);
	const char *text = archive_error_string(archive);

	if (code == ENOSPC || code == EDQUOT || code == EPIPE)
		return err_set(err, -code, "cannot write the archive");
	return err_say(err, -EIO, "cannot write the archive: %s", text ? text : "no details");
}

static const struct filter {
	const char *name;
	int (*add)(struct archive *archive);
} filters[] = {
	{ "none", archive_write_add_filter_none },
	{ "gzip", archive_write_add_filter_gzip },
	{ "xz", archive_write_add_filter_xz },
	{ "zstd", archive_write_add_filter_zstd },
};

static int add_filter(struct archive *archive, const char *name, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		if (strcmp(filters[i].name, name) == 0 && filters[i].add(archive) == ARCHIVE_OK)
			return 0;
	return err_say(err, -ENOSYS, "the archive library cannot write '%s'", name);
}

static int open_archive(struct pack *pack, const char *filter, struct err *err)
{
	char threads[NUM_TEXT_MAX];
	int r;

	pack->archive = archive_write_new();
	pack->entry = archive_entry_new();
	if (!pack->archive || !pack->entry)
		return err_oom(err);
	if (archive_write_set_format_pax(pack->archive) != ARCHIVE_OK)
		return say_archive(pack->archive, err);
	r = add_filter(pack->archive, filter, err);
	if (r < 0)
		return r;
	/* What it cannot do it does without: the other form of attributes as well, one thread. */
	(void)archive_write_set_format_option(pack->archive, "pax", "xattrheader", "SCHILY");
	(void)archive_write_set_filter_option(pack->archive, NULL, "threads",
	                                      num_format(threads, sysconf(_SC_NPROCESSORS_ONLN)));
	(void)archive_write_set_bytes_per_block(pack->archive, BLOCK_SIZE);
	(void)archive_write_set_bytes_in_last_block(pack->archive, 1);
	if (archive_write_open_fd(pack->archive, STDOUT_FILENO) != ARCHIVE_OK)
		return say_archive(pack->archive, err);
	return 0;
}

static void pack_done(struct pack *pack)
{
	while (pack->n_levels)
		(void)closedir(pack->levels[--pack->n_levels].dir);
	archive_entry_linkresolver_free(pack->links);
	archive_entry_free(pack->entry);
	(void)archive_write_free(pack->archive);
}

/* ---- attributes ---- */

static int add_xattr(struct pack *pack, int fd, const char *name, char *value)
{
	static const int types[] = { ARCHIVE_ENTRY_ACL_TYPE_ACCESS,
		                     ARCHIVE_ENTRY_ACL_TYPE_DEFAULT };
	ssize_t size = fgetxattr(fd, name, value, XATTR_SIZE_MAX);

	if (size < 0)
		return errno == ENODATA ? 0 : -errno;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(name, acl_xattr_name(types[i])) == 0)
			return acl_to_entry(value, (size_t)size, types[i], pack->entry);
	if (place_keeps_xattr(name))
		archive_entry_xattr_add_entry(pack->entry, name, value, (size_t)size);
	return 0;
}

static int add_xattrs(struct pack *pack, int fd)
{
	_Static_assert(BUFFER_SIZE >= XATTR_LIST_MAX + XATTR_SIZE_MAX, "the buffer is too small");
	ssize_t len = flistxattr(fd, buffer, XATTR_LIST_MAX);
	int r = 0;

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *name = buffer; name < buffer + len && r == 0; name += strlen(name) + 1)
		r = add_xattr(pack, fd, name, buffer + XATTR_LIST_MAX);
	return r;
}

/* A file system that knows no holes says that all is data. */
static int add_holes(struct pack *pack, int fd, const struct stat *st)
{
	off_t data, hole = 0;

	if ((off_t)st->st_blocks * 512 >= st->st_size)
		return 0;
	while (hole < st->st_size) {
		data = lseek(fd, hole, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			data = st->st_size;
		if (data < 0)
			return -errno;
		hole = lseek(fd, data, SEEK_HOLE);
		if (hole < 0 || hole > st->st_size)
			hole = st->st_size;
		/* The last piece ends with the file, maybe an empty one. */
		archive_entry_sparse_add_entry(pack->entry, data, hole - data);
	}
	return 0;
}

/* ---- one member ---- */

static int write_header(struct pack *pack, struct archive_entry *entry, struct err *err)
{
	int r = archive_write_header(pack->archive, entry);

	return r == ARCHIVE_OK || r == ARCHIVE_WARN ? 0 : say_archive(pack->archive, err);
}

static int write_data(struct pack *pack, const char *data, size_t len, struct err *err)
{
	while (len) {
		la_ssize_t n = archive_write_data(pack->archive, data, len);

		if (n <= 0)
			return say_archive(pack->archive, err);
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int say_changed(const struct pack *pack, struct err *err)
{
	return err_say(err, -ESTALE, "'%.300s' is being changed by somebody else", pack->name);
}

/* What lies in holes the library leaves out itself, once it got as many bytes. */
static int write_zeros(struct pack *pack, off_t len, struct err *err)
{
	static const char zeros[BUFFER_SIZE];
	int r = 0;

	for (off_t n; len > 0 && r == 0; len -= n) {
		n = len < BUFFER_SIZE ? len : BUFFER_SIZE;
		r = write_data(pack, zeros, (size_t)n, err);
	}
	return r;
}

static int write_range(struct pack *pack, int fd, off_t at, off_t end, struct err *err)
{
	while (at < end) {
		size_t want = end - at < BUFFER_SIZE ? (size_t)(end - at) : BUFFER_SIZE;
		ssize_t n = pread(fd, buffer, want, at);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, -errno, "cannot read '%.300s'", pack->name);
		if (n == 0)
			return say_changed(pack, err);
		r = write_data(pack, buffer, (size_t)n, err);
		if (r < 0)
			return r;
		at += n;
	}
	return 0;
}

static int write_content(struct pack *pack, int fd, const struct stat *st, struct err *err)
{
	la_int64_t offset, len;
	off_t at = 0;
	int r = 0;

	if (archive_entry_sparse_reset(pack->entry) == 0)
		return write_range(pack, fd, 0, st->st_size, err);
	while (r == 0 && archive_entry_sparse_next(pack->entry, &offset, &len) == ARCHIVE_OK) {
		r = write_zeros(pack, offset - at, err);
		if (r == 0)
			r = write_range(pack, fd, offset, offset + len, err);
		at = offset + len;
	}
	return r < 0 ? r : write_zeros(pack, st->st_size - at, err);
}

static bool is_unchanged(int fd, const struct stat *st)
{
	struct stat now;

	return fstat(fd, &now) == 0 && now.st_size == st->st_size &&
	       now.st_mtim.tv_sec == st->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

static void describe(struct pack *pack, const struct stat *st)
{
	struct archive_entry *entry = pack->entry;

	archive_entry_clear(entry);
	archive_entry_copy_pathname(entry, pack->name);
	archive_entry_copy_stat(entry, st);
	archive_entry_unset_atime(entry);
	archive_entry_unset_ctime(entry);
	archive_entry_unset_birthtime(entry);
	if (!S_ISREG(st->st_mode))
		archive_entry_set_size(entry, 0);
	if (!pack->is_own)
		return;
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	archive_entry_set_perm(entry, st->st_mode & 0777);
}

/* Another name of a file that is in the archive already is only that. */
static bool resolve_link(struct pack *pack, const struct stat *st)
{
	struct archive_entry *entry = pack->entry, *later = NULL;

	if (S_ISREG(st->st_mode) && st->st_nlink > 1 && !pack->is_own)
		archive_entry_linkify(pack->links, &entry, &later);
	return archive_entry_hardlink(pack->entry) != NULL;
}

/* By the descriptor that said what it is, which nothing else can have taken the place of. */
static int open_seen(int path_fd, int flags)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
	return fd < 0 ? -errno : fd;
}

static int pack_regular(struct pack *pack, int path_fd, const struct stat *st, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (resolve_link(pack, st))
		return write_header(pack, pack->entry, err);
	fd = open_seen(path_fd, 0);
	r = fd < 0 ? fd : add_holes(pack, fd, st);
	if (r == 0 && !pack->is_own)
		r = add_xattrs(pack, fd);
	if (r < 0)
		return err_set(err, r, "cannot read '%.300s'", pack->name);
	r = write_header(pack, pack->entry, err);
	if (r == 0)
		r = write_content(pack, fd, st, err);
	if (r == 0 && !is_unchanged(fd, st))
		r = say_changed(pack, err);
	return r;
}

/* Stands in the directory from now on; its content follows. */
static int pack_directory(struct pack *pack, int path_fd, const struct stat *st, size_t name_len,
                          struct err *err)
{
	_cleanup_close_ int fd = open_seen(path_fd, O_DIRECTORY);
	struct level *level = &pack->levels[pack->n_levels];
	int r = fd;

	if (pack->n_levels == ARRAY_SIZE(pack->levels))
		return err_say(err, -ENAMETOOLONG, "'%.300s' lies too deep for an archive",
		               pack->name);
	if (r >= 0 && !pack->is_own)
		r = add_xattrs(pack, fd);
	if (r < 0)
		return err_set(err, r, "cannot read '%.300s'", pack->name);
	r = write_header(pack, pack->entry, err);
	if (r < 0)
		return r;
	level->dir = fdopendir(fd);
	if (!level->dir)
		return err_oom(err);
	(void)take_fd(&fd);
	level->name_len = name_len;
	level->st = *st;
	pack->n_levels++;
	return 0;
}

static int pack_symlink(struct pack *pack, int path_fd, struct err *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(path_fd, "", target, sizeof(target) - 1);

	if (n < 0)
		return err_set(err, -errno, "cannot read '%.300s'", pack->name);
	target[n] = '\0';
	archive_entry_copy_symlink(pack->entry, target);
	return write_header(pack, pack->entry, err);
}

/* The member pack->name, which ends at @name_len. */
static int pack_one(struct pack *pack, int path_fd, size_t name_len, struct err *err)
{
	struct stat st;

	if (fstat(path_fd, &st) < 0)
		return err_set(err, -errno, "cannot examine '%.300s'", pack->name);
	describe(pack, &st);
	if (S_ISREG(st.st_mode))
		return pack_regular(pack, path_fd, &st, err);
	if (S_ISDIR(st.st_mode))
		return pack_directory(pack, path_fd, &st, name_len, err);
	if (S_ISSOCK(st.st_mode) || pack->is_own) {
		pack->n_sockets += S_ISSOCK(st.st_mode);
		pack->n_others += !S_ISSOCK(st.st_mode);
		return 0;
	}
	return S_ISLNK(st.st_mode) ? pack_symlink(pack, path_fd, err)
	                           : write_header(pack, pack->entry, err);
}

/* ---- the walk ---- */

static int pack_entry(struct pack *pack, const char *last, struct err *err)
{
	const struct level *level = &pack->levels[pack->n_levels - 1];
	size_t len = level->name_len + 1 + strlen(last);
	_cleanup_close_ int fd = -EBADF;

	pack->name[level->name_len] = '\0';
	if (len >= sizeof(pack->name))
		return err_say(err, -ENAMETOOLONG,
		               "a name below '%.300s' is too long for an archive", pack->name);
	(void)snprintf(pack->name + level->name_len, sizeof(pack->name) - level->name_len, "/%s",
	               last);
	fd = open_beneath(dirfd(level->dir), last, O_PATH | O_NOFOLLOW);
	if (fd == -EXDEV)
		return err_say(err, fd, "something is mounted on '%.300s'", pack->name);
	if (fd == -ENOENT)
		return say_changed(pack, err);
	if (fd < 0)
		return err_set(err, fd, "cannot open '%.300s'", pack->name);
	return pack_one(pack, fd, len, err);
}

static int leave(struct pack *pack, struct err *err)
{
	struct level *level = &pack->levels[pack->n_levels - 1];
	bool is_same = is_unchanged(dirfd(level->dir), &level->st);

	pack->name[level->name_len] = '\0';
	(void)closedir(level->dir);
	pack->n_levels--;
	return is_same ? 0 : say_changed(pack, err);
}

/* The next entry of the directory the walk stands in, or back to the one above. */
static int step(struct pack *pack, struct err *err)
{
	struct level *level = &pack->levels[pack->n_levels - 1];
	struct dirent *entry;

	errno = 0;
	entry = readdir(level->dir);
	if (!entry && errno)
		return err_set(err, -errno, "cannot read '%.300s'", pack->name);
	if (!entry)
		return leave(pack, err);
	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return 0;
	return pack_entry(pack, entry->d_name, err);
}

/* Each tree is unpacked by itself: a file has no names in others. */
static int forget_links(struct pack *pack, struct err *err)
{
	archive_entry_linkresolver_free(pack->links);
	pack->links = archive_entry_linkresolver_new();
	if (!pack->links)
		return err_oom(err);
	archive_entry_linkresolver_set_strategy(pack->links, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
	return 0;
}

static int pack_tree(struct pack *pack, int fd, struct err *err)
{
	int r = forget_links(pack, err);

	if (r == 0)
		r = pack_one(pack, fd, strlen(pack->name), err);
	while (r == 0 && pack->n_levels)
		r = step(pack, err);
	return r;
}

static int pack_text(struct pack *pack, int fd, struct err *err)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot examine '%s'", pack->name);
	describe(pack, &st);
	archive_entry_set_perm(pack->entry, 0640);
	r = write_header(pack, pack->entry, err);
	return r < 0 ? r : write_range(pack, fd, 0, st.st_size, err);
}

/* ---- ---- */

static int pack_word(struct pack *pack, const char *word, struct err *err)
{
	char kind[8], number[NUM_TEXT_MAX];
	uint32_t fd;
	int at = 0;

	if (sscanf(word, "%7[a-z]:%10[0-9]:%n", kind, number, &at) != 2 || !at ||
	    num_parse_u32(number, &fd) < 0 || fd > INT_MAX ||
	    strlen(word + at) >= sizeof(pack->name))
		return err_say(err, -EINVAL, "'%s' is no member", word);
	(void)snprintf(pack->name, sizeof(pack->name), "%s", word + at);
	pack->is_own = strcmp(kind, "tree") != 0;
	return strcmp(kind, "text") == 0 ? pack_text(pack, (int)fd, err)
	                                 : pack_tree(pack, (int)fd, err);
}

static void tell(uint64_t n, const char *what)
{
	if (n)
		(void)dprintf(STDERR_FILENO, "note: %llu %s\n", (unsigned long long)n, what);
}

static int run(int argc, char **argv, struct pack *pack, struct err *err)
{
	int r = argc > 1 ? open_archive(pack, argv[1], err)
	                 : err_say(err, -EINVAL, "usage: rlxc-pack FILTER KIND:FD:NAME...");

	for (int i = 2; i < argc && r == 0; i++)
		r = pack_word(pack, argv[i], err);
	if (r == 0 && archive_write_close(pack->archive) != ARCHIVE_OK)
		r = say_archive(pack->archive, err);
	if (r < 0)
		return r;
	tell(pack->n_sockets, "sockets were left out: who listens on one makes it anew");
	tell(pack->n_others, "links and devices beside the root file system were left out");
	return 0;
}

int main(int argc, char **argv)
{
	static struct pack pack;
	struct err err = {};
	int r;

	/* Names outside ASCII are bytes to us, and UTF-8 to the library. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)signal(SIGPIPE, SIG_IGN);
	r = run(argc, argv, &pack, &err);
	if (r < 0)
		(void)dprintf(STDERR_FILENO, "%s\n", err.msg);
	if (r < 0)
		_exit(r == -ENOSPC || r == -EDQUOT ? NO_SPACE : 1); /* nothing more is written */
	pack_done(&pack);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rlxc-unpack [--exclude=PATTERN]...   unpacks the tar archive on stdin into the working directory
 * rlxc-unpack --members                writes the small files at the archive's top to stdout
 *
 * A program of its own so that rlxc needs no archive library, and so that what reads an archive
 * can be confined. Run as root of the container's user namespace; libarchive only reads, placing
 * the members is our own (place.h). What went wrong is one line on stderr; what was left out are
 * lines "note: ..." and "warning: ...".
 *
 * Patterns are as tar's --anchored --exclude: "*" matches slashes too, and what matches a
 * directory matches all below it.
 *
 * --members writes for each file "SIZE NAME\n" and its content. */

#include "base/cleanup.h"
#include "base/err.h"
#include "base/num.h"
#include "base/strv.h"
#include "base/text.h"
#include "confine.h"
#include "place.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE 65536
#define MEMBERS_MAX 2000000U             /* in an archive */
#define TOTAL_MAX ((uint64_t)64 << 30)   /* bytes of content */
#define RATIO_MAX 1000U                  /* content to archive, once there is */
#define RATIO_FROM ((uint64_t)512 << 20) /* so much content */
#define SPARSE_MAX 1000000               /* pieces of one file */
#define SMALL_FILE_MAX (1024 * 1024)     /* --members: one file */
#define SMALL_FILES_MAX 64U              /* and how many */

struct unpack {
	struct archive *archive;
	struct place place;
	struct strv excludes;
	uint64_t n_members, n_bytes;
};

static void archive_done(struct archive **archive)
{
	if (*archive)
		(void)archive_read_free(*archive);
}

static int say_archive(struct archive *archive, struct err *err)
{
	const char *text = archive_error_string(archive);

	return err_say(err, -EBADMSG, "the archive is damaged or of an unknown kind: %s",
	               text ? text : "no details");
}

static int open_archive(struct archive **ret_archive, struct err *err)
{
	_cleanup_(archive_done) struct archive *archive = archive_read_new();

	/* A filter that would need an outside program answers with a warning and is not wanted. */
	if (!archive || archive_read_support_format_tar(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_gzip(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(archive) != ARCHIVE_OK)
		return err_say(err, -ENOSYS,
		               "the archive library cannot read tar, gzip, xz and zstd");
	if (archive_read_open_fd(archive, STDIN_FILENO, BLOCK_SIZE) != ARCHIVE_OK)
		return say_archive(archive, err);
	*ret_archive = take_ptr(archive);
	return 0;
}

/* 1: *@ret_entry is the next member. 0: the end. */
static int next_entry(struct unpack *unpack, struct archive_entry **ret_entry, struct err *err)
{
	int r = archive_read_next_header(unpack->archive, ret_entry);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return say_archive(unpack->archive, err);
	if (++unpack->n_members > MEMBERS_MAX)
		return err_say(err, -E2BIG, "the archive has more than %u members", MEMBERS_MAX);
	return 1;
}

/* ---- limits on content ---- */

static int count_bytes(struct unpack *unpack, size_t n, struct err *err)
{
	int64_t consumed = archive_filter_bytes(unpack->archive, -1);

	unpack->n_bytes += n;
	if (unpack->n_bytes > TOTAL_MAX)
		return err_say(err, -EFBIG, "the archive holds more than %llu bytes",
		               (unsigned long long)TOTAL_MAX);
	if (unpack->n_bytes > RATIO_FROM && consumed > 0 &&
	    unpack->n_bytes / (uint64_t)consumed > RATIO_MAX)
		return err_say(err, -EFBIG,
		               "the archive grows more than %u times, which no system does",
		               RATIO_MAX);
	return 0;
}

static int write_at(int fd, const char *data, size_t len, int64_t offset)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
		offset += n;
	}
	return 0;
}

static int write_content(struct unpack *unpack, const struct member *member, int fd,
                         struct err *err)
{
	const void *data;
	size_t len;
	la_int64_t offset;
	int r;

	while ((r = archive_read_data_block(unpack->archive, &data, &len, &offset)) !=
	       ARCHIVE_EOF) {
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return say_archive(unpack->archive, err);
		if (offset < 0 || offset > member->size || len > (uint64_t)(member->size - offset))
			return err_say(err, -EBADMSG, "the content of '%.200s' passes its end",
			               member->name);
		r = count_bytes(unpack, len, err);
		if (r < 0)
			return r;
		r = write_at(fd, data, len, offset);
		if (r < 0)
			return err_set(err, r, "cannot write '%.200s'", member->name);
	}
	if (ftruncate(fd, member->size) < 0)
		return err_set(err, -errno, "cannot set the size of '%.200s'", member->name);
	return 0;
}

/* ---- one member ---- */

static void set_xattrs(struct unpack *unpack, struct archive_entry *entry, int fd)
{
	const char *name;
	const void *value;
	size_t size;

	(void)archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
		(void)place_xattr(&unpack->place, fd, name ? name : "", value, size);
}

static const char *either(const char *text, const char *utf8)
{
	return text ? text : utf8;
}

static void describe(struct archive_entry *entry, struct member *ret_member)
{
	const char *hardlink =
		either(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry));

	*ret_member = (struct member){
		.name = either(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry)),
		.target = hardlink ? hardlink
		                   : either(archive_entry_symlink(entry),
		                            archive_entry_symlink_utf8(entry)),
		.is_hardlink = hardlink != NULL,
		.mode = archive_entry_mode(entry),
		.uid = archive_entry_uid(entry),
		.gid = archive_entry_gid(entry),
		.size = archive_entry_size(entry),
		.mtime = { .tv_sec = archive_entry_mtime(entry),
		           .tv_nsec = archive_entry_mtime_nsec(entry) },
	};
}

static bool is_excluded(const struct unpack *unpack, const char *raw)
{
	char name[PLACE_NAME_MAX + 1];
	const char *why;

	if (place_clean_name(raw, name, &why) < 0)
		return false; /* it is refused where it would be placed */
	for (size_t i = 0; i < unpack->excludes.n; i++)
		if (fnmatch(unpack->excludes.items[i], name, FNM_LEADING_DIR) == 0)
			return true;
	return false;
}

static int place_content(struct unpack *unpack, struct archive_entry *entry,
                         const struct member *member, int fd, struct err *err)
{
	int r;

	if (archive_entry_sparse_count(entry) > SPARSE_MAX)
		return err_say(err, -E2BIG, "'%.200s' has more than %d pieces", member->name,
		               SPARSE_MAX);
	r = write_content(unpack, member, fd, err);
	if (r == 0)
		r = place_file_owner(&unpack->place, member, fd, err);
	if (r < 0)
		return r;
	set_xattrs(unpack, entry, fd);
	return place_file_times(member, fd, err);
}

static int place_entry(struct unpack *unpack, struct archive_entry *entry, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct member member;
	int r;

	describe(entry, &member);
	if (member.name && is_excluded(unpack, member.name))
		return 0;
	r = place_member(&unpack->place, &member, &fd, err);
	if (r > 0)
		return place_content(unpack, entry, &member, fd, err);
	if (r == 0 && !member.is_hardlink && S_ISDIR(member.mode) &&
	    archive_entry_xattr_count(entry) > 0) {
		fd = place_open_dir(&unpack->place, &member);
		if (fd >= 0)
			set_xattrs(unpack, entry, fd);
	}
	return r;
}

static void tell(const char *kind, uint64_t n, const char *what)
{
	if (n)
		(void)dprintf(STDERR_FILENO, "%s: %llu %s\n", kind, (unsigned long long)n, what);
}

static int unpack_all(struct unpack *unpack, struct err *err)
{
	struct archive_entry *entry;
	int r;

	while ((r = next_entry(unpack, &entry, err)) > 0) {
		r = place_entry(unpack, entry, err);
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = place_finish(&unpack->place, err);
	if (r < 0)
		return r;
	tell("note", unpack->place.n_devices, "device nodes were left out");
	tell("note", unpack->place.n_xattrs, "extended attributes were left out");
	tell("warning", unpack->place.n_owners,
	     "members have owners outside the id map, they belong to root instead");
	return 0;
}

/* ---- --members ---- */

static int write_all(const void *data, size_t len)
{
	const char *s = data;

	while (len) {
		ssize_t n = write(STDOUT_FILENO, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		s += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A regular file at the top, of moderate size, with a name that fits a line. */
static bool is_small_file(const struct member *member, char *ret_name)
{
	const char *why;

	if (member->is_hardlink || !S_ISREG(member->mode) || member->size < 0 ||
	    member->size > SMALL_FILE_MAX || place_clean_name(member->name, ret_name, &why) < 0)
		return false;
	for (const char *s = ret_name; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == '/' || *s == 0x7f)
			return false;
	return *ret_name;
}

static int write_small_file(struct unpack *unpack, const struct member *member, const char *name,
                            struct err *err)
{
	static char data[SMALL_FILE_MAX];
	char line[PLACE_NAME_MAX + NUM_TEXT_MAX + 3];
	int64_t have = 0;
	int len, r;

	while (have < member->size) {
		la_ssize_t n = archive_read_data(unpack->archive, data + have,
		                                 (size_t)(member->size - have));

		if (n < 0)
			return say_archive(unpack->archive, err);
		if (n == 0)
			return err_say(err, -EBADMSG, "the archive ends within '%.200s'", name);
		have += n;
	}
	len = snprintf(line, sizeof(line), "%lld %s\n", (long long)member->size, name);
	r = write_all(line, (size_t)len);
	if (r == 0)
		r = write_all(data, (size_t)member->size);
	return r < 0 ? err_set(err, r, "cannot write") : 0;
}

static int write_members(struct unpack *unpack, struct err *err)
{
	char name[PLACE_NAME_MAX + 1];
	struct archive_entry *entry;
	unsigned int n = 0;
	int r;

	while ((r = next_entry(unpack, &entry, err)) > 0) {
		struct member member;

		describe(entry, &member);
		if (!is_small_file(&member, name))
			continue;
		if (++n > SMALL_FILES_MAX)
			return err_say(err, -E2BIG, "the archive has more than %u files",
			               SMALL_FILES_MAX);
		r = write_small_file(unpack, &member, name, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* ---- ---- */

static int parse(int argc, char **argv, struct unpack *unpack, bool *ret_members, struct err *err)
{
	for (int i = 1; i < argc; i++) {
		char pattern[PLACE_NAME_MAX + 1];
		const char *why;

		if (strcmp(argv[i], "--members") == 0) {
			*ret_members = true;
			continue;
		}
		if (!str_starts_with(argv[i], "--exclude="))
			return err_say(err, -EINVAL,
			               "usage: rlxc-unpack [--exclude=PATTERN]... | "
			               "--members");
		/* As the names are: without "./" in front. What could be no name excludes none. */
		if (place_clean_name(argv[i] + strlen("--exclude="), pattern, &why) < 0)
			continue;
		if (strv_add(&unpack->excludes, pattern) < 0)
			return err_oom(err);
	}
	return 0;
}

static int run(int argc, char **argv, struct unpack *unpack, struct err *err)
{
	bool members = false;
	int r;

	r = parse(argc, argv, unpack, &members, err);
	if (r < 0)
		return r;
	/* Names outside ASCII are bytes to us, and UTF-8 to the library. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)umask(0);
	place_init(&unpack->place, open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (unpack->place.root_fd < 0)
		return err_set(err, -errno, "cannot open the working directory");
	r = confine(!members, err);
	if (r == 0)
		r = open_archive(&unpack->archive, err);
	if (r == 0)
		r = members ? write_members(unpack, err) : unpack_all(unpack, err);
	return r;
}

int main(int argc, char **argv)
{
	struct unpack unpack = {};
	struct err err = {};
	int r = run(argc, argv, &unpack, &err);

	if (r < 0)
		(void)dprintf(STDERR_FILENO, "%s\n", err.msg);
	archive_done(&unpack.archive);
	place_done(&unpack.place);
	strv_done(&unpack.excludes);
	return r < 0;
}

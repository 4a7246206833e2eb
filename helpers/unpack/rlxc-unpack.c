/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rlxc-unpack [OPTION]...     unpacks the tar archive on stdin into the working directory
 * rlxc-unpack --members       writes the small files at the archive's top to stdout
 * rlxc-unpack --container=MARKER   writes what says which container it is, wherever that stands
 *
 * A program of its own so that rlxc needs no archive library, and so that what reads an archive
 * can be confined. Run as root of the container's user namespace; libarchive only reads, placing
 * the members is our own (place.h). What went wrong is one line on stderr; what was left out are
 * lines "note: ..." and "warning: ...".
 *
 * Patterns are as tar's --anchored --exclude: "*" matches slashes too, and what matches a
 * directory matches all below it.
 *
 * --exclude=PATTERN             leaves members out
 * --below=DIRECTORY             has only what lies below it, under the names from there
 * --until=DIRECTORY             ends where that begins
 * --shift="u INSIDE HOST COUNT" owners (and ids of ACLs) are the host's, and these inside
 * --trusted                       however much that is: somebody vouches for it
 * --devices                     device nodes as well; without --trusted those that lead to no data
 * --plain=UID:GID               files and directories alone (and not the working directory), of
 * that owner, without special bits and attributes
 *
 * telling.h has what --members and --container write.
 *
 * Exit status: 2 when there is no space left, 3 for what --trusted would take, 1 for another
 * failure.
 */

#include "acl.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/num.h"
#include "base/strv.h"
#include "base/text.h"
#include "confine.h"
#include "place.h"
#include "reader.h"
#include "shift.h"
#include "telling.h"

#include <archive.h>
#include <archive_entry.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/capability.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_SPACE 2                       /* exit status */
#define TOO_LARGE 3                      /* another one */
#define TOTAL_MAX ((uint64_t)64 << 30)   /* bytes of content */
#define RATIO_MAX 1000U                  /* content to archive, once there is */
#define RATIO_FROM ((uint64_t)512 << 20) /* so much content */
#define SPARSE_MAX 1000000               /* pieces of one file */
#define NAMED_MAX 16U                    /* of what was left out */

struct unpack {
	struct reader reader;
	struct place place;
	struct strv excludes;
	char below[PLACE_NAME_MAX + 1]; /* "": everything */
	const char *until;              /* or NULL */
	struct shift shift;
	const char *marker; /* --container */
	bool is_members, is_plain;
	uint32_t plain_uid, plain_gid;
	uint64_t n_bytes;
};

/* ---- limits on content ---- */

static int count_bytes(struct unpack *unpack, size_t n, struct err *err)
{
	int64_t consumed = archive_filter_bytes(unpack->reader.archive, -1);

	unpack->n_bytes += n;
	if (unpack->reader.is_trusted)
		return 0;
	if (unpack->n_bytes > TOTAL_MAX)
		return err_say(err, -EFBIG, "the archive holds more than %llu bytes",
		               (unsigned long long)TOTAL_MAX);
	if (unpack->n_bytes > RATIO_FROM && consumed > 0 &&
	    unpack->n_bytes / (uint64_t)consumed > RATIO_MAX)
		return err_say(err, -EFBIG, "the archive grows more than %u times", RATIO_MAX);
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
	la_int64_t offset, end = 0;
	int r;

	while ((r = archive_read_data_block(unpack->reader.archive, &data, &len, &offset)) !=
	       ARCHIVE_EOF) {
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return reader_say(&unpack->reader, err);
		if (offset < 0 || offset > member->size || len > (uint64_t)(member->size - offset))
			return err_say(err, -EBADMSG, "the content of '%.200s' passes its end",
			               member->name);
		r = count_bytes(unpack, len, err);
		if (r < 0)
			return r;
		r = write_at(fd, data, len, offset);
		if (r < 0)
			return err_set(err, r, "cannot write '%.200s'", member->name);
		end = offset + (la_int64_t)len;
	}
	if (end != member->size && ftruncate(fd, member->size) < 0)
		return err_set(err, -errno, "cannot set the size of '%.200s'", member->name);
	return 0;
}

/* ---- one member ---- */

/* The namespace that a file's capabilities are for is named by its root. */
static void set_capability(struct unpack *unpack, int fd, const char *name,
                           const struct vfs_ns_cap_data *value)
{
	struct vfs_ns_cap_data shifted = *value;
	int64_t root = shift_id(&unpack->shift, 'u', le32toh(value->rootid));

	if (root < 0) {
		unpack->place.n_xattrs++;
		return;
	}
	shifted.rootid = htole32((uint32_t)root);
	(void)place_xattr(&unpack->place, fd, name, &shifted, sizeof(shifted));
}

static void set_acl(struct unpack *unpack, struct archive_entry *entry, int type, int fd,
                    bool is_dir)
{
	unsigned char value[ACL_BYTES_MAX];
	int size = acl_from_entry(entry, type, &unpack->shift, value);

	if (size < 0)
		unpack->place.n_xattrs++;
	else if (size > 0 && is_dir)
		place_dir_acl(&unpack->place, type == ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, value,
		              (size_t)size);
	else if (size > 0)
		place_file_acl(&unpack->place, fd, value, (size_t)size);
}

static void set_xattrs(struct unpack *unpack, struct archive_entry *entry, int fd, bool is_dir)
{
	const char *name;
	const void *value;
	size_t size;

	if (unpack->is_plain)
		return;
	(void)archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
		if (size == sizeof(struct vfs_ns_cap_data) && name &&
		    strcmp(name, "security.capability") == 0)
			set_capability(unpack, fd, name, value);
		else
			(void)place_xattr(&unpack->place, fd, name ? name : "", value, size);
	set_acl(unpack, entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, fd, is_dir);
	if (is_dir)
		set_acl(unpack, entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, fd, is_dir);
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
	set_xattrs(unpack, entry, fd, /* is_dir= */ false);
	return place_file_times(member, fd, err);
}

/* The directory that everything is unpacked in? */
static bool is_top(const char *raw)
{
	char name[PLACE_NAME_MAX + 1];
	const char *why;

	return place_clean_name(raw, name, &why) == 0 && !*name;
}

static bool is_wanted(const struct unpack *unpack, const struct member *member)
{
	if (unpack->is_plain && (member->is_hardlink || is_top(member->name) ||
	                         (!S_ISREG(member->mode) && !S_ISDIR(member->mode))))
		return false;
	return !is_excluded(unpack, member->name);
}

/* As the caller asked for owners. */
static void adapt_owner(const struct unpack *unpack, struct member *member)
{
	member->uid = shift_id(&unpack->shift, 'u', member->uid);
	member->gid = shift_id(&unpack->shift, 'g', member->gid);
	if (!unpack->is_plain)
		return;
	member->uid = unpack->plain_uid;
	member->gid = unpack->plain_gid;
	member->mode &= S_IFMT | 0777;
}

static int place_entry(struct unpack *unpack, struct archive_entry *entry, struct err *err)
{
	char name[PLACE_NAME_MAX + 1], target[PLACE_NAME_MAX + 1];
	_cleanup_close_ int fd = -EBADF;
	struct member member;
	int r;

	reader_describe(entry, &member);
	member.name = place_name_below(unpack->below, member.name, name);
	if (!member.name || !is_wanted(unpack, &member))
		return 0;
	if (member.is_hardlink)
		member.target = place_name_below(unpack->below, member.target, target);
	if (member.is_hardlink && !member.target)
		return err_say(err, -EINVAL, "hard link '%.200s' is refused: it leads out",
		               member.name);
	adapt_owner(unpack, &member);
	r = place_member(&unpack->place, &member, &fd, err);
	if (r > 0)
		return place_content(unpack, entry, &member, fd, err);
	if (r == 0 && !member.is_hardlink && S_ISDIR(member.mode)) {
		fd = place_open_dir(&unpack->place, &member);
		if (fd >= 0)
			set_xattrs(unpack, entry, fd, /* is_dir= */ true);
	}
	return r;
}

static void tell(const char *kind, uint64_t n, const char *what)
{
	if (n)
		(void)dprintf(STDERR_FILENO, "%s: %llu %s\n", kind, (unsigned long long)n, what);
}

/* Those of /dev a start makes; of others somebody has to know. */
static void tell_devices(const struct place *place)
{
	struct text text = {};
	_cleanup_free_ char *names = NULL;
	size_t n = 0;

	tell("note", place->n_devices, "device nodes were left out");
	for (size_t i = 0; i < place->skipped.n; i++) {
		if (str_starts_with(place->skipped.items[i], "dev/") || ++n > NAMED_MAX)
			continue;
		text_add(&text, n > 1 ? ", " : "");
		text_add_printable(&text, place->skipped.items[i]);
	}
	if (n > NAMED_MAX)
		text_addf(&text, " and %zu more", n - NAMED_MAX);
	if (text_finish(&text, &names) == 0 && n)
		(void)dprintf(STDERR_FILENO, "warning: device nodes were left out: %s\n", names);
}

static bool is_end(const struct unpack *unpack, struct archive_entry *entry)
{
	char name[PLACE_NAME_MAX + 1];
	struct member member;
	const char *why;

	reader_describe(entry, &member);
	return unpack->until && place_clean_name(member.name, name, &why) == 0 &&
	       strcmp(name, unpack->until) == 0;
}

static int unpack_all(struct unpack *unpack, struct err *err)
{
	struct archive_entry *entry;
	int r;

	while ((r = reader_next(&unpack->reader, &entry, err)) > 0 && !is_end(unpack, entry)) {
		r = place_entry(unpack, entry, err);
		if (r < 0)
			return r;
	}
	if (r >= 0)
		r = place_finish(&unpack->place, err);
	if (r < 0)
		return r;
	tell_devices(&unpack->place);
	tell("note", unpack->place.n_xattrs, "extended attributes were left out");
	tell("warning", unpack->place.n_owners,
	     "members have owners outside the id map, they belong to root instead");
	return 0;
}

/* ---- options ---- */

static int set_members(struct unpack *unpack, const char *value)
{
	(void)value;
	unpack->is_members = true;
	return 0;
}

static int set_container(struct unpack *unpack, const char *value)
{
	unpack->marker = value;
	return 0;
}

/* As the names are: without "./" in front. What could be no name excludes none. */
static int set_trusted(struct unpack *unpack, const char *value)
{
	(void)value;
	unpack->reader.is_trusted = unpack->place.is_trusted = true;
	return 0;
}

static int set_devices(struct unpack *unpack, const char *value)
{
	(void)value;
	unpack->place.has_devices = true;
	return 0;
}

static int add_exclude(struct unpack *unpack, const char *value)
{
	char pattern[PLACE_NAME_MAX + 1];
	const char *why;

	return place_clean_name(value, pattern, &why) < 0 ? 0
	                                                  : strv_add(&unpack->excludes, pattern);
}

static int set_below(struct unpack *unpack, const char *value)
{
	const char *why;

	return place_clean_name(value, unpack->below, &why);
}

static int set_until(struct unpack *unpack, const char *value)
{
	unpack->until = value;
	return 0;
}

static int add_shift(struct unpack *unpack, const char *value)
{
	return shift_add(&unpack->shift, value);
}

static int set_plain(struct unpack *unpack, const char *value)
{
	_cleanup_(strv_done) struct strv ids = {};

	unpack->is_plain = true;
	if (strv_split_at(&ids, value, ':') < 0)
		return -ENOMEM;
	return ids.n == 2 && num_parse_u32(ids.items[0], &unpack->plain_uid) == 0 &&
	                       num_parse_u32(ids.items[1], &unpack->plain_gid) == 0
	               ? 0
	               : -EINVAL;
}

static const struct option {
	const char *name;
	int (*set)(struct unpack *unpack, const char *value);
} options[] = {
	{ "--members", set_members },  { "--container=", set_container },
	{ "--exclude=", add_exclude }, { "--below=", set_below },
	{ "--shift=", add_shift },     { "--plain=", set_plain },
	{ "--until=", set_until },     { "--trusted", set_trusted },
	{ "--devices", set_devices },
};

static int parse_one(struct unpack *unpack, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (str_starts_with(word, options[i].name))
			return options[i].set(unpack, word + strlen(options[i].name));
	return -EINVAL;
}

static int parse(int argc, char **argv, struct unpack *unpack, struct err *err)
{
	for (int i = 1; i < argc; i++) {
		int r = parse_one(unpack, argv[i]);

		if (r < 0)
			return err_set(err, r, "'%s' is no option of rlxc-unpack", argv[i]);
	}
	return 0;
}

static int work(struct unpack *unpack, struct err *err)
{
	if (unpack->is_members)
		return telling_write_top(&unpack->reader, err);
	if (unpack->marker)
		return telling_write_container(&unpack->reader, unpack->below, unpack->marker, err);
	return unpack_all(unpack, err);
}

static int run(int argc, char **argv, struct unpack *unpack, struct err *err)
{
	struct confinement how;
	int r;

	/* Names outside ASCII are bytes to us, and UTF-8 to the library. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)umask(0);
	place_init(&unpack->place, open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (unpack->place.root_fd < 0)
		return err_set(err, -errno, "cannot open the working directory");
	r = parse(argc, argv, unpack, err);
	if (r < 0)
		return r;
	how = (struct confinement){ .files = !unpack->is_members && !unpack->marker,
		                    .devices = unpack->place.has_devices,
		                    .trusted = unpack->reader.is_trusted };
	r = confine(&how, err);
	if (r == 0)
		r = reader_open(&unpack->reader, err);
	if (r == 0)
		r = work(unpack, err);
	return r;
}

int main(int argc, char **argv)
{
	static struct unpack unpack; /* zeroed; large */
	struct err err = {};
	int r = run(argc, argv, &unpack, &err);

	if (r < 0)
		(void)dprintf(STDERR_FILENO, "%s\n", err.msg);
	reader_done(&unpack.reader);
	place_done(&unpack.place);
	strv_done(&unpack.excludes);
	if (r == -ENOSPC || r == -EDQUOT)
		return NO_SPACE;
	return r == -EFBIG ? TOO_LARGE : r < 0;
}

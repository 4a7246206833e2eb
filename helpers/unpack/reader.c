/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reader.h"

#include <archive.h>
#include <errno.h>
#include <unistd.h>

#define BLOCK_SIZE 65536
#define MEMBERS_MAX 2000000U

void reader_done(struct reader *reader)
{
	if (reader->archive)
		(void)archive_read_free(reader->archive);
}

int reader_say(const struct reader *reader, struct err *err)
{
	const char *text = archive_error_string(reader->archive);

	return err_say(err, -EBADMSG, "the archive is damaged or of an unknown kind: %s",
	               text ? text : "no details");
}

int reader_open(struct reader *reader, struct err *err)
{
	struct archive *archive = reader->archive = archive_read_new();

	/* A filter that would need an outside program answers with a warning and is not wanted. */
	if (!archive || archive_read_support_format_tar(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_gzip(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(archive) != ARCHIVE_OK)
		return err_say(err, -ENOSYS,
		               "the archive library cannot read tar, gzip, xz and zstd");
	if (archive_read_open_fd(archive, STDIN_FILENO, BLOCK_SIZE) != ARCHIVE_OK)
		return reader_say(reader, err);
	return 0;
}

int reader_next(struct reader *reader, struct archive_entry **ret_entry, struct err *err)
{
	int r = archive_read_next_header(reader->archive, ret_entry);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return reader_say(reader, err);
	if (++reader->n_members > MEMBERS_MAX && !reader->is_trusted)
		return err_say(err, -EFBIG, "the archive has more than %u members", MEMBERS_MAX);
	return 1;
}

static const char *either(const char *text, const char *utf8)
{
	return text ? text : utf8;
}

void reader_describe(struct archive_entry *entry, struct member *ret_member)
{
	const char *hardlink =
		either(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry));
	const char *name =
		either(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry));

	*ret_member = (struct member){
		.name = name ? name : "",
		.target = hardlink ? hardlink
		                   : either(archive_entry_symlink(entry),
		                            archive_entry_symlink_utf8(entry)),
		.is_hardlink = hardlink != NULL,
		.rdev = archive_entry_rdev(entry),
		.mode = archive_entry_mode(entry),
		.uid = archive_entry_uid(entry),
		.gid = archive_entry_gid(entry),
		.size = archive_entry_size(entry),
		.mtime = { .tv_sec = archive_entry_mtime(entry),
		           .tv_nsec = archive_entry_mtime_nsec(entry) },
	};
}

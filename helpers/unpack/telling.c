/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "telling.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"

#include <archive.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (1024 * 1024) /* bytes of one */
#define FILES_MAX 64U          /* and how many */

struct telling {
	struct reader *reader;
	const char *marker;
	unsigned int n_files;
};

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

/* A regular file of moderate size, with a name that fits a line. */
static bool is_small_file(const struct member *member, char *ret_name)
{
	const char *why;

	if (member->is_hardlink || !S_ISREG(member->mode) || member->size < 0 ||
	    member->size > FILE_MAX || place_clean_name(member->name, ret_name, &why) < 0)
		return false;
	for (const char *s = ret_name; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return *ret_name;
}

static int write_small_file(struct telling *telling, const struct member *member, const char *name,
                            struct err *err)
{
	static char data[FILE_MAX];
	char line[PLACE_NAME_MAX + NUM_TEXT_MAX + 3];
	int64_t have = 0;
	int len, r;

	while (have < member->size) {
		la_ssize_t n = archive_read_data(telling->reader->archive, data + have,
		                                 (size_t)(member->size - have));

		if (n < 0)
			return reader_say(telling->reader, err);
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

static int count_small(struct telling *telling, struct err *err)
{
	if (++telling->n_files <= FILES_MAX)
		return 0;
	return err_say(err, -E2BIG, "the archive has more than %u files", FILES_MAX);
}

int telling_write_top(struct reader *reader, struct err *err)
{
	struct telling telling = { .reader = reader };
	char name[PLACE_NAME_MAX + 1];
	struct archive_entry *entry;
	int r;

	while ((r = reader_next(reader, &entry, err)) > 0) {
		struct member member;

		reader_describe(entry, &member);
		if (!is_small_file(&member, name) || strchr(name, '/'))
			continue;
		r = count_small(&telling, err);
		if (r == 0)
			r = write_small_file(&telling, &member, name, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* Does @name lie below a directory of one of these names? */
static bool is_below_any(const char *name)
{
	static const char *const names[] = { "rootfs/", "overlay/", "snaps/" };

	for (; name; name = strchr(name, '/') ? strchr(name, '/') + 1 : NULL)
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (str_starts_with(name, names[i]))
				return true;
	return false;
}

static int write_owner(const struct member *member, const char *name, struct err *err)
{
	char owner[2 * NUM_TEXT_MAX + 2], line[PLACE_NAME_MAX + NUM_TEXT_MAX + sizeof(owner) + 4];
	int len = snprintf(owner, sizeof(owner), "%lld %lld", (long long)member->uid,
	                   (long long)member->gid);
	int r;

	len = snprintf(line, sizeof(line), "%d %s/\n%s", len, name, owner);
	r = write_all(line, (size_t)len);
	return r < 0 ? err_set(err, r, "cannot write") : 0;
}

/* 1: @member, whose last component is @last, says something about a container, and is written. */
static int write_telling(struct telling *telling, const struct member *member, char *name,
                         const char *last, struct err *err)
{
	int r;

	if (S_ISDIR(member->mode) && strcmp(last, "rootfs") == 0 && !strchr(name, '\n'))
		r = write_owner(member, name, err);
	else if ((strcmp(last, "config") == 0 || strcmp(last, telling->marker) == 0) &&
	         is_small_file(member, name))
		r = write_small_file(telling, member, name, err);
	else
		return 0;
	if (r == 0)
		r = count_small(telling, err);
	return r < 0 ? r : 1;
}

int telling_write_container(struct reader *reader, const char *dir, const char *marker,
                            struct err *err)
{
	struct telling telling = { .reader = reader, .marker = marker };
	char name[PLACE_NAME_MAX + 1], buf[PLACE_NAME_MAX + 1];
	struct archive_entry *entry;
	bool is_ours = false;
	int r;

	while ((r = reader_next(reader, &entry, err)) > 0) {
		struct member member;
		const char *below, *last, *why;

		reader_describe(entry, &member);
		if (place_clean_name(member.name, name, &why) < 0)
			continue;
		below = place_name_below(dir, name, buf);
		/* What we have made has all that tells something in front. */
		if (is_below_any(below ? below : name) && is_ours)
			return 0;
		if (!below || is_below_any(below))
			continue;
		last = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
		r = write_telling(&telling, &member, name, last, err);
		if (r < 0)
			return r;
		is_ours = is_ours || (r > 0 && strcmp(last, marker) == 0);
	}
	return r;
}

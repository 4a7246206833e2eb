/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic.h"

#include "priv/auth.h"
#include "priv/open.h"
#include "priv/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define NAME_MAX_BYTES 24
#define WAIT_MAX_MS 5000

static char text[RECORDS_TEXT_MAX];

/* ---- the text ---- */

static size_t format(const struct record *record, char line[RECORD_LINE_MAX])
{
	return (size_t)snprintf(line, RECORD_LINE_MAX, "%u veth %s %s %u\n", record->uid,
	                        record->bridge, record->nic, record->ifindex);
}

/* Read, and written again, it is the same text: so nothing is in it that should not be. */
static bool parse_line(const char *line, struct record *ret_record)
{
	char again[RECORD_LINE_MAX];
	uint32_t owner;

	if (sscanf(line, "%u veth %15s %15s %u", &ret_record->uid, ret_record->bridge,
	           ret_record->nic, &ret_record->ifindex) != 4)
		return false;
	(void)format(ret_record, again);
	return AUTH(strcmp(line, again) == 0) && name_is_bridge(ret_record->bridge) &&
	       name_owner(ret_record->nic, &owner) == 0 && AUTH(owner == ret_record->uid);
}

static size_t format_head(size_t n, char head[RECORD_LINE_MAX])
{
	return (size_t)snprintf(head, RECORD_LINE_MAX, "1 %zu\n", n);
}

static bool parse_lines(const char *at, struct records *records)
{
	char line[RECORD_LINE_MAX];

	for (records->n = 0; *at && records->n < RECORDS_MAX; records->n++) {
		struct record *record = &records->list[records->n];
		const size_t n = strcspn(at, "\n") + 1;

		if (n >= sizeof(line))
			return false;
		(void)snprintf(line, n + 1, "%s", at);
		if (!parse_line(line, record) ||
		    records_find(records, record->uid, record->bridge, record->nic))
			return false;
		at += n;
	}
	return !*at;
}

int records_parse(const char *from, struct records *records)
{
	char head[RECORD_LINE_MAX] = "";
	const char *const first = strchr(from, '\n');

	if (first && parse_lines(first + 1, records) &&
	    AUTH(strncmp(from, head, format_head(records->n, head)) == 0))
		return 0;
	records->n = 0;
	return -1;
}

size_t records_format(const struct records *records, char to[RECORDS_TEXT_MAX])
{
	size_t len = format_head(records->n, to);

	for (size_t i = 0; i < records->n; i++)
		len += format(&records->list[i], to + len);
	return len;
}

struct record *records_find(struct records *records, uint32_t uid, const char *bridge,
                            const char *nic)
{
	for (size_t i = 0; i < records->n; i++) {
		struct record *record = &records->list[i];

		if (AUTH(record->uid == uid) && AUTH(strcmp(record->bridge, bridge) == 0) &&
		    AUTH(strcmp(record->nic, nic) == 0))
			return record;
	}
	return NULL;
}

void records_remove(struct records *records, size_t i)
{
	records->list[i] = records->list[--records->n];
}

size_t records_count(const struct records *records, const char *bridge)
{
	size_t n = 0;

	for (size_t i = 0; i < records->n; i++)
		n += strcmp(records->list[i].bridge, bridge) == 0;
	return n;
}

/* ---- the files ---- */

static void name_file(const struct grant *owner, const char *suffix, char name[NAME_MAX_BYTES])
{
	(void)snprintf(name, NAME_MAX_BYTES, "%s%u%s", owner->is_group ? "g" : "", owner->id,
	               suffix);
}

/* 0, -ENOENT when there is nothing, or -EBADMSG for whatever is wrong with it. */
static int load(struct records *records)
{
	char name[NAME_MAX_BYTES];
	ssize_t n;
	int fd;

	name_file(records->owner, "", name);
	fd = priv_open_file(records->dir_fd, name, O_RDONLY);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -EBADMSG;
	n = priv_read(fd, text, sizeof(text));
	(void)close(fd);
	return n > 0 && strlen(text) == (size_t)n && records_parse(text, records) == 0 ? 0
	                                                                               : -EBADMSG;
}

/* What is damaged goes out of the way, for the administrator to see. */
static void set_aside(const struct records *records)
{
	char name[NAME_MAX_BYTES], bad[NAME_MAX_BYTES];

	name_file(records->owner, "", name);
	name_file(records->owner, ".bad", bad);
	priv_log(LOG_WARNING, "%s/%s is damaged and becomes %s", RECORDS_DIR, name, bad);
	if (renameat(records->dir_fd, name, records->dir_fd, bad) < 0)
		priv_fail("cannot record");
}

bool records_lock(struct records *records, int dir_fd, const struct grant *owner)
{
	char name[NAME_MAX_BYTES];
	bool is_first;
	int r;

	records->dir_fd = dir_fd;
	records->owner = owner;
	records->n = 0;
	name_file(owner, ".lock", name);
	records->lock_fd = priv_open_file(dir_fd, name, O_RDWR);
	is_first = records->lock_fd < 0 && errno == ENOENT;
	if (is_first)
		records->lock_fd = priv_open_file(dir_fd, name, O_RDWR | O_CREAT);
	if (records->lock_fd < 0)
		priv_fail("cannot record");
	while (flock(records->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		const unsigned int ms = 1 + records->waited_ms / 16;

		if (records->waited_ms >= WAIT_MAX_MS) {
			records_unlock(records);
			return false;
		}
		(void)nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
		records->waited_ms += ms;
	}
	r = load(records);
	records->are_lost = r == -EBADMSG || (r == -ENOENT && !is_first);
	if (r == -EBADMSG)
		set_aside(records);
	return true;
}

void records_unlock(struct records *records)
{
	(void)close(records->lock_fd);
}

bool records_have(int dir_fd, const struct grant *owner, const struct record *record)
{
	static struct records others;

	others.dir_fd = dir_fd;
	others.owner = owner;
	return load(&others) == 0 &&
	       records_find(&others, record->uid, record->bridge, record->nic);
}

int records_save(const struct records *records)
{
	const size_t len = records_format(records, text);
	char name[NAME_MAX_BYTES], temporary[NAME_MAX_BYTES];
	bool ok;
	int fd;

	name_file(records->owner, "", name);
	name_file(records->owner, ".tmp", temporary);
	fd = priv_open_file(records->dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC);
	ok = fd >= 0 && write(fd, text, len) == (ssize_t)len;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	if (ok && renameat(records->dir_fd, temporary, records->dir_fd, name) == 0)
		return 0;
	(void)unlinkat(records->dir_fd, temporary, 0);
	return -EIO;
}

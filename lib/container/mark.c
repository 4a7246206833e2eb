/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/mark.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"
#include "base/text.h"
#include "idmap/idmap.h"
#include "os/fd.h"
#include "storage/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK_MAX (64 * 1024)

void mark_done(struct mark *mark)
{
	idmap_done(&mark->idmaps);
	free(mark->rootfs_path);
	strv_done(&mark->volumes);
	*mark = (struct mark){};
}

void mark_format_idmap(const struct idmap_range *range, char *text)
{
	(void)snprintf(text, MARK_IDMAP_MAX, "%c %u %u %u", range->kind == IDMAP_UID ? 'u' : 'g',
	               range->ns_first, range->host_first, range->count);
}

int mark_copy_idmaps(const struct conf_idmaps *maps, struct conf_idmaps *ret_maps)
{
	struct conf_idmaps copy = {};

	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];

		if (idmap_add(&copy, range->kind, range->ns_first, range->host_first,
		              range->count) < 0) {
			idmap_done(&copy);
			return -ENOMEM;
		}
	}
	*ret_maps = copy;
	return 0;
}

int mark_format(const struct mark *mark, char **ret_text)
{
	struct text text = {};
	char line[MARK_IDMAP_MAX];

	text_add(&text,
	         "# rlxc made this directory and removes it only while this file is here.\n");
	for (size_t i = 0; i < mark->idmaps.n; i++) {
		mark_format_idmap(&mark->idmaps.items[i], line);
		text_addf(&text, "idmap %s\n", line);
	}
	if (mark->rootfs_path)
		text_addf(&text, "rootfs %s %llu %s\n", mark->rootfs_made ? "made" : "filled",
		          (unsigned long long)mark->rootfs_inode, mark->rootfs_path);
	for (size_t i = 0; i < mark->volumes.n; i++)
		text_addf(&text, "volume %s\n", mark->volumes.items[i]);
	return text_finish(&text, ret_text);
}

static int parse_idmap(struct mark *mark, const struct strv *words)
{
	uint32_t ns_first, host_first, count;

	if (words->n != 5 || num_parse_u32(words->items[2], &ns_first) < 0 ||
	    num_parse_u32(words->items[3], &host_first) < 0 ||
	    num_parse_u32(words->items[4], &count) < 0 || count == 0)
		return -EINVAL;
	if (strcmp(words->items[1], "u") != 0 && strcmp(words->items[1], "g") != 0)
		return -EINVAL;
	return idmap_add(&mark->idmaps, words->items[1][0] == 'u' ? IDMAP_UID : IDMAP_GID, ns_first,
	                 host_first, count);
}

/* @line: "rootfs WORD INODE PATH", where the path runs to the end of the line. */
static int parse_rootfs(struct mark *mark, const char *line, const struct strv *words)
{
	const char *path = strchr(line, '/');

	if (words->n < 4 || !path || words->items[3][0] != '/' || mark->rootfs_path)
		return -EINVAL;
	if (num_parse_u64(words->items[2], &mark->rootfs_inode) < 0)
		return -EINVAL;
	mark->rootfs_made = strcmp(words->items[1], "made") == 0;
	if (!mark->rootfs_made && strcmp(words->items[1], "filled") != 0)
		return -EINVAL;
	mark->rootfs_path = strdup(path);
	return mark->rootfs_path ? 0 : -ENOMEM;
}

static int parse_line(struct mark *mark, const char *line)
{
	_cleanup_(strv_done) struct strv words = {};
	int r;

	if (!*line || *line == '#')
		return 0;
	r = strv_split_at(&words, line, ' ');
	if (r < 0)
		return r;
	if (strcmp(words.items[0], "idmap") == 0)
		return parse_idmap(mark, &words);
	if (strcmp(words.items[0], "rootfs") == 0)
		return parse_rootfs(mark, line, &words);
	if (str_starts_with(line, "volume ") && line[strlen("volume ")])
		return strv_add(&mark->volumes, line + strlen("volume "));
	return -EINVAL;
}

int mark_parse(const char *text, struct mark *ret_mark)
{
	_cleanup_(strv_done) struct strv lines = {};
	_cleanup_(mark_done) struct mark mark = {};
	int r;

	r = strv_split_at(&lines, text, '\n');
	for (size_t i = 0; r == 0 && i < lines.n; i++)
		r = parse_line(&mark, lines.items[i]);
	if (r < 0)
		return r;
	*ret_mark = mark;
	mark = (struct mark){};
	return 0;
}

int mark_note_volume(int dir_fd, struct mark *mark, const struct storage *storage, struct err *err)
{
	char *note;

	if (!storage_has_tools(storage))
		return 0;
	if (storage_format_note(storage, &note) < 0 || strv_take(&mark->volumes, note) < 0)
		return err_oom(err);
	return mark_write(dir_fd, mark, err);
}

int mark_write(int dir_fd, const struct mark *mark, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r;

	if (mark_format(mark, &text) < 0)
		return err_oom(err);
	r = fd_replace_at(dir_fd, MARK_NAME, 0644, text, strlen(text));
	return r < 0 ? err_set(err, r, "cannot write the mark '%s'", MARK_NAME) : 0;
}

int mark_read(int dir_fd, const char *path, uid_t uid, struct mark *ret_mark, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *text = NULL;
	struct stat st;
	int r;

	fd = openat(dir_fd, MARK_NAME, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "cannot open '%s/" MARK_NAME "'", path);
	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot examine '%s/" MARK_NAME "'", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != uid || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_say(err, -EPERM,
		               "'%s/" MARK_NAME "' is not a file that only uid %u can write", path,
		               uid);
	r = fd_read_all(fd, MARK_MAX, &text, NULL);
	if (r == 0)
		r = mark_parse(text, ret_mark);
	if (r == -EINVAL)
		return err_say(err, r, "'%s/" MARK_NAME "' is damaged", path);
	return r < 0 ? err_set(err, r, "cannot read '%s/" MARK_NAME "'", path) : 0;
}

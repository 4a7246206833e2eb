/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/update.h"

#include "base/cleanup.h"
#include "conf/conf-internal.h"
#include "conf/source.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UPDATE_MAX (4 * 1024 * 1024)

struct update {
	const char *name;
	char *backend;    /* of the last lxc.rootfs.backend, or NULL */
	int64_t last_net; /* highest index of a network device so far, -1: none */
	unsigned int line_number;
	struct text text;
};

/* How long is what makes a line a comment? Its text may be a line that somebody switched off. */
static size_t comment_len(const char *line, size_t len)
{
	size_t blanks = 0, at;

	while (blanks < len && (line[blanks] == ' ' || line[blanks] == '\t'))
		blanks++;
	at = blanks;
	while (at < len && line[at] == '#')
		at++;
	if (at == blanks)
		return 0;
	while (at < len && (line[at] == ' ' || line[at] == '\t'))
		at++;
	return at;
}

/* The highest index after a line about @key, which is of today. */
static void follow_nets(struct update *update, const char *key, size_t value_len)
{
	const char *rest;
	uint32_t index;

	if (strcmp(key, "lxc.net") == 0 && !value_len)
		update->last_net = -1;
	if (!str_starts_with(key, "lxc.net.") ||
	    conf_net_split(key + strlen("lxc.net."), &index, &rest) < 0)
		return;
	if ((int64_t)index > update->last_net)
		update->last_net = index;
}

static int no_device(const struct update *update, const char *key, struct err *err)
{
	(void)err_say(err, -EINVAL, "%s:%u: '%s' belongs to no device", update->name,
	              update->line_number, key);
	err_hint(err, "put 'lxc.network.type' in front of the device's other lines");
	return -EINVAL;
}

/* A line of a device before the line that begins one. */
static bool is_lost(const struct update *update, const char *key)
{
	const char *sub = key + strlen("lxc.network."), *rest;
	uint32_t index;

	return update->last_net < 0 && str_starts_with(key, "lxc.network.") &&
	       strcmp(sub, "type") != 0 && conf_net_split(sub, &index, &rest) < 0;
}

/* The line as it was, but for its key. */
static void add_renamed(struct update *update, const char *text, size_t len,
                        const struct conf_line *line, const char *key, const char *today)
{
	const char *value = line->text + line->value_at;
	const char *after_key = line->text + line->key_at + line->key_len;

	text_add_len(&update->text, text, (size_t)(line->text + line->key_at - text));
	text_add(&update->text, today);
	if (strcmp(key, "lxc.rootfs") == 0 && update->backend && *value == '/') {
		text_add_len(&update->text, after_key, (size_t)(value - after_key));
		text_addf(&update->text, "%s:", update->backend);
		after_key = value;
	}
	text_add_len(&update->text, after_key, (size_t)(text + len - after_key));
	text_add(&update->text, "\n");
}

static int update_line(struct update *update, const char *text, size_t len, struct err *err)
{
	size_t skip = comment_len(text, len);
	_cleanup_free_ char *key = NULL, *today = NULL;
	struct conf_line line;
	enum conf_legacy legacy;

	update->line_number++;
	if (conf_line_split(text + skip, len - skip, &line) != CONF_LINE_ITEM) {
		text_add_len(&update->text, text, len);
		text_add(&update->text, "\n");
		return 0;
	}
	key = strndup(line.text + line.key_at, line.key_len);
	if (!key)
		return err_oom(err);
	if (is_lost(update, key) && !skip)
		return no_device(update, key, err);
	legacy = is_lost(update, key) ? CONF_LEGACY_NONE
	                              : conf_legacy_name(key, update->last_net, &today);
	if (legacy == CONF_LEGACY_RENAMED && !today)
		return err_oom(err);
	if (!skip && (legacy == CONF_LEGACY_REMOVED || legacy == CONF_LEGACY_MERGED))
		return 0;
	add_renamed(update, text, len, &line, key, today ? today : key);
	if (!skip)
		follow_nets(update, today ? today : key, line.value_len);
	return 0;
}

/* Calls @fn for each line. */
static int each_line(struct update *update, const char *text,
                     int (*fn)(struct update *update, const char *text, size_t len,
                               struct err *err),
                     struct err *err)
{
	int r = 0;

	while (*text && r == 0) {
		size_t len = strcspn(text, "\n");

		r = fn(update, text, len, err);
		text += len + (text[len] == '\n');
	}
	return r;
}

static int find_backend(struct update *update, const char *text, size_t len, struct err *err)
{
	static const char key[] = "lxc.rootfs.backend";
	struct conf_line line;
	char *value;

	if (conf_line_split(text, len, &line) != CONF_LINE_ITEM || line.key_len != strlen(key) ||
	    memcmp(line.text + line.key_at, key, line.key_len) != 0)
		return 0;
	value = line.value_len ? strndup(line.text + line.value_at, line.value_len) : NULL;
	if (!value && line.value_len)
		return err_oom(err);
	free(update->backend);
	update->backend = value;
	return 0;
}

int conf_update_text(const char *name, const char *text, char **ret_text, struct err *err)
{
	_cleanup_free_ char *backend = NULL;
	struct update update = { .name = name, .last_net = -1 };
	size_t mark = conf_line_mark(text);
	int r;

	text_add_len(&update.text, text, mark);
	r = each_line(&update, text + mark, find_backend, err);
	backend = update.backend;
	if (r == 0)
		r = each_line(&update, text + mark, update_line, err);
	if (r < 0) {
		text_done(&update.text);
		return r;
	}
	return text_finish(&update.text, ret_text) < 0 ? err_oom(err) : 0;
}

/* ---- the file ---- */

static int keep_old(int dir_fd, const char *path, const char *name, mode_t mode, const char *text,
                    struct err *err)
{
	_cleanup_free_ char *backup = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (asprintf(&backup, "%s.backup", name) < 0)
		return err_oom(err);
	fd = openat(dir_fd, backup, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0 && errno == EEXIST) {
		err_say(err, -EEXIST, "'%s.backup' is there already", path);
		err_hint(err, "move it away: it would be overwritten");
		return -EEXIST;
	}
	if (fd < 0)
		return err_set(err, -errno, "cannot make '%s.backup'", path);
	r = fd_write(fd, text, strlen(text));
	if (r == 0)
		return 0;
	(void)unlinkat(dir_fd, backup, 0);
	return err_set(err, r, "cannot write '%s.backup'", path);
}

static int replace(const char *path, const char *old, const char *new, struct err *err)
{
	_cleanup_free_ char *for_dir = strdup(path), *for_name = strdup(path);
	_cleanup_close_ int dir_fd = -EBADF;
	const char *name;
	struct stat st;
	int r;

	if (!for_dir || !for_name)
		return err_oom(err);
	name = basename(for_name);
	dir_fd = open(dirname(for_dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, -errno, "cannot look at '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_say(err, -EINVAL, "'%s' is no regular file", path);
	r = keep_old(dir_fd, path, name, st.st_mode & 0777, old, err);
	if (r < 0)
		return r;
	r = fd_replace_at(dir_fd, name, st.st_mode & 0777, new, strlen(new));
	return r < 0 ? err_set(err, r, "cannot write '%s'", path) : 0;
}

int conf_update_file(const char *path, bool *ret_changed, struct err *err)
{
	_cleanup_free_ char *old = NULL, *new = NULL;
	struct source_id id;
	size_t len;
	int r;

	r = source_read(AT_FDCWD, path, path, UPDATE_MAX, &old, &len, &id, err);
	if (r == -EISDIR)
		return err_set(err, r, "cannot read '%s'", path);
	if (r == 0 && strlen(old) != len)
		r = err_say(err, -EINVAL, "'%s' is no text", path);
	if (r == 0)
		r = conf_update_text(path, old, &new, err);
	if (r < 0)
		return r;
	*ret_changed = strcmp(old, new) != 0;
	return *ret_changed ? replace(path, old, new, err) : 0;
}

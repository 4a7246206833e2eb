/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/item.h"

#include "base/cleanup.h"
#include "conf/conf-internal.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* The saved text: what stood in the file, comments and all. Setting a key adds a line at the end,
 * which wins over or adds to earlier ones as it did in memory; clearing one takes out the lines
 * that would bring it back, also those under its old name. */

void conf_saved_add(struct text *saved, const char *line, size_t len)
{
	struct conf_line parts;

	if (conf_line_split(line, len, &parts) != CONF_LINE_BLANK)
		text_add_len(saved, line, len);
	text_add(saved, "\n");
}

static int replace_saved(struct conf *conf, struct text *saved, struct err *err)
{
	char *text;

	if (text_finish(saved, &text) < 0)
		return err_oom(err);
	free(conf->saved);
	conf->saved = text;
	return 0;
}

/* Reading trims and unquotes a value: one that would lose something gets quotes around it. */
static bool needs_quotes(const char *value)
{
	size_t len = strlen(value);

	return strchr(" \t", value[0]) || strchr(" \t", value[len - 1]) ||
	       (len > 1 && strchr("'\"", value[0]) && value[len - 1] == value[0]);
}

static int append_line(struct conf *conf, const char *key, const char *value, struct err *err)
{
	const char *quote = needs_quotes(value) ? "\"" : "";
	_cleanup_(text_done) struct text saved = {};

	text_add(&saved, conf->saved ? conf->saved : "");
	if (saved.len && saved.data[saved.len - 1] != '\n')
		text_add(&saved, "\n");
	text_addf(&saved, "%s = %s%s%s\n", key, quote, value, quote);
	return replace_saved(conf, &saved, err);
}

static bool is_hook(const char *key)
{
	return str_starts_with(key, "lxc.hook.") && strcmp(key, "lxc.hook.version") != 0;
}

/* Does clearing @slot undo a line for @key, @sub? */
static bool covers(const struct conf_slot *slot, const struct conf_key *key, const char *sub)
{
	size_t len = strlen(slot->sub);

	if (slot->key->type == &conf_all_hooks)
		return key == slot->key || is_hook(key->name);
	if (slot->key->type == &conf_caps)
		return key->type == &conf_caps;
	if (slot->key != key)
		return false;
	if (!len || strcmp(sub, slot->sub) == 0)
		return true;
	return key->type == &conf_nets && strncmp(sub, slot->sub, len) == 0 && sub[len] == '.';
}

/* Name of today for the key of a saved line; *@last_net counts the devices on the way. */
static char *key_of_line(const struct conf_line *line, int64_t *last_net)
{
	_cleanup_free_ char *key = strndup(line->text + line->key_at, line->key_len);
	const char *rest;
	uint32_t index;
	char *today;

	if (key && conf_legacy_name(key, *last_net, &today) == CONF_LEGACY_RENAMED) {
		free(key);
		key = today;
	}
	if (key && str_starts_with(key, "lxc.net.") &&
	    conf_net_split(key + 8, &index, &rest) == 0 && index > *last_net)
		*last_net = index;
	return take_ptr(key);
}

static bool line_is_covered(const struct conf_slot *slot, const char *text, size_t len,
                            int64_t *last_net)
{
	_cleanup_free_ char *name = NULL;
	const struct conf_key *key;
	struct conf_line line;
	const char *sub;

	if (conf_line_split(text, len, &line) != CONF_LINE_ITEM)
		return false;
	name = key_of_line(&line, last_net);
	key = name ? conf_key_find(name, &sub) : NULL;
	return key && covers(slot, key, sub);
}

static int remove_lines(struct conf *conf, const struct conf_slot *slot, struct err *err)
{
	_cleanup_(text_done) struct text saved = {};
	const char *line = conf->saved ? conf->saved : "";
	int64_t last_net = -1;

	while (*line) {
		size_t len = strcspn(line, "\n");

		if (!line_is_covered(slot, line, len, &last_net)) {
			if (!saved.len && conf_line_mark(line))
				text_add(&saved, "\n"); /* it still means nothing here */
			text_add_len(&saved, line, len);
			text_add(&saved, "\n");
		}
		line += len + (line[len] == '\n');
	}
	return replace_saved(conf, &saved, err);
}

int conf_save_set(struct conf *conf, const char *key, const char *value, struct err *err)
{
	_cleanup_free_ char *settled = strdup(value);
	struct conf_slot slot;
	int r;

	if (!settled)
		return err_oom(err);
	r = conf_slot_find(conf, key, &slot, err);
	if (r < 0)
		return r;
	(void)conf_slot_settle(&slot, settled);
	r = conf_set(conf, key, settled, err);
	if (r < 0)
		return r;
	if (*settled)
		return append_line(conf, key, settled, err);
	if (slot.key->flags & CONF_EMPTY_ZERO)
		return append_line(conf, key, "0", err);
	return remove_lines(conf, &slot, err);
}

int conf_save_clear(struct conf *conf, const char *key, struct err *err)
{
	struct conf_slot slot;
	int r;

	r = conf_slot_find(conf, key, &slot, err);
	if (r == 0)
		r = conf_clear(conf, key, err);
	return r < 0 ? r : remove_lines(conf, &slot, err);
}

int conf_save(const struct conf *conf, const char *path, struct err *err)
{
	/* A link to the file stays a link. */
	_cleanup_free_ char *target = realpath(path, NULL);
	const char *text = conf->saved ? conf->saved : "", *name;
	_cleanup_close_ int dir_fd = -EBADF;
	int r;

	if (!target)
		target = strdup(path);
	if (!target)
		return err_oom(err);
	name = strrchr(target, '/');
	if (name) {
		_cleanup_free_ char *dir = strndup(target, (size_t)(name - target) + 1);

		if (!dir)
			return err_oom(err);
		dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} else {
		dir_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (dir_fd < 0)
		return err_set(err, -errno, "cannot open the directory of '%s'", path);
	r = fd_replace_at(dir_fd, name ? name + 1 : target, 0640, text, strlen(text));
	return r < 0 ? err_set(err, r, "cannot write configuration '%s'", path) : 0;
}

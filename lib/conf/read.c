/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/read.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/conf-internal.h"
#include "conf/item.h"
#include "conf/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Reads line by line; each line takes effect before the next one is looked at. lxc.include reads
 * another file at the place where it stands.
 *
 * A mistake is noted once, with its place; then reading ends or, when tolerant, goes on. */

#define INCLUDE_DEPTH_MAX 16
#define TOTAL_BYTES_MAX ((size_t)4 << 20)

#define MISSING_HINT "correct the path, or make the file"

/* A file that is being read. */
struct frame {
	const char *name;
	unsigned int line;
	size_t value_at; /* of the line, counted from 0 */
	struct source_id id;
};

struct reader {
	struct conf *conf;
	struct err *err; /* the caller's; holds the first mistake */
	int first;       /* its code, 0 while there is none */
	bool tolerant;
	bool noticed_legacy;
	bool keeps_text; /* the top-level file goes into the saved text */
	struct text saved;
	/* With conf_read_seen: each line has its mistake to itself. */
	void (*see)(void *arg, const struct conf_seen *seen);
	void *see_arg;
	struct conf_seen *seen; /* the line that is being read, NULL: not shown */
	unsigned int n_wrong;
	size_t total;
	size_t depth; /* frames in use */
	struct frame frames[INCLUDE_DEPTH_MAX + 1];
};

static int read_include(struct reader *rd, const char *path);

/* Later mistakes do not overwrite the first one. */
static struct err *reader_err(struct reader *rd)
{
	return rd->first ? NULL : rd->err;
}

static void append_includer(const struct reader *rd)
{
	const struct frame *includer;
	size_t len = strlen(rd->err->msg);

	if (rd->depth < 2)
		return;
	includer = &rd->frames[rd->depth - 2];
	(void)snprintf(rd->err->msg + len, sizeof(rd->err->msg) - len, " (included from %s:%u)",
	               includer->name, includer->line);
}

/* Notes a mistake in the current line; a second time, on the way out of an include, does nothing.
 * 0: reading goes on. */
static int note(struct reader *rd, size_t column, int code)
{
	if (!rd->first && rd->seen) {
		rd->seen->column = (unsigned int)column + 1;
	} else if (!rd->first && rd->depth) {
		const struct frame *frame = &rd->frames[rd->depth - 1];

		(void)err_wrap(rd->err, code, "%s:%u:%zu", frame->name, frame->line, column + 1);
		if (rd->err)
			append_includer(rd);
	}
	if (!rd->first)
		rd->first = code;
	return rd->tolerant && code != -ENOMEM ? 0 : code;
}

/* What a person may not expect of the current line, which is no mistake. */
__attribute__((format(printf, 3, 4))) static void notice(struct reader *rd, bool warn,
                                                         const char *fmt, ...)
{
	const struct frame *frame = &rd->frames[rd->depth - 1];
	char buf[1024], *text = rd->seen ? rd->seen->note : buf;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, rd->seen ? sizeof(rd->seen->note) : sizeof(buf), fmt, ap);
	va_end(ap);
	if (rd->seen)
		return;
	if (warn)
		log_warn("%s:%u: %s", frame->name, frame->line, text);
	else
		log_info("%s:%u: %s", frame->name, frame->line, text);
}

/* How long is the value in front of "# ...", which LXC takes for a part of it? All of it: there is
 * no such thing. */
static size_t len_without_comment(const char *value)
{
	size_t len = 0;

	while (value[len] && (value[len] != '#' || !len || !strchr(" \t", value[len - 1])))
		len++;
	while (value[len] && len && strchr(" \t", value[len - 1]))
		len--;
	return len;
}

/* A value that cannot be, and can without what looks like a comment behind it, was meant so. */
static int set_value(struct reader *rd, const struct conf_slot *slot, char *value)
{
	size_t len = len_without_comment(value);
	struct err why = {};
	int r = conf_slot_set(slot, value, &why);

	if (r < 0 && r != -ENOMEM && value[len]) {
		value[len] = '\0';
		if (conf_slot_set(slot, value, NULL) == 0) {
			notice(rd, false, "taking what is behind '%s' for a comment", value);
			return 0;
		}
	} else if (r == 0 && value[len] && rd->seen) {
		notice(rd, false, "'%s' is part of the value",
		       value + len + strspn(value + len, " \t"));
	}
	if (r < 0 && reader_err(rd))
		*reader_err(rd) = why;
	return r;
}

static void notice_legacy(struct reader *rd, const char *old, const char *today)
{
	if (rd->seen)
		notice(rd, true, "'%s' is an old name", old);
	else if (!rd->noticed_legacy)
		notice(rd, true,
		       "'%s' is an old name, reading it as '%s' and others likewise; "
		       "'lxc-update-config -c %s' rewrites the file",
		       old, today, rd->frames[rd->depth - 1].name);
	rd->noticed_legacy = true;
}

static int translate(struct reader *rd, char **key, char **value)
{
	_cleanup_free_ char *old = strdup(*key);
	int r;

	if (!old)
		return err_oom(reader_err(rd));
	r = conf_legacy_translate(rd->conf, key, value, reader_err(rd));
	if (r == CONF_LEGACY_RENAMED)
		notice_legacy(rd, old, *key);
	else if (r == CONF_LEGACY_REMOVED)
		notice(rd, true, "'%s' has no effect any more, continuing without it", old);
	return r;
}

static int apply(struct reader *rd, const struct conf_line *line, const struct conf_slot *slot,
                 char *value)
{
	int r;

	if (slot->key->type == &conf_include && *value) {
		rd->frames[rd->depth - 1].value_at = line->value_at;
		r = read_include(rd, value);
	} else {
		r = set_value(rd, slot, value);
	}
	if (r < 0 && slot->key->type != &conf_include)
		err_hint(reader_err(rd), "see '%s' in lxc.container.conf(5)", SHOW(slot->name));
	return r < 0 ? note(rd, line->value_at, r) : 0;
}

static int remember(struct reader *rd, const char *key, const char *value)
{
	struct conf_seen *seen = rd->seen;

	if (!seen)
		return 0;
	if (conf_replace_text(&seen->key, key, rd->err) < 0)
		return -ENOMEM;
	return conf_replace_text(&seen->value, value, rd->err);
}

/* @text is the line itself: what was drawn at random is put back into it. */
static int read_item(struct reader *rd, char *text, const struct conf_line *line)
{
	_cleanup_free_ char *key = strndup(text + line->key_at, line->key_len);
	_cleanup_free_ char *value = strndup(text + line->value_at, line->value_len);
	const struct frame *frame = &rd->frames[rd->depth - 1];
	struct conf_slot slot = { .base = rd->conf, .file = frame->name, .line = frame->line };
	int r;

	if (!key || !value)
		return note(rd, line->key_at, err_oom(reader_err(rd)));
	r = remember(rd, key, value);
	slot.key = conf_key_find(key, &slot.sub);
	if (!slot.key && r == 0) {
		r = translate(rd, &key, &value);
		if (r < 0)
			return note(rd, line->key_at, r);
		if (r == CONF_LEGACY_REMOVED || r == CONF_LEGACY_MERGED)
			return 0;
		slot.key = conf_key_find(key, &slot.sub);
		r = remember(rd, key, value);
	}
	if (r < 0)
		return note(rd, line->key_at, r);
	if (!slot.key)
		return note(rd, line->key_at, conf_key_unknown(key, reader_err(rd)));
	slot.name = key;
	if (conf_slot_settle(&slot, value) && strlen(value) == line->value_len)
		memcpy(text + line->value_at, value, line->value_len);
	return apply(rd, line, &slot, value);
}

static int read_line(struct reader *rd, char *text, size_t len)
{
	struct conf_line line;

	switch (conf_line_split(text, len, &line)) {
	case CONF_LINE_BLANK:
	case CONF_LINE_COMMENT:
		return 0;
	case CONF_LINE_FOREIGN:
		notice(rd, false, "ignoring a line that does not begin with 'lxc.'");
		return 0;
	case CONF_LINE_NO_SEPARATOR: {
		_cleanup_free_ char *key = strndup(text + line.key_at, line.key_len);

		(void)err_say(reader_err(rd), -EINVAL, "there is no '=' after '%s'",
		              key ? SHOW(key) : "");
		err_hint(reader_err(rd), "a line reads 'KEY = VALUE', or 'KEY =' to clear it");
		return note(rd, line.key_at + line.key_len, -EINVAL);
	}
	case CONF_LINE_ITEM:
		break;
	}
	if (rd->seen)
		rd->seen->column = (unsigned int)line.key_at + 1;
	return read_item(rd, text, &line);
}

/* Shows the line; its mistakes are its own, and do not end reading. */
static int read_line_seen(struct reader *rd, char *text, size_t len)
{
	const struct frame *frame = &rd->frames[rd->depth - 1];
	struct conf_seen *outer_seen = rd->seen;
	struct err *outer_err = rd->err, err = {};
	struct conf_seen seen = {
		.file = frame->name, .line = frame->line, .column = 1, .err = &err
	};
	int outer_first = rd->first, r;

	rd->err = &err;
	rd->first = 0;
	rd->seen = &seen;
	r = read_line(rd, text, len);
	rd->n_wrong += rd->first != 0;
	rd->err = outer_err;
	rd->first = outer_first;
	rd->seen = outer_seen;
	if (seen.key || *seen.note || err.code)
		rd->see(rd->see_arg, &seen);
	free(seen.key);
	free(seen.value);
	return r;
}

/* Length of the line end at @end: CR, LF or both. */
static size_t line_end(const char *end)
{
	return end[0] == '\r' && end[1] == '\n' ? 2 : *end != '\0';
}

/* After a mistake that ends reading, the rest is still kept: a file that is saved after all loses
 * nothing. */
static int read_lines(struct reader *rd, char *text)
{
	struct frame *frame = &rd->frames[rd->depth - 1];
	bool keeps = rd->keeps_text && rd->depth == 1;
	int r = 0;

	text += conf_line_mark(text);
	while (*text && (r == 0 || keeps)) {
		size_t len = strcspn(text, "\r\n");

		frame->line++;
		if (r == 0)
			r = rd->see ? read_line_seen(rd, text, len) : read_line(rd, text, len);
		if (keeps)
			conf_saved_add(&rd->saved, text, len);
		text += len + line_end(text + len);
	}
	return r;
}

static int say_loop(const char *name, struct err *err)
{
	err_say(err, -ELOOP, "'%s' is included by itself", name);
	err_hint(err, "take the line that closes the circle out");
	return -ELOOP;
}

static int enter(struct reader *rd, const char *name, struct source_id id, struct err *err)
{
	for (size_t i = 0; i < rd->depth; i++)
		if (source_id_is_same(rd->frames[i].id, id))
			return say_loop(name, err);
	if (rd->depth > INCLUDE_DEPTH_MAX) {
		err_say(err, -ELOOP, "'%s' is included more than %d files deep", name,
		        INCLUDE_DEPTH_MAX);
		err_hint(err, "include it from a file that is less deep");
		return -ELOOP;
	}
	rd->frames[rd->depth++] = (struct frame){ .name = name, .id = id };
	return 0;
}

/* What follows a NUL byte would be lost, and the container be weaker than it was meant to be. */
static int note_nul(struct reader *rd, const char *text)
{
	struct frame *frame = &rd->frames[rd->depth - 1];
	size_t end = strlen(text), start = end;
	int r;

	frame->line = 1;
	for (const char *s = text; (s = strchr(s, '\n')); s++)
		frame->line++;
	while (start && text[start - 1] != '\n')
		start--;
	err_say(reader_err(rd), -EINVAL, "this is no text: there is a NUL byte");
	err_hint(reader_err(rd), "is it the right file? A configuration has lines of the form "
	                         "'KEY = VALUE'");
	r = note(rd, end - start, -EINVAL);
	frame->line = 0;
	return r;
}

static int read_source(struct reader *rd, int dir_fd, const char *file, const char *name)
{
	_cleanup_free_ char *text = NULL;
	struct source_id id;
	size_t len;
	int r;

	r = source_read(dir_fd, file, name, TOTAL_BYTES_MAX - rd->total, &text, &len, &id,
	                reader_err(rd));
	if (r < 0)
		return r;
	rd->total += len;
	r = enter(rd, name, id, reader_err(rd));
	if (r < 0)
		return r;
	if (strlen(text) < len)
		r = note_nul(rd, text);
	if (r == 0)
		r = read_lines(rd, text);
	rd->depth--;
	return r;
}

/* The file @name beside @dir, if it is there. */
static char *find_beside(const char *dir, size_t dir_len, const char *name)
{
	char *path;

	if (asprintf(&path, "%.*s/%s", (int)dir_len, dir, name) < 0)
		return NULL;
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

/* Containers that LXC made include its shared files by the path they had then, and each
 * distribution once had files of its own beside the common ones: "debian.common.conf". What stands
 * for such a file here; NULL: it is no such file. */
static char *find_shared(const char *path)
{
	static const char shared[] = "/share/lxc/config", ours[] = RLXC_DATA_DIR "/config";
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strchr(name, '.');
	bool is_distribution =
		dot && (strcmp(dot, ".common.conf") == 0 || strcmp(dot, ".userns.conf") == 0);
	size_t len = slash ? (size_t)(slash - path) : 0;
	char *found = NULL;

	if (len < strlen(shared) || strncmp(slash - strlen(shared), shared, strlen(shared)) != 0)
		return NULL;
	if (is_distribution)
		found = find_beside(path, len, dot + 1);
	if (!found)
		found = find_beside(ours, strlen(ours), name);
	if (!found && is_distribution)
		found = find_beside(ours, strlen(ours), dot + 1);
	return found;
}

/* Trouble with the file itself is a mistake of the line that includes it. */
static int read_included(struct reader *rd, int dir_fd, const char *file, const char *name)
{
	_cleanup_free_ char *shared = NULL;
	int r;

	if (dir_fd == AT_FDCWD && access(file, F_OK) < 0 && errno == ENOENT)
		shared = find_shared(file);
	if (shared) {
		log_info("reading '%s' in place of '%s', which is not there", shared, name);
		file = name = shared;
	}
	r = read_source(rd, dir_fd, file, name);
	if (r == -ENOENT)
		err_hint(reader_err(rd), MISSING_HINT);
	if (r == -EISDIR)
		return 0; /* a directory named x.conf in an include directory */
	return r < 0 ? note(rd, rd->depth ? rd->frames[rd->depth - 1].value_at : 0, r) : 0;
}

static int read_directory(struct reader *rd, int dir_fd, const char *dir)
{
	_cleanup_(strv_done) struct strv files = {};
	const char *slash = str_ends_with(dir, "/") ? "" : "/";
	int r;

	r = source_list(dir_fd, &files);
	if (r < 0)
		return err_set(reader_err(rd), r, "cannot list directory '%s'", dir);
	for (size_t i = 0; i < files.n && r == 0; i++) {
		_cleanup_free_ char *name = NULL;

		if (asprintf(&name, "%s%s%s", dir, slash, files.items[i]) < 0) {
			name = NULL;
			return err_oom(reader_err(rd));
		}
		r = read_included(rd, dir_fd, files.items[i], name);
	}
	return r;
}

/* A file; or a directory, of which a missing one is fine when written with a slash at the end. */
static int read_include(struct reader *rd, const char *path)
{
	_cleanup_close_ int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd >= 0)
		return read_directory(rd, dir_fd, path);
	if (errno == ENOENT && str_ends_with(path, "/"))
		return 0;
	return read_included(rd, AT_FDCWD, path, path);
}

static int reader_finish(struct reader *rd, int r)
{
	char *saved;

	if (rd->keeps_text) {
		if (text_finish(&rd->saved, &saved) < 0)
			return err_oom(reader_err(rd));
		free(rd->conf->saved);
		rd->conf->saved = saved;
	}
	return rd->first ? rd->first : r;
}

static void keep_text(struct reader *rd)
{
	const char *saved = rd->conf->saved;

	rd->keeps_text = true;
	text_add(&rd->saved, saved ? saved : "");
}

static int read_top(struct reader *rd, struct conf *conf, const char *path, struct err *err)
{
	int r;

	rd->conf = conf;
	rd->err = err;
	if (!conf->file && conf_replace_text(&conf->file, path, err) < 0)
		return -ENOMEM;
	keep_text(rd);
	r = read_source(rd, AT_FDCWD, path, path);
	if (r == -ENOENT && !rd->first)
		err_hint(err, MISSING_HINT);
	if (r == -EISDIR) {
		(void)err_say(err, r, "the configuration '%s' is a directory", path);
		err_hint(err, "name a file");
	}
	return reader_finish(rd, r);
}

int conf_read_file(struct conf *conf, const char *path, struct err *err)
{
	struct reader rd = {};

	return read_top(&rd, conf, path, err);
}

int conf_read_file_tolerant(struct conf *conf, const char *path, struct err *first_err)
{
	struct reader rd = { .tolerant = true };

	return read_top(&rd, conf, path, first_err);
}

int conf_read_seen(struct conf *conf, const char *path,
                   void (*see)(void *arg, const struct conf_seen *seen), void *arg,
                   unsigned int *ret_wrong, struct err *err)
{
	struct reader rd = { .tolerant = true, .see = see, .see_arg = arg };
	int r = read_top(&rd, conf, path, err);

	*ret_wrong = rd.n_wrong;
	return r;
}

int conf_read_text(struct conf *conf, const char *name, const char *text, struct err *err)
{
	_cleanup_free_ struct reader *rd = calloc(1, sizeof(*rd));
	_cleanup_free_ char *copy = strdup(text);
	int r;

	if (!rd || !copy)
		return err_oom(err);
	rd->conf = conf;
	rd->err = err;
	rd->total = strlen(copy);
	if (rd->total > TOTAL_BYTES_MAX)
		return err_say(err, -EFBIG, "%s: more than %zu bytes", name, TOTAL_BYTES_MAX);
	keep_text(rd);
	rd->frames[rd->depth++] = (struct frame){ .name = name };
	r = read_lines(rd, copy);
	rd->depth--;
	return reader_finish(rd, r);
}

/* lxc.include through conf_set: as a file of its own. */
static int include_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	_cleanup_free_ struct reader *rd = calloc(1, sizeof(*rd));
	int r;

	if (!rd)
		return err_oom(err);
	rd->conf = slot->base;
	rd->err = err;
	r = read_include(rd, value);
	return rd->first ? rd->first : r;
}

static int include_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	(void)out;
	return err_say(err, -ENOSYS, "'%s' cannot be asked for, what it brought is in other keys",
	               slot->name);
}

static int include_clear(const struct conf_slot *slot, struct err *err)
{
	(void)slot;
	(void)err;
	return 0;
}

const struct conf_type conf_include = {
	.set = include_set,
	.get = include_get,
	.clear = include_clear,
};

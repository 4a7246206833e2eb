/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount/entry.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#define FSTAB_MAX (1024 * 1024)

/* ---- option words ---------------------------------------------------------------------------- */

static void word_nothing(struct mount_entry *entry, uint64_t arg)
{
	(void)entry;
	(void)arg;
}

static void word_set(struct mount_entry *entry, uint64_t attr)
{
	entry->attr_set |= attr;
	entry->attr_clear &= ~attr;
}

static void word_clear(struct mount_entry *entry, uint64_t attr)
{
	entry->attr_set &= ~attr;
	entry->attr_clear |= attr;
}

static void word_dev(struct mount_entry *entry, uint64_t attr)
{
	word_clear(entry, attr);
	entry->allow_dev = true;
}

static void word_nodev(struct mount_entry *entry, uint64_t attr)
{
	word_set(entry, attr);
	entry->allow_dev = false;
}

/* The time of access is one choice of three in a field of bits. See mount_setattr(2). */
static void word_atime(struct mount_entry *entry, uint64_t choice)
{
	entry->attr_set = (entry->attr_set & ~(uint64_t)MOUNT_ATTR__ATIME) | choice;
	entry->attr_clear |= MOUNT_ATTR__ATIME;
}

/* Back to the kernel's default, which is relatime, unless another choice than @choice was made. */
static void word_end_atime(struct mount_entry *entry, uint64_t choice)
{
	uint64_t now = entry->attr_set & MOUNT_ATTR__ATIME;

	if (now == 0 || now == choice)
		word_atime(entry, MOUNT_ATTR_RELATIME);
}

static void word_propagation(struct mount_entry *entry, uint64_t propagation)
{
	entry->propagation = propagation & ~(uint64_t)MS_REC;
	entry->propagation_recursive = propagation & MS_REC;
}

static void word_bind(struct mount_entry *entry, uint64_t recursive)
{
	entry->bind = true;
	entry->recursive |= recursive != 0;
}

static void word_create(struct mount_entry *entry, uint64_t dir)
{
	entry->create_dir = dir;
	entry->create_file = !dir;
}

static void word_flag(struct mount_entry *entry, uint64_t offset)
{
	*(bool *)((char *)entry + offset) = true;
}

#define FLAG(field) offsetof(struct mount_entry, field)

static const struct word {
	const char *name;
	void (*apply)(struct mount_entry *entry, uint64_t arg);
	uint64_t arg;
} words[] = {
	{ "async", word_nothing, 0 },
	{ "atime", word_end_atime, MOUNT_ATTR_NOATIME },
	{ "bind", word_bind, false },
	{ "create=dir", word_create, true },
	{ "create=file", word_create, false },
	{ "defaults", word_nothing, 0 },
	{ "dev", word_dev, MOUNT_ATTR_NODEV },
	{ "diratime", word_clear, MOUNT_ATTR_NODIRATIME },
	{ "exec", word_clear, MOUNT_ATTR_NOEXEC },
	{ "mand", word_nothing, 0 }, /* gone from the kernel in 5.15 */
	{ "move", word_flag, FLAG(move) },
	{ "noatime", word_atime, MOUNT_ATTR_NOATIME },
	{ "nodev", word_nodev, MOUNT_ATTR_NODEV },
	{ "nodiratime", word_set, MOUNT_ATTR_NODIRATIME },
	{ "noexec", word_set, MOUNT_ATTR_NOEXEC },
	{ "nomand", word_nothing, 0 },
	{ "norelatime", word_nothing, 0 }, /* the kernel's default is relatime again */
	{ "nostrictatime", word_end_atime, MOUNT_ATTR_STRICTATIME },
	{ "nosuid", word_set, MOUNT_ATTR_NOSUID },
	{ "nosymfollow", word_set, MOUNT_ATTR_NOSYMFOLLOW },
	{ "optional", word_flag, FLAG(optional) },
	{ "private", word_propagation, MS_PRIVATE },
	{ "rbind", word_bind, true },
	{ "relatime", word_atime, MOUNT_ATTR_RELATIME },
	{ "relative", word_flag, FLAG(relative) },
	{ "remount", word_nothing, 0 },
	{ "ro", word_set, MOUNT_ATTR_RDONLY },
	{ "rprivate", word_propagation, MS_PRIVATE | MS_REC },
	{ "rshared", word_propagation, MS_SHARED | MS_REC },
	{ "rslave", word_propagation, MS_SLAVE | MS_REC },
	{ "runbindable", word_propagation, MS_UNBINDABLE | MS_REC },
	{ "rw", word_clear, MOUNT_ATTR_RDONLY },
	{ "shared", word_propagation, MS_SHARED },
	{ "slave", word_propagation, MS_SLAVE },
	{ "strictatime", word_atime, MOUNT_ATTR_STRICTATIME },
	{ "suid", word_clear, MOUNT_ATTR_NOSUID },
	{ "unbindable", word_propagation, MS_UNBINDABLE },
};

static int compare_words(const void *name, const void *word)
{
	return strcmp(name, ((const struct word *)word)->name);
}

/* Concern a whole file system, hence nothing that a bind mount could change. */
static const char *const superblock_words[] = { "sync", "dirsync", "lazytime" };

static void drop_superblock_words(struct strv *data)
{
	for (size_t i = data->n; i-- > 0;)
		for (size_t k = 0; k < ARRAY_SIZE(superblock_words); k++)
			if (strcmp(data->items[i], superblock_words[k]) == 0) {
				strv_remove(data, i);
				break;
			}
}

static int set_idmap(struct mount_entry *entry, const char *value, struct err *err)
{
	if (!*value)
		return err_say(err, -EINVAL,
		               "option 'idmap=' takes 'container' or the path of a user namespace");
	free(entry->idmap);
	entry->idmap = strdup(value);
	return entry->idmap ? 0 : err_oom(err);
}

/* key="value" loses its quotes: they kept commas together and are no part of the value. */
static void strip_quotes(char *word)
{
	char *value = strchr(word, '=');
	size_t len;

	if (!value)
		return;
	value++;
	len = strlen(value);
	if (len < 2 || value[0] != '"' || value[len - 1] != '"')
		return;
	memmove(value, value + 1, len - 2);
	value[len - 2] = '\0';
}

/* @word is owned here. */
static int apply_word(struct mount_entry *entry, char *word, struct err *err)
{
	_cleanup_free_ char *owned = word;
	const struct word *known;

	known = bsearch(word, words, ARRAY_SIZE(words), sizeof(*words), compare_words);
	if (known) {
		known->apply(entry, known->arg);
		return 0;
	}
	if (str_starts_with(word, "idmap="))
		return set_idmap(entry, word + strlen("idmap="), err);
	if (str_starts_with(word, "create="))
		return err_say(err, -EINVAL,
		               "option '%s': only 'create=dir' and 'create=file' exist", word);
	strip_quotes(word);
	return strv_take(&entry->data, take_ptr(owned)) < 0 ? err_oom(err) : 0;
}

/* Bytes up to the next comma that separates words; -1: a quote is never closed. */
static ssize_t word_length(const char *s)
{
	size_t n = 0;
	bool quoted = false;

	for (; s[n]; n++) {
		if (s[n] == '\\' && s[n + 1])
			n++;
		else if (s[n] == '"' && (quoted || (n > 0 && s[n - 1] == '=')))
			quoted = !quoted;
		else if (s[n] == ',' && !quoted)
			break;
	}
	return quoted ? -1 : (ssize_t)n;
}

static int parse_options(struct mount_entry *entry, const char *text, struct err *err)
{
	while (*text) {
		ssize_t len = word_length(text);
		int r = 0;

		if (len < 0)
			return err_say(err, -EINVAL, "an unclosed quote in options '%s'", text);
		if (len > 0) {
			char *word = strndup(text, (size_t)len);

			r = word ? apply_word(entry, word, err) : err_oom(err);
		}
		if (r < 0)
			return r;
		text += len;
		if (*text)
			text++;
	}
	if (entry->bind || entry->move)
		drop_superblock_words(&entry->data);
	return 0;
}

int mount_options_parse(const char *text, struct mount_entry *ret_entry, struct err *err)
{
	_cleanup_(mount_entry_done) struct mount_entry entry = {};
	int r = parse_options(&entry, text, err);

	if (r < 0)
		return r;
	*ret_entry = entry;
	entry = (struct mount_entry){};
	return 0;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The escapes of getmntent(3); any other backslash is itself. */
static char decode_escape(const char *s, size_t *ret_len)
{
	static const struct {
		const char *escape;
		char c;
	} escapes[] = {
		{ "\\040", ' ' },  { "\\011", '\t' }, { "\\012", '\n' },
		{ "\\134", '\\' }, { "\\\\", '\\' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
		if (str_starts_with(s, escapes[i].escape)) {
			*ret_len = strlen(escapes[i].escape);
			return escapes[i].c;
		}
	*ret_len = 1;
	return *s;
}

/* The next field, decoded; "" when there is none. NULL: no memory. */
static char *take_field(const char **line)
{
	const char *s = *line + strspn(*line, " \t");
	const char *end = s + strcspn(s, " \t\n");
	char *field = malloc((size_t)(end - s) + 1), *out = field;

	if (!field)
		return NULL;
	*line = end;
	while (s < end) {
		size_t len;

		*out++ = decode_escape(s, &len);
		s += len;
	}
	*out = '\0';
	return field;
}

static int check_idmap(const struct mount_entry *entry, struct err *err)
{
	if (!entry->idmap)
		return 0;
	if (!entry->bind && strcmp(entry->type, "overlay") == 0)
		return 0; /* of its lower directories */
	if (!entry->bind)
		return err_say(err, -EINVAL, "option 'idmap=%s' needs 'bind' or 'rbind'",
		               entry->idmap);
	if (*entry->type && strcmp(entry->type, "none") != 0)
		return err_say(err, -EINVAL, "option 'idmap=%s' needs the type 'none', not '%s'",
		               entry->idmap, entry->type);
	if (entry->data.n)
		return err_say(
			err, -EINVAL,
			"option '%s' is for a file system and cannot stand beside 'idmap=%s'",
			entry->data.items[0], entry->idmap);
	return 0;
}

int mount_entry_parse(const char *line, struct mount_entry *ret_entry, struct err *err)
{
	_cleanup_(mount_entry_done) struct mount_entry entry = {};
	_cleanup_free_ char *options = NULL;
	const char *s = line + strspn(line, " \t"), *newline = strchr(line, '\n');
	int r;

	if (!*s || *s == '#' || (*s == '\n' && !s[1]))
		return 1;
	if (newline && newline[1])
		return err_say(err, -EINVAL, "a line break inside a mount line");
	entry.source = take_field(&s);
	entry.target = take_field(&s);
	entry.type = take_field(&s);
	options = take_field(&s);
	if (!entry.source || !entry.target || !entry.type || !options)
		return err_oom(err);
	if (!*entry.target) {
		err_say(err, -EINVAL, "mount of '%s' has no target", entry.source);
		err_hint(err, "write: SOURCE TARGET TYPE OPTIONS, such as "
		              "'/srv srv none bind,create=dir'");
		return -EINVAL;
	}
	r = parse_options(&entry, options, err);
	if (r == 0)
		r = check_idmap(&entry, err);
	if (r < 0)
		return r;
	*ret_entry = entry;
	entry = (struct mount_entry){};
	return 0;
}

void mount_entry_done(struct mount_entry *entry)
{
	free(entry->source);
	free(entry->target);
	free(entry->type);
	free(entry->idmap);
	free(entry->where);
	strv_done(&entry->data);
	*entry = (struct mount_entry){};
}

/* ---- places ---------------------------------------------------------------------------------- */

/* Past slashes and "." parts. */
static const char *next_part(const char *s)
{
	for (;;) {
		s += strspn(s, "/");
		if (s[0] != '.' || (s[1] && s[1] != '/'))
			return s;
		s++;
	}
}

/* What follows @root in @path, part by part: /a/bc is not below /a/b. NULL: not below. */
static const char *path_below(const char *path, const char *root)
{
	if (!root || *root != '/')
		return NULL;
	for (;;) {
		size_t len;

		path = next_part(path);
		root = next_part(root);
		if (!*root)
			return path;
		len = strcspn(root, "/");
		if (strncmp(path, root, len) != 0 || (path[len] && path[len] != '/'))
			return NULL;
		path += len;
		root += len;
	}
}

/* Writes @path without empty, "." and ".." parts to @out, which is as long. -EXDEV: leads out. */
static int flatten(const char *path, char *out)
{
	size_t n = 0;

	for (path = next_part(path); *path; path = next_part(path)) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.') {
			if (n == 0)
				return -EXDEV;
			while (n > 0 && out[n - 1] != '/')
				n--;
			n -= n > 0;
		} else {
			if (n)
				out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
		}
		path += len;
	}
	out[n] = '\0';
	return n ? 0 : -EINVAL;
}

int mount_entry_target(const struct mount_entry *entry, const char *rootfs_path,
                       const char *container_rootfs, char **ret_relative, struct err *err)
{
	_cleanup_free_ char *relative = NULL;
	const char *rest = entry->target;
	int r;

	if (*rest == '/' && rootfs_path && !entry->idmap) {
		rest = path_below(entry->target, container_rootfs);
		if (!rest)
			rest = path_below(entry->target, rootfs_path);
		if (!rest)
			return 1;
	}
	relative = malloc(strlen(rest) + 1);
	if (!relative)
		return err_oom(err);
	r = flatten(rest, relative);
	if (r == -EXDEV) {
		err_say(err, r, "mount target '%s' leads outside the container's root",
		        entry->target);
		err_hint(err, "write it as a path below the root file system, without '..'");
		return r;
	}
	if (r < 0)
		return err_say(err, r, "mount target '%s' is the container's root itself",
		               entry->target);
	*ret_relative = take_ptr(relative);
	return 0;
}

enum mount_source mount_entry_source(const struct mount_entry *entry)
{
	if (*entry->source == '/')
		return MOUNT_SOURCE_HOST;
	if (entry->relative)
		return MOUNT_SOURCE_CONTAINER;
	return entry->bind || entry->move ? MOUNT_SOURCE_CWD : MOUNT_SOURCE_WORD;
}

/* ---- lists ----------------------------------------------------------------------------------- */

int mount_entries_add(struct mount_entries *list, const char *line, const char *where,
                      struct err *err)
{
	_cleanup_(mount_entry_done) struct mount_entry entry = {};
	struct mount_entry *items;
	int r;

	r = mount_entry_parse(line, &entry, err);
	if (r < 0)
		return where ? err_wrap(err, r, "%s", where) : r;
	if (r == 1)
		return 0;
	items = reallocarray(list->items, list->n + 1, sizeof(*items));
	if (!items)
		return err_oom(err);
	list->items = items;
	entry.where = where ? strdup(where) : NULL;
	if (where && !entry.where)
		return err_oom(err);
	items[list->n++] = entry;
	entry = (struct mount_entry){};
	return 0;
}

static int add_fstab_line(struct mount_entries *list, const char *line, const char *path,
                          unsigned int number, struct err *err)
{
	_cleanup_(text_done) struct text text = {};
	_cleanup_free_ char *where = NULL;

	text_addf(&text, "%s:%u", path, number);
	if (text_finish(&text, &where) < 0)
		return err_oom(err);
	return mount_entries_add(list, line, where, err);
}

int mount_fstab_read(const char *path, struct mount_entries *list, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	char *rest;
	size_t len;
	int r;

	r = fd_read_file(AT_FDCWD, path, FSTAB_MAX, &text, &len);
	if (r < 0) {
		err_set(err, r, "cannot read mount table '%s'", path);
		err_hint(err, "lxc.mount.fstab names it: correct the path, or take the line out");
		return r;
	}
	if (strlen(text) != len)
		return err_say(err, -EINVAL, "mount table '%s' is no text, it holds a NUL byte",
		               path);
	rest = text;
	for (unsigned int number = 1; rest; number++) {
		char *line = strsep(&rest, "\n");

		r = add_fstab_line(list, line, path, number, err);
		if (r < 0)
			return r;
	}
	return 0;
}

void mount_entries_done(struct mount_entries *list)
{
	for (size_t i = 0; i < list->n; i++)
		mount_entry_done(&list->items[i]);
	free(list->items);
	*list = (struct mount_entries){};
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "os/path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* lxc.mount.auto: words of four classes; a word replaces the choice of its class alone. */

static const char *const auto_words[] = { "proc",
	                                  "proc:mixed",
	                                  "proc:rw",
	                                  "sys",
	                                  "sys:mixed",
	                                  "sys:ro",
	                                  "sys:rw",
	                                  "cgroup",
	                                  "cgroup:mixed",
	                                  "cgroup:ro",
	                                  "cgroup:rw",
	                                  "cgroup-full",
	                                  "cgroup-full:mixed",
	                                  "cgroup-full:ro",
	                                  "cgroup-full:rw",
	                                  "cgroup2",
	                                  "cgroup2:ro",
	                                  NULL };

static bool parse_proc(const char *word, struct conf_mount_auto *choice)
{
	if (strcmp(word, "proc") == 0 || strcmp(word, "proc:mixed") == 0)
		choice->proc = CONF_PROC_MIXED;
	else if (strcmp(word, "proc:rw") == 0)
		choice->proc = CONF_PROC_RW;
	else
		return false;
	return true;
}

static bool parse_sys(const char *word, struct conf_mount_auto *choice)
{
	if (strcmp(word, "sys") == 0 || strcmp(word, "sys:mixed") == 0)
		choice->sys = CONF_SYS_MIXED;
	else if (strcmp(word, "sys:ro") == 0)
		choice->sys = CONF_SYS_RO;
	else if (strcmp(word, "sys:rw") == 0)
		choice->sys = CONF_SYS_RW;
	else
		return false;
	return true;
}

/* Moves *@text behind @part when it stands there as a whole word of "a:b:c". */
static bool skip_part(const char **text, const char *part)
{
	size_t len = strlen(part);

	if (strncmp(*text, part, len) != 0 || ((*text)[len] && (*text)[len] != ':'))
		return false;
	*text += len;
	return true;
}

/* cgroup[-full][:mixed|:ro|:rw][:force], cgroup2[:ro][:force] */
static bool parse_cgroup(const char *word, struct conf_mount_auto *choice)
{
	struct conf_mount_auto new = *choice;

	new.cgroup2 = skip_part(&word, "cgroup2");
	new.cgroup_full = !new.cgroup2 &&skip_part(&word, "cgroup-full");
	if (!new.cgroup2 && !new.cgroup_full && !skip_part(&word, "cgroup"))
		return false;
	new.cgroup = new.cgroup2 ? CONF_CGROUP_RW : CONF_CGROUP_NOSPEC;
	if (skip_part(&word, ":ro"))
		new.cgroup = CONF_CGROUP_RO;
	else if (!new.cgroup2 && skip_part(&word, ":rw"))
		new.cgroup = CONF_CGROUP_RW;
	else if (!new.cgroup2 && skip_part(&word, ":mixed"))
		new.cgroup = CONF_CGROUP_MIXED;
	new.cgroup_force = skip_part(&word, ":force") || new.cgroup2;
	if (*word)
		return false;
	*choice = new;
	return true;
}

/* shmounts:HOST[:CONTAINER]. Owns new strings only when it returns 1. */
static int parse_shmounts(const char *word, struct conf_mount_auto *choice)
{
	_cleanup_free_ char *host = NULL, *inside = NULL;
	size_t len;

	if (!str_starts_with(word, "shmounts:"))
		return 0;
	word += strlen("shmounts:");
	len = strcspn(word, ":");
	if (len == 0 || (word[len] && word[len + 1] != '/'))
		return 0;
	host = strndup(word, len);
	inside = strdup(word[len] ? word + len + 1 : "/dev/.lxc-mounts");
	if (!host || !inside)
		return -ENOMEM;
	free(choice->shmounts_host);
	free(choice->shmounts_container);
	choice->shmounts_host = take_ptr(host);
	choice->shmounts_container = take_ptr(inside);
	return 1;
}

static void auto_done(struct conf_mount_auto *choice)
{
	free(choice->shmounts_host);
	free(choice->shmounts_container);
	*choice = (struct conf_mount_auto){};
}

static int copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

static void hint_auto(const struct conf_slot *slot, const char *word, struct err *err)
{
	const char *nearest = conf_nearest(word, auto_words);

	if (strcmp(word, "#") == 0)
		return;
	if (strchr(word, ','))
		err_hint(err, "blanks, not commas, stand between the words of '%s'", slot->name);
	else if (strcmp(word, "proc:ro") == 0)
		err_hint(err, "did you mean 'proc:mixed'? There /proc/sys is read-only");
	else if (str_starts_with(word, "shmounts"))
		err_hint(err, "write 'shmounts:HOST-DIRECTORY[:DIRECTORY-INSIDE]'");
	else if (str_starts_with(word, "cgroup2"))
		err_hint(err, "write 'cgroup2', which is writable, or 'cgroup2:ro'");
	else if (nearest)
		err_hint(err, "did you mean '%s'?", nearest);
}

static int auto_add(const struct conf_slot *slot, const char *word, struct conf_mount_auto *choice,
                    struct err *err)
{
	int r;

	if (parse_proc(word, choice) || parse_sys(word, choice) || parse_cgroup(word, choice))
		return 0;
	r = parse_shmounts(word, choice);
	if (r < 0)
		return err_oom(err);
	if (r > 0)
		return 0;
	(void)err_say(err, -EINVAL, "'%s' knows no '%s'", slot->name, SHOW(word));
	hint_auto(slot, word, err);
	return -EINVAL;
}

static int auto_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	struct conf_mount_auto *field = conf_field(slot);
	_cleanup_(auto_done) struct conf_mount_auto choice = *field;
	const char *word;
	size_t len;

	choice.shmounts_container = NULL;
	if (copy_text(field->shmounts_host, &choice.shmounts_host) < 0 ||
	    copy_text(field->shmounts_container, &choice.shmounts_container) < 0)
		return err_oom(err);
	while (conf_next_word(&value, &word, &len)) {
		_cleanup_free_ char *copy = strndup(word, len);
		int r;

		if (!copy)
			return err_oom(err);
		r = auto_add(slot, copy, &choice, err);
		if (r < 0)
			return r;
	}
	auto_done(field);
	*field = choice;
	choice = (struct conf_mount_auto){};
	return 0;
}

static const char *cgroup_word(const struct conf_mount_auto *choice)
{
	static const char *const plain[] = {
		[CONF_CGROUP_NOSPEC] = "cgroup",
		[CONF_CGROUP_MIXED] = "cgroup:mixed",
		[CONF_CGROUP_RO] = "cgroup:ro",
		[CONF_CGROUP_RW] = "cgroup:rw",
	};
	static const char *const full[] = {
		[CONF_CGROUP_NOSPEC] = "cgroup-full",
		[CONF_CGROUP_MIXED] = "cgroup-full:mixed",
		[CONF_CGROUP_RO] = "cgroup-full:ro",
		[CONF_CGROUP_RW] = "cgroup-full:rw",
	};

	if (choice->cgroup2)
		return NULL;
	return choice->cgroup_full ? full[choice->cgroup] : plain[choice->cgroup];
}

/* As LXC's getter: without :force, cgroup2 and shmounts. */
static int auto_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	static const char *const proc[] = { NULL, "proc:mixed", "proc:rw" };
	static const char *const sys[] = { NULL, "sys:mixed", "sys:ro", "sys:rw" };
	const struct conf_mount_auto *choice = conf_field(slot);
	const char *words[] = { proc[choice->proc], sys[choice->sys], cgroup_word(choice) };
	const char *separator = "";

	(void)err;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!words[i])
			continue;
		text_addf(out, "%s%s", separator, words[i]);
		separator = " ";
	}
	return 0;
}

static int auto_clear(const struct conf_slot *slot, struct err *err)
{
	(void)err;
	auto_done(conf_field(slot));
	return 0;
}

const struct conf_type conf_mount_auto = {
	.set = auto_set,
	.get = auto_get,
	.clear = auto_clear,
};

/* lxc.rootfs.path: [BACKEND:]PATH. A path that begins with a slash may hold a colon, and a value
 * without a backend forgets an earlier one; LXC does neither. */

static const char *const backends[] = { "dir",     "zfs",       "lvm",  "rbd", "btrfs",
	                                "overlay", "overlayfs", "loop", "nbd", NULL };

bool conf_is_backend(const char *name)
{
	for (size_t i = 0; backends[i]; i++)
		if (strcmp(name, backends[i]) == 0)
			return true;
	return false;
}

static int split_backend(const struct conf_slot *slot, const char *value, char **ret_backend,
                         char **ret_path, struct err *err)
{
	const char *colon = *value == '/' ? NULL : strchr(value, ':'), *nearest;
	_cleanup_free_ char *backend = NULL, *path = NULL;

	if (colon) {
		backend = strndup(value, (size_t)(colon - value));
		value = colon + 1;
	}
	path = strdup(value);
	if (!path || (colon && !backend))
		return err_oom(err);
	if (backend && !conf_is_backend(backend)) {
		(void)err_say(err, -EINVAL, "'%s': there is no storage backend '%s'", slot->name,
		              SHOW(backend));
		nearest = conf_nearest(backend, backends);
		if (nearest)
			err_hint(err, "write '%s = %s:%s'", slot->name, nearest, SHOW(value));
		return -EINVAL;
	}
	path_simplify(path);
	if (!*path)
		return err_say(err, -EINVAL, "'%s' names no path", slot->name);
	if (strlen(path) >= PATH_MAX)
		return err_say(err, -ENAMETOOLONG, "'%s' has %zu bytes, a path has at most %d",
		               slot->name, strlen(path), PATH_MAX - 1);
	*ret_backend = take_ptr(backend);
	*ret_path = take_ptr(path);
	return 0;
}

static int rootfs_clear(const struct conf_slot *slot, struct err *err)
{
	struct conf *conf = slot->base;

	(void)err;
	free(conf->rootfs_path);
	free(conf->rootfs_backend);
	conf->rootfs_path = NULL;
	conf->rootfs_backend = NULL;
	return 0;
}

static int rootfs_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	struct conf *conf = slot->base;
	char *backend, *path;
	int r;

	r = split_backend(slot, value, &backend, &path, err);
	if (r < 0)
		return r;
	(void)rootfs_clear(slot, err);
	conf->rootfs_backend = backend;
	conf->rootfs_path = path;
	return 0;
}

static int rootfs_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct conf *conf = slot->base;

	(void)err;
	text_add(out, conf->rootfs_path ? conf->rootfs_path : "");
	return 0;
}

const struct conf_type conf_rootfs = {
	.set = rootfs_set,
	.get = rootfs_get,
	.clear = rootfs_clear,
};

bool conf_has_option(const char *options, const char *option)
{
	size_t len = strlen(option);

	for (const char *s = options; *s; s += strspn(s, ",")) {
		if (strncmp(s, option, len) == 0 && (!s[len] || s[len] == ',' || s[len] == '='))
			return true;
		s += strcspn(s, ",");
	}
	return false;
}

/* Options that are about the target of a mount line mean nothing for the root. */
static int options_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	static const char *const misplaced[] = { "create", "optional", "relative" };

	for (size_t i = 0; i < ARRAY_SIZE(misplaced); i++)
		if (conf_has_option(value, misplaced[i]))
			return err_say(err, -EINVAL, "'%s' cannot have the option '%s'", slot->name,
			               misplaced[i]);
	return conf_replace_text(conf_field(slot), value, err);
}

const struct conf_type conf_rootfs_options = {
	.set = options_set,
	.get = conf_str_get,
	.clear = conf_str_clear,
};

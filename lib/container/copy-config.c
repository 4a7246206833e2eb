/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/copy-internal.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "conf/item.h"
#include "mount/entry.h"
#include "os/fd.h"
#include "os/overlay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The configuration is the source's own text, comments and includes with it; what names the
 * container or its directory is changed. What an included file says is not ours to change, but a
 * line at the end wins over it. */

/* Can a path begin behind this character of a configuration? */
static bool is_before_path(char c)
{
	return c == '\0' || strchr(" \t\n=:,\"'", c) != NULL;
}

int copy_move_paths(struct conf *conf, const char *from, const char *to, struct err *err)
{
	_cleanup_(text_done) struct text text = {};
	const char *rest = conf->saved ? conf->saved : "", *found, *start = rest;
	size_t len = strlen(from);
	char *moved;

	while ((found = strstr(rest, from))) {
		bool whole = found[len] == '/' && (found == start || is_before_path(found[-1]));

		text_add_len(&text, rest, (size_t)(found - rest));
		text_add(&text, whole ? to : from);
		rest = found + len;
	}
	text_add(&text, rest);
	if (text_finish(&text, &moved) < 0)
		return err_oom(err);
	free(conf->saved);
	conf->saved = moved;
	return 0;
}

/* One line in place of those there were. */
static int replace(struct conf *conf, const char *key, const char *value, struct err *err)
{
	int r = conf_save_clear(conf, key, err);

	return r < 0 ? r : conf_save_set(conf, key, value, err);
}

int copy_set_uts_name(struct conf *conf, const char *name, struct err *err)
{
	return replace(conf, "lxc.uts.name", name, err);
}

/* Two containers with one address disturb each other; digits that are drawn are filled in here. */
int copy_renew_hwaddrs(struct conf *conf, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < conf->nets.n && r == 0; i++) {
		char key[64];

		if (!conf->nets.items[i].hwaddr)
			continue;
		(void)snprintf(key, sizeof(key), "lxc.net.%u.hwaddr", conf->nets.items[i].index);
		r = replace(conf, key, "00:16:3e:xx:xx:xx", err);
	}
	return r;
}

static int set_rootfs(const struct copy *copy, struct err *err)
{
	_cleanup_free_ char *value = NULL;

	if (!copy->source.type)
		return 0;
	if (storage_format(&copy->c.storage, &value) < 0)
		return err_oom(err);
	return conf_save_set(copy->c.conf, "lxc.rootfs.path", value, err);
}

static int add_rootfs_option(struct conf *conf, const char *word, struct err *err)
{
	_cleanup_free_ char *value = NULL;
	const char *old = conf->rootfs_options;

	if (asprintf(&value, "%s%s%s", old ? old : "", old ? "," : "", word) < 0)
		return err_oom(err);
	return replace(conf, "lxc.rootfs.options", value, err);
}

/* Not that of a mount of the source's, which the copy has as well. */
static int choose_upper(struct copy *copy, struct text *line, struct err *err)
{
	static const char *const options[] = { "upperdir=", "workdir=" };

	if (copy->options->tmpfs) {
		text_add(line, "," OVERLAY_WORD_TMPFS);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		int r = strv_addf(&copy->uppers, "mounts/%zu/%.*s", copy->c.conf->mount_entries.n,
		                  (int)strlen(options[i]) - 1, options[i]);

		if (r < 0)
			return err_oom(err);
		text_addf(line, ",%s\"", options[i]);
		text_add_fstab(line, copy->c.path);
		text_addf(line, "/%s\"", copy->uppers.items[copy->uppers.n - 1]);
	}
	return 0;
}

static bool needs_upper(const struct mount_entry *entry)
{
	for (size_t i = 0; i < entry->data.n; i++)
		if (str_starts_with(entry->data.items[i], "upperdir="))
			return false;
	return !entry->bind && strcmp(entry->type, "overlay") == 0;
}

static int add_mount(struct copy *copy, const char *line, struct err *err)
{
	_cleanup_(mount_entry_done) struct mount_entry entry = {};
	_cleanup_(text_done) struct text text = {};
	int r = mount_entry_parse(line, &entry, err);

	text_add(&text, line);
	if (r == 0 && needs_upper(&entry))
		r = choose_upper(copy, &text, err);
	if (r == 0 && text.failed)
		r = err_oom(err);
	return r < 0 ? r : conf_save_set(copy->c.conf, "lxc.mount.entry", text.data, err);
}

static int add_ephemeral(struct copy *copy, struct err *err)
{
	const struct rlxc_copy_options *options = copy->options;
	int r = options->ephemeral ? replace(copy->c.conf, "lxc.ephemeral", "1", err) : 0;

	if (r == 0 && options->tmpfs)
		r = add_rootfs_option(copy->c.conf, OVERLAY_WORD_TMPFS, err);
	for (size_t i = 0; i < options->n_mounts && r == 0; i++)
		r = add_mount(copy, options->mounts[i], err);
	return r;
}

int copy_edit_config(struct copy *copy, struct err *err)
{
	struct conf *conf = copy->c.conf;
	int r;

	/* First the old path goes: the lower directories of an overlay stay where they are. */
	r = conf_save_clear(conf, "lxc.rootfs.path", err);
	if (r == 0)
		r = copy_move_paths(conf, copy->src_path, copy->c.path, err);
	if (r == 0)
		r = set_rootfs(copy, err);
	if (r == 0 && !copy->options->keep_name)
		r = copy_set_uts_name(conf, copy->new_name, err);
	if (r == 0 && !copy->options->keep_mac)
		r = copy_renew_hwaddrs(conf, err);
	return r < 0 ? r : add_ephemeral(copy, err);
}

int copy_write_config(int dir_fd, const char *path, const char *name, const struct conf *conf,
                      struct err *err)
{
	const char *text = conf->saved ? conf->saved : "";
	int r = fd_replace_at(dir_fd, name, 0640, text, strlen(text));

	return r < 0 ? err_set(err, r, "cannot write '%s/config'", path) : 0;
}

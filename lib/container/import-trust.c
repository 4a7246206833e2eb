/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/import-trust.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "conf/read.h"
#include "container/sysctl.h"
#include "mount/entry.h"
#include "os/path.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#ifndef RLXC_DATA_DIR
#define RLXC_DATA_DIR "/usr/share/lxc"
#endif

/* What an archive's author could have the host do, in the caller's name. The rest of a
 * configuration is about the container, which is confined by its ids. */

struct search {
	const char *path, *config; /* the container's directory; its configuration file */
	const char *key;           /* that is looked at */
	char *found;               /* owned */
	struct err *err;
	int r;
};

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/' && !strstr(path, "/..");
}

/* What is in the root file system may be links that lead out of it. */
static bool is_own(const struct search *search, const char *path)
{
	return is_below(path, search->path) && !strstr(path + strlen(search->path), "/rootfs");
}

static bool is_shared(const char *file)
{
	static const char *const dirs[] = { RLXC_DATA_DIR, "/usr/share/lxc",
		                            "/usr/local/share/lxc" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (is_below(file, dirs[i]))
			return true;
	return false;
}

static bool any_reaches(struct search *search, const char *value)
{
	(void)search;
	return *value;
}

static bool path_reaches(struct search *search, const char *value)
{
	(void)search;
	return *value && strcmp(value, "none") != 0;
}

static bool is_beside(const struct search *search, const char *path)
{
	return is_own(search, path) && path_last(path) == path + strlen(search->path) + 1;
}

/* What the container has written must not be read as anything else. */
static bool log_reaches(struct search *search, const char *value)
{
	return path_reaches(search, value) &&
	       !(is_beside(search, value) && str_ends_with(value, ".log"));
}

/* One that is not there yet somebody else could make. */
static bool include_reaches(struct search *search, const char *value)
{
	(void)search;
	return !is_shared(value);
}

static bool network_reaches(struct search *search, const char *value)
{
	(void)search;
	return strcmp(value, "none") == 0 || strcmp(value, "phys") == 0;
}

/* A name alone has the value that it has for the caller. */
static bool variable_reaches(struct search *search, const char *value)
{
	(void)search;
	return *value && !strchr(value, '=');
}

static bool switch_reaches(struct search *search, const char *value)
{
	(void)search;
	return *value && strcmp(value, "0") != 0;
}

static bool groups_reach(struct search *search, const char *value)
{
	(void)search;
	return strcmp(value, "keep") == 0;
}

static bool auto_reaches(struct search *search, const char *value)
{
	(void)search;
	return strstr(value, "shmounts:");
}

/* A file system without a path the kernel mounts with the container's rights; layers are opened
 * with the caller's. Paths of the host are none of the archive's business, not even those of the
 * container's directory: there the container could change its configuration. */
static bool mount_reaches(const struct mount_entry *entry)
{
	enum mount_source source = mount_entry_source(entry);

	return source == MOUNT_SOURCE_WORD ? strcmp(entry->type, "overlay") == 0
	                                   : source != MOUNT_SOURCE_CONTAINER;
}

static bool mounts_reach(struct mount_entries *entries)
{
	bool reaches = false;

	for (size_t i = 0; i < entries->n && !reaches; i++)
		reaches = mount_reaches(&entries->items[i]);
	mount_entries_done(entries);
	return reaches;
}

static bool entry_reaches(struct search *search, const char *value)
{
	struct mount_entries entries = {};

	search->r = mount_entries_add(&entries, value, NULL, search->err);
	return mounts_reach(&entries);
}

/* It comes with the other files, after the first look. One that is not there even then nobody makes
 * but the container's owner: not a log, which becomes NAME.log.1, nor what is in a layer. */
static bool fstab_reaches(struct search *search, const char *value)
{
	struct mount_entries entries = {};

	if (!*value)
		return false;
	if (!is_beside(search, value) || strstr(path_last(value), ".log"))
		return true;
	if (access(value, F_OK) < 0)
		return false;
	search->r = mount_fstab_read(value, &entries, search->err);
	return mounts_reach(&entries);
}

/* Others the host has, too; only ids of its own keep a container from them. */
static bool sysctl_reaches(struct search *search, const char *value)
{
	return *value && !sysctl_is_inside(search->key + strlen("lxc.sysctl."), UINT32_MAX);
}

static const struct {
	const char *key; /* pattern */
	bool (*reaches)(struct search *search, const char *value);
} keys[] = {
	{ "lxc.apparmor.raw", any_reaches },
	{ "lxc.console.logfile", log_reaches },
	{ "lxc.console.path", path_reaches },
	{ "lxc.environment", variable_reaches },
	{ "lxc.environment.hooks", any_reaches },
	{ "lxc.environment.runtime", variable_reaches },
	{ "lxc.hook.*", any_reaches },
	{ "lxc.include", include_reaches },
	{ "lxc.init.groups", groups_reach },
	{ "lxc.keyring.session", switch_reaches },
	{ "lxc.log.file", log_reaches },
	{ "lxc.mount.auto", auto_reaches },
	{ "lxc.mount.entry", entry_reaches },
	{ "lxc.mount.fstab", fstab_reaches },
	{ "lxc.namespace.clone", any_reaches },
	{ "lxc.namespace.keep", any_reaches },
	{ "lxc.namespace.share.*", any_reaches },
	{ "lxc.net.*.script.*", any_reaches },
	{ "lxc.net.*.type", network_reaches },
	{ "lxc.net.*.veth.ipv?.route", any_reaches },
	{ "lxc.seccomp.notify.proxy", any_reaches },
	{ "lxc.sysctl.*", sysctl_reaches },
};

static bool reaches(struct search *search, const char *key, const char *value)
{
	search->key = key;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (fnmatch(keys[i].key, key, 0) == 0)
			return keys[i].reaches(search, value);
	return false;
}

static void look(void *arg, const struct conf_seen *seen)
{
	struct search *search = arg;
	bool is_top = strcmp(seen->file, search->config) == 0;
	struct text text = {};

	if (search->found || search->r < 0 || !seen->key || is_shared(seen->file))
		return;
	if (is_top && !reaches(search, seen->key, seen->value ? seen->value : ""))
		return;
	text_add(&text, is_top ? "" : "lxc.include = ");
	text_add_printable(&text, is_top ? seen->key : seen->file);
	text_add(&text, is_top ? " = " : "");
	text_add_printable(&text, is_top ? seen->value : "");
	(void)text_finish(&text, &search->found);
}

int import_check_trust(const char *path, const char *archive, struct err *err)
{
	_cleanup_(conf_freep) struct conf *conf = conf_new();
	_cleanup_free_ char *config = path_join(path, "config");
	struct search search = { .path = path, .config = config, .err = err };
	_cleanup_free_ char *found = NULL;
	unsigned int n_wrong;
	int r;

	if (!conf || !config)
		return err_oom(err);
	r = conf_read_seen(conf, config, look, &search, &n_wrong, err);
	found = search.found;
	if (r == 0)
		r = search.r;
	if (r < 0 || !found)
		return r;
	err_say(err, -EPERM, "the configuration in '%s' acts on this host: '%.300s'", archive,
	        found);
	err_hint(err, "if you know who made the archive: --trust");
	return -EPERM;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys from before LXC 2.1, which LXC itself refuses since 3.0. A file that has them goes on
 * working: each is read as the key that took its place.
 *
 * Network devices had no number: "lxc.network.type" began one, the lines after it were about it.
 * Here a new one gets the number after the highest so far, so that both styles can be mixed. */

static const struct {
	char old[32];
	char today[32]; /* "": it has no successor */
	bool is_family; /* "old.x" is "today.x" */
} names[] = {
	{ "lxc.aa_allow_incomplete", "lxc.apparmor.allow_incomplete", false },
	{ "lxc.aa_profile", "lxc.apparmor.profile", false },
	{ "lxc.console", "lxc.console.path", false },
	{ "lxc.devttydir", "lxc.tty.dir", false },
	{ "lxc.haltsignal", "lxc.signal.halt", false },
	{ "lxc.id_map", "lxc.idmap", false },
	{ "lxc.init_cmd", "lxc.init.cmd", false },
	{ "lxc.init_gid", "lxc.init.gid", false },
	{ "lxc.init_uid", "lxc.init.uid", false },
	{ "lxc.kmsg", "", false },
	{ "lxc.limit", "lxc.prlimit", true },
	{ "lxc.logfile", "lxc.log.file", false },
	{ "lxc.loglevel", "lxc.log.level", false },
	{ "lxc.mount", "lxc.mount.fstab", false },
	{ "lxc.pivotdir", "", false },
	{ "lxc.pseudo", "lxc.pty.max", false },
	{ "lxc.pts", "lxc.pty.max", false },
	{ "lxc.rebootsignal", "lxc.signal.reboot", false },
	{ "lxc.rootfs", "lxc.rootfs.path", false },
	{ "lxc.se_context", "lxc.selinux.context", false },
	{ "lxc.seccomp", "lxc.seccomp.profile", false },
	{ "lxc.stopsignal", "lxc.signal.stop", false },
	{ "lxc.syslog", "lxc.log.syslog", false },
	{ "lxc.tty", "lxc.tty.max", false },
	{ "lxc.utsname", "lxc.uts.name", false },
};

static char *format_net(int64_t index, const char *sub)
{
	bool is_address = strcmp(sub, "ipv4") == 0 || strcmp(sub, "ipv6") == 0;
	char *name;

	if (asprintf(&name, "lxc.net.%lld.%s%s", (long long)index, sub,
	             is_address ? ".address" : "") < 0)
		return NULL;
	return name;
}

/* @sub: what follows "lxc.network.". */
static char *net_name(const char *sub, int64_t last_net)
{
	const char *rest;
	uint32_t index;
	char *name;

	if (conf_net_split(sub, &index, &rest) < 0)
		return format_net(
			strcmp(sub, "type") == 0 || last_net < 0 ? last_net + 1 : last_net, sub);
	if (*rest)
		return format_net(index, rest);
	return asprintf(&name, "lxc.net.%u", index) < 0 ? NULL : name;
}

enum conf_legacy conf_legacy_name(const char *key, int64_t last_net, char **ret_name)
{
	if (strcmp(key, "lxc.rootfs.backend") == 0)
		return CONF_LEGACY_MERGED;
	if (strcmp(key, "lxc.network") == 0) {
		*ret_name = strdup("lxc.net");
		return CONF_LEGACY_RENAMED;
	}
	if (str_starts_with(key, "lxc.network.")) {
		*ret_name = net_name(key + strlen("lxc.network."), last_net);
		return CONF_LEGACY_RENAMED;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i].old);

		if (strncmp(key, names[i].old, len) != 0 ||
		    (key[len] && (key[len] != '.' || !names[i].is_family)))
			continue;
		if (!*names[i].today)
			return CONF_LEGACY_REMOVED;
		if (asprintf(ret_name, "%s%s", names[i].today, key + len) < 0)
			*ret_name = NULL;
		return CONF_LEGACY_RENAMED;
	}
	return CONF_LEGACY_NONE;
}

static int64_t last_index(const struct conf_nets *nets)
{
	return nets->n ? (int64_t)nets->items[nets->n - 1].index : -1;
}

static int set_backend(struct conf *conf, const char *value, struct err *err)
{
	if (*value && !conf_is_backend(value))
		return err_say(err, -EINVAL,
		               "'lxc.rootfs.backend': there is no storage backend '%s'",
		               SHOW(value));
	if (*value)
		return conf_replace_text(&conf->rootfs_backend, value, err);
	free(conf->rootfs_backend);
	conf->rootfs_backend = NULL;
	return 0;
}

/* The backend had a line of its own, which now stands in front of the path. */
static int add_backend(const struct conf *conf, char **value, struct err *err)
{
	char *with_backend;

	if (!conf->rootfs_backend || **value != '/')
		return 0;
	if (asprintf(&with_backend, "%s:%s", conf->rootfs_backend, *value) < 0)
		return err_oom(err);
	free(*value);
	*value = with_backend;
	return 0;
}

static int check_net_order(const char *key, int64_t last_net, struct err *err)
{
	const char *sub = key + strlen("lxc.network."), *rest;
	uint32_t index;

	if (last_net >= 0 || !str_starts_with(key, "lxc.network.") || strcmp(sub, "type") == 0 ||
	    conf_net_split(sub, &index, &rest) == 0)
		return 0;
	(void)err_say(err, -EINVAL, "'%s' belongs to no device", key);
	err_hint(err, "put 'lxc.network.type' in front of the device's other lines");
	return -EINVAL;
}

int conf_legacy_translate(struct conf *conf, char **key, char **value, struct err *err)
{
	int64_t last_net = last_index(&conf->nets);
	enum conf_legacy legacy;
	char *today;
	int r = 0;

	legacy = conf_legacy_name(*key, last_net, &today);
	if (legacy == CONF_LEGACY_MERGED)
		r = set_backend(conf, *value, err);
	if (legacy != CONF_LEGACY_RENAMED)
		return r < 0 ? r : (int)legacy;
	if (!today)
		return err_oom(err);
	r = check_net_order(*key, last_net, err);
	if (strcmp(*key, "lxc.rootfs") == 0)
		r = add_backend(conf, value, err);
	free(*key);
	*key = today;
	return r < 0 ? r : (int)legacy;
}

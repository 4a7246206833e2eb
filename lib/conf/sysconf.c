/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/sysconf.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef RLXC_SYSCONFDIR
#define RLXC_SYSCONFDIR "/etc"
#endif
#ifndef RLXC_LOCALSTATEDIR
#define RLXC_LOCALSTATEDIR "/var"
#endif

#define FILE_BYTES_MAX ((size_t)1 << 20)

#define ROW(key_name, member, default_text)                                                        \
	{                                                                                          \
		.name = key_name, .field = offsetof(struct sysconf, member), .plain = default_text \
	}

static const struct row {
	const char *name;
	size_t field;
	const char *plain; /* default; of the first two it depends on the caller */
} rows[] = {
	ROW("lxc.lxcpath", lxcpath, NULL),
	ROW("lxc.default_config", default_config, NULL),
	ROW("lxc.bdev.lvm.vg", lvm_vg, "lxc"),
	ROW("lxc.bdev.lvm.thin_pool", lvm_thin_pool, "lxc"),
	ROW("lxc.bdev.zfs.root", zfs_root, "lxc"),
	ROW("lxc.bdev.rbd.rbdpool", rbd_pool, "lxc"),
	ROW("lxc.bdev.rbd.rbduser", rbd_user, NULL),
	ROW("lxc.cgroup.pattern", cgroup_pattern, NULL),
	ROW("lxc.cgroup.use", cgroup_use, NULL),
};

static char **row_field(const struct sysconf *conf, const struct row *row)
{
	return (char **)(void *)((char *)conf + row->field);
}

const char *sysconf_key(unsigned int i)
{
	return i < ARRAY_SIZE(rows) ? rows[i].name : NULL;
}

static const struct row *find_row(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strncmp(rows[i].name, name, len) == 0 && !rows[i].name[len])
			return &rows[i];
	return NULL;
}

int sysconf_get(const struct sysconf *conf, const char *key, const char **ret_value)
{
	const struct row *row = find_row(key, strlen(key));

	if (!row)
		return -EINVAL;
	*ret_value = *row_field(conf, row);
	return 0;
}

void sysconf_done(struct sysconf *conf)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		free(*row_field(conf, &rows[i]));
	*conf = (struct sysconf){};
}

/* "KEY = VALUE". The value runs to the end of the line, blanks there included; the first line of
 * a key counts. What does not fit is ignored. */
static int take_line(struct sysconf *conf, const char *line, size_t len)
{
	const char *end = line + len, *name, *value;
	const struct row *row;
	char **field;

	if (*line == '#')
		return 0;
	name = line + strspn(line, " \t");
	value = name + strcspn(name, " \t=\n");
	row = find_row(name, (size_t)(value - name));
	value += strspn(value, " \t");
	if (!row || *value != '=')
		return 0;
	value++;
	value += strspn(value, " \t");
	field = row_field(conf, row);
	if (*field)
		return 0;
	*field = strndup(value, (size_t)(end - value));
	return *field ? 0 : -ENOMEM;
}

static int take_text(struct sysconf *conf, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		int r = take_line(conf, text, len);

		if (r < 0)
			return r;
		text += len + (text[len] == '\n');
	}
	return 0;
}

static void strip_slashes(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
}

/* An empty value of the two paths that everything else builds on counts as none. */
static int default_path(char **field, const char *home, bool is_root, const char *of_root,
                        const char *of_user)
{
	int r;

	if (*field && **field)
		return 0;
	free(*field);
	*field = NULL;
	if (is_root)
		r = asprintf(field, "%s", of_root);
	else
		r = asprintf(field, "%s/%s", strcmp(home, "/") == 0 ? "" : home, of_user);
	if (r < 0)
		*field = NULL;
	return r < 0 ? -ENOMEM : 0;
}

static int take_defaults(struct sysconf *conf, const char *home, bool is_root)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char **field = row_field(conf, &rows[i]);

		if (*field || !rows[i].plain)
			continue;
		*field = strdup(rows[i].plain);
		if (!*field)
			return -ENOMEM;
	}
	if (default_path(&conf->lxcpath, home, is_root, RLXC_LOCALSTATEDIR "/lib/lxc",
	                 ".local/share/lxc") < 0 ||
	    default_path(&conf->default_config, home, is_root, RLXC_SYSCONFDIR "/lxc/default.conf",
	                 ".config/lxc/default.conf") < 0)
		return -ENOMEM;
	strip_slashes(conf->lxcpath);
	return 0;
}

int sysconf_load(struct sysconf *ret_conf, const char *home, bool is_root, struct err *err)
{
	_cleanup_(sysconf_done) struct sysconf conf = {};
	_cleanup_free_ char *path = NULL, *text = NULL;
	int r;

	if (!home || !*home)
		home = "/";
	if (default_path(&path, home, is_root, RLXC_SYSCONFDIR "/lxc/lxc.conf",
	                 ".config/lxc/lxc.conf") < 0)
		return err_oom(err);
	r = fd_read_file(AT_FDCWD, path, FILE_BYTES_MAX, &text, NULL);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return err_set(err, r, "cannot read the system configuration '%s'", path);
	if (text)
		r = take_text(&conf, text);
	if (r == -ENOMEM || take_defaults(&conf, home, is_root) < 0)
		return err_oom(err);
	*ret_conf = conf;
	conf = (struct sysconf){};
	return 0;
}

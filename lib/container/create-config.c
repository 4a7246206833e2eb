/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/create-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "conf/read.h"
#include "container/ids.h"
#include "host/subid.h"
#include "idmap/idmap.h"
#include "net/links.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef RLXC_DATA_DIR
#define RLXC_DATA_DIR "/usr/share/lxc"
#endif

#define CONFIG_MAX (4 * 1024 * 1024)
#define DRAWS_MAX 64

static int use_default_text(struct creation *c, struct err *err)
{
	c->config_text = strdup(template_base_config);
	if (!c->config_text)
		return err_oom(err);
	return conf_read_text(c->conf, "built-in configuration", c->config_text, err);
}

/* Hardware addresses are drawn at random while it is read, and stay with the container: not those
 * that another one has. */
static int read_drawing(struct creation *c, const char *path, struct err *err)
{
	bool is_used = true;

	for (int i = 0; i < DRAWS_MAX && is_used; i++) {
		int r;

		(void)conf_free(c->conf);
		c->conf = conf_new();
		r = c->conf ? conf_read_file(c->conf, path, err) : err_oom(err);
		if (r < 0)
			return err_wrap(err, r, "cannot use the initial configuration");
		is_used = net_has_used_address(&c->conf->nets);
	}
	if (is_used)
		log_warn("the address of lxc.net.N.hwaddr in '%s' is in use on this host, "
		         "continuing with it",
		         path);
	free(c->config_text);
	c->config_text = take_ptr(c->conf->saved);
	return 0;
}

int create_read_config(struct creation *c, struct err *err)
{
	const char *path =
		c->options->config ? c->options->config : c->store->sysconf.default_config;
	int r;

	c->conf = conf_new();
	if (!c->conf)
		return err_oom(err);
	r = fd_read_file(AT_FDCWD, path, CONFIG_MAX, &c->config_text, NULL);
	if (r == -ENOENT && !c->options->config)
		return use_default_text(c, err);
	if (r < 0) {
		err_set(err, r, "cannot read the initial configuration '%s'", path);
		err_hint(err, "%s",
		         c->options->config ? "-f names it; without -f default.conf is used"
		                            : "-f names another one");
		return r;
	}
	return read_drawing(c, path, err);
}

/* ---- ids ---- */

static int check_given_idmap(const struct creation *c, struct err *err)
{
	_cleanup_(subid_done) struct subids uids = {}, gids = {};
	int r;

	r = subid_load(&c->store->caller, IDMAP_UID, &uids, err);
	if (r == 0)
		r = subid_load(&c->store->caller, IDMAP_GID, &gids, err);
	if (r == 0)
		r = idmap_check(&c->conf->idmaps, &c->store->caller, &uids, &gids, err);
	return r;
}

static void warn_single(const struct caller *caller)
{
	struct err advice = {};

	subid_hint_none(caller, &advice);
	log_warn("user '%s' has no subordinate ids (/etc/subuid, /etc/subgid): inside there will "
	         "be root alone, continuing with that (for more, %s)",
	         caller->name, advice.hint);
}

int create_choose_idmap(struct creation *c, struct err *err)
{
	const struct caller *caller = &c->store->caller;
	bool single = false;
	int r;

	if (c->conf->idmaps.n) {
		r = check_given_idmap(c, err);
		if (r == 0 && mark_copy_idmaps(&c->conf->idmaps, &c->mark.idmaps) < 0)
			r = err_oom(err);
	} else if (!caller->is_root) {
		r = ids_take(c->store, c->options->name, &c->mark.idmaps, &single, err);
		if (r == 0 && single)
			warn_single(caller);
	} else {
		r = 0;
	}
	if (r < 0)
		return r;
	c->run.mapped = c->mark.idmaps.n > 0;
	return mark_write(c->dir_fd, &c->mark, err);
}

/* ---- text ---- */

/* Adds the text, line by line, without lines that set @keys; a last newline is supplied. */
static void add_without(struct text *text, const char *config, const char *const *keys)
{
	while (*config) {
		size_t len = strcspn(config, "\n"), key_len = strcspn(config, " \t=\n");
		bool drop = false;

		for (size_t i = 0; keys[i]; i++)
			drop |= strlen(keys[i]) == key_len &&
			        strncmp(config, keys[i], key_len) == 0;
		if (!drop) {
			text_add_len(text, config, len);
			text_add(text, "\n");
		}
		config += len + (config[len] == '\n');
	}
}

static int write_text(const struct creation *c, const char *content, struct err *err)
{
	int r = fd_replace_at(c->dir_fd, "config", 0640, content, strlen(content));

	return r < 0 ? err_set(err, r, "cannot write '%s/config'", c->path) : 0;
}

int create_write_config(struct creation *c, struct err *err)
{
	static const char *const with_rootfs[] = { "lxc.rootfs.path", "lxc.rootfs", "lxc.uts.name",
		                                   "lxc.utsname", NULL };
	static const char *const without_rootfs[] = { "lxc.uts.name", "lxc.utsname", NULL };
	_cleanup_free_ char *content = NULL, *rootfs = NULL;
	struct text text = {};
	char line[MARK_IDMAP_MAX];

	add_without(&text, c->config_text, c->rootfs_path ? with_rootfs : without_rootfs);
	for (size_t i = 0; !c->conf->idmaps.n && i < c->mark.idmaps.n; i++) {
		mark_format_idmap(&c->mark.idmaps.items[i], line);
		text_addf(&text, "lxc.idmap = %s\n", line);
	}
	if (c->rootfs_path && storage_format(&c->storage, &rootfs) < 0)
		text.failed = true;
	else if (c->rootfs_path)
		text_addf(&text, "lxc.rootfs.path = %s\n", rootfs);
	text_addf(&text, "lxc.uts.name = %s\n", c->options->name);
	if (text_finish(&text, &content) < 0)
		return err_oom(err);
	return write_text(c, content, err);
}

/* LXC's own header in our words: from what the container was made, and where to look. */
static void add_header(struct text *text, const struct creation *c)
{
	bool program = c->template == &template_external;

	text_add(text, "# Template: ");
	text_add_printable(text, program ? (const char *)c->run.data : c->template->name);
	text_add(text,
	         program ? "\n# Template parameters:" : " (built in)\n# Template parameters:");
	for (char *const *word = c->run.words; word && *word; word++) {
		text_add(text, " ");
		text_add_printable(text, *word);
	}
	text_add(text, "\n# All keys are explained in lxc.container.conf(5).\n"
	               "# Containers inside this one need the next line, at the price of weaker "
	               "confinement:\n"
	               "#lxc.include = " RLXC_DATA_DIR "/config/nesting.conf\n\n");
}

/* The configuration as the template has left it. It had the right to write there, so what is read
 * must be a plain file. */
static int read_back(const struct creation *c, char **ret_config, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	fd = openat(c->dir_fd, "config", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "cannot read '%s/config' after the template", c->path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_say(err, -EINVAL, "'%s/config' is not a file after the template",
		               c->path);
	r = fd_read_all(fd, CONFIG_MAX, ret_config, NULL);
	return r < 0 ? err_set(err, r, "cannot read '%s/config' after the template", c->path) : 0;
}

int create_finish_config(struct creation *c, struct err *err)
{
	_cleanup_free_ char *before = NULL, *after = NULL, *content = NULL;
	_cleanup_(conf_freep) struct conf *check = NULL;
	struct text text = {};
	int r;

	r = read_back(c, &before, err);
	if (r == 0 && c->template->configure)
		r = c->template->configure(&c->run, before, &after, err);
	if (r < 0)
		return r;
	add_header(&text, c);
	text_add(&text, after ? after : before);
	if (text_finish(&text, &content) < 0)
		return err_oom(err);
	r = write_text(c, content, err);
	if (r < 0)
		return r;
	r = store_load_conf(c->store, c->options->name, NULL, /* tolerate= */ false, &check, err);
	return r < 0 ? err_wrap(err, r, "the new container's configuration is not usable") : 0;
}

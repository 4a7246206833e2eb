/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/hooks.h"

#include "base/cleanup.h"
#include "conf/source.h"
#include "container/environment.h"
#include "container/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const moments[CONF_HOOK_MAX] = {
	[CONF_HOOK_PRE_START] = "pre-start",
	[CONF_HOOK_PRE_MOUNT] = "pre-mount",
	[CONF_HOOK_MOUNT] = "mount",
	[CONF_HOOK_AUTODEV] = "autodev",
	[CONF_HOOK_START_HOST] = "start-host",
	[CONF_HOOK_START] = "start",
	[CONF_HOOK_STOP] = "stop",
	[CONF_HOOK_POST_STOP] = "post-stop",
	[CONF_HOOK_CLONE] = "clone",
	[CONF_HOOK_DESTROY] = "destroy",
};

int hooks_run(const struct hooks *hooks, struct err *err)
{
	const struct strv *commands = &hooks->conf->hooks[hooks->moment];
	struct hook hook = { .conf = hooks->conf,
		             .name = hooks->name,
		             .section = "lxc",
		             .type = moments[hooks->moment],
		             .extra = hooks->extra,
		             .variables = hooks->variables,
		             .environment = hooks->environment,
		             .timeout_ms = hooks->timeout_ms,
		             .confine = hooks->confine,
		             .arg = hooks->arg };
	int r = 0;

	for (size_t i = 0; i < commands->n && r == 0; i++) {
		hook.command = commands->items[i];
		r = hook_run(&hook, err);
	}
	return r;
}

/* ---- files of root ---- */

/* Where the sticky bit is set, only the owner can put another file in a file's place. */
static bool is_roots(struct stat st)
{
	if (S_ISDIR(st.st_mode) && st.st_mode & S_ISVTX)
		st.st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	return source_is_roots(&st);
}

/* Everything on the way to @path, which is cut short and restored on the way. */
static int check_path(char *path, struct err *err)
{
	for (char *end = path + strlen(path); end > path; end = strrchr(path, '/')) {
		struct stat st;

		*end = '\0';
		if (stat(path, &st) < 0)
			return errno == ENOENT ? 0 : err_set(err, -errno, "hook '%s'", path);
		if (is_roots(st))
			continue;
		err_say(err, -EPERM,
		        "'%s' is on the way to a hook and can be changed by others than root "
		        "(owner %u, mode %04o)",
		        path, st.st_uid, (unsigned int)(st.st_mode & 07777));
		err_hint(err, "what root runs must be root's: chown root:root and chmod go-w");
		return -EPERM;
	}
	return 0;
}

static int check_command(const char *command, struct err *err)
{
	_cleanup_free_ char *path = NULL, *real = NULL;

	command += strspn(command, " \t");
	if (*command != '/')
		return 0; /* shell text: found by PATH, or a command of the shell's own */
	path = strndup(command, strcspn(command, " \t;|&<>()$`'\"\\"));
	if (!path)
		return err_oom(err);
	real = realpath(path, NULL);
	return real ? check_path(real, err) : 0; /* one that is not there says so when it runs */
}

int hooks_check(const struct conf *conf, struct err *err)
{
	int r = 0;

	for (int moment = 0; moment < CONF_HOOK_MAX && geteuid() == 0; moment++) {
		const struct strv *commands = &conf->hooks[moment];

		if (moment == CONF_HOOK_START)
			continue;
		for (size_t i = 0; i < commands->n && r == 0; i++)
			r = check_command(commands->items[i], err);
	}
	return r;
}

/* ---- variables ---- */

const char *hooks_rootfs_mount(const struct conf *conf)
{
	static const char ours[] = RLXC_LIBEXEC_DIR "/rootfs";

	if (conf->rootfs_mount)
		return conf->rootfs_mount;
	return access(ours, X_OK) == 0 ? ours : NULL;
}

static int set_all(struct strv *env, const struct strv *lines)
{
	int r = 0;

	for (size_t i = 0; i < lines->n && r == 0; i++)
		r = environment_set(env, lines->items[i]);
	return r;
}

int hooks_environment(const struct conf *conf, bool inside, struct strv *ret_env)
{
	int r = 0;

	if (inside)
		r = strv_add(ret_env, "PATH=" ENVIRONMENT_PATH);
	for (char **line = environ; !inside && *line && r == 0; line++)
		r = strv_add(ret_env, *line);
	if (r == 0)
		r = set_all(ret_env, &conf->environment);
	return r < 0 ? r : set_all(ret_env, &conf->environment_hooks);
}

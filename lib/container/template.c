/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/template.h"

#include "base/cleanup.h"
#include "container/create.h"
#include "os/proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef RLXC_TEMPLATE_DIR
#define RLXC_TEMPLATE_DIR "/usr/share/lxc/templates"
#endif

const char template_base_config[] =
	"lxc.tty.max = 4\n"
	"lxc.pty.max = 1024\n"
	"lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed\n"
	/* What belongs to the whole machine. In a user namespace these allow nothing, but an init
         * that has them tries: systemd fails to mount debugfs then and is "degraded". */
	"lxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio\n";

static const struct template template_none = {
	.name = "none",
	.purpose = "a configuration only, for a root file system that is there already",
	.help = "It has no options. The root file system is the one that the initial\n"
		"configuration names in lxc.rootfs.path.\n",
};

/* Sorted by name. */
static const struct template *const templates[] = {
	&template_busybox,
	&template_image,
	&template_local,
	&template_none,
};

const struct template *template_get(size_t i)
{
	return i < ARRAY_SIZE(templates) ? templates[i] : NULL;
}

static int say_unknown(const char *name, const char *path, struct err *err)
{
	_cleanup_free_ char *of_lxc = NULL;

	err_say(err, -ENOENT, "no template '%s': it is not built in, and there is no '%s'", name,
	        path);
	if (asprintf(&of_lxc, "/usr/share/lxc/templates/lxc-%s", name) < 0)
		of_lxc = NULL;
	else if (access(of_lxc, X_OK) == 0)
		err_hint(err, "LXC's own may be named by its path: -t %s", of_lxc);
	err_hint(err, "built in are busybox, image, local and none");
	return -ENOENT;
}

static int find_program(const char *name, const struct template **ret_template, char **ret_path,
                        struct err *err)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;
	int r;

	if (*name == '/')
		r = asprintf(&path, "%s", name);
	else if (!*name || strchr(name, '/'))
		return err_say(err, -EINVAL, "template '%s' is neither a name nor an absolute path",
		               name);
	else
		r = asprintf(&path, "%s/lxc-%s", RLXC_TEMPLATE_DIR, name);
	if (r < 0)
		return err_oom(err);
	if (stat(path, &st) < 0)
		return errno == ENOENT ? say_unknown(name, path, err)
		                       : err_set(err, -errno, "cannot use template '%s'", path);
	if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0) {
		err_say(err, -EACCES, "template '%s' is not an executable file", path);
		err_hint(err,
		         S_ISREG(st.st_mode) ? "as its owner: chmod +x '%s'"
		                             : "'%s' must be a program",
		         path);
		return -EACCES;
	}
	*ret_template = &template_external;
	*ret_path = take_ptr(path);
	return 0;
}

int template_find(const char *name, const struct template **ret_template, char **ret_path,
                  struct err *err)
{
	if (!name) {
		err_say(err, -EINVAL, "no template is given");
		err_hint(err,
		         "lxc-create -t busybox NAME; built in are busybox, image, local and none");
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		if (strcmp(templates[i]->name, name) == 0) {
			*ret_template = templates[i];
			*ret_path = NULL;
			return 0;
		}
	}
	return find_program(name, ret_template, ret_path, err);
}

/* ---- words ---- */

/* Is @word the long form of the option, maybe with "=VALUE"? */
static bool is_long(const char *word, const char *name, const char **ret_value)
{
	size_t len = strlen(name);

	if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, len) != 0)
		return false;
	if (word[2 + len] == '=')
		*ret_value = word + 2 + len + 1;
	return word[2 + len] == '=' || word[2 + len] == '\0';
}

/* The option that @word is; *@ret_value: the value it carries, untouched without one. */
static const struct template_option *find_option(const char *word,
                                                 const struct template_option *options,
                                                 size_t n_options, const char **ret_value)
{
	for (size_t i = 0; i < n_options; i++) {
		const struct template_option *option = &options[i];

		if (is_long(word, option->name, ret_value))
			return option;
		if (!option->letter || word[0] != '-' || word[1] != option->letter)
			continue;
		if (word[2])
			*ret_value = word + 2;
		return option;
	}
	return NULL;
}

int template_parse(const char *template_name, char *const *words,
                   const struct template_option *options, size_t n_options, struct err *err)
{
	for (char *const *word = words; word && *word; word++) {
		const struct template_option *option;
		const char *value = NULL;

		option = find_option(*word, options, n_options, &value);
		if (!option) {
			err_say(err, -EINVAL, "template '%s' has no option '%s'", template_name,
			        *word);
			err_hint(err, "lxc-create -t %s -h lists its options", template_name);
			return -EINVAL;
		}
		if (option->ret_flag && value)
			return err_say(err, -EINVAL,
			               "option '--%s' of template '%s' takes no value",
			               option->name, template_name);
		if (option->ret_flag) {
			*option->ret_flag = true;
			continue;
		}
		if (!value)
			value = *++word;
		if (!value || !*value)
			return err_say(err, -EINVAL, "option '--%s' of template '%s' needs a value",
			               option->name, template_name);
		*option->ret_value = value;
	}
	return 0;
}

/* ---- help ---- */

static int exec_help(void *arg, struct err *err)
{
	char *path = arg;
	char *argv[] = { path, (char *)"-h", NULL };

	(void)execv(path, argv);
	return err_set(err, -errno, "cannot run template '%s'", path);
}

int container_template_help(const struct store *store, const char *template_name, struct err *err)
{
	_cleanup_free_ char *path = NULL;
	const struct template *template;
	int r;

	(void)store;
	r = template_find(template_name, &template, &path, err);
	if (r < 0)
		return r;
	if (path) {
		(void)fflush(stdout);
		r = proc_run_child(exec_help, path, err);
		return r < 0 ? r : 0; /* many templates end their help with a failure */
	}
	(void)printf("Template %s: %s.\n", template->name, template->purpose);
	if (template->help)
		(void)printf("\n%s", template->help);
	(void)fflush(stdout);
	return 0;
}

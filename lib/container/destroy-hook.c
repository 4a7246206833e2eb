/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/destroy-hook.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OUTPUT_MAX 4096

struct hook {
	const struct conf *conf;
	const char *name;
	const char *command;
	int output_fd;
};

/* Variables whose value is not set are not exported. */
static int set_variable(const char *name, const char *value)
{
	return value && setenv(name, value, /* overwrite= */ 1) < 0 ? -errno : 0;
}

static int set_environment(const struct hook *hook)
{
	const struct conf *conf = hook->conf;
	const struct {
		const char *name, *value;
	} variables[] = {
		{ "LXC_NAME", hook->name },
		{ "LXC_CONFIG_FILE", conf->file },
		{ "LXC_ROOTFS_MOUNT", conf->rootfs_mount },
		{ "LXC_ROOTFS_PATH", conf->rootfs_path },
		{ "LXC_CONSOLE", conf->console_path },
		{ "LXC_CONSOLE_LOGPATH", conf->console_logfile },
		{ "LXC_HOOK_VERSION", conf->hook_version ? "1" : "0" },
		{ "LXC_HOOK_TYPE", conf->hook_version ? "destroy" : NULL },
		{ "LXC_HOOK_SECTION", conf->hook_version ? "lxc" : NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		if (set_variable(variables[i].name, variables[i].value) < 0)
			return -ENOMEM;
	return 0;
}

static int exec_hook(void *arg, struct err *err)
{
	const struct hook *hook = arg;
	_cleanup_free_ char *line = NULL;
	char *argv[] = { (char *)"sh", (char *)"-c", NULL, NULL };
	int r;

	/* A name holds nothing that a shell treats specially, see store_check_name. */
	if (hook->conf->hook_version)
		r = asprintf(&line, "exec %s", hook->command);
	else
		r = asprintf(&line, "exec %s '%s' 'lxc' 'destroy'", hook->command, hook->name);
	if (r < 0 || set_environment(hook) < 0)
		return err_oom(err);
	argv[2] = line;
	if (dup2(hook->output_fd, STDOUT_FILENO) < 0 || dup2(hook->output_fd, STDERR_FILENO) < 0)
		return err_set(err, -errno, "cannot prepare for the hook");
	(void)execv("/bin/sh", argv);
	return err_set(err, -errno, "cannot run '/bin/sh'");
}

static void log_output(int fd)
{
	char text[OUTPUT_MAX], *save = NULL;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		log_debug("hook destroy: %s", line);
}

static int run_hook(struct hook *hook, struct err *err)
{
	_cleanup_close_ int output_fd = memfd_create("output", MFD_CLOEXEC);
	int r;

	if (output_fd < 0)
		return err_set(err, -errno, "cannot make a file in memory");
	hook->output_fd = output_fd;
	r = proc_run_child(exec_hook, hook, err);
	log_output(output_fd);
	if (r < 0)
		return err_wrap(err, r, "hook '%s'", hook->command);
	if (r > 0)
		return err_say(err, -ECANCELED,
		               "nothing is removed: destroy hook '%s' failed with exit status %d",
		               hook->command, r);
	return 0;
}

int destroy_run_hooks(const struct conf *conf, const char *name, struct err *err)
{
	const struct strv *commands = &conf->hooks[CONF_HOOK_DESTROY];
	struct hook hook = { .conf = conf, .name = name };

	for (size_t i = 0; i < commands->n; i++) {
		int r;

		hook.command = commands->items[i];
		r = run_hook(&hook, err);
		if (r < 0)
			return r;
	}
	return 0;
}

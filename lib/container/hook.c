/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/hook.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OUTPUT_MAX 4096

struct hook_run {
	const struct hook *hook;
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
	const bool has_cgroupns = access("/proc/self/ns/cgroup", F_OK) == 0;
	const int level = conf->log_level;
	const struct {
		const char *name, *value;
	} variables[] = {
		{ "LXC_NAME", hook->name },
		{ "LXC_CONFIG_FILE", conf->file },
		{ "LXC_ROOTFS_MOUNT", conf->rootfs_mount },
		{ "LXC_ROOTFS_PATH", conf->rootfs_path },
		{ "LXC_CONSOLE", conf->console_path },
		{ "LXC_CONSOLE_LOGPATH", conf->console_logfile },
		{ "LXC_CGNS_AWARE", has_cgroupns ? "1" : NULL },
		{ "LXC_LOG_LEVEL", level < 0 ? NULL : log_level_name((enum log_level)level) },
		{ "LXC_HOOK_VERSION", conf->hook_version ? "1" : "0" },
		{ "LXC_HOOK_TYPE", conf->hook_version ? hook->type : NULL },
		{ "LXC_HOOK_SECTION", conf->hook_version ? hook->section : NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		if (set_variable(variables[i].name, variables[i].value) < 0)
			return -ENOMEM;
	for (size_t i = 0; hook->variables && i < hook->variables->n; i++)
		if (putenv(hook->variables->items[i]) != 0)
			return -ENOMEM;
	return 0;
}

/* A name holds nothing that a shell treats specially, see store_check_name. */
static char *command_line(const struct hook *hook)
{
	const char *extra = hook->extra ? hook->extra : "";
	char *line;
	int r;

	if (hook->conf->hook_version)
		r = asprintf(&line, "exec %s %s", hook->command, extra);
	else
		r = asprintf(&line, "exec %s '%s' '%s' '%s' %s", hook->command, hook->name,
		             hook->section, hook->type, extra);
	return r < 0 ? NULL : line;
}

static int exec_hook(void *arg, struct err *err)
{
	const struct hook_run *run = arg;
	_cleanup_free_ char *line = command_line(run->hook);
	char *argv[] = { (char *)"sh", (char *)"-c", line, NULL };
	sigset_t none;

	if (!line || set_environment(run->hook) < 0)
		return err_oom(err);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(run->output_fd, STDOUT_FILENO) < 0 || dup2(run->output_fd, STDERR_FILENO) < 0)
		return err_set(err, -errno, "cannot prepare for the hook");
	(void)execv("/bin/sh", argv);
	return err_set(err, -errno, "cannot run '/bin/sh'");
}

static void log_output(const struct hook *hook, int fd)
{
	char text[OUTPUT_MAX], *save = NULL;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		log_debug("hook %s: %s", hook->type, line);
}

int hook_run(const struct hook *hook, struct err *err)
{
	_cleanup_close_ int output_fd = memfd_create("output", MFD_CLOEXEC);
	struct hook_run run = { .hook = hook, .output_fd = output_fd };
	int r;

	if (output_fd < 0)
		return err_set(err, -errno, "cannot make a file in memory");
	r = proc_run_child(exec_hook, &run, err);
	log_output(hook, output_fd);
	if (r < 0)
		return err_wrap(err, r, "hook '%s'", hook->command);
	if (r > 0)
		return err_say(err, -ECANCELED, "%s hook '%s' failed with exit status %d",
		               hook->type, hook->command, r);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/hook.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "container/hooks.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define OUTPUT_MAX 4096
#define LINE_MAX_SHOWN 200

struct hook_run {
	const struct hook *hook;
	int output_fd;
	pid_t starter;
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
	const char *mount_point = hooks_rootfs_mount(conf);
	const int level = conf->log_level;
	const struct {
		const char *name, *value;
	} variables[] = {
		{ "LXC_NAME", hook->name },
		{ "LXC_CONFIG_FILE", conf->file },
		{ "LXC_ROOTFS_MOUNT", mount_point ? mount_point : conf->rootfs_path },
		{ "LXC_ROOTFS_PATH", conf->rootfs_path },
		{ "LXC_CONSOLE", conf->console_path },
		{ "LXC_CONSOLE_LOGPATH", conf->console_logfile },
		{ "LXC_CGNS_AWARE", has_cgroupns ? "1" : NULL },
		{ "LXC_LOG_LEVEL", level < 0 ? NULL : log_level_name((enum log_level)level) },
		{ "LXC_HOOK_VERSION", conf->hook_version ? "1" : "0" },
		{ "LXC_HOOK_TYPE", conf->hook_version ? hook->type : NULL },
		{ "LXC_HOOK_SECTION", conf->hook_version ? hook->section : NULL },
	};

	if (hook->environment) {
		(void)clearenv();
		for (size_t i = 0; i < hook->environment->n; i++)
			if (putenv(hook->environment->items[i]) != 0)
				return -ENOMEM;
	}
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
	const struct hook *hook = run->hook;
	_cleanup_free_ char *line = command_line(hook);
	char *argv[] = { (char *)"sh", (char *)"-c", line, NULL };
	sigset_t none;

	if (!line || set_environment(hook) < 0)
		return err_oom(err);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (dup2(run->output_fd, STDOUT_FILENO) < 0 || dup2(run->output_fd, STDERR_FILENO) < 0)
		return err_set(err, -errno, "cannot prepare for the hook");
	/* What was started for nobody ends; its own children are found by the cgroup. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != run->starter)
		return err_say(err, -EPIPE, "who started it is gone");
	/* All of it can be ended then. On a terminal it stays where ^C and the keys reach it. */
	if (hook->timeout_ms || !isatty(STDIN_FILENO))
		(void)setpgid(0, 0);
	if (hook->confine) {
		int r = hook->confine(hook->arg, err);

		if (r < 0)
			return r;
	}
	(void)execv("/bin/sh", argv);
	return err_set(err, -errno, "cannot run '/bin/sh'");
}

/* @last gets the last line that is not empty. */
static void log_output(const struct hook *hook, int fd, char *last, size_t size)
{
	char text[OUTPUT_MAX], *save = NULL;
	off_t size_bytes = lseek(fd, 0, SEEK_END), room = sizeof(text) - 1;
	ssize_t n = pread(fd, text, sizeof(text) - 1, size_bytes > room ? size_bytes - room : 0);

	text[n > 0 ? n : 0] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		_cleanup_(text_done) struct text shown = {};

		text_add_printable(&shown, line);
		if (shown.failed || !shown.len)
			continue;
		log_debug("hook %s: %s", hook->type, shown.data);
		(void)snprintf(last, size, "%s", shown.data);
	}
}

int hook_run(const struct hook *hook, struct err *err)
{
	_cleanup_close_ int output_fd = memfd_create("output", MFD_CLOEXEC);
	struct hook_run run = { .hook = hook, .output_fd = output_fd, .starter = getpid() };
	char last[LINE_MAX_SHOWN] = "";
	int r;

	if (output_fd < 0)
		return err_set(err, -errno, "cannot make a file in memory");
	r = proc_run_child_for(exec_hook, &run,
	                       hook->timeout_ms ? hook->timeout_ms : PROC_UNTIL_SIGNAL, err);
	log_output(hook, output_fd, last, sizeof(last));
	if (r == -ETIMEDOUT)
		return err_say(err, -ECANCELED, "%s hook '%s' did not end within %d seconds",
		               hook->type, hook->command, hook->timeout_ms / 1000);
	if (r == -ECANCELED)
		return err_say(err, r, "%s hook '%s' was ended by a signal to its starter",
		               hook->type, hook->command);
	if (r < 0)
		return err_wrap(err, r, "%s hook '%s'", hook->type, hook->command);
	if (r == 0)
		return 0;
	err_say(err, -ECANCELED, "%s hook '%s' failed with exit status %d%s%s", hook->type,
	        hook->command, r, *last ? ": " : "", last);
	if (r == 126 || r == 127)
		err_hint(err, "who runs it must be able to reach and execute it; inside a user "
		              "namespace that is the container's root, not you");
	else
		err_hint(err, "all that it printed is in the log of '-l DEBUG -o FILE'");
	return -ECANCELED;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/lookup.h"

#include "base/cleanup.h"
#include "host/tools.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)1 << 20)
#define STATUS_NO_LIBRARY 3
#define NOT_RUN 127

static _Noreturn void be_lookup(int program, const char *question, const char *whom, int writer)
{
	char *const argv[] = { "rlxc-lookup", (char *)question, (char *)whom, NULL };
	char *const environment[] = { NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 &&
	    dup2(writer, STDOUT_FILENO) >= 0 && fd_close_from(3, &program, 1) == 0)
		(void)syscall(SYS_execveat, program, "", argv, environment, AT_EMPTY_PATH);
	_exit(NOT_RUN);
}

int lookup_ask(const char *question, const char *whom, char **ret_text)
{
	_cleanup_close_ int program = tools_open("rlxc-lookup", NULL), pidfd = -EBADF;
	_cleanup_close_ int reader = -EBADF, writer = -EBADF;
	_cleanup_free_ char *text = NULL;
	int ends[2], status, r;
	pid_t pid;

	if (program < 0)
		return -ELIBACC;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	pid = proc_clone(0, -EBADF, &pidfd);
	if (pid < 0)
		return pid;
	if (pid == 0)
		be_lookup(program, question, whom, writer);
	cleanup_close(&writer);
	r = fd_read_all(reader, ANSWER_MAX, &text, NULL);
	cleanup_close(&reader); /* whatever writes on is ended by that */
	if (pidfd_wait(pidfd, &status) < 0 || r < 0)
		return r < 0 ? r : -ECHILD;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		*ret_text = take_ptr(text);
		return 0;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NO_LIBRARY ? -ELIBACC : -ENOENT;
}

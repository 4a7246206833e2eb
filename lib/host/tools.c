/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/tools.h"

#include "base/cleanup.h"
#include "host/program.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)1 << 20)
#define NOT_RUN 127

#ifndef RLXC_LIBEXEC_DIR
#define RLXC_LIBEXEC_DIR "/usr/local/libexec/lxc"
#endif

static int open_program(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tools_open(const char *name, struct err *err)
{
	static const char *const places[] = { "", "/../libexec/lxc" };
	char self[PATH_MAX], path[PATH_MAX + 128];
	int fd;

	if (program_path(self, sizeof(self)) == 0) {
		if (strrchr(self, '/'))
			*strrchr(self, '/') = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			(void)snprintf(path, sizeof(path), "%s%s/%s", self, places[i], name);
			fd = open_program(path);
			if (fd >= 0)
				return fd;
		}
	}
	(void)snprintf(path, sizeof(path), "%s/%s", RLXC_LIBEXEC_DIR, name);
	fd = open_program(path);
	if (fd < 0) {
		err_set(err, fd, "cannot find our program '%s'", path);
		err_hint(err, "the installation is incomplete: run make install");
	}
	return fd;
}

struct question {
	char *const *argv;
	int input;
	int output; /* 0: the answer */
	bool words; /* complaints are part of the answer */
	bool host;  /* not a program of ours */
};

static _Noreturn void be_program(int program, const struct question *question, int output)
{
	char *const environment[] = { NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0 && dup2(question->input < 0 ? null : question->input, STDIN_FILENO) >= 0 &&
	    dup2(question->words ? output : null, STDERR_FILENO) >= 0 &&
	    dup2(question->output ? question->output : output, STDOUT_FILENO) >= 0 &&
	    fd_close_from(3, &program, question->host ? 0 : 1) == 0) {
		if (question->host)
			(void)execvp(question->argv[0], question->argv);
		else
			(void)syscall(SYS_execveat, program, "", question->argv, environment,
			              AT_EMPTY_PATH);
	}
	_exit(NOT_RUN);
}

static int ask(const struct question *question, char **ret_text, struct err *err)
{
	char *const *argv = question->argv;
	_cleanup_close_ int program = -EBADF, pidfd = -EBADF;
	_cleanup_close_ int reader = -EBADF, writer = -EBADF;
	_cleanup_free_ char *text = NULL;
	int ends[2], status, r;
	pid_t pid;

	if (!question->host) {
		program = tools_open(argv[0], err);
		if (program < 0)
			return program;
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot make a pipe");
	reader = ends[0];
	writer = ends[1];
	pid = proc_clone(0, -EBADF, &pidfd);
	if (pid < 0)
		return err_set(err, pid, "cannot start a process");
	if (pid == 0)
		be_program(program, question, writer);
	cleanup_close(&writer);
	r = fd_read_all(reader, ANSWER_MAX, &text, NULL);
	cleanup_close(&reader); /* whatever writes on is ended by that */
	if (pidfd_wait(pidfd, &status) < 0 && r >= 0)
		r = -ECHILD;
	if (r < 0)
		return err_set(err, r, "cannot read what our program '%s' answers", argv[0]);
	*ret_text = take_ptr(text);
	return proc_exit_code(status);
}

int tools_ask(char *const argv[], int input, char **ret_text, struct err *err)
{
	return ask(&(struct question){ .argv = argv, .input = input }, ret_text, err);
}

int tools_ask_words(char *const argv[], char **ret_text, struct err *err)
{
	return ask(&(struct question){ .argv = argv, .input = -EBADF, .words = true }, ret_text,
	           err);
}

int tools_run(char *const argv[], int input, int output, char **ret_words, struct err *err)
{
	const struct question question = {
		.argv = argv, .input = input, .output = output, .words = true
	};

	return ask(&question, ret_words, err);
}

int tools_ask_host(char *const argv[], char **ret_text, struct err *err)
{
	const struct question question = {
		.argv = argv, .input = -EBADF, .words = true, .host = true
	};

	return ask(&question, ret_text, err);
}

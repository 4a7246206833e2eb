/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/spawn.h"

#include "base/cleanup.h"
#include "base/strv.h"
#include "idmap/idmap.h"
#include "os/path.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* The meeting of the two processes:
 *
 *	caller                              child
 *	clone3 with every namespace         waits on the go pipe
 *	writes the maps
 *	outside()
 *	one byte into the go pipe           inside()
 *	reads the report pipe               exec: end of file; failure: its error
 *	waits, passes signals on            the program
 *
 * Either side's death is end of file for the other. */

#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127

struct meeting {
	int go[2];     /* caller to child */
	int report[2]; /* child to caller, closed by exec */
};

struct report {
	int exit_code; /* for the caller's own exit when exec failed, else 0 */
	struct err err;
};

static void meeting_done(struct meeting *meeting)
{
	for (int i = 0; i < 2; i++) {
		cleanup_close(&meeting->go[i]);
		cleanup_close(&meeting->report[i]);
	}
}

static int meeting_init(struct meeting *meeting, struct err *err)
{
	if (pipe2(meeting->go, O_CLOEXEC) < 0 || pipe2(meeting->report, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot make a pipe");
	return 0;
}

/* ---- the child ---- */

static bool wait_go(int fd)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

/* execvp(3) says "permission denied" for a directory of $PATH that we may not enter, as they are
 * common after su; people mean a program that is there. */
static bool is_in_path(const char *name)
{
	_cleanup_(strv_done) struct strv dirs = {};
	const char *path = getenv("PATH");

	if (!path || strchr(name, '/') || strv_split_at(&dirs, path, ':') < 0)
		return true;
	for (size_t i = 0; i < dirs.n; i++) {
		_cleanup_free_ char *file = path_join(dirs.items[i][0] ? dirs.items[i] : ".", name);

		if (file && access(file, F_OK) == 0)
			return true;
	}
	return false;
}

static void run_program(const struct spawn *spawn, struct report *report)
{
	int r;

	(void)execvp(spawn->argv[0], spawn->argv);
	r = -errno;
	if (r == -EACCES && !is_in_path(spawn->argv[0]))
		r = -ENOENT;
	report->exit_code = r == -ENOENT || r == -ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
	err_set(&report->err, r, "cannot run '%s'", spawn->argv[0]);
}

static _Noreturn void child_run(const struct spawn *spawn, struct meeting *meeting,
                                const sigset_t *mask)
{
	struct report report = {};

	cleanup_close(&meeting->go[1]);
	if (!wait_go(meeting->go[0]))
		_exit(1);
	if (!spawn->inside || spawn->inside(spawn->arg, &report.err) == 0) {
		(void)sigprocmask(SIG_SETMASK, mask, NULL);
		run_program(spawn, &report);
	}
	(void)!write(meeting->report[1], &report, sizeof(report)); /* below PIPE_BUF: whole */
	_exit(1);
}

/* ---- the caller ---- */

static int write_maps(const struct spawn *spawn, pid_t pid, struct err *err)
{
	struct idmap_job job = {};
	int r;

	if (!(spawn->flags & CLONE_NEWUSER) || !spawn->maps || !spawn->maps->n)
		return 0;
	r = idmap_write_start(spawn->maps, idmap_writer_for(spawn->maps, spawn->caller), pid, &job,
	                      err);
	return r < 0 ? r : idmap_write_finish(&job, spawn->caller, err);
}

/* 0: the program runs. Positive: exit code of a failed exec. */
static int read_report(int fd, struct err *err)
{
	struct report report;
	ssize_t n;

	do
		n = read(fd, &report, sizeof(report));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(report))
		return 0;
	if (err)
		*err = report.err;
	return report.exit_code ? report.exit_code : report.err.code;
}

static int prepare(const struct spawn *spawn, struct meeting *meeting, pid_t pid, struct err *err)
{
	int r;

	r = write_maps(spawn, pid, err);
	if (r == 0 && spawn->outside)
		r = spawn->outside(spawn->arg, pid, err);
	if (r < 0)
		return r;
	cleanup_close(&meeting->report[1]);
	/* Our copy of the reading end is still open: no SIGPIPE from a child that died. */
	(void)!write(meeting->go[1], "g", 1);
	return read_report(meeting->report[0], err);
}

/* Signals that end a process unless it cares. From the terminal (sent by the kernel) the program
 * has them too. */
static void fill_passed_signals(sigset_t *set)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };

	(void)sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaddset(set, signals[i]);
}

static void pass_signal(int signal_fd, int pidfd)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_code != SI_KERNEL)
		(void)pidfd_kill(pidfd, (int)info.ssi_signo);
}

static int wait_program(int pidfd, int signal_fd, struct err *err)
{
	struct pollfd fds[] = {
		{ .fd = pidfd, .events = POLLIN },
		{ .fd = signal_fd, .events = POLLIN },
	};
	int status, r;

	while (!fds[0].revents) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			break; /* without memory: wait without passing signals on */
		if (fds[1].revents)
			pass_signal(signal_fd, pidfd);
	}
	r = pidfd_wait(pidfd, &status);
	return r < 0 ? err_set(err, r, "cannot wait for the program") : proc_exit_code(status);
}

static void end_child(int pidfd)
{
	int status;

	(void)pidfd_kill(pidfd, SIGKILL);
	(void)pidfd_wait(pidfd, &status);
}

static int run_masked(const struct spawn *spawn, const sigset_t *passed, const sigset_t *mask,
                      struct err *err)
{
	_cleanup_(meeting_done) struct meeting meeting = { { -EBADF, -EBADF }, { -EBADF, -EBADF } };
	_cleanup_close_ int pidfd = -EBADF, signal_fd = signalfd(-1, passed, SFD_CLOEXEC);
	pid_t pid;
	int r;

	if (signal_fd < 0)
		return err_set(err, -errno, "cannot open a signalfd");
	r = meeting_init(&meeting, err);
	if (r < 0)
		return r;
	pid = proc_clone(spawn->flags, -EBADF, &pidfd);
	if (pid < 0 && (spawn->flags & CLONE_NEWUSER)) {
		idmap_explain_clone_failure(pid, err);
		return pid;
	}
	if (pid < 0) {
		err_set(err, pid, "cannot start a process in new namespaces");
		if (pid == -EPERM)
			err_hint(err, "an ordinary user needs a new user namespace as well: add "
			              "USER to the list");
		return pid;
	}
	if (pid == 0)
		child_run(spawn, &meeting, mask);
	r = prepare(spawn, &meeting, pid, err);
	if (r != 0) {
		end_child(pidfd);
		return r;
	}
	return spawn->background ? 0 : wait_program(pidfd, signal_fd, err);
}

int spawn_run(const struct spawn *spawn, struct err *err)
{
	sigset_t passed, mask;
	int r;

	fill_passed_signals(&passed);
	if (sigprocmask(SIG_BLOCK, &passed, &mask) < 0)
		return err_set(err, -errno, "cannot block signals");
	r = run_masked(spawn, &passed, &mask, err);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return r;
}

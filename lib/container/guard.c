/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/guard.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TERM_WAIT_MS 2000  /* from SIGTERM to SIGKILL */
#define CHILD_WAIT_MS 8000 /* for the whole child, from the signal on */
#define KILL_ROUNDS 100

static const int watched_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

int guard_begin(struct guard *guard, struct err *err)
{
	sigset_t blocked;

	(void)sigemptyset(&guard->watched);
	(void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	for (size_t i = 0; i < ARRAY_SIZE(watched_signals); i++) {
		struct sigaction action;

		if (sigaction(watched_signals[i], NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN && sigismember(&blocked, watched_signals[i]) == 0)
			(void)sigaddset(&guard->watched, watched_signals[i]);
	}
	guard->signal_fd = signalfd(-1, &guard->watched, SFD_CLOEXEC | SFD_NONBLOCK);
	if (guard->signal_fd < 0)
		return err_set(err, -errno, "cannot watch for signals");
	(void)pthread_sigmask(SIG_BLOCK, &guard->watched, &guard->saved);
	return 0;
}

void guard_end(struct guard *guard)
{
	if (guard->signal_fd < 0)
		return;
	cleanup_close(&guard->signal_fd);
	(void)pthread_sigmask(SIG_SETMASK, &guard->saved, NULL);
}

int guard_check(const struct guard *guard, struct err *err)
{
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(watched_signals); i++) {
		int sig = watched_signals[i];

		if (sigismember(&guard->watched, sig) == 1 && sigismember(&pending, sig) == 1)
			return err_say(err, -EINTR, "interrupted by signal %d (%s)", sig,
			               strsignal(sig));
	}
	return 0;
}

/* ---- a child and its report ---- */

struct child {
	int pidfd;
	int reader; /* of its struct err; end-of-file when it succeeded or executed */
};

static void child_done(struct child *child)
{
	cleanup_close(&child->pidfd);
	cleanup_close(&child->reader);
}

/* Returns 0 in the child, 1 in the parent. */
static int child_start(struct child *child, int *ret_writer, struct err *err)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot make a pipe");
	pid = proc_clone(0, -EBADF, &child->pidfd);
	if (pid < 0) {
		(void)close(ends[0]);
		(void)close(ends[1]);
		return err_set(err, pid, "cannot start a process");
	}
	(void)close(ends[pid == 0 ? 0 : 1]);
	if (pid > 0)
		child->reader = ends[0];
	*ret_writer = pid == 0 ? ends[1] : -EBADF;
	return pid > 0;
}

static _Noreturn void child_end(int r, int writer, struct err *report)
{
	if (r >= 0)
		_exit(r);
	report->code = r;
	(void)!write(writer, report, sizeof(*report));
	_exit(255);
}

/* Waits for the end and turns it into a result. */
static int child_finish(const struct child *child, struct err *err)
{
	struct err report = {};
	int status = 0, r;
	ssize_t n;

	r = pidfd_wait(child->pidfd, &status);
	if (r < 0)
		return err_set(err, r, "cannot wait for a process");
	do
		n = read(child->reader, &report, sizeof(report));
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(report) && report.code < 0) {
		if (err)
			*err = report;
		return report.code;
	}
	if (!WIFEXITED(status))
		return err_say(err, -EINTR, "it was ended by signal %d (%s)", WTERMSIG(status),
		               strsignal(WTERMSIG(status)));
	return WEXITSTATUS(status);
}

/* 1: @fd became readable or was hung up. 0: the child ended. */
static int child_or_event(const struct child *child, int fd)
{
	struct pollfd pollers[] = {
		{ .fd = child->pidfd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	while (poll(pollers, ARRAY_SIZE(pollers), -1) < 0)
		if (errno != EINTR)
			return 1;
	return !(pollers[0].revents);
}

int guard_run(const struct guard *guard, int (*fn)(void *arg, int stop_fd, struct err *err),
              void *arg, struct err *err)
{
	_cleanup_(child_done) struct child child = { .pidfd = -EBADF, .reader = -EBADF };
	_cleanup_close_ int stop_reader = -EBADF, stop_writer = -EBADF;
	struct err report = {};
	int ends[2], writer, r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot make a pipe");
	stop_reader = ends[0];
	stop_writer = ends[1];
	r = child_start(&child, &writer, err);
	if (r < 0)
		return r;
	if (r == 0) {
		cleanup_close(&stop_writer);
		child_end(fn(arg, stop_reader, &report), writer, &report);
	}
	if (child_or_event(&child, guard->signal_fd)) {
		cleanup_close(&stop_writer);
		if (pidfd_wait_exit(child.pidfd, CHILD_WAIT_MS) < 0)
			(void)pidfd_kill(child.pidfd, SIGKILL);
	}
	r = child_finish(&child, err);
	return guard_check(guard, err) < 0 ? -EINTR : r;
}

/* ---- the innermost child ---- */

/* Kills and reaps what is left of a work that forked; orphans are ours, as its subreaper. */
static void kill_descendants(void)
{
	char path[64], text[4096];

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)syscall(SYS_gettid));
	for (int i = 0; i < KILL_ROUNDS; i++) {
		_cleanup_(strv_done) struct strv pids = {};
		uint32_t pid;

		if (fd_read_short(AT_FDCWD, path, text, sizeof(text)) <= 0 ||
		    strv_split_words(&pids, text) < 0)
			return;
		for (size_t n = 0; n < pids.n; n++) {
			if (num_parse_u32(pids.items[n], &pid) < 0)
				continue;
			(void)kill((pid_t)pid, SIGKILL);
			(void)waitpid((pid_t)pid, NULL, 0);
		}
	}
}

int guard_supervise(const struct guard *guard, int stop_fd, int (*fn)(void *arg, struct err *err),
                    void *arg, struct err *err)
{
	_cleanup_(child_done) struct child child = { .pidfd = -EBADF, .reader = -EBADF };
	struct err report = {};
	int writer, r;
	bool stopped;

	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	r = child_start(&child, &writer, err);
	if (r < 0)
		return r;
	if (r == 0) {
		(void)close(stop_fd);
		(void)pthread_sigmask(SIG_SETMASK, &guard->saved, NULL);
		child_end(fn(arg, &report), writer, &report);
	}
	stopped = child_or_event(&child, stop_fd);
	if (stopped) {
		(void)pidfd_kill(child.pidfd, SIGTERM);
		if (pidfd_wait_exit(child.pidfd, TERM_WAIT_MS) < 0)
			(void)pidfd_kill(child.pidfd, SIGKILL);
	}
	r = child_finish(&child, err);
	if (stopped)
		r = err_say(err, -EINTR, "interrupted");
	if (r != 0)
		kill_descendants();
	return r;
}

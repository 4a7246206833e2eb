/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/proc.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void ignore(int sig)
{
	(void)sig;
}

/* A child that waits for a signal. */
static pid_t start_sleeper(int *ret_pidfd)
{
	pid_t pid = proc_clone(0, -EBADF, ret_pidfd);

	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			(void)pause();
	return pid;
}

static void test_clone_and_wait(void **state)
{
	int pidfd = -EBADF, status;
	pid_t pid;

	(void)state;
	pid = proc_clone(0, -EBADF, &pidfd);
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(getppid() > 0 ? 42 : 1);
	assert_int_equal(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(proc_exit_code(status), 42);
	assert_int_equal(pidfd_wait(pidfd, &status), -ECHILD);
	(void)close(pidfd);
	assert_int_equal(proc_clone(CLONE_FS | CLONE_NEWNS, -EBADF, &pidfd), -EINVAL);
}

static void test_clone_clears_handlers(void **state)
{
	int pidfd = -EBADF, status;
	pid_t pid;

	(void)state;
	assert_true(signal(SIGUSR1, ignore) != SIG_ERR);
	pid = proc_clone(0, -EBADF, &pidfd);
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(signal(SIGUSR1, SIG_DFL) == SIG_DFL ? 0 : 1);
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	assert_int_equal(proc_exit_code(status), 0);
	(void)close(pidfd);
}

static void test_signals(void **state)
{
	static const int signals[] = { SIGTERM, SIGKILL, SIGHUP };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		int pidfd = -EBADF, status, other;
		pid_t pid = start_sleeper(&pidfd);

		other = pidfd_open_pid(pid);
		assert_true(other >= 0);
		assert_int_equal(pidfd_wait_exit(pidfd, 0), -ETIMEDOUT);
		assert_int_equal(pidfd_wait_exit(pidfd, 20), -ETIMEDOUT);
		assert_int_equal(pidfd_kill(pidfd, signals[i]), 0);
		assert_int_equal(pidfd_wait_exit(other, -1), 0);
		assert_int_equal(pidfd_wait(pidfd, &status), 0);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		assert_int_equal(proc_exit_code(status), 128 + signals[i]);
		assert_int_equal(pidfd_kill(pidfd, 0), -ESRCH);
		(void)close(other);
		(void)close(pidfd);
	}
	assert_int_equal(pidfd_open_pid(-1), -EINVAL);
}

static void test_start_time(void **state)
{
	uint64_t mine = proc_start_time(getpid());
	int pidfd = -EBADF, status;
	pid_t pid;

	(void)state;
	assert_true(mine > 0);
	assert_true(proc_start_time(1) > 0);
	assert_true(proc_start_time(1) <= mine);
	/* Blanks and brackets in the name mislead nobody. */
	assert_int_equal(prctl(PR_SET_NAME, ") 1 2 (3) 4"), 0);
	assert_true(proc_start_time(getpid()) == mine);

	pid = start_sleeper(&pidfd);
	assert_true(proc_start_time(pid) >= mine);
	assert_int_equal(pidfd_kill(pidfd, SIGKILL), 0);
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	assert_true(proc_start_time(pid) == 0);
	assert_true(proc_start_time(-1) == 0);
	(void)close(pidfd);
}

static int child_says(void *arg, struct err *err)
{
	(void)arg;
	err_set(err, -ENOTTY, "cannot do '%s'", "it");
	err_hint(err, "a hint");
	return -ENOTTY;
}

static int child_returns(void *arg, struct err *err)
{
	(void)err;
	return *(int *)arg;
}

static int child_says_late(void *arg, struct err *err)
{
	const struct timespec pause_for = { .tv_nsec = 30000000 };

	(void)nanosleep(&pause_for, NULL);
	return child_says(arg, err);
}

static int child_dies(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	(void)raise(SIGKILL);
	return 0;
}

static void test_run_child(void **state)
{
	struct err err = {};
	int zero = 0, seven = 7;

	(void)state;
	assert_int_equal(proc_run_child(child_returns, &zero, &err), 0);
	assert_int_equal(proc_run_child(child_returns, &seven, &err), 7);
	assert_int_equal(err.code, 0);
	assert_int_equal(proc_run_child(child_says, NULL, &err), -ENOTTY);
	assert_int_equal(err.code, -ENOTTY);
	assert_string_equal(err.msg, "cannot do 'it': Inappropriate ioctl for device");
	assert_string_equal(err.hint, "a hint");
	assert_int_equal(proc_run_child(child_says, NULL, NULL), -ENOTTY);
	assert_int_equal(proc_run_child(child_dies, NULL, &err), -EINTR);
	assert_string_equal(err.msg, "a process was ended by signal 9");
}

/* The child's own error arrives although signals come in between. */
static void test_run_child_interrupted(void **state)
{
	struct itimerval often = { .it_interval.tv_usec = 3000, .it_value.tv_usec = 3000 };
	struct sigaction action = { .sa_handler = ignore }; /* without SA_RESTART */
	struct err err = {};

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	assert_int_equal(proc_run_child(child_says_late, NULL, &err), -ENOTTY);
	often = (struct itimerval){};
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	assert_string_equal(err.msg, "cannot do 'it': Inappropriate ioctl for device");
}

static int child_hangs(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	while (pause() < 0)
		;
	return 0;
}

static void test_run_child_for(void **state)
{
	struct err err = {};
	int seven = 7;

	(void)state;
	assert_int_equal(proc_run_child_for(child_returns, &seven, 60000, &err), 7);
	assert_int_equal(proc_run_child_for(child_says, NULL, 60000, &err), -ENOTTY);
	assert_int_equal(proc_run_child_for(child_hangs, NULL, 50, &err), -ETIMEDOUT);
	assert_string_equal(err.msg, "a process took more than 50 ms");
	assert_int_equal(wait(NULL), -1); /* it was reaped */
}

static void test_title(void **state)
{
	char area[] = "prog\0first\0second";
	char *argv[] = { area, area + 5, area + 11, NULL };
	char name[16];

	(void)state;
	proc_title_init(0, argv); /* nothing to write to */
	proc_title_init(3, argv);
	proc_title_set("short");
	assert_memory_equal(area, "short\0\0\0\0\0\0\0\0\0\0\0\0\0", sizeof(area));
	proc_title_set("longer than all of it");
	assert_memory_equal(area, "longer than all o", sizeof(area));
	assert_int_equal(prctl(PR_GET_NAME, name), 0);
	assert_string_equal(name, "longer than all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clone_and_wait), cmocka_unit_test(test_clone_clears_handlers),
		cmocka_unit_test(test_signals),        cmocka_unit_test(test_start_time),
		cmocka_unit_test(test_run_child),      cmocka_unit_test(test_run_child_interrupted),
		cmocka_unit_test(test_run_child_for),  cmocka_unit_test(test_title),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

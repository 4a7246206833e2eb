/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs itself as the program that is asked: it stands beside itself. */
#include "host/tools.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SELF "test-tools"

static unsigned int count_fds(void)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	return n - 1; /* the directory */
}

static bool is_blocked(int sig)
{
	sigset_t set;

	return sigprocmask(SIG_SETMASK, NULL, &set) < 0 || sigismember(&set, sig);
}

/* What the program that was asked answers. */
static int answer(const char *question)
{
	char buf[64];
	ssize_t n;

	if (strcmp(question, "surroundings") == 0) {
		(void)fprintf(stderr, "heard by nobody\n");
		return printf("%u %d %d\n", count_fds(), environ[0] != NULL, is_blocked(SIGTERM)) <
		       0;
	}
	if (strcmp(question, "die") == 0)
		return raise(SIGKILL);
	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			return 1;
	return 7;
}

static int ask(const char *program, const char *question, int input, char **ret_text,
               struct err *err)
{
	return tools_ask((char *[]){ (char *)program, (char *)question, NULL }, input, ret_text,
	                 err);
}

static void nothing_is_handed_on(void **state)
{
	_cleanup_free_ char *text = NULL;
	sigset_t set;
	int fd = open("/", O_PATH); // NOLINT(*-cloexec-*): that is the point

	(void)state;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	assert_int_equal(ask(SELF, "surroundings", -EBADF, &text, NULL), 0);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	assert_string_equal(text, "3 0 0\n");
	(void)close(fd);
}

static void input_is(int input, const char *want)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(ask(SELF, "echo", input, &text, NULL), 7);
	assert_string_equal(text, want);
}

static void input_comes_through(void **state)
{
	int ends[2];

	(void)state;
	input_is(-EBADF, "");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "hello\n", 6), 6);
	(void)close(ends[1]);
	input_is(ends[0], "hello\n");
	(void)close(ends[0]);
}

static void ends_are_told(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct err err = {};

	(void)state;
	assert_int_equal(ask("no-such-program", "x", -EBADF, &text, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "no-such-program"));
	assert_null(text);
	assert_int_equal(ask(SELF, "die", -EBADF, &text, NULL), 128 + SIGKILL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_handed_on),
		cmocka_unit_test(input_comes_through),
		cmocka_unit_test(ends_are_told),
	};

	if (argc == 2)
		return answer(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cache.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "os/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A user whose ~/.cache is below a directory of the test's own. */
static char home[] = "/tmp/test-cache.XXXXXX";
static struct caller caller;

static int make_home(void **state)
{
	(void)state;
	(void)unsetenv("XDG_CACHE_HOME");
	caller = (struct caller){ .uid = geteuid(), .own_home = home };
	return mkdtemp(home) ? 0 : -1;
}

static int remove_home(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", home);
	return system(command); /* NOLINT(bugprone-command-processor): a constant, but for XXXXXX */
}

static void test_name(void **state)
{
	char one[CACHE_NAME_MAX], other[CACHE_NAME_MAX];

	(void)state;
	cache_name("one", one);
	cache_name("other", other);
	assert_string_not_equal(one, other);
	assert_null(strchr(one, '/'));
	cache_name("one", other);
	assert_string_equal(one, other);
}

static void test_keep(void **state)
{
	_cleanup_close_ int dir = cache_open_dir(&caller, "test"), fd = -EBADF;
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_true(dir >= 0);
	assert_int_equal(cache_open_file(dir, "a", &caller), -ENOENT);
	assert_int_equal(cache_keep(dir, "a", "old", 3), 0);
	assert_int_equal(cache_keep(dir, "a", "new", 3), 0);
	fd = cache_open_file(dir, "a", &caller);
	assert_true(fd >= 0);
	assert_int_equal(fd_read_all(fd, 100, &text, NULL), 0);
	assert_string_equal(text, "new");
}

static void test_not_ours(void **state)
{
	_cleanup_close_ int dir = cache_open_dir(&caller, "shared");
	struct caller other = caller;

	(void)state;
	assert_true(dir >= 0);
	assert_int_equal(cache_keep(dir, "a", "data", 4), 0);
	other.uid++;
	assert_int_equal(cache_open_file(dir, "a", &other), -EPERM);
	assert_int_equal(cache_open_dir(&other, "shared"), -EPERM);
	assert_int_equal(fchmodat(dir, "a", 0620, 0), 0);
	assert_int_equal(cache_open_file(dir, "a", &caller), -EPERM);
	assert_int_equal(symlinkat("a", dir, "link"), 0);
	assert_int_equal(cache_open_file(dir, "link", &caller), -ELOOP);
	assert_int_equal(mkdirat(dir, "directory", 0700), 0);
	assert_int_equal(cache_open_file(dir, "directory", &caller), -EPERM);
	assert_int_equal(fchmod(dir, 0702), 0);
	assert_int_equal(cache_open_dir(&caller, "shared"), -EPERM);
}

static void set_age(int dir, const char *name, time_t seconds)
{
	const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

	assert_int_equal(utimensat(dir, name, times, 0), 0);
}

/* All files are of the year 1970, "used" the oldest, until it is opened. */
static void test_bounded(void **state)
{
	_cleanup_close_ int dir = cache_open_dir(&caller, "bounded"), used = -EBADF;
	char name[32];

	(void)state;
	assert_true(dir >= 0);
	for (int i = 0; i < CACHE_FILES; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(cache_keep(dir, i ? name : "used", "x", 1), 0);
		set_age(dir, i ? name : "used", 1000 + i);
	}
	assert_int_equal(faccessat(dir, "used", F_OK, 0), 0);
	used = cache_open_file(dir, "used", &caller);
	assert_true(used >= 0);
	assert_int_equal(cache_keep(dir, "more", "x", 1), 0);
	assert_int_equal(faccessat(dir, "used", F_OK, 0), 0);
	assert_int_equal(faccessat(dir, "more", F_OK, 0), 0);
	assert_int_equal(faccessat(dir, "1", F_OK, 0), -1);
	assert_int_equal(faccessat(dir, "2", F_OK, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/fd.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* A directory of its own for each test, with a few files at most. */
static char dir_path[64];
static int dir_fd;

static int setup(void **state)
{
	(void)state;
	strcpy(dir_path, "/tmp/rlxc-test-fd.XXXXXX");
	if (!mkdtemp(dir_path))
		return -1;
	dir_fd = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "file", "fifo", "empty" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(dir_fd, names[i], 0);
	(void)close(dir_fd);
	return rmdir(dir_path); /* nothing else was left behind */
}

static void write_file(const char *name, const void *data, size_t len)
{
	_cleanup_close_ int fd =
		openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write(fd, data, len), 0);
}

static void test_read_file(void **state)
{
	static const struct {
		size_t size, max;
		int want;
	} cases[] = {
		{ 11, 10, -EFBIG }, { 10000, 9999, -EFBIG }, { 10000, 0, -EFBIG },
		{ 0, 0, 0 },        { 10, 10, 0 },           { 4095, 4096, 0 },
		{ 4096, 4096, 0 },  { 10000, 10000, 0 },     { 10000, 1 << 20, 0 },
	};
	char data[10000];

	(void)state;
	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		size_t len = 77;

		write_file("file", data, cases[i].size);
		assert_int_equal(fd_read_file(dir_fd, "file", cases[i].max, &text, &len),
		                 cases[i].want);
		if (cases[i].want < 0) {
			assert_null(text);
			assert_int_equal(len, 77);
			continue;
		}
		assert_int_equal(len, cases[i].size);
		assert_memory_equal(text, data, len);
		assert_int_equal(text[len], 0);
	}
}

static void test_read_odd_files(void **state)
{
	_cleanup_free_ char *text = NULL, *proc = NULL;
	size_t len;

	(void)state;
	assert_int_equal(fd_read_file(dir_fd, "none", 10, &text, &len), -ENOENT);
	assert_int_equal(fd_read_file(dir_fd, ".", 10, &text, &len), -EISDIR);
	assert_null(text);
	/* A pipe without a writer does not make anybody wait. */
	assert_int_equal(mkfifoat(dir_fd, "fifo", 0600), 0);
	assert_int_equal(fd_read_file(dir_fd, "fifo", 10, &text, &len), 0);
	assert_string_equal(text, "");
	/* A file whose size says nothing. */
	assert_int_equal(fd_read_file(AT_FDCWD, "/proc/self/status", 1 << 16, &proc, NULL), 0);
	assert_memory_equal(proc, "Name:", 5);
}

static void test_read_pipe(void **state)
{
	_cleanup_free_ char *text = NULL;
	char data[9000];
	size_t len;
	int ends[2];

	(void)state;
	memset(data, 'p', sizeof(data));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fd_write(ends[1], data, sizeof(data)), 0);
	(void)close(ends[1]);
	assert_int_equal(fd_read_all(ends[0], sizeof(data), &text, &len), 0);
	(void)close(ends[0]);
	assert_int_equal(len, sizeof(data));
}

static void test_read_short(void **state)
{
	char buf[8];

	(void)state;
	write_file("file", "0123456789", 10);
	assert_int_equal(fd_read_short(dir_fd, "file", buf, sizeof(buf)), 7);
	assert_string_equal(buf, "0123456");
	write_file("file", "01", 2);
	assert_int_equal(fd_read_short(dir_fd, "file", buf, sizeof(buf)), 2);
	assert_string_equal(buf, "01");
	assert_int_equal(fd_read_short(dir_fd, "none", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(fd_read_short(dir_fd, ".", buf, sizeof(buf)), -EISDIR);
}

static void test_write_at(void **state)
{
	char buf[16];

	(void)state;
	assert_int_equal(fd_write_at(dir_fd, "none", "x"), -ENOENT);
	assert_int_equal(faccessat(dir_fd, "none", F_OK, 0), -1);
	write_file("file", "abc", 3);
	assert_int_equal(fd_write_at(dir_fd, "file", "X"), 0);
	assert_int_equal(fd_read_short(dir_fd, "file", buf, sizeof(buf)), 3);
	assert_string_equal(buf, "Xbc");
	assert_int_equal(fd_write_at(AT_FDCWD, "/dev/full", "x"), -ENOSPC);
}

static void test_replace(void **state)
{
	_cleanup_close_ int old = -EBADF;
	char buf[16], name[256];
	struct stat st;

	(void)state;
	write_file("file", "old", 3);
	old = openat(dir_fd, "file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd_replace_at(dir_fd, "file", 0600, "newer", 5), 0);
	assert_int_equal(fd_read_short(dir_fd, "file", buf, sizeof(buf)), 5);
	assert_string_equal(buf, "newer");
	assert_int_equal(read(old, buf, sizeof(buf)), 3); /* who reads sees one of the two */
	assert_int_equal(fstatat(dir_fd, "file", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	/* A link is replaced, not followed. */
	(void)unlinkat(dir_fd, "file", 0);
	write_file("empty", "", 0);
	assert_int_equal(symlinkat("empty", dir_fd, "file"), 0);
	assert_int_equal(fd_replace_at(dir_fd, "file", 0600, "x", 1), 0);
	assert_int_equal(fstatat(dir_fd, "file", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(fstatat(dir_fd, "empty", &st, 0), 0);
	assert_int_equal(st.st_size, 0);

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(fd_replace_at(dir_fd, name, 0600, "x", 1), -ENAMETOOLONG);
	/* On failure the temporary file goes: teardown finds an empty directory. */
	assert_int_equal(mkdirat(dir_fd, "taken", 0700), 0);
	assert_int_equal(fd_replace_at(dir_fd, "taken", 0600, "x", 1), -EISDIR);
	assert_int_equal(unlinkat(dir_fd, "taken", AT_REMOVEDIR), 0);
}

static void test_flags(void **state)
{
	int ends[2], copy;
	char c;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fd_set_nonblock(ends[0], true), 0);
	assert_int_equal(read(ends[0], &c, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fd_set_nonblock(ends[0], false), 0);
	assert_int_equal(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fd_set_nonblock(-1, true), -EBADF);

	copy = fd_dup(ends[0]);
	assert_true(copy >= 3);
	assert_int_equal(fcntl(copy, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fd_dup(-1), -EBADF);
	(void)close(copy);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* What follows closes descriptors and needs a process of its own; returns its exit code. */
static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int open_stdio_child(void)
{
	struct stat null, st;

	(void)close(0);
	(void)close(2);
	if (fd_open_stdio() < 0 || stat("/dev/null", &null) < 0)
		return 1;
	if (fstat(0, &st) < 0 || st.st_rdev != null.st_rdev)
		return 2;
	if (fstat(2, &st) < 0 || st.st_rdev != null.st_rdev)
		return 3;
	return fcntl(0, F_GETFD) == 0 && fcntl(2, F_GETFD) == 0 ? 0 : 4;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int close_from_child(void)
{
	const int keep[] = { 20, -EBADF, 12, 20, 5, 10, INT32_MAX };

	for (int fd = 4; fd < 30; fd++)
		if (dup2(1, fd) != fd)
			return 1;
	if (fd_close_from(10, keep, ARRAY_SIZE(keep)) < 0)
		return 2;
	for (int fd = 4; fd < 30; fd++)
		if (is_open(fd) != (fd < 10 || fd == 10 || fd == 12 || fd == 20))
			return 100 + fd;
	if (fd_close_from(4, NULL, 0) < 0)
		return 3;
	for (int fd = 4; fd < 30; fd++)
		if (is_open(fd))
			return 200 + fd;
	return is_open(1) ? 0 : 4;
}

static void test_close_from(void **state)
{
	int many[65] = {};

	(void)state;
	assert_int_equal(in_child(close_from_child), 0);
	assert_int_equal(fd_close_from(1000, many, ARRAY_SIZE(many)), -E2BIG);
	assert_int_equal(in_child(open_stdio_child), 0);
}

static void test_lock(void **state)
{
	_cleanup_close_ int a = -EBADF, b = -EBADF, reader = -EBADF;

	(void)state;
	write_file("file", "", 0);
	a = openat(dir_fd, "file", O_RDWR | O_CLOEXEC);
	b = openat(dir_fd, "file", O_RDWR | O_CLOEXEC);
	reader = openat(dir_fd, "file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd_is_locked(reader), 0);
	assert_int_equal(fd_lock(a), 0);
	assert_int_equal(fd_lock(a), 0); /* its own again */
	assert_int_equal(fd_lock(b), -EAGAIN);
	assert_int_equal(fd_is_locked(reader), 1);
	assert_int_equal(fd_is_locked(a), 0); /* not by somebody else */
	cleanup_close(&a);
	assert_int_equal(fd_lock(b), 0);
	assert_int_equal(fd_lock(reader), -EBADF);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_read_file),  TEST(test_read_odd_files), TEST(test_read_pipe),
		TEST(test_read_short), TEST(test_write_at),       TEST(test_replace),
		TEST(test_flags),      TEST(test_close_from),     TEST(test_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "term/term.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <setjmp.h>
#include <cmocka.h>

#define PAGE 4096U

static char dir[64];

static const char *in_dir(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int make_dir(void **state)
{
	(void)state;
	log_setup("test", NULL, -EBADF, LOG_LEVEL_ERROR, /* quiet= */ true);
	(void)snprintf(dir, sizeof(dir), "/tmp/test-console-log.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "log", "log.1", "link", "fifo" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlink(in_dir(names[i]));
	return rmdir(dir);
}

static long file_size(const char *name)
{
	struct stat st;

	return stat(in_dir(name), &st) < 0 ? -1 : (long)st.st_size;
}

/* Adds @n bytes of the endless text 0123456789abcdef... that starts at @from. */
static void add_text(struct console_log *log, size_t from, size_t n, size_t piece)
{
	char text[3 * PAGE];

	while (n) {
		size_t len = n < piece ? n : piece;

		for (size_t i = 0; i < len; i++)
			text[i] = "0123456789abcdef"[(from + i) % 16];
		console_log_add(log, text, len);
		from += len;
		n -= len;
	}
}

static void ring_keeps_the_last_bytes(void **state)
{
	static const struct {
		uint64_t buffer;
		size_t total, piece, want;
	} cases[] = {
		{ 1, 0, 1, 0 },
		{ 1, 5, 1, 5 },
		{ 1, PAGE, 7, PAGE },
		{ 1, PAGE + 1, 1, PAGE },
		{ PAGE + 1, 3 * PAGE, 100, 2 * PAGE },
		{ PAGE, 3 * PAGE, 3 * PAGE, PAGE },
		{ PAGE, 100 * PAGE + 3, 2 * PAGE + 5, PAGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct console_log *log = NULL;
		int fd = memfd_create("copy", MFD_CLOEXEC);
		char data[4 * PAGE];
		size_t len;

		assert_int_equal(console_log_new(cases[i].buffer, NULL, 0, false, &log, NULL), 0);
		add_text(log, 0, cases[i].total, cases[i].piece);
		assert_int_equal(console_log_copy(log, fd), 0);
		len = (size_t)read(fd, data, sizeof(data));
		assert_int_equal(len, cases[i].want);
		for (size_t k = 0; k < len; k++)
			assert_int_equal(data[k],
			                 "0123456789abcdef"[(cases[i].total - len + k) % 16]);
		console_log_clear(log);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(console_log_copy(log, fd), 0);
		assert_int_equal(read(fd, data, sizeof(data)), 0);
		(void)close(fd);
		assert_null(console_log_free(log));
	}
}

static void nothing_asked_for_is_nothing(void **state)
{
	struct console_log *log = NULL;

	(void)state;
	console_log_add(NULL, "x", 1);
	console_log_clear(NULL);
	assert_int_equal(console_log_copy(NULL, -1), -ENODATA);
	assert_int_equal(console_log_new(0, NULL, 0, false, &log, NULL), 0);
	console_log_add(log, "x", 1);
	assert_int_equal(console_log_copy(log, -1), -ENODATA);
	assert_null(console_log_free(log));
}

static void sizes_beyond_reason_are_refused(void **state)
{
	struct console_log *log = NULL;

	(void)state;
	assert_int_equal(console_log_new(UINT64_MAX, NULL, 0, false, &log, NULL), -ERANGE);
	assert_int_equal(console_log_new(0, NULL, UINT64_MAX, false, &log, NULL), -ERANGE);
	assert_null(log);
}

/* A large ring that is hardly used costs hardly any memory. */
static void ring_is_not_touched_ahead(void **state)
{
	struct console_log *log = NULL;
	char line[256];
	long before = 0, after = 0;
	FILE *file;

	(void)state;
	for (int pass = 0; pass < 2; pass++) {
		file = fopen("/proc/self/statm", "re");
		assert_non_null(file);
		assert_non_null(fgets(line, sizeof(line), file));
		(void)fclose(file);
		assert_int_equal(sscanf(line, "%*d %ld", pass ? &after : &before), 1);
		if (!pass)
			assert_int_equal(console_log_new(1U << 30, NULL, 0, false, &log, NULL), 0);
		console_log_add(log, "boot\n", 5);
	}
	assert_in_range(after - before, 0, 64);
	assert_null(console_log_free(log));
}

static void file_is_limited(void **state)
{
	static const struct {
		uint64_t limit;
		bool rotate;
		size_t total, piece;
		long want, want_old; /* -1: no such file */
	} cases[] = {
		{ 0, false, 3 * PAGE, PAGE, 3 * PAGE, -1 },
		{ 0, true, 3 * PAGE, PAGE, 3 * PAGE, -1 },
		{ 1, false, PAGE, 100, PAGE, -1 },
		{ 1, false, PAGE + 1, 100, 1, -1 },
		{ PAGE + 1, false, 2 * PAGE + 9, 2 * PAGE + 9, 9, -1 },
		{ 1, true, PAGE, 100, PAGE, -1 },
		{ 1, true, PAGE + 1, 100, 1, PAGE },
		{ 1, true, 5 * PAGE + 7, 3 * PAGE, 7, PAGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct console_log *log = NULL;

		assert_int_equal(console_log_new(0, in_dir("log"), cases[i].limit, cases[i].rotate,
		                                 &log, NULL),
		                 0);
		add_text(log, 0, cases[i].total, cases[i].piece);
		assert_int_equal(file_size("log"), cases[i].want);
		assert_int_equal(file_size("log.1"), cases[i].want_old);
		assert_null(console_log_free(log));
		(void)unlink(in_dir("log"));
		(void)unlink(in_dir("log.1"));
	}
}

static void file_is_appended_to(void **state)
{
	struct console_log *log = NULL;
	struct stat st;
	mode_t mask = umask(0);

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(console_log_new(0, in_dir("log"), PAGE, true, &log, NULL), 0);
		add_text(log, 0, PAGE / 2 + 10, 1);
		assert_null(console_log_free(log));
	}
	assert_int_equal(file_size("log"), 20);
	assert_int_equal(file_size("log.1"), PAGE);
	assert_int_equal(stat(in_dir("log"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	(void)umask(mask);
	(void)unlink(in_dir("log"));
	(void)unlink(in_dir("log.1"));
}

static void only_regular_files_are_logs(void **state)
{
	struct console_log *log = NULL;
	struct err err = {};

	(void)state;
	assert_int_equal(symlink("/dev/null", in_dir("link")), 0);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(console_log_new(0, in_dir("link"), 0, false, &log, &err), -ELOOP);
	assert_non_null(strstr(err.msg, "symbolic link"));
	assert_int_equal(console_log_new(0, in_dir("fifo"), 0, false, &log, &err), -EOPNOTSUPP);
	assert_int_equal(console_log_new(0, "/dev/null", 0, false, &log, &err), -EOPNOTSUPP);
	assert_int_equal(console_log_new(0, dir, 0, false, &log, &err), -EISDIR);
	assert_int_equal(console_log_new(0, in_dir("no/log"), 0, false, &log, &err), -ENOENT);
	assert_null(log);
}

/* The rotated name is a directory: the log is given up, the ring goes on. */
static void broken_file_is_dropped(void **state)
{
	int fd = memfd_create("copy", MFD_CLOEXEC);
	struct console_log *log = NULL;
	char data[2 * PAGE];

	(void)state;
	assert_int_equal(mkdir(in_dir("log.1"), 0700), 0);
	assert_int_equal(console_log_new(PAGE, in_dir("log"), PAGE, true, &log, NULL), 0);
	add_text(log, 0, 2 * PAGE, 1000);
	assert_int_equal(file_size("log"), PAGE);
	assert_int_equal(console_log_copy(log, fd), 0);
	assert_int_equal(read(fd, data, sizeof(data)), PAGE);
	(void)close(fd);
	assert_null(console_log_free(log));
	assert_int_equal(rmdir(in_dir("log.1")), 0);
	(void)unlink(in_dir("log"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_keeps_the_last_bytes),
		cmocka_unit_test(nothing_asked_for_is_nothing),
		cmocka_unit_test(sizes_beyond_reason_are_refused),
		cmocka_unit_test(ring_is_not_touched_ahead),
		cmocka_unit_test(file_is_limited),
		cmocka_unit_test(file_is_appended_to),
		cmocka_unit_test(only_regular_files_are_logs),
		cmocka_unit_test(broken_file_is_dropped),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

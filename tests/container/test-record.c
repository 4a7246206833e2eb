/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/record.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define MAX 65536

struct fixture {
	char path[32];
	int dir_fd;
};

static int make_dir(void **state)
{
	static struct fixture f;

	strcpy(f.path, "/tmp/rlxc-record.XXXXXX");
	f.dir_fd = mkdtemp(f.path) ? open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	*state = &f;
	return f.dir_fd < 0;
}

static int remove_dir(void **state)
{
	const struct fixture *f = *state;

	(void)unlinkat(f->dir_fd, "file", 0);
	(void)close(f->dir_fd);
	return rmdir(f->path);
}

static void check(int dir_fd, const char *want)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(record_read(dir_fd, "file", MAX, &text), 0);
	assert_string_equal(text, want);
}

static struct stat stat_of(int dir_fd)
{
	struct stat st;

	assert_int_equal(fstatat(dir_fd, "file", &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

static void the_last_whole_one_counts(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "a 1\n", "a 1\n" }, /* of a version without records */
		{ "a 1", "a 1" },
		{ "a 1\nend\n", "a 1\n" },
		{ "a 1\nend\na 2\nend\n", "a 2\n" },
		{ "a 1\nend\na 2\nb 3\n", "a 1\n" }, /* still being written */
		{ "a 1\nend\na 2\nb 3\nen", "a 1\n" },
		{ "a 1\nend\na 2\nb the end\n", "a 1\n" },
		{ "a 1\nb the end\nend\n", "a 1\nb the end\n" },
		{ "end\n", "" },
		{ "end\nend\n", "" },
	};
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(fd_replace_at(f->dir_fd, "file", 0600, cases[i].text,
		                               strlen(cases[i].text)),
		                 0);
		check(f->dir_fd, cases[i].want);
	}
}

static void records_are_added_up_to_a_page(void **state)
{
	const struct fixture *f = *state;
	struct stat first, st;
	char text[64];

	assert_int_equal(record_write(f->dir_fd, "file", "n start\n"), 0);
	first = stat_of(f->dir_fd);
	assert_int_equal(first.st_mode & 07777, 0600);
	for (int i = 0; i < 1000; i++) {
		assert_true(snprintf(text, sizeof(text), "n %d\n", i) > 0);
		assert_int_equal(record_write(f->dir_fd, "file", text), 0);
		check(f->dir_fd, text);
		st = stat_of(f->dir_fd);
		assert_true(st.st_size <= 4096);
		assert_true(i > 100 || st.st_ino == first.st_ino);
	}
}

static void large_ones_replace_the_file(void **state)
{
	const struct fixture *f = *state;
	char text[6000];

	memset(text, 'x', sizeof(text) - 2);
	text[sizeof(text) - 2] = '\n';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(record_write(f->dir_fd, "file", "a\n"), 0);
	assert_int_equal(record_write(f->dir_fd, "file", text), 0);
	check(f->dir_fd, text);
	assert_int_equal(stat_of(f->dir_fd).st_size, strlen(text) + strlen("end\n"));
	assert_int_equal(record_write(f->dir_fd, "file", "b\n"), 0);
	check(f->dir_fd, "b\n");
}

/* Nothing but a file of ours is written to. */
static void links_are_replaced(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(symlinkat("other", f->dir_fd, "file"), 0);
	assert_int_equal(record_write(f->dir_fd, "file", "a\n"), 0);
	assert_true(S_ISREG(stat_of(f->dir_fd).st_mode));
	check(f->dir_fd, "a\n");
}

static void limits_hold(void **state)
{
	const struct fixture *f = *state;
	char *text = NULL;

	assert_int_equal(record_read(f->dir_fd, "file", MAX, &text), -ENOENT);
	assert_int_equal(record_write(-EBADF, "file", "a\n"), -EBADF);
	assert_int_equal(record_write(f->dir_fd, "file", "a long one\n"), 0);
	assert_int_equal(record_read(f->dir_fd, "file", 4, &text), -EFBIG);
	assert_null(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_whole_one_counts, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(records_are_added_up_to_a_page, make_dir,
		                                remove_dir),
		cmocka_unit_test_setup_teardown(large_ones_replace_the_file, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(links_are_replaced, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(limits_hold, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/tree.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define DEPTH 10000

struct fixture {
	char path[64];
	int fd;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->path, "/tmp/test-tree.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->fd >= 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(tree_empty(f->fd, f->path, NULL), 0);
	close(f->fd);
	assert_int_equal(rmdir(f->path), 0);
	free(f);
	return 0;
}

static void make_file(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static bool is_there(int dir_fd, const char *path)
{
	return faccessat(dir_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void make_dir(int dir_fd, const char *path)
{
	assert_int_equal(mkdirat(dir_fd, path, 0755), 0);
}

static void test_missing_is_fine(void **state)
{
	struct fixture *f = *state;
	struct err err = {};

	assert_int_equal(tree_remove(f->fd, "no", f->path, &err), 0);
	assert_int_equal(tree_check_mounts(f->fd, "no", f->path, &err), 0);
	assert_int_equal(tree_empty(f->fd, f->path, &err), 0);
}

static void test_each_kind_of_entry(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "file", "dir", "link", "dangling", "fifo" };

	make_dir(f->fd, "outside");
	make_file(f->fd, "outside/precious");
	make_dir(f->fd, "t");
	make_file(f->fd, "t/file");
	make_dir(f->fd, "t/dir");
	assert_int_equal(symlinkat("../outside", f->fd, "t/link"), 0);
	assert_int_equal(symlinkat("nowhere", f->fd, "t/dangling"), 0);
	assert_int_equal(mkfifoat(f->fd, "t/fifo", 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_close_ int t = openat(f->fd, "t", O_PATH | O_DIRECTORY | O_CLOEXEC);

		assert_int_equal(tree_check_mounts(t, names[i], "t", NULL), 0);
		assert_int_equal(tree_remove(t, names[i], "t", NULL), 0);
		assert_false(is_there(t, names[i]));
	}
	assert_true(is_there(f->fd, "outside/precious"));
}

static void test_links_are_not_followed(void **state)
{
	struct fixture *f = *state;

	make_dir(f->fd, "outside");
	make_file(f->fd, "outside/precious");
	make_dir(f->fd, "t");
	make_dir(f->fd, "t/a");
	make_dir(f->fd, "t/a/b");
	assert_int_equal(symlinkat("../../../outside", f->fd, "t/a/b/up"), 0);
	assert_int_equal(symlinkat("../outside", f->fd, "t/z"), 0);
	assert_int_equal(symlinkat("outside", f->fd, "top"), 0);
	assert_int_equal(tree_remove(f->fd, "t", f->path, NULL), 0);
	assert_int_equal(tree_remove(f->fd, "top", f->path, NULL), 0);
	assert_false(is_there(f->fd, "t"));
	assert_false(is_there(f->fd, "top"));
	assert_true(is_there(f->fd, "outside/precious"));
}

static void test_hard_links_outside_stay(void **state)
{
	struct fixture *f = *state;

	make_file(f->fd, "precious");
	make_dir(f->fd, "t");
	assert_int_equal(linkat(f->fd, "precious", f->fd, "t/link", 0), 0);
	assert_int_equal(tree_remove(f->fd, "t", f->path, NULL), 0);
	assert_true(is_there(f->fd, "precious"));
}

static void test_many_entries(void **state)
{
	struct fixture *f = *state;
	char name[32];

	make_dir(f->fd, "t");
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "t/%d", i);
		if (i % 3)
			make_file(f->fd, name);
		else
			make_dir(f->fd, name);
	}
	assert_int_equal(tree_check_mounts(f->fd, "t", f->path, NULL), 0);
	assert_int_equal(tree_remove(f->fd, "t", f->path, NULL), 0);
	assert_false(is_there(f->fd, "t"));
}

/* Neither the stack nor the descriptors may grow with the depth. */
static void test_very_deep(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, few;
	int fd = dup(f->fd);

	make_dir(f->fd, "t");
	for (int i = 0; i < DEPTH; i++) {
		int next;

		assert_int_equal(mkdirat(fd, i ? "d" : "t/d", 0755), 0);
		next = openat(fd, i ? "d" : "t/d", O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	make_file(fd, "bottom");
	close(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = 24;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(tree_check_mounts(f->fd, "t", f->path, NULL), 0);
	assert_int_equal(tree_remove(f->fd, "t", f->path, NULL), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_false(is_there(f->fd, "t"));
}

static void test_o_path_directory(void **state)
{
	struct fixture *f = *state;
	_cleanup_close_ int fd = open(f->path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	make_dir(f->fd, "t");
	make_file(f->fd, "t/file");
	assert_int_equal(tree_check_mounts_in(fd, f->path, NULL), 0);
	assert_int_equal(tree_empty(fd, f->path, NULL), 0);
	assert_false(is_there(f->fd, "t"));
}

/* /proc is a mount on every host; nothing but looking is done. */
static void test_mount_is_found(void **state)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err err = {};

	(void)state;
	assert_int_equal(tree_check_mounts(root, "proc", "", &err), -EBUSY);
	assert_non_null(strstr(err.msg, "/proc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_missing_is_fine, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_kind_of_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links_are_not_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hard_links_outside_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_very_deep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_o_path_directory, setup, teardown),
		cmocka_unit_test(test_mount_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

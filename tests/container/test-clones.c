/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/clones.h"

#include "base/cleanup.h"
#include "storage/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct fixture {
	char path[64];
	int fd, base;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	assert_non_null(f);
	strcpy(f->path, "/tmp/test-clones.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(f->fd, "base", 0755) | mkdirat(f->fd, "c1", 0755), 0);
	f->base = openat(f->fd, "base", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(f->base, "config", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(tree_empty(f->fd, f->path, NULL), 0);
	close(f->base);
	close(f->fd);
	assert_int_equal(rmdir(f->path), 0);
	free(f);
	return 0;
}

static size_t count(const struct fixture *f)
{
	_cleanup_(strv_done) struct strv paths = {};

	assert_int_equal(clones_read(f->base, &paths), 0);
	return paths.n;
}

static void test_added_and_forgotten(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(count(f), 0);
	assert_int_equal(clones_add(f->path, "base", f->path, "c1"), 0);
	assert_int_equal(count(f), 1);
	assert_int_equal(clones_forget(f->path, "base", f->path, "c1"), 0);
	assert_int_equal(count(f), 0);
	assert_int_equal(faccessat(f->base, CLONES_NAME, F_OK, 0), -1);
}

/* One whose directory is gone counts no more; one that may only be out of sight does. */
static void test_gone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(clones_add(f->path, "base", f->path, "gone"), 0);
	assert_int_equal(count(f), 0);
	assert_int_equal(clones_add(f->path, "base", "/no/such/store", "hidden"), 0);
	assert_int_equal(count(f), 1);
}

static void test_parent(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *lxcpath = NULL, *name = NULL;

	assert_int_equal(clones_read_parent(f->base, &lxcpath, &name), -ENOENT);
	assert_int_equal(clones_write_parent(f->base, "/store", "p1"), 0);
	assert_int_equal(clones_read_parent(f->base, &lxcpath, &name), 0);
	assert_string_equal(lxcpath, "/store");
	assert_string_equal(name, "p1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_added_and_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parent, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/storage.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* tests/run/zfs-stand-in answers in the place of zfs; nothing is mounted. */

static const struct caller root = { .is_root = true };
static char dir[] = "/tmp/rlxc-test-zfs.XXXXXX";

static void run(const char *line)
{
	assert_int_equal(system(line), 0);
}

static int setup(void **state)
{
	const char *top = getenv("top_srcdir");
	_cleanup_free_ char *path = NULL, *link = NULL, *stand_in = NULL, *log = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_true(asprintf(&stand_in, "%s/tests/run/zfs-stand-in", top ? top : ".") > 0);
	assert_true(asprintf(&link, "%s/zfs", dir) > 0);
	assert_true(asprintf(&path, "%s:%s", dir, getenv("PATH")) > 0);
	assert_true(asprintf(&log, "%s/state", dir) > 0);
	assert_int_equal(symlink(stand_in, link), 0);
	setenv("PATH", path, 1);
	setenv("ZFS_STATE", log, 1);
	return 0;
}

static int teardown(void **state)
{
	_cleanup_free_ char *line = NULL;

	(void)state;
	assert_true(asprintf(&line, "rm -r %s", dir) > 0);
	run(line);
	return 0;
}

/* What is in the file $ZFS_STATE@suffix, owned. */
static char *content(const char *suffix)
{
	_cleanup_free_ char *path = NULL;
	char *text;

	assert_true(asprintf(&path, "%s/state%s", dir, suffix) > 0);
	assert_int_equal(fd_read_file(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
	return text;
}

static void begin(void)
{
	run("rm -f $ZFS_STATE*; zfs create tank/lxc; zfs create tank/lxc/a; rm $ZFS_STATE.log");
}

static void parse(const char *name, struct storage *ret_storage)
{
	_cleanup_free_ char *value = NULL;

	assert_true(asprintf(&value, "zfs:tank/lxc/%s", name) > 0);
	assert_int_equal(storage_parse_value(value, ret_storage, NULL), 0);
}

static void destroy(const char *name)
{
	_cleanup_(storage_done) struct storage storage = {};
	struct err err = {};

	parse(name, &storage);
	if (storage_destroy(&storage, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
}

/* @ret_clone may be NULL. */
static void clone_of(const char *source_name, const char *name, struct storage *ret_clone)
{
	_cleanup_(storage_done) struct storage source = {}, clone = {};
	const struct storage_spec spec = { .name = name, .container_path = "/c", .zfsroot = "no" };

	parse(source_name, &source);
	assert_int_equal(storage_choose_snapshot(&source, &spec, &clone, NULL), 0);
	assert_false(clone.needs_source);
	assert_int_equal(storage_snapshot(&source, &clone, -EBADF, -EBADF, "rootfs", NULL, NULL),
	                 0);
	if (!ret_clone)
		return;
	*ret_clone = clone;
	clone = (struct storage){};
}

static void test_clone(void **state)
{
	_cleanup_(storage_done) struct storage clone = {};
	_cleanup_free_ char *log = NULL, *want = NULL;

	(void)state;
	begin();
	clone_of("a", "b", &clone);
	log = content(".log");
	assert_true(asprintf(&want,
	                     "list -H -o name tank/lxc\n"
	                     "list -H -o name tank/lxc/b\n"
	                     "snapshot tank/lxc/a@%s\n"
	                     "clone -o mountpoint=legacy -o rlxc:tag=%s tank/lxc/a@%s tank/lxc/b\n",
	                     clone.tag, clone.tag, clone.tag) > 0);
	assert_string_equal(log, want);
}

static void test_name_taken(void **state)
{
	_cleanup_(storage_done) struct storage storage = {};
	const struct storage_spec spec = { .backend = "zfs", .name = "a", .zfsroot = "tank/lxc" };

	(void)state;
	begin();
	assert_int_equal(storage_choose(&spec, &root, &storage, NULL), 0);
	assert_string_equal(storage.path, "tank/lxc/a_2");
}

/* One that only has the name stays. */
static void test_tag(void **state)
{
	_cleanup_(storage_done) struct storage clone = {};
	_cleanup_free_ char *left = NULL, *gone = NULL;
	char last;

	(void)state;
	begin();
	clone_of("a", "b", &clone);
	last = clone.tag[strlen(clone.tag) - 1];
	clone.tag[strlen(clone.tag) - 1] = 'x';
	assert_int_equal(storage_destroy(&clone, NULL), 0);
	left = content("");
	assert_non_null(strstr(left, "tank/lxc/b tank/lxc/a@rlxc-"));
	clone.tag[strlen(clone.tag) - 1] = last;
	assert_int_equal(storage_destroy(&clone, NULL), 0);
	gone = content("");
	assert_string_equal(gone, "tank/lxc - -\ntank/lxc/a - -\n");
}

/* b and c are made from a, d from b. Whatever goes first, the others stay and can go later, and no
 * snapshot is left. */
static void test_destroy_in_any_order(void **state)
{
	(void)state;
	for (unsigned int order = 0; order < 24; order++) {
		_cleanup_free_ char *datasets = NULL, *snapshots = NULL;
		char names[] = "abcd";
		unsigned int rest = order;

		begin();
		clone_of("a", "b", NULL);
		clone_of("a", "c", NULL);
		clone_of("b", "d", NULL);
		for (size_t n = 4; n > 0; rest /= (unsigned int)n--) {
			char *which = names + rest % n, name[] = { *which, '\0' };

			destroy(name);
			memmove(which, which + 1, strlen(which));
		}
		datasets = content("");
		snapshots = content(".snapshots");
		assert_string_equal(datasets, "tank/lxc - -\n");
		assert_string_equal(snapshots, "");
	}
}

static void test_path(void **state)
{
	_cleanup_(storage_done) struct storage source = {}, clone = {};
	const struct storage_spec spec = { .name = "b", .container_path = "/c" };
	struct err err = {};

	(void)state;
	assert_int_equal(storage_parse_value("zfs:/tank/lxc/a", &source, NULL), 0);
	assert_int_equal(storage_choose_snapshot(&source, &spec, &clone, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "does not name a dataset"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clone), cmocka_unit_test(test_name_taken),
		cmocka_unit_test(test_tag),   cmocka_unit_test(test_destroy_in_any_order),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

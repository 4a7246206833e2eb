/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/mark.h"

#include "base/cleanup.h"
#include "container/ids.h"
#include "idmap/idmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void test_bad_text(void **state)
{
	static const char *const cases[] = {
		"idmap u 0 100000\n",
		"idmap u 0 100000 65536 1\n",
		"idmap x 0 100000 65536\n",
		"idmap u 0 100000 0\n",
		"idmap u 0 -1 5\n",
		"rootfs made 5\n",
		"rootfs made 5 relative\n",
		"rootfs taken 5 /x\n",
		"rootfs made x /x\n",
		"rootfs made 5 /x\nrootfs made 5 /y\n",
		"volume \n",
		"other\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(mark_done) struct mark mark = {};

		assert_int_equal(mark_parse(cases[i], &mark), -EINVAL);
		assert_null(mark.rootfs_path);
	}
}

static void test_adopted(void **state)
{
	_cleanup_(mark_done) struct mark mark = {};

	(void)state;
	assert_int_equal(mark_parse("", &mark), 0);
	assert_int_equal(mark.idmaps.n, 0);
	assert_null(mark.rootfs_path);
}

static void test_round_trip(void **state)
{
	_cleanup_(mark_done) struct mark mark = {}, again = {};
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(idmap_add(&mark.idmaps, IDMAP_UID, 0, 100000, 65536), 0);
	assert_int_equal(idmap_add(&mark.idmaps, IDMAP_GID, 0, 200000, 1), 0);
	mark.rootfs_path = strdup("/srv/with blank/c1");
	mark.rootfs_inode = UINT64_MAX;
	mark.rootfs_made = true;
	assert_int_equal(strv_add(&mark.volumes, "loop:/srv/with blank"), 0);
	assert_int_equal(strv_add(&mark.volumes, "rlxc-0123456789abcdef lvm:/dev/vg/c1"), 0);
	assert_int_equal(mark_format(&mark, &text), 0);
	assert_int_equal(mark_parse(text, &again), 0);
	assert_int_equal(again.idmaps.n, 2);
	assert_int_equal(again.idmaps.items[0].host_first, 100000);
	assert_int_equal(again.idmaps.items[1].kind, IDMAP_GID);
	assert_string_equal(again.rootfs_path, "/srv/with blank/c1");
	assert_true(again.rootfs_inode == UINT64_MAX);
	assert_true(again.rootfs_made);
	assert_int_equal(again.volumes.n, 2);
	assert_string_equal(again.volumes.items[0], "loop:/srv/with blank");
	assert_string_equal(again.volumes.items[1], "rlxc-0123456789abcdef lvm:/dev/vg/c1");
}

static void test_record_lines(void **state)
{
	static const struct {
		const char *line;
		int want;
		size_t n;
	} cases[] = {
		{ "", -EINVAL, 0 },
		{ "/path", -EINVAL, 0 },
		{ "u 0 100000 65536", -EINVAL, 0 },
		{ "u 0 100000 65536/path", -EINVAL, 0 },
		{ "u 0 100000 0 /path", -EINVAL, 0 },
		{ "u 0 100000 65536,x 0 1 1 /path", -EINVAL, 0 },
		{ "u 0 100000 65536,g 0 100000 65536 /path with/blank", 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(idmap_done) struct conf_idmaps maps = {};
		const char *path = NULL;

		assert_int_equal(ids_parse_line(cases[i].line, &maps, &path), cases[i].want);
		assert_int_equal(maps.n, cases[i].n);
		if (path)
			assert_string_equal(path, "/path with/blank");
	}
}

static void test_ids_inside(void **state)
{
	_cleanup_(idmap_done) struct conf_idmaps maps = {};

	(void)state;
	assert_int_equal(idmap_add(&maps, IDMAP_UID, 0, 100000, 65536), 0);
	assert_int_equal(idmap_add(&maps, IDMAP_UID, 65536, 1000, 1), 0);
	assert_int_equal(ids_inside(&maps, IDMAP_UID, 100005), 5);
	assert_int_equal(ids_inside(&maps, IDMAP_UID, 1000), 65536);
	assert_int_equal(ids_inside(&maps, IDMAP_GID, 1000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_text),   cmocka_unit_test(test_adopted),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_record_lines),
		cmocka_unit_test(test_ids_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

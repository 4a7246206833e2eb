/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/storage.h"

#include "base/cleanup.h"
#include "storage/volume.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

/* ---- lxc.rootfs.path ---- */

static void test_refused(void **state)
{
	static const struct {
		const char *value;
		int want;
		const char *says;
	} cases[] = {
		{ "floppy:/a", -EINVAL, "no storage backend 'floppy'" },
		{ "nbd:/a:1", -EOPNOTSUPP, "'nbd' is not supported: it needs qemu-nbd" },
		{ "rbd:/dev/rbd/p/n", -EOPNOTSUPP, "'rbd' is not supported: it needs a Ceph" },
		{ "dir:rootfs", -EINVAL, "not an absolute path" },
		{ "loop:image", -EINVAL, "not an absolute path" },
		{ "overlay:/upper", -EINVAL, "two absolute paths" },
		{ "overlay:lower:/upper", -EINVAL, "two absolute paths" },
		{ "overlay:/lower:upper", -EINVAL, "two absolute paths" },
		{ "overlay:/lower:/a/work", -EINVAL, "cannot be called 'work'" },
		{ "lvm:/dev/vg", -EINVAL, "lvm:/dev/VG/LV" },
		{ "lvm:/dev/vg/", -EINVAL, "lvm:/dev/VG/LV" },
		{ "lvm:/dev//lv", -EINVAL, "lvm:/dev/VG/LV" },
		{ "lvm:/dev/vg/lv/x", -EINVAL, "lvm:/dev/VG/LV" },
		{ "lvm:vg/lv", -EINVAL, "lvm:/dev/VG/LV" },
		{ "zfs:pool", -EINVAL, "zfs:POOL/DATASET" },
		{ "zfs:-r/x", -EINVAL, "zfs:POOL/DATASET" },
		{ "zfs:pool/x@y", -EINVAL, "zfs:POOL/DATASET" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct storage storage = { .path = (char *)"untouched" };
		struct err err = {};

		assert_int_equal(storage_parse_value(cases[i].value, &storage, &err),
		                 cases[i].want);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("%s: %s", cases[i].value, err.msg);
		assert_string_equal(storage.path, "untouched");
	}
}

static void test_parsed(void **state)
{
	static const struct {
		const char *value, *name, *path, *formatted;
		size_t n_lowers;
		const char *first_lower, *last_lower, *work;
		bool is_volume;
	} cases[] = {
		{ "dir:/a", "dir", "/a", "dir:/a", 0, NULL, NULL, NULL, false },
		{ "dir:/a:b", "dir", "/a:b", "dir:/a:b", 0, NULL, NULL, NULL, false },
		{ "/nowhere/a:b", "dir", "/nowhere/a:b", "dir:/nowhere/a:b", 0, NULL, NULL, NULL,
		  false },
		{ "/", "dir", "/", "dir:/", 0, NULL, NULL, NULL, false },
		{ "/dev/null", "dir", "/dev/null", "dir:/dev/null", 0, NULL, NULL, NULL, false },
		{ "/etc/passwd", "loop", "/etc/passwd", "loop:/etc/passwd", 0, NULL, NULL, NULL,
		  true },
		{ "btrfs:/a", "btrfs", "/a", "btrfs:/a", 0, NULL, NULL, NULL, false },
		{ "overlay:/l:/u", "overlay", "/u", "overlay:/l:/u", 1, "/l", "/l", "/work",
		  false },
		{ "overlayfs:/1:/2:/3:/x/u", "overlay", "/x/u", "overlay:/1:/2:/3:/x/u", 3, "/1",
		  "/3", "/x/work", false },
		{ "overlay:/a:b:/u", "overlay", "/u", "overlay:/a:b:/u", 1, "/a:b", "/a:b", "/work",
		  false },
		{ "lvm:/dev/vg/lv", "lvm", "/dev/vg/lv", "lvm:/dev/vg/lv", 0, NULL, NULL, NULL,
		  true },
		{ "zfs:pool/a/b", "zfs", "pool/a/b", "zfs:pool/a/b", 0, NULL, NULL, NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(storage_done) struct storage storage = {};
		_cleanup_free_ char *formatted = NULL;
		size_t n = cases[i].n_lowers;

		assert_int_equal(storage_parse_value(cases[i].value, &storage, NULL), 0);
		assert_string_equal(storage_name(&storage), cases[i].name);
		assert_string_equal(storage.path, cases[i].path);
		assert_int_equal(storage_is_volume(&storage), cases[i].is_volume);
		assert_int_equal(storage.lowers.n, n);
		if (n) {
			assert_string_equal(storage.lowers.items[0], cases[i].first_lower);
			assert_string_equal(storage.lowers.items[n - 1], cases[i].last_lower);
			assert_string_equal(storage.work, cases[i].work);
		}
		assert_int_equal(storage_format(&storage, &formatted), 0);
		assert_string_equal(formatted, cases[i].formatted);
	}
}

/* ---- new ones ---- */

static const struct caller user = { .uid = 1000, .gid = 1000 };
static const struct caller inner_root = { .is_root = true, .in_userns = true };

static void test_choose(void **state)
{
	static const struct {
		const char *backend, *dir;
		int want;
		const char *value;
	} cases[] = {
		{ "floppy", NULL, -EINVAL, NULL },
		{ "rbd", NULL, -EOPNOTSUPP, NULL },
		{ "loop", NULL, -EPERM, NULL },
		{ "lvm", NULL, -EPERM, NULL },
		{ "zfs", NULL, -EPERM, NULL },
		{ "btrfs", NULL, -EOPNOTSUPP, NULL }, /* proc is none */
		{ NULL, NULL, 0, "dir:/proc/c/rootfs" },
		{ "dir", "/else//where/", 0, "dir:/else/where" },
		{ "best", NULL, 0, "dir:/proc/c/rootfs" },
		{ "overlay", NULL, 0, "overlay:/proc/c/rootfs:/proc/c/overlay/delta" },
		{ "overlayfs", "/x", 0, "overlay:/x:/proc/c/overlay/delta" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases) * 2; i++) {
		const struct caller *caller = i % 2 ? &user : &inner_root;
		const struct storage_spec spec = { .backend = cases[i / 2].backend,
			                           .dir = cases[i / 2].dir,
			                           .name = "c",
			                           .container_path = "/proc/c" };
		_cleanup_(storage_done) struct storage storage = {};
		_cleanup_free_ char *value = NULL;

		assert_int_equal(storage_choose(&spec, caller, &storage, NULL), cases[i / 2].want);
		if (cases[i / 2].want < 0)
			continue;
		assert_int_equal(storage_format(&storage, &value), 0);
		assert_string_equal(value, cases[i / 2].value);
	}
}

static void test_choose_snapshot(void **state)
{
	static const struct {
		const char *source;
		int want;
		const char *value;
	} cases[] = {
		{ "loop:/image", -EOPNOTSUPP, NULL },
		{ "btrfs:/a", -EOPNOTSUPP, NULL },
		{ "dir:/a", 0, "overlay:/a:/proc/c/overlay/delta" },
		{ "overlay:/a:/b", 0, "overlay:/b:/a:/proc/c/overlay/delta" },
		{ "overlay:/a:/b:/c", 0, "overlay:/c:/a:/b:/proc/c/overlay/delta" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct storage_spec spec = { .name = "c", .container_path = "/proc/c" };
		_cleanup_(storage_done) struct storage source = {}, clone = {};
		_cleanup_free_ char *value = NULL;

		assert_int_equal(storage_parse_value(cases[i].source, &source, NULL), 0);
		assert_int_equal(storage_choose_snapshot(&source, &spec, &clone, NULL),
		                 cases[i].want);
		if (cases[i].want < 0)
			continue;
		assert_int_equal(storage_format(&clone, &value), 0);
		assert_string_equal(value, cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_parsed),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_choose_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

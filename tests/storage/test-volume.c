/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/volume.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static void test_detect(void **state)
{
	static const struct {
		const char *bytes;
		off_t offset;
		const char *want; /* NULL: nothing known */
	} cases[] = {
		{ "", 0, NULL },
		{ "XFS", 0, NULL },
		{ "\x53\xef", 1082, NULL },
		{ "XFSB", 0, "xfs" },
		{ "\x53\xef", 1080, "ext4" },
		{ "hsqs", 0, "squashfs" },
		{ "_BHRfS_M", 65600, "btrfs" },
		{ "\xe2\xe1\xf5\xe0", 1024, "erofs" },
		{ "\x10\x20\xf5\xf2", 1024, "f2fs" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_close_ int fd = memfd_create("volume", MFD_CLOEXEC);
		const char *found;

		assert_true(fd >= 0);
		assert_int_equal(
			pwrite(fd, cases[i].bytes, strlen(cases[i].bytes), cases[i].offset),
			strlen(cases[i].bytes));
		found = volume_detect(fd);
		if (cases[i].want)
			assert_string_equal(found, cases[i].want);
		else
			assert_null(found);
	}
}

static void test_programs(void **state)
{
	_cleanup_free_ char *answer = NULL;
	struct err err = {};

	(void)state;
	assert_int_equal(volume_run(&err, "no-such-program", "-x", NULL), -ENOENT);
	assert_string_equal(err.msg, "the program 'no-such-program' is not installed");
	assert_int_equal(volume_run(&err, "sh", "-c", "echo one; echo two >&2; exit 3", NULL),
	                 -EIO);
	assert_string_equal(err.msg, "sh failed with exit status 3: one; two");
	assert_int_equal(volume_run(&err, "sh", "-c", "exit 4", NULL), -EIO);
	assert_string_equal(err.msg, "sh failed with exit status 4: it says nothing");
	assert_int_equal(volume_run(&err, "true", NULL), 0);
	assert_int_equal(volume_ask(&answer, &err, "printf", "%s", "  a b\n ", NULL), 0);
	assert_string_equal(answer, "a b");
	assert_int_equal(volume_format("/dev/null", "../x", &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_detect),
		cmocka_unit_test(test_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

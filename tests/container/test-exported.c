/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/exported.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int want;
		bool is_mapped, has_rootfs;
	} cases[] = {
		{ "", -EINVAL, false, false },
		{ "something else\n", -EINVAL, false, false },
		{ "rlxc-export 2\nids host\npath /c\n", -EPROTONOSUPPORT, false, false },
		{ "rlxc-export 11\nids host\npath /c\n", -EPROTONOSUPPORT, false, false },
		{ "rlxc-export 1\n", -EINVAL, false, false },
		{ "rlxc-export 1\nids host\n", -EINVAL, false, false },
		{ "rlxc-export 1\npath /c\n", -EINVAL, false, false },
		{ "rlxc-export 1\nids host\npath c\n", -EINVAL, false, false },
		{ "rlxc-export 1\nids host\npath /c\n", 0, false, true },
		{ "rlxc-export 1\nids mapped\nlater x\npath /c", 0, true, true },
		{ "rlxc-export 1\nids host\npath /c\nrootfs none\n", 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct exported exported = {};

		assert_int_equal(exported_parse(cases[i].text, &exported), cases[i].want);
		assert_int_equal(exported.is_mapped, cases[i].is_mapped);
		assert_int_equal(exported.has_rootfs, cases[i].has_rootfs);
		if (cases[i].want == 0)
			assert_string_equal(exported.path, "/c");
		else
			assert_null(exported.path);
		exported_done(&exported);
	}
}

static void test_round(void **state)
{
	char path[] = "/var/lib/lxc/a b";
	char first[] = "snap0", second[] = "snap7", *snapshots[] = { first, second };
	const struct exported from = { .is_mapped = true,
		                       .path = path,
		                       .snapshots = { .items = snapshots, .n = 2 } };
	struct exported to = {};
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(exported_format(&from, &text), 0);
	assert_int_equal(exported_parse(text, &to), 0);
	assert_true(to.is_mapped);
	assert_false(to.has_rootfs);
	assert_string_equal(to.path, path);
	assert_int_equal(to.snapshots.n, 2);
	assert_string_equal(to.snapshots.items[0], first);
	assert_string_equal(to.snapshots.items[1], second);
	exported_done(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

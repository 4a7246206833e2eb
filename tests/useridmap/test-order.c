/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap/order.h"

#include "priv/auth.h"

#include <linux/mount.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ONE "1000:100000:1"

static void test_usable(void **state)
{
	char longest[1025];
	char *good[] = { "x", "own", ONE, ONE, "-", NULL }, *no_name[] = { NULL };
	char *hole[] = { "x", "own", NULL, ONE, "-", NULL };
	char *big[] = { "x", "own", longest, ONE, "-", NULL };

	(void)state;
	(void)memset(longest, '1', sizeof(longest));
	longest[1024] = '\0';
	assert_true(order_is_usable(5, good));
	assert_false(order_is_usable(4, good));
	assert_false(order_is_usable(6, good));
	assert_false(order_is_usable(0, no_name));
	assert_false(order_is_usable(5, hole));
	assert_false(order_is_usable(5, big));
	longest[1023] = '\0';
	assert_true(order_is_usable(5, big));
}

static void test_words(void **state)
{
	static const struct {
		const char *kind, *uids, *gids, *flags;
		int want;
		uint64_t attr;
	} cases[] = {
		{ "", ONE, ONE, "-", 1, 0 },
		{ "own ", ONE, ONE, "-", 1, 0 },
		{ "images", ONE, ONE, "ro", 1, 0 },
		{ "own", "", ONE, "-", 2, 0 },
		{ "own", ONE, "", "-", 3, 0 },
		{ "own", ONE, ONE, "", 4, 0 },
		{ "own", ONE, ONE, "--", 4, 0 },
		{ "own", ONE, ONE, "r", 4, 0 },
		{ "own", ONE, ONE, "roo", 4, 0 },
		{ "own", ONE, ONE, "ro,", 4, 0 },
		{ "own", ONE, ONE, ",ro", 4, 0 },
		{ "own", ONE, ONE, "ro,-", 4, 0 },
		{ "own", ONE, ONE, "ro,ro", 4, 0 },
		{ "own", ONE, ONE, "nodev", 4, 0 },
		{ "image", ONE, ONE, "-", 4, 0 },
		{ "image", ONE, ONE, "nosuid,noexec", 4, 0 },
		{ "own", ONE, ONE, "-", 0, 0 },
		{ "own", ONE, ONE, "ro", 0, MOUNT_ATTR_RDONLY },
		{ "own", ONE, ONE, "noexec", 0, MOUNT_ATTR_NOEXEC },
		{ "image", ONE, ONE, "nosuid,ro", 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID },
	};

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		char *argv[] = { "x",
			         (char *)cases[i].kind,
			         (char *)cases[i].uids,
			         (char *)cases[i].gids,
			         (char *)cases[i].flags,
			         NULL };
		struct order order = { .attr = 77 };

		assert_int_equal(order_parse(argv, &order), cases[i].want);
		if (cases[i].want) {
			assert_int_equal(order.attr, 77);
			continue;
		}
		assert_int_equal(order.attr, cases[i].attr | MOUNT_ATTR_NODEV);
		assert_int_equal(order.image, cases[i].kind[0] == 'i');
		assert_int_equal(order.uids.list[0].disk, 1000);
		assert_int_equal(order.gids.list[0].seen, 100000);
	}
}

static void test_maps(void **state)
{
	static const struct {
		const char *word;
		size_t n; /* 0: no map */
	} cases[] = {
		{ "", 0 },
		{ ":", 0 },
		{ "1:2", 0 },
		{ "1:2:", 0 },
		{ ":2:3", 0 },
		{ "1::3", 0 },
		{ "1:2:3:4", 0 },
		{ "1:2:3,", 0 },
		{ ",1:2:3", 0 },
		{ "1:2:3;5:6:1", 0 },
		{ " 1:2:3", 0 },
		{ "1:2:3 ", 0 },
		{ "01:2:3", 0 },
		{ "+1:2:3", 0 },
		{ "-1:2:3", 0 },
		{ "0x1:2:3", 0 },
		{ "1:2:0", 0 },
		{ "4294967295:2:1", 0 },
		{ "1:4294967295:1", 0 },
		{ "4294967296:2:1", 0 },
		{ "4294967290:2:6", 0 },
		{ "2:4294967290:6", 0 },
		{ "0:0:4194305", 0 },
		{ "0:0:4194304,4194304:4194304:1", 0 },
		{ "10:20:5,14:30:1", 0 },
		{ "10:20:5,9:30:2", 0 },
		{ "10:20:5,8:30:10", 0 },
		{ "10:20:5,30:24:1", 0 },
		{ "10:20:5,30:19:2", 0 },
		{ "0:0:1,1:1:1,2:2:1,3:3:1,4:4:1,5:5:1,6:6:1,7:7:1,8:8:1,9:9:1,10:10:1,11:11:1,"
		  "12:12:1,13:13:1,14:14:1,15:15:1,16:16:1",
		  0 },
		{ "0:0:1", 1 },
		{ "4294967290:4294967290:5", 1 },
		{ "0:0:4194304", 1 },
		{ "10:20:5,15:30:1", 2 },
		{ "10:20:5,9:30:1,30:25:1,31:19:1", 4 },
		{ "0:0:1,1:1:1,2:2:1,3:3:1,4:4:1,5:5:1,6:6:1,7:7:1,8:8:1,9:9:1,10:10:1,11:11:1,"
		  "12:12:1,13:13:1,14:14:1,15:15:1",
		  16 },
	};

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		struct map map = { .n = 99 };

		if (order_parse_map(cases[i].word, &map) != (cases[i].n > 0))
			fail_msg("%s", cases[i].word);
		assert_int_equal(map.n, cases[i].n ? cases[i].n : 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usable),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

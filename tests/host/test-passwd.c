/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/passwd.h"

#include "base/cleanup.h"
#include "host/caller.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char text[] = "root:x:0:0:root:/root:/bin/bash\n"
			   "+nis:x:7:7::/nis:\n"
			   "-gone:x:7:7::/gone:\n"
			   "short:x:7:7\n"
			   ":x:7:7::/noname:/bin/sh\n"
			   "hex:x:0x7:7::/hex:/bin/sh\n"
			   "negative:x:-7:7::/negative:/bin/sh\n"
			   "huge:x:4294967303:7::/huge:/bin/sh\n"
			   "\n"
			   "seven:x:7:70:with gecos,,,:/home/seven:/bin/sh\n"
			   "again:x:7:71::/home/again:/bin/sh\n"
			   "nohome:x:8:8:::/bin/sh\n"
			   "noshell:x:9:9::/home/noshell";

static void test_parse(void **state)
{
	static const struct {
		const char *name;
		uid_t uid;
		int want;
		const char *want_name;
		gid_t gid;
		const char *home;
	} cases[] = {
		{ NULL, 12, -ENOENT, NULL, 0, NULL },
		{ "nis", 0, -ENOENT, NULL, 0, NULL },
		{ "+nis", 0, -ENOENT, NULL, 0, NULL },
		{ "hex", 0, -ENOENT, NULL, 0, NULL },
		{ "huge", 0, -ENOENT, NULL, 0, NULL },
		{ "negative", 0, -ENOENT, NULL, 0, NULL },
		{ "", 0, -ENOENT, NULL, 0, NULL },
		{ "sev", 0, -ENOENT, NULL, 0, NULL },
		{ NULL, 0, 0, "root", 0, "/root" },
		{ NULL, 7, 0, "seven", 70, "/home/seven" },
		{ "again", 0, 0, "again", 71, "/home/again" },
		{ NULL, 8, 0, "nohome", 8, "" },
		{ NULL, 9, 0, "noshell", 9, "/home/noshell" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct passwd_entry entry = {};

		assert_int_equal(passwd_parse(text, cases[i].name, cases[i].uid, &entry),
		                 cases[i].want);
		if (cases[i].want < 0) {
			assert_null(entry.name);
			continue;
		}
		assert_string_equal(entry.name, cases[i].want_name);
		assert_string_equal(entry.home, cases[i].home);
		assert_int_equal(entry.gid, cases[i].gid);
		passwd_done(&entry);
	}
}

static void test_caller(void **state)
{
	struct caller caller = {};

	(void)state;
	assert_int_equal(setenv("HOME", "relative", 1), 0);
	assert_int_equal(caller_load(&caller, NULL), 0);
	assert_int_equal(caller.uid, geteuid());
	assert_int_equal(caller.gid, getegid());
	assert_int_equal(caller.is_root, geteuid() == 0);
	assert_true(caller.name[0]);
	assert_int_equal(caller.home[0], '/');
	caller_done(&caller);
	assert_null(caller.name);

	assert_int_equal(setenv("HOME", "/somewhere", 1), 0);
	assert_int_equal(caller_load(&caller, NULL), 0);
	assert_string_equal(caller.home, "/somewhere");
	caller_done(&caller);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/passwd-shell.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_texts(void **state)
{
	static const struct {
		const char *text;
		uid_t uid;
		const char *want; /* NULL: -ENOENT */
	} cases[] = {
		{ "", 0, NULL },
		{ "\n\n\n", 0, NULL },
		{ ":::::::", 0, NULL },
		{ "root:x:0:0:root:/root", 0, NULL },
		{ "root:x:0:0:root:/root:", 0, NULL },
		{ "root:x:0:0:root:/root:bash", 0, NULL },
		{ "root:x:0:0:root:/root:./bash", 0, NULL },
		{ "root:x:00:0:root:/root:/bin/a", 0, NULL },
		{ "root:x:+0:0:root:/root:/bin/a", 0, NULL },
		{ "root:x: 0:0:root:/root:/bin/a", 0, NULL },
		{ "root:x::0:root:/root:/bin/a", 0, NULL },
		{ "root:x:4294967296:0:root:/root:/bin/a", 0, NULL },
		{ "root:x:-1:0:root:/root:/bin/a", UINT32_MAX, NULL },
		{ "root:x:0:0:root:/root:/bin/a", 1, NULL },
		{ "root:x:0:0:root:/root:/bin/a", 0, "/bin/a" },
		{ "root:x:0:0:root:/root:/bin/a\n", 0, "/bin/a" },
		{ "root:x:0:0:root:/root:/bin/a\nroot:x:0:0::/:/bin/b\n", 0, "/bin/a" },
		{ "root:x:0:0:root:/root:rel\ntoor:x:0:0::/:/bin/b\n", 0, "/bin/b" },
		{ "\nroot:x:0:0::::/bin/a\nu:x:1000:5:::/bin/u", 1000, "/bin/u" },
		{ "u:x:1000:5:::/bin/u:more", 1000, "/bin/u" },
		{ "::1000::::/bin/u", 1000, "/bin/u" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char shell[16] = "untouched";
		int r = passwd_find(cases[i].text, cases[i].uid, PASSWD_SHELL, shell,
		                    sizeof(shell));

		if (r != (cases[i].want ? 0 : -ENOENT))
			fail_msg("case %zu: %d", i, r);
		assert_string_equal(shell, cases[i].want ? cases[i].want : "untouched");
	}
}

static void test_lengths(void **state)
{
	char text[3000] = "u:x:5:5::/:/", shell[8] = "";

	(void)state;
	assert_int_equal(passwd_find("u:x:5:5::/:/234567", 5, PASSWD_SHELL, shell, sizeof(shell)),
	                 0);
	assert_string_equal(shell, "/234567"); /* just fits */
	assert_int_equal(passwd_find("u:x:5:5::/:/2345678", 5, PASSWD_SHELL, shell, sizeof(shell)),
	                 -ENOENT);
	/* A line that is too long is not split into two. */
	memset(text + strlen(text), 'x', 1500);
	(void)strcat(text, "u:x:5:5::/:/bin\n");
	assert_int_equal(passwd_find(text, 5, PASSWD_SHELL, shell, sizeof(shell)), -ENOENT);
	(void)strcat(text, "u:x:5:5::/:/sh\n");
	assert_int_equal(passwd_find(text, 5, PASSWD_SHELL, shell, sizeof(shell)), 0);
	assert_string_equal(shell, "/sh");
}

static void test_fields(void **state)
{
	static const char text[] = "::7:7::rel:\nu:x:7:7::/home/u:/bin/u\n";
	char value[16] = "";

	(void)state;
	assert_int_equal(passwd_find(text, 7, PASSWD_NAME, value, sizeof(value)), 0);
	assert_string_equal(value, "u");
	assert_int_equal(passwd_find(text, 7, PASSWD_HOME, value, sizeof(value)), 0);
	assert_string_equal(value, "/home/u");
	assert_int_equal(passwd_find(text, 7, PASSWD_HOME, value, 7), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

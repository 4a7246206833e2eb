/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/err.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char *repeated(char *text, size_t size, char c)
{
	memset(text, c, size - 1);
	text[size - 1] = '\0';
	return text;
}

static void test_null(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, -EPERM, "x"), -EPERM);
	assert_int_equal(err_say(NULL, -EPERM, "x"), -EPERM);
	assert_int_equal(err_wrap(NULL, -EPERM, "x"), -EPERM);
	assert_int_equal(err_oom(NULL), -ENOMEM);
	err_hint(NULL, "x");
}

static void test_messages(void **state)
{
	struct err err = {};

	(void)state;
	assert_int_equal(err_set(&err, -ENOENT, "cannot open '%s'", "/x"), -ENOENT);
	assert_int_equal(err.code, -ENOENT);
	assert_string_equal(err.msg, "cannot open '/x': No such file or directory");

	err_hint(&err, "make %s", "it");
	err_hint(&err, "another");
	assert_string_equal(err.hint, "make it");
	assert_int_equal(err_wrap(&err, -EINVAL, "cannot start '%s'", "c1"), -EINVAL);
	assert_string_equal(err.msg,
	                    "cannot start 'c1': cannot open '/x': No such file or directory");
	assert_string_equal(err.hint, "make it");

	assert_int_equal(err_say(&err, -ERANGE, "all of it"), -ERANGE);
	assert_string_equal(err.msg, "all of it");
	assert_string_equal(err.hint, ""); /* starts anew */

	assert_int_equal(err_oom(&err), -ENOMEM);
	assert_string_equal(err.msg, "out of memory");
}

static void test_too_long(void **state)
{
	static const char cause[] = ": Operation not permitted";
	struct err err = {};
	char text[PATH_MAX];

	(void)state;
	(void)repeated(text, sizeof(text), 'a');
	err_set(&err, -EPERM, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + sizeof(err.msg) - sizeof(cause), cause);

	err_wrap(&err, -EPERM, "short");
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_memory_equal(err.msg, "short: aaa", 10);

	err_wrap(&err, -EPERM, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	err_say(&err, -EPERM, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	err_hint(&err, "%s", text);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);

	/* Every length around the end: the cause is whole. */
	for (size_t len = sizeof(err.msg) - 60; len < sizeof(err.msg) + 60; len++) {
		err_set(&err, -EPERM, "%s", repeated(text, len, 'b'));
		assert_string_equal(err.msg + strlen(err.msg) - strlen(cause), cause);
	}
}

static void test_fits_a_pipe(void **state)
{
	(void)state;
	assert_true(sizeof(struct err) <= PIPE_BUF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_fits_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

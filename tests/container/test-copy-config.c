/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/copy-internal.h"

#include "base/cleanup.h"
#include "conf/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

/* What a line of the configuration becomes when /c/a is copied to /c/bb. */
static void test_move_paths(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "lxc.hook.clone = /c/a/hook x", "lxc.hook.clone = /c/bb/hook x" },
		{ "lxc.hook.start = sh /c/a/hook", "lxc.hook.start = sh /c/bb/hook" },
		{ "lxc.mount.entry = o o overlay lowerdir=/l:/c/a/l,upperdir=/c/a/u 0 0",
		  "lxc.mount.entry = o o overlay lowerdir=/l:/c/bb/l,upperdir=/c/bb/u 0 0" },
		{ "lxc.hook.stop = \"/c/a/hook\"", "lxc.hook.stop = \"/c/bb/hook\"" },
		{ "lxc.hook.stop =/c/a/hook", "lxc.hook.stop =/c/bb/hook" },
		{ "lxc.hook.stop = /c/ab/hook", "lxc.hook.stop = /c/ab/hook" },
		{ "lxc.hook.stop = /x/c/a/hook", "lxc.hook.stop = /x/c/a/hook" },
		{ "lxc.init.cwd = /c/a", "lxc.init.cwd = /c/a" },
		{ "lxc.init.cwd = /c/a.b/x", "lxc.init.cwd = /c/a.b/x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_freep) struct conf *conf = conf_new();
		char text[256];

		(void)snprintf(text, sizeof(text), "%s\n", cases[i].text);
		assert_int_equal(conf_read_text(conf, "test", text, NULL), 0);
		assert_int_equal(copy_move_paths(conf, "/c/a", "/c/bb", NULL), 0);
		(void)snprintf(text, sizeof(text), "%s\n", cases[i].want);
		assert_string_equal(conf->saved, text);
	}
}

static void test_uts_name(void **state)
{
	_cleanup_(conf_freep) struct conf *conf = conf_new();

	(void)state;
	assert_int_equal(
		conf_read_text(conf, "test", "# x\nlxc.utsname = a\nlxc.tty.max = 1\n", NULL), 0);
	assert_int_equal(copy_set_uts_name(conf, "b", NULL), 0);
	assert_string_equal(conf->saved, "# x\nlxc.tty.max = 1\nlxc.uts.name = b\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_move_paths),
		cmocka_unit_test(test_uts_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/start-options.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char path[] = "/tmp/test-start-options.XXXXXX";

static int make_dir(void **state)
{
	static struct rundir dir = RUNDIR_NONE;

	if (!mkdtemp(path))
		return -1;
	dir.dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &dir;
	return dir.dir_fd < 0;
}

static int remove_dir(void **state)
{
	struct rundir *dir = *state;

	(void)unlinkat(dir->dir_fd, "options", 0);
	rundir_done(dir);
	return rmdir(path);
}

static void test_none(void **state)
{
	struct start_record got;

	assert_int_equal(start_options_read(*state, &got), -ENOENT);
	assert_int_equal(fd_replace_at(((struct rundir *)*state)->dir_fd, "options", 0600, "x", 1),
	                 0);
	assert_int_equal(start_options_read(*state, &got), -EBADMSG);
}

static void test_round_trip(void **state)
{
	static const char *const defines[] = { "lxc.uts.name=a=b", "lxc.environment=X=--", NULL };
	static const char *const publish[] = { "8080:80" };
	static char program[] = "/bin/sh", option[] = "-c", line[] = "define=x\n", empty[] = "";
	char *const argv[] = { program, option, line, empty, NULL };
	const struct rlxc_start_options options = { .name = "c",
		                                    .rcfile = "/dev/../dev/null",
		                                    .console_log = "/nowhere/log",
		                                    .console = "none",
		                                    .strict_limits = true,
		                                    .defines = defines,
		                                    .n_defines = 2,
		                                    .publish = publish,
		                                    .n_publish = 1,
		                                    .argv = argv };
	struct start_record got;

	assert_int_equal(start_options_write(*state, &options), 0);
	assert_int_equal(start_options_read(*state, &got), 0);
	assert_string_equal(got.options.rcfile, "/dev/null");
	assert_string_equal(got.options.console_log, "/nowhere/log");
	assert_string_equal(got.options.console, "none");
	assert_null(got.options.pidfile);
	assert_true(got.options.strict_limits);
	assert_false(got.options.execute);
	assert_int_equal(got.options.n_defines, 2);
	assert_string_equal(got.options.defines[0], defines[0]);
	assert_string_equal(got.options.defines[1], defines[1]);
	assert_int_equal(got.options.n_publish, 1);
	assert_string_equal(got.options.publish[0], publish[0]);
	for (size_t i = 0; i < ARRAY_SIZE(argv) - 1; i++)
		assert_string_equal(got.options.argv[i], argv[i]);
	assert_null(got.options.argv[4]);
	start_record_done(&got);
}

static void test_nothing_asked(void **state)
{
	struct start_record got;

	assert_int_equal(
		start_options_write(*state, &(struct rlxc_start_options){ .execute = true }), 0);
	assert_int_equal(start_options_read(*state, &got), 0);
	assert_true(got.options.execute);
	assert_null(got.options.argv);
	assert_null(got.options.rcfile);
	assert_int_equal(got.options.n_defines, 0);
	start_record_done(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_nothing_asked),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap/source.h"

#include "priv/say.h"

#include <fcntl.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

const char priv_program[] = "test";

/* Each condition, alone: the kernel gives no occasion. */
static void test_same(void **state)
{
	const int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct source source, other;

	(void)state;
	assert_true(source_take(fd, &source));
	assert_true(source_is_same(&source, fd));
	assert_false(source_is_same(&source, -1));
	other = source;
	other.st.st_dev++;
	assert_false(source_is_same(&other, fd));
	other = source;
	other.st.st_ino++;
	assert_false(source_is_same(&other, fd));
	other = source;
	other.st.st_uid++;
	assert_false(source_is_same(&other, fd));
	other = source;
	other.st.st_gid++;
	assert_false(source_is_same(&other, fd));
	(void)close(fd);
}

static void test_no_directory(void **state)
{
	const int fd = open("/dev/null", O_PATH | O_CLOEXEC);
	struct source source = { .fd = 77 };

	(void)state;
	assert_false(source_take(fd, &source));
	assert_false(source_take(-1, &source));
	assert_int_equal(source.fd, 77);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

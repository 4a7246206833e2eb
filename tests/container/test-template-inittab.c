/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/template-inittab.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONSOLE "co:2345:respawn:/sbin/getty 38400 console\n"

static char root_path[] = "/tmp/test-inittab.XXXXXX";
static int root_fd = -EBADF;

static void write_file(const char *path, const char *content)
{
	int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	(void)close(fd);
}

static int make_root(void **state)
{
	(void)state;
	if (!mkdtemp(root_path))
		return -1;
	root_fd = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(root_fd, "etc", 0755) < 0 || mkdirat(root_fd, "here", 0755) < 0)
		return -1;
	write_file("here/power", "");
	return 0;
}

static int remove_root(void **state)
{
	static const char *const files[] = { "etc/inittab", "etc/other", "here/power" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)unlinkat(root_fd, files[i], 0);
	(void)unlinkat(root_fd, "etc", AT_REMOVEDIR);
	(void)unlinkat(root_fd, "here", AT_REMOVEDIR);
	(void)close(root_fd);
	return rmdir(root_path);
}

static void test_text(void **state)
{
	static const struct {
		const char *old, *want;
	} cases[] = {
		{ "", CONSOLE },
		{ "id:2:initdefault:\n", "id:2:initdefault:\n" CONSOLE },
		{ "id:2:initdefault:", "id:2:initdefault:\n" CONSOLE },
		/* SIGPWR must halt; a script that is there does what it likes */
		{ "pf::powerwait:/no/power start\n", "pf::powerwait:/sbin/init 0\n" CONSOLE },
		{ "pf::powerfail:/no/power\n", "pf::powerfail:/sbin/init 0\n" CONSOLE },
		{ "pn::powerfailnow:/no/power now\n", "pn::powerfailnow:/sbin/init 0\n" CONSOLE },
		{ "pf::powerwait:/here/power start\n",
		  "pf::powerwait:/here/power start\n" CONSOLE },
		{ "pf::powerwait:power start\n", "pf::powerwait:power start\n" CONSOLE },
		{ "po::powerokwait:/no/power stop\n", "po::powerokwait:/no/power stop\n" CONSOLE },
		{ "#pf::powerwait:/no/power start\n", "#pf::powerwait:/no/power start\n" CONSOLE },
		/* gettys */
		{ "4:23:respawn:/sbin/getty 38400 tty4\n",
		  "4:23:respawn:/sbin/getty 38400 tty4\n" CONSOLE },
		{ "5:23:respawn:/sbin/getty 38400 tty5\n",
		  "#5:23:respawn:/sbin/getty 38400 tty5\n" CONSOLE },
		{ "5:23:respawn:/sbin/agetty tty12 9600\n",
		  "#5:23:respawn:/sbin/agetty tty12 9600\n" CONSOLE },
		{ "5:23:respawn:/bin/x tty12\n", "5:23:respawn:/bin/x tty12\n" CONSOLE },
		{ "T0:23:respawn:/sbin/getty -L ttyS0 9600\n",
		  "T0:23:respawn:/sbin/getty -L ttyS0 9600\n" CONSOLE },
		{ "c:2:respawn:/sbin/getty console 9600\n",
		  "c:2:respawn:/sbin/getty console 9600\n" },
		{ "#C0:2345:respawn:/sbin/getty console\n",
		  "#C0:2345:respawn:/sbin/getty console\n" CONSOLE },
		/* what is no entry stays as it is */
		{ "one:two\n:\n\n", "one:two\n:\n\n" CONSOLE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *new = NULL;

		assert_int_equal(template_inittab_text(root_fd, cases[i].old, &new), 0);
		assert_string_equal(new, cases[i].want);
	}
}

static void is_left(const char *content)
{
	char now[256] = "";
	int fd = openat(root_fd, "etc/inittab", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, now, sizeof(now) - 1) >= 0);
	(void)close(fd);
	assert_string_equal(now, content);
}

static void test_file(void **state)
{
	(void)state;
	assert_int_equal(template_inittab_adapt(root_fd), 0); /* there is none */

	write_file("etc/inittab", "::sysinit:/etc/init.d/rcS\n"); /* BusyBox's */
	assert_int_equal(template_inittab_adapt(root_fd), 0);
	is_left("::sysinit:/etc/init.d/rcS\n");

	write_file("etc/inittab", "id:2:initdefault:\n");
	assert_int_equal(linkat(root_fd, "etc/inittab", root_fd, "etc/other", 0), 0);
	assert_int_equal(template_inittab_adapt(root_fd), -EINVAL);
	is_left("id:2:initdefault:\n");
	assert_int_equal(unlinkat(root_fd, "etc/other", 0), 0);
	assert_int_equal(template_inittab_adapt(root_fd), 0);
	is_left("id:2:initdefault:\n" CONSOLE);
	assert_int_equal(template_inittab_adapt(root_fd), 0); /* again: no more to do */
	is_left("id:2:initdefault:\n" CONSOLE);

	assert_int_equal(renameat(root_fd, "etc/inittab", root_fd, "etc/other"), 0);
	assert_int_equal(symlinkat("other", root_fd, "etc/inittab"), 0);
	assert_int_equal(template_inittab_adapt(root_fd), -ELOOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}

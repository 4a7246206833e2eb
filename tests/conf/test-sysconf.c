/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/sysconf.h"

#include "base/cleanup.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char home[64];

static void write_sysconf(const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/.config/lxc/lxc.conf", home);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_lines(void **state)
{
	static const struct {
		const char *text;
		const char *key;
		const char *want; /* NULL: unset */
	} cases[] = {
		{ "", "lxc.bdev.lvm.vg", "lxc" },
		{ "", "lxc.bdev.rbd.rbduser", NULL },
		{ "", "lxc.cgroup.pattern", NULL },
		{ "lxc.bdev.lvm.vg = a", "lxc.bdev.lvm.vg", "a" },
		{ " \tlxc.bdev.lvm.vg\t=\t a b \nx\n", "lxc.bdev.lvm.vg", "a b " },
		{ "lxc.bdev.lvm.vg=a\nlxc.bdev.lvm.vg=b\n", "lxc.bdev.lvm.vg", "a" },
		{ "#lxc.bdev.lvm.vg=a\n", "lxc.bdev.lvm.vg", "lxc" },
		{ " #lxc.bdev.lvm.vg=a\n", "lxc.bdev.lvm.vg", "lxc" },
		{ "lxc.bdev.lvm.vg =\n", "lxc.bdev.lvm.vg", "" },
		{ "lxc.bdev.lvm.vg = \n\n", "lxc.bdev.lvm.vg", "" },
		{ "lxc.bdev.lvm.vg\n= a\n", "lxc.bdev.lvm.vg", "lxc" },
		{ "lxc.bdev.lvm.vgx = a\nunknown = 1\n= 2\n", "lxc.bdev.lvm.vg", "lxc" },
		{ "lxc.bdev.lvm = a\n", "lxc.bdev.lvm.vg", "lxc" },
		{ "lxc.bdev.lvm.vg = 'a'\n", "lxc.bdev.lvm.vg", "'a'" },
		{ "lxc.lxcpath = /a//b///\n", "lxc.lxcpath", "/a//b" },
		{ "lxc.lxcpath = ///\n", "lxc.lxcpath", "/" },
		{ "lxc.default_config = /d\n", "lxc.default_config", "/d" },
		{ "lxc.cgroup.use = cpu,memory\n", "lxc.cgroup.use", "cpu,memory" },
		{ "lxc.cgroup.pattern = lxc/%n\n", "lxc.cgroup.pattern", "lxc/%n" },
		{ "lxc.bdev.zfs.root = z\n", "lxc.bdev.zfs.root", "z" },
		{ "lxc.bdev.lvm.thin_pool = t\n", "lxc.bdev.lvm.thin_pool", "t" },
		{ "lxc.bdev.rbd.rbdpool = p\n", "lxc.bdev.rbd.rbdpool", "p" },
		{ "lxc.bdev.rbd.rbduser = u\n", "lxc.bdev.rbd.rbduser", "u" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(sysconf_done) struct sysconf conf = {};
		const char *value;

		write_sysconf(cases[i].text);
		assert_int_equal(sysconf_load(&conf, home, /* is_root= */ false, NULL), 0);
		assert_int_equal(sysconf_get(&conf, cases[i].key, &value), 0);
		if (!cases[i].want)
			assert_null(value);
		else
			assert_string_equal(value, cases[i].want);
	}
}

static void test_defaults(void **state)
{
	static const struct {
		const char *home;
		bool is_root;
		const char *lxcpath;
		const char *default_config;
	} cases[] = {
		{ "/nonexistent", false, "/nonexistent/.local/share/lxc",
		  "/nonexistent/.config/lxc/default.conf" },
		{ "/", false, "/.local/share/lxc", "/.config/lxc/default.conf" },
		{ NULL, false, "/.local/share/lxc", "/.config/lxc/default.conf" },
	};
	_cleanup_(sysconf_done) struct sysconf of_root = {};
	const char *value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(sysconf_done) struct sysconf conf = {};

		assert_int_equal(sysconf_load(&conf, cases[i].home, cases[i].is_root, NULL), 0);
		assert_string_equal(conf.lxcpath, cases[i].lxcpath);
		assert_string_equal(conf.default_config, cases[i].default_config);
		assert_int_equal(sysconf_get(&conf, "lxc.uts.name", &value), -EINVAL);
	}
	/* This host's own file decides; it can be read and gives absolute paths. */
	assert_int_equal(sysconf_load(&of_root, "/nonexistent", /* is_root= */ true, NULL), 0);
	assert_int_equal(of_root.lxcpath[0], '/');
	assert_int_equal(of_root.default_config[0], '/');
}

static void test_unreadable(void **state)
{
	_cleanup_(sysconf_done) struct sysconf conf = {};
	struct err err = {};
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/.config/lxc/lxc.conf", home);
	(void)unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(sysconf_load(&conf, home, /* is_root= */ false, &err), -EISDIR);
	assert_non_null(strstr(err.msg, path));
	assert_null(conf.lxcpath); /* untouched on failure */
	assert_int_equal(rmdir(path), 0);
}

static void test_keys(void **state)
{
	_cleanup_(sysconf_done) struct sysconf conf = {};
	const char *key, *value;
	unsigned int i;

	(void)state;
	for (i = 0; (key = sysconf_key(i)); i++)
		assert_int_equal(sysconf_get(&conf, key, &value), 0);
	assert_int_equal(i, 9);
}

static int make_home(void **state)
{
	char path[128];

	(void)state;
	strcpy(home, "/tmp/rlxc-test-sysconf.XXXXXX");
	if (!mkdtemp(home))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/.config", home);
	if (mkdir(path, 0755) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/.config/lxc", home);
	return mkdir(path, 0755);
}

static int remove_home(void **state)
{
	static const char *const below[] = { "/.config/lxc/lxc.conf", "/.config/lxc", "/.config",
		                             "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
		char path[128];

		(void)snprintf(path, sizeof(path), "%s%s", home, below[i]);
		(void)remove(path);
	}
	return access(home, F_OK) < 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The saved text under set and clear, and the file it goes to. */
#include "conf/item.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/read.h"
#include "os/fd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_text(void **state)
{
	static const struct {
		const char *text;
		const char *key;
		const char *value; /* NULL: clear */
		const char *want;
	} cases[] = {
		{ "", "lxc.uts.name", "a", "lxc.uts.name = a\n" },
		{ "# c\nlxc.uts.name=a\n", "lxc.uts.name", "b",
		  "# c\nlxc.uts.name=a\nlxc.uts.name = b\n" },
		{ "# c\n\nlxc.uts.name=a\n lxc.uts.name = b\nlxc.uts.nam\n", "lxc.uts.name", NULL,
		  NULL },
		{ "# c\n\nlxc.uts.name=a\n lxc.uts.name = b\nfoo\n", "lxc.uts.name", NULL,
		  "# c\n\nfoo\n" },
		{ "lxc.uts.name=a\n", "lxc.uts.name", "", "" },
		/* empty is not the default: the text must say so */
		{ "", "lxc.autodev", "", "lxc.autodev = 0\n" },
		/* a mark that was in the middle of the file must not become one at its start */
		{ "lxc.uts.name=a\n\xef\xbb\xbflxc.init.cmd=x\n", "lxc.uts.name", NULL,
		  "\n\xef\xbb\xbflxc.init.cmd=x\n" },
		{ "", "lxc.init.cmd", " a ", "lxc.init.cmd = \" a \"\n" },
		{ "", "lxc.init.cmd", "'a'", "lxc.init.cmd = \"'a'\"\n" },
		{ "", "lxc.init.cmd", "\"", "lxc.init.cmd = \"\n" },
		{ "lxc.net.1.type = veth\nlxc.net.1.link = a\nlxc.net.10.type = phys\n",
		  "lxc.net.1", NULL, "lxc.net.10.type = phys\n" },
		{ "lxc.net.1.type = veth\nlxc.net.10.type = phys\n", "lxc.net", "", "" },
		{ "lxc.cgroup2.a.b = 1\nlxc.cgroup2.a.c = 2\nlxc.cgroup.a.b = 3\n",
		  "lxc.cgroup2.a.b", NULL, "lxc.cgroup2.a.c = 2\nlxc.cgroup.a.b = 3\n" },
		{ "lxc.cgroup.a = 1\nlxc.cgroup.dir = x\n", "lxc.cgroup", NULL,
		  "lxc.cgroup.dir = x\n" },
		{ "lxc.cap.keep = chown\n", "lxc.cap.drop", NULL, "" },
		{ "lxc.hook.start = /a\nlxc.hook.version = 1\nlxc.hook.mount = /b\n", "lxc.hook",
		  "", "lxc.hook.version = 1\n" },
		{ "lxc.tty = 4\nlxc.tty.max = 5\n", "lxc.tty.max", NULL, "" },
		{ "lxc.namespace.share.net = a\nlxc.namespace.share.ipc = b\n",
		  "lxc.namespace.share.net", "", "lxc.namespace.share.ipc = b\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		struct err err = {};
		int r;

		conf_init(&conf);
		r = conf_read_text(&conf, "t", cases[i].text, NULL);
		assert_int_equal(r < 0, !cases[i].want); /* a broken one is not for saving */
		if (r < 0)
			continue;
		r = cases[i].value ? conf_save_set(&conf, cases[i].key, cases[i].value, &err)
		                   : conf_save_clear(&conf, cases[i].key, &err);
		if (r < 0)
			fail_msg("%s: %s", cases[i].key, err.msg);
		assert_string_equal(conf.saved, cases[i].want);
	}
}

static void test_file(void **state)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_(conf_done) struct conf conf, again;
	char dir[] = "/tmp/rlxc-test-save.XXXXXX";
	struct err err = {};
	struct stat st;
	mode_t mask;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	conf_init(&conf);
	mask = umask(0);
	assert_int_equal(conf_save(&conf, "config", &err), 0); /* nothing was ever set */
	(void)umask(mask);
	assert_int_equal(stat("config", &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_mode & 07777, 0640);

	assert_int_equal(symlink("config", "link"), 0);
	assert_int_equal(conf_save_set(&conf, "lxc.uts.name", "a", NULL), 0);
	assert_int_equal(conf_save(&conf, "./link", &err), 0);
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	conf_init(&again);
	assert_int_equal(conf_read_file(&again, "config", &err), 0);
	assert_string_equal(again.saved, "lxc.uts.name = a\n");
	assert_string_equal(again.uts_name, "a");

	assert_int_equal(conf_save(&conf, "missing/config", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "missing/config"));
	assert_int_equal(unlink("link"), 0);
	assert_int_equal(unlink("config"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(dir), 0); /* no temporary file was left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_file),
	};

	log_setup("test", NULL, -EBADF, LOG_LEVEL_ERROR, /* quiet= */ true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

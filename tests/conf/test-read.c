/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of lines and files: lexical ones, includes, limits, places in messages. */
#include "conf/read.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "conf/item.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char dir[64]; /* also the working directory */

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, 0644), 0);
}

static void check(const struct conf *conf, const char *key, const char *want)
{
	_cleanup_free_ char *value = NULL;

	assert_int_equal(conf_get(conf, key, &value, NULL), 0);
	if (strcmp(value, want) != 0)
		fail_msg("%s: '%s' instead of '%s'", key, value, want);
}

static void test_lines(void **state)
{
	static const struct {
		const char *text;
		const char *want;  /* lxc.init.cmd */
		const char *saved; /* NULL: the text */
	} lines[] = {
		{ "", "", NULL },
		{ "lxc.init.cmd = a\n", "a", NULL },
		{ "lxc.init.cmd=a", "a", "lxc.init.cmd=a\n" },
		{ " \t lxc.init.cmd\t=\t a b \t\n", "a b", NULL },
		{ "\v lxc.init.cmd = a\n", "", NULL }, /* a foreign line */
		{ "lxc.init.cmd = a # b\n", "a # b", NULL },
		{ "# lxc.init.cmd = a\n", "", NULL },
		{ "  #lxc.init.cmd = a\n", "", NULL },
		{ "lxc.init.cmd = a=b\n", "a=b", NULL },
		{ "lxc.init.cmd == b\n", "= b", NULL },
		{ "lxc.init.cmd = a\\\nb\n", "a\\", NULL },
		{ "LXC.init.cmd = a\n", "", NULL },
		{ "foo bar\nlxc\nlxc.init.cmd = a\n", "a", NULL },
		{ "lxc.init.cmd = a\r\nlxc.init.cwd = /\r\n", "a",
		  "lxc.init.cmd = a\nlxc.init.cwd = /\n" },
		{ "lxc.init.cmd = a\rlxc.init.cmd = b\r", "b",
		  "lxc.init.cmd = a\nlxc.init.cmd = b\n" },
		{ "\n\n \t\n\f\nlxc.init.cmd = a\n", "a", "\n\n\n\nlxc.init.cmd = a\n" },
		{ "lxc.init.cmd = a\nlxc.init.cmd = b\n", "b", NULL },
		{ "lxc.init.cmd = a\nlxc.init.cmd =\n", "", NULL },
		{ "lxc.init.cmd = a\nlxc.init.cmd = \"\"\n", "", NULL },
		{ "lxc.init.cmd = \" a \"\n", " a ", NULL },
		{ "lxc.init.cmd = 'a\"'\n", "a\"", NULL },
		{ "lxc.init.cmd = ''a''\n", "'a'", NULL },
		{ "lxc.init.cmd = 'a\n", "'a", NULL },
		{ "lxc.init.cmd = 'a\"\n", "'a\"", NULL },
		{ "lxc.init.cmd = '\n", "'", NULL },
		{ "lxc.init.cmd = a 'b'\n", "a 'b'", NULL },
		{ "\xef\xbb\xbflxc.init.cmd = a\n", "a", "lxc.init.cmd = a\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_(conf_done) struct conf conf;
		const char *saved = lines[i].saved ? lines[i].saved : lines[i].text;
		struct err err = {};

		conf_init(&conf);
		if (conf_read_text(&conf, "t", lines[i].text, &err) < 0)
			fail_msg("%s: %s", lines[i].text, err.msg);
		check(&conf, "lxc.init.cmd", lines[i].want);
		assert_string_equal(conf.saved, saved);
	}
}

static void test_places(void **state)
{
	static const struct {
		const char *text;
		const char *msg; /* its beginning */
		const char *hint;
	} bad[] = {
		{ "lxc.utsnam = x\n", "t:1:1: unknown key 'lxc.utsnam'", "'lxc.uts.name'" },
		{ "\r\n\n  lxc.utsnam = x\n", "t:3:3: unknown key", "'lxc.uts.name'" },
		{ "# x\nlxc.autodev =  true\n", "t:2:16: 'lxc.autodev' must be 0 or 1, not 'true'",
		  "write 'lxc.autodev = 1'" },
		{ "lxc.autodev = \"true\"", "t:1:16: 'lxc.autodev'", "lxc.autodev = 1" },
		{ "lxc.autodev\n", "t:1:12: there is no '='", "KEY = VALUE" },
		{ "lxc.net.99999999999.type = veth\n", "t:1:1: unknown key 'lxc.net.999",
		  "number of the device is too large" },
		{ "lxc.auto dev = 1\n", "t:1:1: unknown key 'lxc.auto dev'", "lxc.autodev" },
		{ "lxc.init.uid = x # the daemon\n",
		  "t:1:16: 'lxc.init.uid' must be a number from 0 to 4294967295, not 'x # the",
		  "" },
		{ "lxc.arch =\n", "t:1:11: 'lxc.arch' needs a value", "take the line out" },
		{ "lxc.mount.fstab = \n", "t:1:19: 'lxc.mount.fstab' needs a value", "" },
		{ "lxc.include = /nowhere/at/all\n",
		  "t:1:15: cannot read '/nowhere/at/all': No such file or directory", "" },
		{ "lxc.tty = x\n", "t:1:11: 'lxc.tty.max' must be a number", "" },
		{ "lxc.network.link = x\n", "t:1:1: 'lxc.network.link' belongs to no device",
		  "lxc.network.type" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(conf_done) struct conf conf;
		struct err err = {};

		conf_init(&conf);
		assert_true(conf_read_text(&conf, "t", bad[i].text, &err) < 0);
		if (!str_starts_with(err.msg, bad[i].msg))
			fail_msg("'%s' is not '%s'", err.msg, bad[i].msg);
		if (!strstr(err.hint, bad[i].hint))
			fail_msg("%s: hint '%s'", bad[i].text, err.hint);
		assert_true(conf_read_text(&conf, "t", bad[i].text, NULL) < 0);
	}
}

static void test_after_a_mistake(void **state)
{
	static const char text[] = "lxc.uts.name = a\n"
				   "lxc.autodev = maybe\n"
				   "lxc.rootfs.path = /b\n"
				   "lxc.include = nowhere\n"
				   "lxc.idmap = u 0 5 6\n";
	_cleanup_(conf_done) struct conf strict, tolerant;
	struct err err = {}, first = {};

	(void)state;
	write_file("broken", text);
	conf_init(&strict);
	assert_int_equal(conf_read_file(&strict, "broken", &err), -EINVAL);
	assert_true(str_starts_with(err.msg, "broken:2:15: 'lxc.autodev'"));
	check(&strict, "lxc.uts.name", "a");
	check(&strict, "lxc.rootfs.path", "");
	assert_string_equal(strict.saved, text); /* nothing would be lost */

	conf_init(&tolerant);
	assert_int_equal(conf_read_file_tolerant(&tolerant, "broken", &first), -EINVAL);
	assert_string_equal(first.msg, err.msg);
	assert_string_equal(first.hint, err.hint);
	check(&tolerant, "lxc.rootfs.path", "/b");
	check(&tolerant, "lxc.idmap", "u 0 5 6");
	assert_string_equal(tolerant.file, "broken");
	assert_string_equal(tolerant.saved, text);

	write_file("fine", "lxc.uts.name = b\n");
	first.code = 0;
	assert_int_equal(conf_read_file_tolerant(&tolerant, "fine", &first), 0);
	assert_int_equal(first.code, 0);
	assert_string_equal(tolerant.file, "broken"); /* the first one */
}

static void test_include(void **state)
{
	_cleanup_(conf_done) struct conf conf;
	struct err err = {};

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(mkdir("d/dir.conf", 0755), 0);
	write_file("d/b.conf", "lxc.group = b\n");
	write_file("d/a.conf", "lxc.group = a\n");
	write_file("d/.h.conf", "lxc.group = hidden\n");
	write_file("d/.conf", "lxc.group = no\n");
	write_file("d/c.conf~", "lxc.group = no\n");
	write_file("d/README", "lxc.group = no\n");
	write_file("one", "lxc.group = one\nlxc.init.cmd = one\n");
	write_file("top", "lxc.group = 1\n"
	                  "lxc.include = one\n"
	                  "lxc.include = one\n" /* twice is no cycle */
	                  "lxc.include =\n"
	                  "lxc.include = d\n"
	                  "lxc.include = d/\n"
	                  "lxc.include = missing/\n"
	                  "lxc.init.cmd = top\n");
	conf_init(&conf);
	if (conf_read_file(&conf, "top", &err) < 0)
		fail_msg("%s", err.msg);
	check(&conf, "lxc.group", "1\none\none\nhidden\na\nb\nhidden\na\nb\n");
	check(&conf, "lxc.init.cmd", "top");
	assert_non_null(strstr(conf.saved, "lxc.include = one\n"));
	assert_null(strstr(conf.saved, "lxc.group = one"));

	assert_int_equal(conf_set(&conf, "lxc.group", "", NULL), 0);
	assert_int_equal(conf_set(&conf, "lxc.include", "d", NULL), 0);
	check(&conf, "lxc.group", "hidden\na\nb\n");
	assert_int_equal(conf_clear(&conf, "lxc.include", NULL), 0);
	assert_int_equal(conf_save_clear(&conf, "lxc.include", NULL), 0);
	assert_null(strstr(conf.saved, "include"));
	check(&conf, "lxc.group", "hidden\na\nb\n");
}

static void test_include_errors(void **state)
{
	_cleanup_(conf_done) struct conf conf;
	struct err err = {};

	(void)state;
	write_file("inner", "# x\n lxc.autodev = 7\nlxc.rootfs.path = /after\n");
	write_file("outer", "\nlxc.include = inner\nlxc.uts.name = after\n");
	conf_init(&conf);
	assert_int_equal(conf_read_file(&conf, "outer", &err), -EINVAL);
	assert_string_equal(err.msg, "inner:2:16: 'lxc.autodev' must be 0 or 1, not '7' "
	                             "(included from outer:2)");
	check(&conf, "lxc.uts.name", "");
	assert_int_equal(conf_read_file_tolerant(&conf, "outer", &err), -EINVAL);
	check(&conf, "lxc.uts.name", "after");
	check(&conf, "lxc.rootfs.path", "/after");

	assert_int_equal(conf_set(&conf, "lxc.include", "inner", &err), -EINVAL);
	assert_string_equal(err.msg, "inner:2:16: 'lxc.autodev' must be 0 or 1, not '7'");
	assert_int_equal(conf_set(&conf, "lxc.include", "nowhere", &err), -ENOENT);
	assert_int_equal(conf_read_file(&conf, "nowhere", &err), -ENOENT);
	assert_string_equal(err.msg, "cannot read 'nowhere': No such file or directory");
	assert_int_equal(conf_read_file(&conf, ".", &err), -EISDIR);
	assert_string_equal(err.msg, "the configuration '.' is a directory");
}

/* Documents are full of them, where LXC has no comments. */
static void test_comments_behind(void **state)
{
	_cleanup_(conf_done) struct conf conf;

	(void)state;
	conf_init(&conf);
	assert_int_equal(conf_read_text(&conf, "t",
	                                "lxc.init.uid = 169 # the daemon\n"
	                                "lxc.mount.auto = proc:mixed\t # all\n"
	                                "lxc.uts.name = a#b\n"
	                                "lxc.init.cmd = /bin/x # is an argument\n",
	                                NULL),
	                 0);
	check(&conf, "lxc.init.uid", "169");
	check(&conf, "lxc.mount.auto", "proc:mixed");
	check(&conf, "lxc.uts.name", "a#b");
	check(&conf, "lxc.init.cmd", "/bin/x # is an argument");
}

/* Files of LXC that are not there, by the path that they had. */
static void test_shared(void **state)
{
	_cleanup_(conf_done) struct conf conf;

	(void)state;
	assert_int_equal(mkdir("share", 0755) | mkdir("share/lxc", 0755) |
	                         mkdir("share/lxc/config", 0755) | mkdir("other", 0755),
	                 0);
	write_file("share/lxc/config/common.conf", "lxc.uts.name = shared\n");
	write_file("other/common.conf", "lxc.uts.name = other\n");
	conf_init(&conf);
	assert_int_equal(
		conf_set(&conf, "lxc.include", "./share/lxc/config/debian.common.conf", NULL), 0);
	check(&conf, "lxc.uts.name", "shared");
	assert_int_equal(conf_set(&conf, "lxc.include", "./other/debian.common.conf", NULL),
	                 -ENOENT);
	assert_int_equal(
		conf_set(&conf, "lxc.include", "./share/lxc/config/debian.other.conf", NULL),
		-ENOENT);
	write_file("share/lxc/config/debian.common.conf", "lxc.uts.name = its.own\n");
	assert_int_equal(
		conf_set(&conf, "lxc.include", "./share/lxc/config/debian.common.conf", NULL), 0);
	check(&conf, "lxc.uts.name", "its.own");
}

static void test_cycles(void **state)
{
	_cleanup_(conf_done) struct conf conf;
	struct err err = {};

	(void)state;
	write_file("self", "lxc.include = self\n");
	write_file("ping", "lxc.include = ./pong\n");
	write_file("pong", "lxc.include = ping\n");
	conf_init(&conf);
	assert_int_equal(conf_read_file(&conf, "self", &err), -ELOOP);
	assert_string_equal(err.msg, "self:1:15: 'self' is included by itself");
	assert_int_equal(conf_read_file(&conf, "ping", &err), -ELOOP);
	assert_string_equal(err.msg,
	                    "./pong:1:15: 'ping' is included by itself (included from ping:1)");
	assert_int_equal(conf_read_file_tolerant(&conf, "ping", &err), -ELOOP);
	(void)unlink("link");
	assert_int_equal(symlink("self", "link"), 0);
	assert_int_equal(conf_read_file(&conf, "link", &err), -ELOOP); /* by inode */
}

/* A chain of includes: @depth files below the first. */
static void write_chain(int depth)
{
	for (int i = 0; i <= depth; i++) {
		char name[32], text[64];

		(void)snprintf(name, sizeof(name), "chain%d", i);
		(void)snprintf(text, sizeof(text),
		               i < depth ? "lxc.include = chain%d\n" : "lxc.uts.name = end%d\n",
		               i + 1);
		write_file(name, text);
	}
}

static void test_depth(void **state)
{
	_cleanup_(conf_done) struct conf conf;
	struct err err = {};

	(void)state;
	conf_init(&conf);
	write_chain(16);
	assert_int_equal(conf_read_file(&conf, "chain0", &err), 0);
	check(&conf, "lxc.uts.name", "end17");
	write_chain(17);
	assert_int_equal(conf_read_file(&conf, "chain0", &err), -ELOOP);
	assert_non_null(strstr(err.msg, "chain16:1:15: 'chain17' is included more than 16"));
}

static void test_size(void **state)
{
	_cleanup_(conf_done) struct conf conf;
	struct err err = {};
	FILE *file;

	(void)state;
	file = fopen("big", "w");
	assert_non_null(file);
	for (int i = 0; i < 1 << 16; i++)
		(void)fputs("# 2345678901234567890123456789\n",
		            file); /* 31 bytes, 2 MiB less 64 K */
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod("big", 0644), 0);
	write_file("twice", "lxc.include = big\nlxc.include = big\n");
	write_file("thrice", "lxc.include = twice\nlxc.include = big\n");
	conf_init(&conf);
	assert_int_equal(conf_read_file(&conf, "twice", &err), 0);
	assert_int_equal(conf_read_file(&conf, "thrice", &err), -EFBIG);
	assert_string_equal(err.msg,
	                    "thrice:2:15: 'big': the configuration has more than 4 MiB in all");
}

static void test_odd_files(void **state)
{
	static const char text[] = "lxc.uts.name = a\n\0lxc.uts.name = b\n";
	_cleanup_(conf_done) struct conf conf;
	struct err err = {};
	FILE *file;

	(void)state;
	file = fopen("nul", "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, sizeof(text) - 1, file), sizeof(text) - 1);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod("nul", 0644), 0);
	conf_init(&conf);
	assert_int_equal(conf_read_file(&conf, "nul", &err), -EINVAL);
	assert_non_null(strstr(err.msg, "nul:2:1: this is no text: there is a NUL byte"));
	assert_int_equal(conf_read_file(&conf, "/dev/null", NULL), 0);
	assert_int_equal(conf_set(&conf, "lxc.include", "/dev/null", NULL), 0);
}

/* For root a file that somebody else can write is refused; for others it is their own affair. */
static void test_ownership(void **state)
{
	static const struct {
		mode_t mode;
		uid_t uid;
		gid_t gid;
		int want;
	} files[] = {
		{ 0644, 0, 0, 0 },      { 0660, 0, 0, 0 },      { 0640, 0, 5, 0 },
		{ 0646, 0, 0, -EPERM }, { 0660, 0, 5, -EPERM }, { 0600, 5, 0, -EPERM },
	};
	_cleanup_(conf_done) struct conf conf;
	struct err err = {};

	(void)state;
	write_file("owned", "lxc.uts.name = a\n");
	write_file("names", "lxc.include = owned\n");
	if (geteuid() == 0 && chown("owned", 5, 5) < 0)
		skip(); /* root of a user namespace of one id */
	conf_init(&conf);
	if (geteuid() != 0) {
		assert_int_equal(chmod("owned", 0666), 0);
		assert_int_equal(conf_read_file(&conf, "names", NULL), 0);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		assert_int_equal(chown("owned", files[i].uid, files[i].gid), 0);
		assert_int_equal(chmod("owned", files[i].mode), 0);
		assert_int_equal(conf_read_file(&conf, "owned", NULL), files[i].want);
		assert_int_equal(conf_read_file(&conf, "names", &err), files[i].want);
	}
	assert_non_null(strstr(err.msg, "names:1:15: 'owned' belongs to user 5 (mode 0600)"));
	assert_non_null(strstr(err.hint, "chown root:root owned"));
}

static void test_define(void **state)
{
	static const struct {
		const char *line;
		int want;
		const char *msg;
		const char *name; /* lxc.uts.name afterwards */
	} lines[] = {
		{ "lxc.uts.name=a", 0, "", "a" },
		{ " lxc.uts.name = ' b ' ", 0, "", " b " },
		{ "lxc.utsname=c", 0, "", "c" },
		{ "lxc.uts.name=\033[2J", -EINVAL, "-s: 'lxc.uts.name' cannot be '\\x1b[2J'", "c" },
		{ "lxc.kmsg=0", 0, "", "c" },
		{ "lxc.uts.name=", 0, "", "" },
		{ "uts.name=x", -EINVAL, "-s: 'uts.name=x' is no key and value", "" },
		{ "# lxc.uts.name=x", -EINVAL, "-s: '# lxc", "" },
		{ "", -EINVAL, "-s: '' is no key", "" },
		{ "lxc.uts.name", -EINVAL, "-s: there is no '='", "" },
		{ "lxc.utsnam=x", -ENOENT, "-s: unknown key 'lxc.utsnam'", "" },
		{ "lxc.autodev=yes", -EINVAL, "-s: 'lxc.autodev' must be 0 or 1", "" },
		{ "lxc.uts.name=a\nlxc.arch=x", -EINVAL, "-s: '", "" },
	};
	_cleanup_(conf_done) struct conf conf;

	(void)state;
	conf_init(&conf);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct err err = {};

		assert_int_equal(conf_define(&conf, "-s", lines[i].line, &err), lines[i].want);
		if (!str_starts_with(err.msg, lines[i].msg))
			fail_msg("'%s' is not '%s'", err.msg, lines[i].msg);
		check(&conf, "lxc.uts.name", lines[i].name);
	}
	assert_int_equal(conf_define(&conf, "-s", "lxc.net.0.type=veth", NULL), 0);
	assert_int_equal(conf_define(&conf, "-s", "lxc.network.type=phys", NULL), 0);
	assert_int_equal(conf_define(&conf, "-s", "lxc.network.link=eth0", NULL), 0);
	check(&conf, "lxc.net", "veth\nphys\n");
	check(&conf, "lxc.net.1.link", "eth0");
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int enter_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/rlxc-test-read.XXXXXX");
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int leave_dir(void **state)
{
	(void)state;
	return chdir("/") == 0 ? nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),           cmocka_unit_test(test_places),
		cmocka_unit_test(test_after_a_mistake), cmocka_unit_test(test_include),
		cmocka_unit_test(test_include_errors),  cmocka_unit_test(test_cycles),
		cmocka_unit_test(test_shared),          cmocka_unit_test(test_comments_behind),
		cmocka_unit_test(test_depth),           cmocka_unit_test(test_size),
		cmocka_unit_test(test_odd_files),       cmocka_unit_test(test_ownership),
		cmocka_unit_test(test_define),
	};

	log_setup("test", NULL, -EBADF, LOG_LEVEL_ERROR, /* quiet= */ true);
	return cmocka_run_group_tests(tests, enter_dir, leave_dir);
}

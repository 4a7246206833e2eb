/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount/entry.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DATA_MAX 6
#define RO MOUNT_ATTR_RDONLY
#define NOSUID MOUNT_ATTR_NOSUID
#define NODEV MOUNT_ATTR_NODEV
#define NOEXEC MOUNT_ATTR_NOEXEC
#define ATIME MOUNT_ATTR__ATIME
#define NOATIME MOUNT_ATTR_NOATIME
#define STRICT MOUNT_ATTR_STRICTATIME
#define NODIRATIME MOUNT_ATTR_NODIRATIME

static void assert_data(const struct strv *data, const char *const *want)
{
	size_t n = 0;

	for (; n < DATA_MAX && want[n]; n++) {
		assert_true(n < data->n);
		assert_string_equal(data->items[n], want[n]);
	}
	assert_int_equal(data->n, n);
}

static void test_attributes(void **state)
{
	static const struct {
		const char *text;
		uint64_t set, clear;
	} cases[] = {
		{ "", 0, 0 },
		{ "defaults", 0, 0 },
		{ "defaults,async,mand,nomand,remount,norelatime", 0, 0 },
		{ ",,", 0, 0 },
		{ "ro", RO, 0 },
		{ "rw", 0, RO },
		{ "ro,rw", 0, RO },
		{ "rw,ro", RO, 0 },
		{ "nosuid,nodev,noexec", NOSUID | NODEV | NOEXEC, 0 },
		{ "suid,dev,exec", 0, NOSUID | NODEV | NOEXEC },
		{ "nosuid,suid,nodev", NODEV, NOSUID },
		{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 },
		{ "nodiratime", NODIRATIME, 0 },
		{ "diratime", 0, NODIRATIME },
		{ "noatime", NOATIME, ATIME },
		{ "strictatime", STRICT, ATIME },
		{ "relatime", 0, ATIME },
		{ "atime", 0, ATIME },
		{ "nostrictatime", 0, ATIME },
		{ "noatime,relatime", 0, ATIME },
		{ "noatime,strictatime", STRICT, ATIME },
		{ "strictatime,noatime", NOATIME, ATIME },
		{ "noatime,atime", 0, ATIME },
		{ "strictatime,atime", STRICT, ATIME },
		{ "noatime,nostrictatime", NOATIME, ATIME },
		{ "strictatime,nostrictatime", 0, ATIME },
		{ "noatime,norelatime", NOATIME, ATIME },
		{ "ro,noatime,nodiratime", RO | NOATIME | NODIRATIME, ATIME },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(mount_entry_done) struct mount_entry entry = {};

		assert_int_equal(mount_options_parse(cases[i].text, &entry, NULL), 0);
		assert_true(entry.attr_set == cases[i].set);
		assert_true(entry.attr_clear == cases[i].clear);
		assert_int_equal(entry.data.n, 0);
	}
}

static void test_propagation(void **state)
{
	static const struct {
		const char *text;
		uint64_t propagation;
		bool recursive;
	} cases[] = {
		{ "bind", 0, false },
		{ "private", MS_PRIVATE, false },
		{ "rprivate", MS_PRIVATE, true },
		{ "shared", MS_SHARED, false },
		{ "rshared", MS_SHARED, true },
		{ "slave", MS_SLAVE, false },
		{ "rslave", MS_SLAVE, true },
		{ "unbindable", MS_UNBINDABLE, false },
		{ "runbindable", MS_UNBINDABLE, true },
		{ "rshared,slave", MS_SLAVE, false },
		{ "slave,rprivate", MS_PRIVATE, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(mount_entry_done) struct mount_entry entry = {};

		assert_int_equal(mount_options_parse(cases[i].text, &entry, NULL), 0);
		assert_true(entry.propagation == cases[i].propagation);
		assert_int_equal(entry.propagation_recursive, cases[i].recursive);
	}
}

/* The flags as letters: b bind, r recursive, m move, d create=dir, f create=file, o optional,
 * l relative, D allow_dev. */
static void flags_text(const struct mount_entry *entry, char *text)
{
	const struct {
		bool flag;
		char c;
	} flags[] = {
		{ entry->bind, 'b' },       { entry->recursive, 'r' },   { entry->move, 'm' },
		{ entry->create_dir, 'd' }, { entry->create_file, 'f' }, { entry->optional, 'o' },
		{ entry->relative, 'l' },   { entry->allow_dev, 'D' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].flag)
			*text++ = flags[i].c;
	*text = '\0';
}

static void test_flags(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "bind", "b" },
		{ "rbind", "br" },
		{ "bind,rbind", "br" },
		{ "rbind,bind", "br" },
		{ "move", "m" },
		{ "create=dir", "d" },
		{ "create=file", "f" },
		{ "create=dir,create=file", "f" },
		{ "create=file,create=dir", "d" },
		{ "optional,relative,bind", "bol" },
		{ "dev", "D" },
		{ "dev,nodev", "" },
		{ "nodev,dev", "D" },
		/* Words count whole: none of these is one of ours. */
		{ "x-optional,notrelative,rbinds,mydev,bind=1", "" },
		{ "optional=1,Bind,OPTIONAL, bind", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(mount_entry_done) struct mount_entry entry = {};
		char text[16];

		assert_int_equal(mount_options_parse(cases[i].text, &entry, NULL), 0);
		flags_text(&entry, text);
		assert_string_equal(text, cases[i].want);
	}
}

static void test_data(void **state)
{
	static const struct {
		const char *text;
		const char *data[DATA_MAX];
	} cases[] = {
		{ "size=1m,mode=755", { "size=1m", "mode=755" } },
		{ "mode=755,ro,size=1m,userxattr", { "mode=755", "size=1m", "userxattr" } },
		/* What begins like a word of ours is none. */
		{ "rootcontext=x,noexecfoo,rwx,device=y",
		  { "rootcontext=x", "noexecfoo", "rwx", "device=y" } },
		{ "lowerdir=/a:/b,upperdir=/c", { "lowerdir=/a:/b", "upperdir=/c" } },
		{ "lowerdir=/a\\,b,ro", { "lowerdir=/a\\,b" } },
		{ "lowerdir=/a\\\\,ro", { "lowerdir=/a\\\\" } },
		{ "x=\\", { "x=\\" } },
		{ "context=\"a:b,c\",ro", { "context=a:b,c" } },
		{ "x=\"\",y=\"a\"", { "x=", "y=a" } },
		{ "x=a\"b,c\"d", { "x=a\"b", "c\"d" } },
		{ "=,a=", { "=", "a=" } },
		{ "sync,dirsync,size=1,lazytime", { "sync", "dirsync", "size=1", "lazytime" } },
		{ "sync,dirsync,bind,size=1,lazytime", { "size=1" } },
		{ "sync,move", {} },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(mount_entry_done) struct mount_entry entry = {};

		assert_int_equal(mount_options_parse(cases[i].text, &entry, NULL), 0);
		assert_data(&entry.data, cases[i].data);
	}
}

static void test_bad_options(void **state)
{
	static const struct {
		const char *text, *msg;
	} cases[] = {
		{ "create=", "option 'create=': only 'create=dir' and 'create=file' exist" },
		{ "ro,create=link",
		  "option 'create=link': only 'create=dir' and 'create=file' exist" },
		{ "idmap=", "option 'idmap=' takes 'container' or the path of a user namespace" },
		{ "context=\"a,ro", "an unclosed quote in options 'context=\"a,ro'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mount_entry entry = { .attr_set = 77 };
		struct err err = {};

		assert_int_equal(mount_options_parse(cases[i].text, &entry, &err), -EINVAL);
		assert_string_equal(err.msg, cases[i].msg);
		assert_int_equal(entry.attr_set, 77);
	}
}

static void test_lines(void **state)
{
	static const struct {
		const char *line;
		int want;
		const char *source, *target, *type, *data[DATA_MAX];
	} cases[] = {
		{ "/src", -EINVAL, 0, 0, 0, {} },
		{ "/src ", -EINVAL, 0, 0, 0, {} },
		{ "/src a none bind\n/x b none bind", -EINVAL, 0, 0, 0, {} },
		{ "\n/src a none bind", -EINVAL, 0, 0, 0, {} },
		{ "/src a none create=x", -EINVAL, 0, 0, 0, {} },
		{ "/src a none ro,idmap=container", -EINVAL, 0, 0, 0, {} },
		{ "/src a tmpfs bind,idmap=container", -EINVAL, 0, 0, 0, {} },
		{ "/src a none bind,idmap=container,size=1", -EINVAL, 0, 0, 0, {} },
		{ "", 1, 0, 0, 0, {} },
		{ " \t ", 1, 0, 0, 0, {} },
		{ "\n", 1, 0, 0, 0, {} },
		{ "# a comment", 1, 0, 0, 0, {} },
		{ " \t# a comment", 1, 0, 0, 0, {} },
		{ "#/src a none bind", 1, 0, 0, 0, {} },
		{ "/src a none bind,idmap=container", 0, "/src", "a", "none", {} },
		{ "/src a overlay idmap=container,lowerdir=/x",
		  0,
		  "/src",
		  "a",
		  "overlay",
		  { "lowerdir=/x" } },
		{ "/src a none rbind,idmap=/proc/1/ns/user,sync", 0, "/src", "a", "none", {} },
		{ "/src a", 0, "/src", "a", "", {} },
		{ "/src a none", 0, "/src", "a", "none", {} },
		{ "/src a none bind\n", 0, "/src", "a", "none", {} },
		{ " \tproc\tproc  proc nodev 0 0 and more # text", 0, "proc", "proc", "proc", {} },
		{ "tmpfs tmp tmpfs size=1m,x 0 0", 0, "tmpfs", "tmp", "tmpfs", { "size=1m", "x" } },
		{ "/a\\040b c\\011d e\\134f x=\\054", 0, "/a b", "c\td", "e\\f", { "x=\\054" } },
		{ "a\\012b c\\\\040 d", 0, "a\nb", "c\\040", "d", {} },
		{ "a\\ b\\04 \\0400", 0, "a\\", "b\\04", " 0", {} },
		{ "a# #b c", 0, "a#", "#b", "c", {} },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(mount_entry_done) struct mount_entry entry = {};

		assert_int_equal(mount_entry_parse(cases[i].line, &entry, NULL), cases[i].want);
		if (cases[i].want) {
			assert_null(entry.source);
			continue;
		}
		assert_string_equal(entry.source, cases[i].source);
		assert_string_equal(entry.target, cases[i].target);
		assert_string_equal(entry.type, cases[i].type);
		assert_data(&entry.data, cases[i].data);
		assert_null(entry.where);
	}
}

static void test_idmap(void **state)
{
	_cleanup_(mount_entry_done) struct mount_entry entry = {}, bad = {};
	struct err err = {};

	(void)state;
	assert_int_equal(mount_entry_parse("/s t none idmap=/a,bind,idmap=container", &entry, &err),
	                 0);
	assert_string_equal(entry.idmap, "container"); /* the last one */
	assert_int_equal(mount_entry_parse("/s t none idmap=container", &bad, &err), -EINVAL);
	assert_string_equal(err.msg, "option 'idmap=container' needs 'bind' or 'rbind'");
	assert_int_equal(mount_entry_parse("/s", &bad, &err), -EINVAL);
	assert_string_equal(err.msg, "mount of '/s' has no target");
	assert_true(strlen(err.hint) > 0);
}

/* Fields are what the C library reads from the same line. */
static void test_as_getmntent(void **state)
{
	static const char *const lines[] = {
		"a b c d",
		"  a\tb  c\t\td 1 2 x",
		"a\\040b c\\011\\012 d\\134e f\\\\g",
		"a\\ b\\1 \\\\040 \\13",
		"a\\041 \\0401 c d",
		"/a//b ./c/ none bind,create=dir,optional",
		"a# b c d#",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_(mount_entry_done) struct mount_entry entry = {};
		_cleanup_fclose_ FILE *file = fmemopen((void *)lines[i], strlen(lines[i]), "r");
		struct mntent mnt;
		char buf[512];

		assert_non_null(getmntent_r(file, &mnt, buf, sizeof(buf)));
		assert_int_equal(mount_entry_parse(lines[i], &entry, NULL), 0);
		assert_string_equal(entry.source, mnt.mnt_fsname);
		assert_string_equal(entry.target, mnt.mnt_dir);
		assert_string_equal(entry.type, mnt.mnt_type);
	}
}

static void test_targets(void **state)
{
	static const char rootfs[] = "/srv/root", own[] = "/var/lib/lxc/c1/rootfs";
	static const struct {
		const char *target, *rootfs;
		bool idmap;
		int want;
		const char *relative;
	} cases[] = {
		{ "..", rootfs, false, -EXDEV, NULL },
		{ "../x", rootfs, false, -EXDEV, NULL },
		{ "a/../../x", rootfs, false, -EXDEV, NULL },
		{ "/srv/root/../x", rootfs, false, -EXDEV, NULL },
		{ "/var/lib/lxc/c1/rootfs/a/../../x", rootfs, false, -EXDEV, NULL },
		{ ".", rootfs, false, -EINVAL, NULL },
		{ "a/..", rootfs, false, -EINVAL, NULL },
		{ "/srv/root", rootfs, false, -EINVAL, NULL },
		{ "/srv/root/", rootfs, false, -EINVAL, NULL },
		{ "/", NULL, false, -EINVAL, NULL },
		{ "/", rootfs, true, -EINVAL, NULL },
		/* absolute, elsewhere */
		{ "/", rootfs, false, 1, NULL },
		{ "/mnt", rootfs, false, 1, NULL },
		{ "/srv", rootfs, false, 1, NULL },
		{ "/srv/root2/a", rootfs, false, 1, NULL },
		{ "/srv/roo", rootfs, false, 1, NULL },
		{ "/var/lib/lxc/c1/rootfs.old/a", rootfs, false, 1, NULL },
		{ "/x/srv/root/a", rootfs, false, 1, NULL },
		{ "/x/../srv/root/a", rootfs, false, 1, NULL },
		{ "/srv/root/a", "srv/root", false, 1, NULL },
		{ "/a", "/lower:/upper", false, 1, NULL },
		/* below the container's root */
		{ "a", rootfs, false, 0, "a" },
		{ "a/b/", rootfs, false, 0, "a/b" },
		{ "./a//b/./c", rootfs, false, 0, "a/b/c" },
		{ "a/../b", rootfs, false, 0, "b" },
		{ "a/b/../../c", rootfs, false, 0, "c" },
		{ "...", rootfs, false, 0, "..." },
		{ "..a/.b", rootfs, false, 0, "..a/.b" },
		{ "a b\n", rootfs, false, 0, "a b\n" },
		{ "/srv/root/a/b", rootfs, false, 0, "a/b" },
		{ "//srv/./root//a", rootfs, false, 0, "a" },
		{ "/srv/root/a", "/srv//root/./", false, 0, "a" },
		{ "/var/lib/lxc/c1/rootfs/proc", rootfs, false, 0, "proc" },
		{ "/a", "/", false, 0, "a" },
		/* id-mapped: always below */
		{ "/mnt/x", rootfs, true, 0, "mnt/x" },
		{ "///mnt", rootfs, true, 0, "mnt" },
		{ "/srv/root/a", rootfs, true, 0, "srv/root/a" },
		{ "/../x", rootfs, true, -EXDEV, NULL },
		/* no root of its own */
		{ "a", NULL, false, 0, "a" },
		{ "/mnt/x", NULL, false, 0, "mnt/x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mount_entry entry = { .target = (char *)cases[i].target,
			                     .idmap = cases[i].idmap ? "container" : NULL };
		_cleanup_free_ char *relative = NULL;
		struct err err = {};

		assert_int_equal(mount_entry_target(&entry, cases[i].rootfs, own, &relative, &err),
		                 cases[i].want);
		if (cases[i].relative)
			assert_string_equal(relative, cases[i].relative);
		else
			assert_null(relative);
		assert_int_equal(err.code, cases[i].want < 0 ? cases[i].want : 0);
	}
}

static void test_target_without_own_rootfs(void **state)
{
	struct mount_entry entry = { .target = "/srv/root/x" };
	_cleanup_free_ char *relative = NULL;

	(void)state;
	assert_int_equal(mount_entry_target(&entry, "/srv/root", NULL, &relative, NULL), 0);
	assert_string_equal(relative, "x");
}

static void test_sources(void **state)
{
	static const struct {
		const char *line;
		enum mount_source want;
	} cases[] = {
		{ "/a t none bind", MOUNT_SOURCE_HOST },
		{ "/a t none bind,relative", MOUNT_SOURCE_HOST },
		{ "/dev/sda1 t ext4 ro", MOUNT_SOURCE_HOST },
		{ "a t none bind", MOUNT_SOURCE_CWD },
		{ "./a t none rbind", MOUNT_SOURCE_CWD },
		{ "a t none move", MOUNT_SOURCE_CWD },
		{ "a t none bind,relative", MOUNT_SOURCE_CONTAINER },
		{ "proc proc proc nodev", MOUNT_SOURCE_WORD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(mount_entry_done) struct mount_entry entry = {};

		assert_int_equal(mount_entry_parse(cases[i].line, &entry, NULL), 0);
		assert_int_equal(mount_entry_source(&entry), cases[i].want);
	}
}

/* ---- files ----------------------------------------------------------------------------------- */

static char fstab[64];

static int setup_fstab(void **state)
{
	int fd;

	(void)state;
	strcpy(fstab, "/tmp/rlxc-test-fstab.XXXXXX");
	fd = mkstemp(fstab);
	return fd < 0 ? -1 : close(fd);
}

static int teardown_fstab(void **state)
{
	(void)state;
	return unlink(fstab);
}

static void write_fstab(const char *text, size_t len)
{
	_cleanup_close_ int fd = open(fstab, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(fd_write(fd, text, len), 0);
}

static void test_fstab(void **state)
{
	static const char text[] = "# a comment\n"
				   "proc proc proc nodev,noexec,nosuid 0 0\n"
				   "\n"
				   "  /srv srv none bind,create=dir\n"
				   "/last l none bind"; /* without a line end */
	_cleanup_(mount_entries_done) struct mount_entries list = {};
	char where[96];

	(void)state;
	write_fstab(text, strlen(text));
	assert_int_equal(mount_fstab_read(fstab, &list, NULL), 0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.items[0].type, "proc");
	assert_string_equal(list.items[1].source, "/srv");
	assert_true(list.items[1].create_dir);
	assert_string_equal(list.items[2].target, "l");
	(void)snprintf(where, sizeof(where), "%s:4", fstab);
	assert_string_equal(list.items[1].where, where);
	assert_int_equal(mount_fstab_read(fstab, &list, NULL), 0); /* appends */
	assert_int_equal(list.n, 6);
}

static void test_bad_fstab(void **state)
{
	static const char text[] = "proc proc proc\nalone\n";
	_cleanup_(mount_entries_done) struct mount_entries list = {};
	_cleanup_free_ char *big = malloc((1 << 20) + 1);
	struct err err = {};
	char want[160];

	(void)state;
	write_fstab(text, strlen(text));
	assert_int_equal(mount_fstab_read(fstab, &list, &err), -EINVAL);
	(void)snprintf(want, sizeof(want), "%s:2: mount of 'alone' has no target", fstab);
	assert_string_equal(err.msg, want);
	assert_int_equal(list.n, 1);

	write_fstab("a b\0c", 5);
	assert_int_equal(mount_fstab_read(fstab, &list, &err), -EINVAL);
	memset(big, '#', (1 << 20) + 1);
	write_fstab(big, (1 << 20) + 1);
	assert_int_equal(mount_fstab_read(fstab, &list, &err), -EFBIG);
	write_fstab(big, 1 << 20);
	assert_int_equal(mount_fstab_read(fstab, &list, &err), 0);
	write_fstab("", 0);
	assert_int_equal(mount_fstab_read(fstab, &list, &err), 0);
	assert_int_equal(list.n, 1);

	assert_int_equal(mount_fstab_read("/no/such/file", &list, &err), -ENOENT);
	assert_string_equal(err.msg, "cannot read mount table '/no/such/file': "
	                             "No such file or directory");
	assert_int_equal(mount_fstab_read("/tmp", &list, &err), -EISDIR);
}

static void test_list(void **state)
{
	_cleanup_(mount_entries_done) struct mount_entries list = {};
	struct err err = {};

	(void)state;
	assert_int_equal(mount_entries_add(&list, "# nothing", NULL, &err), 0);
	assert_int_equal(list.n, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(mount_entries_add(&list, "a b none bind,x=y", "config:3", &err),
		                 0);
	assert_int_equal(list.n, 100);
	assert_string_equal(list.items[99].where, "config:3");
	assert_int_equal(mount_entries_add(&list, "a", "config:4", &err), -EINVAL);
	assert_string_equal(err.msg, "config:4: mount of 'a' has no target");
	assert_int_equal(mount_entries_add(&list, "a", NULL, &err), -EINVAL);
	assert_string_equal(err.msg, "mount of 'a' has no target");
	assert_int_equal(list.n, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_propagation),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_idmap),
		cmocka_unit_test(test_as_getmntent),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_target_without_own_rootfs),
		cmocka_unit_test(test_sources),
		cmocka_unit_test_setup_teardown(test_fstab, setup_fstab, teardown_fstab),
		cmocka_unit_test_setup_teardown(test_bad_fstab, setup_fstab, teardown_fstab),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

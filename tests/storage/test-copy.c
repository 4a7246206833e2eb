/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "storage/copy.h"

#include "base/cleanup.h"
#include "os/path.h"
#include "storage/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define DEPTH 3000
#define MIB ((off_t)1024 * 1024)

static const struct tree_copy_options plain;
static const struct tree_copy_options live = { .live = true };

struct fixture {
	char path[64];
	int fd, src, dst;
};

static int open_dir(int fd, const char *name)
{
	int dir = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(dir >= 0);
	return dir;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->path, "/tmp/test-copy.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->fd = open_dir(AT_FDCWD, f->path);
	assert_int_equal(mkdirat(f->fd, "src", 0755) | mkdirat(f->fd, "dst", 0700), 0);
	f->src = open_dir(f->fd, "src");
	f->dst = open_dir(f->fd, "dst");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)fchmodat(f->src, "closed", 0700, 0);
	(void)fchmodat(f->dst, "closed", 0700, 0);
	assert_int_equal(tree_empty(f->fd, f->path, NULL), 0);
	close(f->src);
	close(f->dst);
	close(f->fd);
	assert_int_equal(rmdir(f->path), 0);
	free(f);
	return 0;
}

static void make_file(int dir_fd, const char *path, const char *text)
{
	int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static struct stat look(int dir_fd, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), 0);
	return st;
}

static int copy(struct fixture *f, const struct tree_copy_options *options, struct err *err)
{
	return tree_copy(f->src, "src", f->dst, "dst", options, err);
}

static void check_same(const struct fixture *f, const char *path)
{
	struct stat a = look(f->src, path), b = look(f->dst, path);

	assert_int_equal(a.st_mode, b.st_mode);
	assert_int_equal(a.st_uid, b.st_uid);
	assert_int_equal(a.st_gid, b.st_gid);
	assert_int_equal(a.st_size, b.st_size);
	assert_int_equal(a.st_rdev, b.st_rdev);
	assert_int_equal(a.st_nlink, b.st_nlink);
	assert_memory_equal(&a.st_mtim, &b.st_mtim, sizeof(a.st_mtim));
}

static void test_each_kind(void **state)
{
	struct fixture *f = *state;
	static const char *const paths[] = { "file",     "link", "fifo",   "dir/deep/file",
		                             "dir/deep", "dir",  "closed", "setuid",
		                             "sticky",   "." };
	const struct timespec times[] = { { 1000000001, 1 }, { 1000000002, 123456789 } };

	make_file(f->src, "file", "text");
	assert_int_equal(symlinkat("/no/where", f->src, "link"), 0);
	assert_int_equal(mkfifoat(f->src, "fifo", 0640), 0);
	assert_int_equal(mkdirat(f->src, "dir", 0750), 0);
	assert_int_equal(mkdirat(f->src, "dir/deep", 0711), 0);
	make_file(f->src, "dir/deep/file", "");
	assert_int_equal(mkdirat(f->src, "closed", 0700), 0);
	make_file(f->src, "closed/file", "x");
	make_file(f->src, "setuid", "x");
	assert_int_equal(mkdirat(f->src, "sticky", 0700), 0);
	assert_int_equal(fchmodat(f->src, "setuid", 06751, 0), 0);
	assert_int_equal(fchmodat(f->src, "sticky", 03777, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths) - 1; i++)
		assert_int_equal(utimensat(f->src, paths[i], times, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(fchmodat(f->src, "closed", 0500, 0), 0);
	assert_int_equal(utimensat(f->src, ".", times, 0), 0);
	assert_int_equal(copy(f, &plain, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		check_same(f, paths[i]);
	assert_int_equal(look(f->dst, "closed/file").st_size, 1);
}

/* Devices and their marks for what is deleted need rights that only some runs have. */
static void test_devices(void **state)
{
	struct fixture *f = *state;
	struct err err = {};

	if (mknodat(f->src, "whiteout", S_IFCHR, makedev(0, 0)) < 0)
		skip();
	assert_int_equal(copy(f, &plain, &err), 0);
	check_same(f, "whiteout");
}

static void test_contents(void **state)
{
	struct fixture *f = *state;
	static const off_t sizes[] = { 1, 4095, 256 * 1024, 256 * 1024 + 1, 3 * MIB + 17 };
	char name[32], *data = malloc((size_t)(4 * MIB)), *back = malloc((size_t)(4 * MIB));

	for (off_t i = 0; i < 4 * MIB; i++)
		data[i] = (char)(i * 31 + i / 977);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		int fd;

		(void)snprintf(name, sizeof(name), "f%zu", i);
		fd = openat(f->src, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		assert_int_equal(write(fd, data, (size_t)sizes[i]), sizes[i]);
		close(fd);
	}
	assert_int_equal(copy(f, &plain, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		int fd;

		(void)snprintf(name, sizeof(name), "f%zu", i);
		check_same(f, name);
		fd = openat(f->dst, name, O_RDONLY | O_CLOEXEC);
		assert_int_equal(read(fd, back, (size_t)(4 * MIB)), sizes[i]);
		assert_memory_equal(data, back, (size_t)sizes[i]);
		close(fd);
	}
	free(data);
	free(back);
}

static void test_holes(void **state)
{
	struct fixture *f = *state;
	int fd = openat(f->src, "holes", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char text[4] = {};

	assert_int_equal(pwrite(fd, "one", 3, 0), 3);
	assert_int_equal(pwrite(fd, "two", 3, 32 * MIB), 3);
	assert_int_equal(ftruncate(fd, 100 * MIB), 0);
	close(fd);
	assert_int_equal(copy(f, &plain, NULL), 0);
	check_same(f, "holes");
	assert_true(look(f->dst, "holes").st_blocks * 512 < MIB);
	fd = openat(f->dst, "holes", O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, text, 3, 0), 3);
	assert_string_equal(text, "one");
	assert_int_equal(pread(fd, text, 3, 32 * MIB), 3);
	assert_string_equal(text, "two");
	close(fd);
}

static void test_hard_links(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "b", "dir/c", "dir/d" };

	make_file(f->src, "a", "text");
	assert_int_equal(mkdirat(f->src, "dir", 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(linkat(f->src, "a", f->src, names[i], 0), 0);
	assert_int_equal(mkfifoat(f->src, "p", 0600), 0);
	assert_int_equal(linkat(f->src, "p", f->src, "dir/p", 0), 0);
	assert_int_equal(copy(f, &plain, NULL), 0);
	check_same(f, "a");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(look(f->dst, "a").st_ino, look(f->dst, names[i]).st_ino);
	assert_int_equal(look(f->dst, "p").st_ino, look(f->dst, "dir/p").st_ino);
	assert_int_equal(look(f->dst, ".").st_nlink, look(f->src, ".").st_nlink); /* no more */
}

/* user::rwx user:12345:rw- group::r-x mask::rwx other::--- */
static const unsigned char acl[] = {
	2, 0,    0,    0,    1,    0,    7,    0, 0xff, 0xff, 0xff, 0xff, 2,    0,    6,
	0, 0x39, 0x30, 0,    0,    4,    0,    5, 0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,
	7, 0,    0xff, 0xff, 0xff, 0xff, 0x20, 0, 0,    0,    0xff, 0xff, 0xff, 0xff,
};

static void check_xattr(const struct fixture *f, const char *path, const char *name,
                        const void *want, size_t size)
{
	char full[128], value[128];

	(void)snprintf(full, sizeof(full), "%s/dst/%s", f->path, path);
	assert_int_equal(lgetxattr(full, name, value, sizeof(value)), size);
	assert_memory_equal(value, want, size);
}

static void test_attributes(void **state)
{
	struct fixture *f = *state;
	char path[128];

	make_file(f->src, "file", "text");
	assert_int_equal(mkdirat(f->src, "dir", 0700), 0);
	make_file(f->src, "dir/plain", "");
	(void)snprintf(path, sizeof(path), "%s/src/file", f->path);
	if (setxattr(path, "user.overlay.x", "value", 5, 0) < 0)
		skip();
	assert_int_equal(setxattr(path, "user.empty", "", 0, 0), 0);
	assert_int_equal(setxattr(path, "system.posix_acl_access", acl, sizeof(acl), 0), 0);
	(void)snprintf(path, sizeof(path), "%s/src/dir", f->path);
	assert_int_equal(setxattr(path, "user.overlay.opaque", "y", 1, 0), 0);
	assert_int_equal(setxattr(path, "system.posix_acl_default", acl, sizeof(acl), 0), 0);
	assert_int_equal(copy(f, &plain, NULL), 0);
	check_xattr(f, "file", "user.overlay.x", "value", 5);
	check_xattr(f, "file", "user.empty", "", 0);
	check_xattr(f, "file", "system.posix_acl_access", acl, sizeof(acl));
	check_xattr(f, "dir", "user.overlay.opaque", "y", 1);
	check_xattr(f, "dir", "system.posix_acl_default", acl, sizeof(acl));
	check_same(f, "file");
	check_same(f, "dir/plain"); /* which was made without the default ACL */
	(void)snprintf(path, sizeof(path), "%s/dst/dir/plain", f->path);
	assert_int_equal(lgetxattr(path, "system.posix_acl_access", NULL, 0), -1);
}

/* What the place of the copy hands on to all that is made in it is not the source's. */
static void test_inherited(void **state)
{
	struct fixture *f = *state;
	char path[128];

	assert_int_equal(mkdirat(f->src, "dir", 0750), 0);
	make_file(f->src, "dir/file", "text");
	(void)snprintf(path, sizeof(path), "%s/dst", f->path);
	if (setxattr(path, "system.posix_acl_default", acl, sizeof(acl), 0) < 0 ||
	    setxattr(path, "system.posix_acl_access", acl, sizeof(acl), 0) < 0)
		skip();
	assert_int_equal(copy(f, &plain, NULL), 0);
	assert_int_equal(getxattr(path, "system.posix_acl_access", NULL, 0), -1);
	(void)snprintf(path, sizeof(path), "%s/dst/dir", f->path);
	assert_int_equal(getxattr(path, "system.posix_acl_default", NULL, 0), -1);
	assert_int_equal(getxattr(path, "system.posix_acl_access", NULL, 0), -1);
	(void)snprintf(path, sizeof(path), "%s/dst/dir/file", f->path);
	assert_int_equal(getxattr(path, "system.posix_acl_access", NULL, 0), -1);
	check_same(f, ".");
	check_same(f, "dir");
	check_same(f, "dir/file");
}

/* Each with another owner than its directory, or the same; also below a set-gid directory. */
static void test_owners(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *path;
		uid_t uid;
		gid_t gid;
	} rows[] = {
		{ "dir", 0, 0 },   { "dir/a", 7, 8 },   { "dir/b", 0, 8 },   { "dir/c", 0, 0 },
		{ "other", 7, 8 }, { "other/a", 7, 8 }, { "other/b", 0, 0 }, { "other/c", 0, 8 },
	};

	if (geteuid() != 0 || fchownat(f->src, "", 7, 8, AT_EMPTY_PATH) < 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strchr(rows[i].path, '/'))
			make_file(f->src, rows[i].path, "x");
		else
			assert_int_equal(mkdirat(f->src, rows[i].path, 0755), 0);
		assert_int_equal(fchownat(f->src, rows[i].path, rows[i].uid, rows[i].gid, 0), 0);
	}
	assert_int_equal(fchown(f->dst, 0, 8) | fchmod(f->dst, 02700), 0);
	assert_int_equal(copy(f, &plain, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_same(f, rows[i].path);
	check_same(f, ".");
}

static void test_depth(void **state)
{
	struct fixture *f = *state;
	int src = fcntl(f->src, F_DUPFD_CLOEXEC, 3), dst, depth = 0;
	struct stat st;

	for (int i = 0; i < DEPTH; i++) {
		int next;

		assert_int_equal(mkdirat(src, "d", 0755), 0);
		next = open_dir(src, "d");
		close(src);
		src = next;
	}
	make_file(src, "end", "x");
	close(src);
	assert_int_equal(copy(f, &plain, NULL), 0);
	dst = fcntl(f->dst, F_DUPFD_CLOEXEC, 3);
	while (fstatat(dst, "d", &st, AT_SYMLINK_NOFOLLOW) == 0) {
		int next = open_dir(dst, "d");

		close(dst);
		dst = next;
		depth++;
	}
	assert_int_equal(depth, DEPTH);
	assert_int_equal(look(dst, "end").st_size, 1);
	close(dst);
}

static void test_single_entries(void **state)
{
	struct fixture *f = *state;
	struct err err = {};

	make_file(f->src, "file", "text");
	assert_int_equal(mkdirat(f->src, "dir", 0750), 0);
	make_file(f->src, "dir/file", "text");
	assert_int_equal(tree_copy_entry(f->src, "src", "file", f->dst, "dst", &plain, &err), 0);
	assert_int_equal(tree_copy_entry(f->src, "src", "dir", f->dst, "dst", &plain, &err), 0);
	check_same(f, "file");
	check_same(f, "dir");
	check_same(f, "dir/file");
	assert_int_equal(tree_copy_entry(f->src, "src", "file", f->dst, "dst", &plain, &err),
	                 -EEXIST);
	assert_string_equal(err.msg, "cannot copy 'src/file' to 'dst': File exists");
	assert_int_equal(tree_copy_entry(f->src, "src", "no", f->dst, "dst", &plain, &err),
	                 -ESTALE);
	assert_int_equal(tree_copy_entry(f->src, "src", "no", f->dst, "dst", &live, &err), 0);
}

struct meddler {
	struct fixture *f;
	int calls;
};

/* Changes the source in the middle of a file. */
static void meddle(void *arg, uint64_t n_files, uint64_t n_bytes)
{
	struct meddler *meddler = arg;
	int fd = openat(meddler->f->src, "big", O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(n_files > 0 && n_bytes > 0);
	meddler->calls++;
	close(fd);
}

static void make_big(const struct fixture *f)
{
	int fd = openat(f->src, "big", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_int_equal(posix_fallocate(fd, 0, 40 * MIB), 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	assert_int_equal(pwrite(fd, "x", 1, 30 * MIB), 1);
	close(fd);
}

static void test_changed(void **state)
{
	struct fixture *f = *state;
	struct meddler meddler = { .f = f };
	struct tree_copy_options options = { .progress = meddle, .progress_arg = &meddler };
	struct err err = {};

	make_big(f);
	assert_int_equal(copy(f, &options, &err), -ESTALE);
	assert_string_equal(err.msg, "'src/big' is being changed by somebody else");
	assert_true(meddler.calls > 0);
}

static void test_changed_live(void **state)
{
	struct fixture *f = *state;
	struct meddler meddler = { .f = f };
	struct tree_copy_options options = { .live = true,
		                             .progress = meddle,
		                             .progress_arg = &meddler };

	make_big(f);
	assert_int_equal(copy(f, &options, NULL), 0);
	assert_int_equal(look(f->src, "big").st_size, 0);
	assert_true(meddler.calls > 0);
}

/* Somebody exchanges a directory and a file of the source for links to what is outside, all the
 * time: the copy never holds anything of that. */
static _Noreturn void swap_for_ever(const struct fixture *f)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (;;) {
		(void)renameat2(f->src, "dir", f->src, "dirlink", RENAME_EXCHANGE);
		(void)renameat2(f->src, "file", f->src, "filelink", RENAME_EXCHANGE);
		(void)renameat2(f->src, "file", f->src, "fifo", RENAME_EXCHANGE);
	}
}

/* Copies of links are links, and are not followed by whoever looks either. */
static void check_nothing_of_outside(int dir_fd, const char *path)
{
	char text[16] = {};
	int fd = path_open_beneath(dir_fd, path, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return;
	if (S_ISREG(look(fd, "").st_mode)) {
		assert_true(read(fd, text, sizeof(text) - 1) >= 0);
		assert_string_equal(text, "mine");
	}
	close(fd);
}

static void test_swapped(void **state)
{
	struct fixture *f = *state;
	static const char *const paths[] = { "dir/secret", "dirlink/secret", "file", "filelink",
		                             "fifo" };
	int copied = 0;
	pid_t pid;

	assert_int_equal(mkdirat(f->fd, "outside", 0755), 0);
	make_file(f->fd, "outside/secret", "theirs");
	assert_int_equal(mkdirat(f->src, "dir", 0755), 0);
	make_file(f->src, "dir/secret", "mine");
	make_file(f->src, "file", "mine");
	assert_int_equal(symlinkat("../outside", f->src, "dirlink"), 0);
	assert_int_equal(symlinkat("../outside/secret", f->src, "filelink"), 0);
	assert_int_equal(mkfifoat(f->src, "fifo", 0600), 0);
	pid = fork();
	if (pid == 0)
		swap_for_ever(f);
	for (int i = 0; i < 300; i++) {
		int r = copy(f, &live, NULL);

		assert_true(r == 0 || r == -ESTALE || r == -EEXIST);
		copied += r == 0;
		for (size_t n = 0; n < ARRAY_SIZE(paths); n++)
			check_nothing_of_outside(f->dst, paths[n]);
		assert_int_equal(tree_empty(f->dst, "dst", NULL), 0);
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(copied > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_kind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_devices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_contents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_holes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hard_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_attributes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inherited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owners, setup, teardown),
		cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_single_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed_live, setup, teardown),
		cmocka_unit_test_setup_teardown(test_swapped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

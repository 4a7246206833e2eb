/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/path.h"

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* A hostile tree in "root", with something worth reaching beside it:
 *
 *	outside/secret
 *	root/dir/file          root/dir/sub/
 *	root/fifo              root/loop -> loop
 *	root/up -> ../outside  root/absolute -> /outside ; /etc of the host
 *	root/dir/back -> ..    root/inside -> dir
 *	root/dangling -> none  root/magic -> /proc/self/root
 */
static char top[64];
static int root_fd;

static void link_at(const char *target, const char *name)
{
	assert_int_equal(symlinkat(target, root_fd, name), 0);
}

static int setup(void **state)
{
	char path[128];

	(void)state;
	(void)umask(022);
	strcpy(top, "/tmp/rlxc-test-path.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/outside", top);
	assert_int_equal(mkdir(path, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/root", top);
	assert_int_equal(mkdir(path, 0755), 0);
	root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "%s/outside/secret", top);
	assert_int_equal(mknod(path, S_IFREG | 0600, 0), 0);
	assert_int_equal(mkdirat(root_fd, "dir", 0755), 0);
	assert_int_equal(mkdirat(root_fd, "dir/sub", 0755), 0);
	assert_int_equal(mknodat(root_fd, "dir/file", S_IFREG | 0644, 0), 0);
	assert_int_equal(mkfifoat(root_fd, "fifo", 0644), 0);
	link_at("loop", "loop");
	link_at("../outside", "up");
	link_at("/etc", "absolute");
	link_at("..", "dir/back");
	link_at("dir", "inside");
	link_at("none", "dangling");
	link_at("/proc/self/root", "magic");
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)close(root_fd);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", top);
	return system(command);
}

/* Closes a result and tells what it was: 0 for any descriptor. */
static int result(int fd)
{
	if (fd < 0)
		return fd;
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	(void)close(fd);
	return 0;
}

static const struct {
	const char *path;
	int beneath, in_root;
} lookups[] = {
	{ "none", -ENOENT, -ENOENT },
	{ "dir/none", -ENOENT, -ENOENT },
	{ "dir/file/x", -ENOTDIR, -ENOTDIR },
	{ "dir/file/", -ENOTDIR, -ENOTDIR },
	{ "fifo/x", -ENOTDIR, -ENOTDIR },
	{ "loop", -ELOOP, -ELOOP },
	{ "loop/x", -ELOOP, -ELOOP },
	{ "up", -ELOOP, -ENOENT }, /* ".." stops at the root, where no "outside" is */
	{ "up/secret", -ELOOP, -ENOENT },
	{ "absolute", -ELOOP, -ENOENT },
	{ "absolute/passwd", -ELOOP, -ENOENT },
	{ "magic/etc/passwd", -ELOOP, -ENOENT },
	{ "dangling", -ELOOP, -ENOENT },
	{ "inside", -ELOOP, 0 },
	{ "inside/file", -ELOOP, 0 },
	{ "dir/back/dir", -ELOOP, 0 },
	{ "..", -EXDEV, 0 },
	{ "../outside/secret", -EXDEV, -ENOENT },
	{ "/../outside/secret", -EXDEV, -ENOENT },
	{ "dir/../../outside/secret", -EXDEV, -ENOENT },
	{ "dir/../dir", -EXDEV, 0 },
	{ "dir/sub/..", -EXDEV, 0 },
	{ "", 0, 0 },
	{ "/", 0, 0 },
	{ ".", 0, 0 },
	{ "dir", 0, 0 },
	{ "/dir", 0, 0 },
	{ "///dir//file", 0, 0 },
	{ "dir/./file", 0, 0 },
	{ "dir/", 0, 0 },
	{ "fifo", 0, 0 },
};

static void test_lookups(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lookups); i++) {
		const char *path = lookups[i].path;

		assert_int_equal(result(path_open_beneath(root_fd, path, O_PATH)),
		                 lookups[i].beneath);
		assert_int_equal(result(path_open_same_mount(root_fd, path, O_PATH)),
		                 lookups[i].beneath);
		assert_int_equal(result(path_open_in_root(root_fd, path, O_PATH)),
		                 lookups[i].in_root);
	}
	assert_int_equal(path_open_beneath(-1, "dir", O_PATH), -EBADF);
	/* The names ".." starts are only names. */
	assert_int_equal(path_open_beneath(root_fd, "..dir", O_PATH), -ENOENT);
	assert_int_equal(path_open_beneath(root_fd, "dir/...", O_PATH), -ENOENT);
}

static void test_magic_and_mounts(void **state)
{
	_cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(path_open_in_root(proc, "thread-self/root", O_PATH), -ELOOP);
	assert_int_equal(path_open_in_root(proc, "thread-self/cwd/etc", O_PATH), -ELOOP);
	assert_int_equal(path_open_beneath(proc, "1/root/etc", O_PATH), -ELOOP);
	assert_int_equal(result(path_open_beneath(slash, "proc/version", O_RDONLY)), 0);
	assert_int_equal(path_open_same_mount(slash, "proc/version", O_RDONLY), -EXDEV);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode;
}

static void test_make_dir(void **state)
{
	static const struct {
		const char *path;
		int want;
	} cases[] = {
		{ "up", -ELOOP },
		{ "up/new", -ELOOP },
		{ "absolute/new", -ELOOP },
		{ "dangling", -ELOOP },
		{ "dangling/new", -ELOOP },
		{ "inside/new", -ELOOP },
		{ "loop/new", -ELOOP },
		{ "new1/../../outside/new", -EXDEV },
		{ "new1/..", -EXDEV },
		{ "../new", -EXDEV },
		{ "fifo", -ENOTDIR },
		{ "fifo/new", -ENOTDIR },
		{ "dir/file/new", -ENOTDIR },
		{ "/", 0 },
		{ "dir", 0 },
		{ "/dir//sub/", 0 },
		{ "new2", 0 },
		{ "//new3//a/./b/", 0 },
		{ "dir/sub/new4", 0 },
		{ "new2/..a/...", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(result(path_make_dir(root_fd, cases[i].path, 0700)),
		                 cases[i].want);
	assert_int_equal(mode_of("new2"), S_IFDIR | 0700);
	assert_int_equal(mode_of("new3"), S_IFDIR | 0700);
	assert_int_equal(mode_of("new3/a/b"), S_IFDIR | 0700);
	assert_int_equal(mode_of("dir/sub"), S_IFDIR | 0755);      /* was there */
	assert_int_equal(faccessat(root_fd, "new1", F_OK, 0), -1); /* refused as a whole */
	assert_int_equal(faccessat(root_fd, "dir/new", F_OK, 0), -1);
	assert_int_equal(faccessat(root_fd, "../outside/new", F_OK, 0), -1);
}

static void test_parent(void **state)
{
	_cleanup_close_ int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *name = NULL;

	(void)state;
	assert_int_equal(path_open_parent(slash, "/proc/self/x", &name), -ELOOP);
	assert_int_equal(result(path_open_parent(slash, "/proc/version", &name)), 0);
	assert_string_equal(name, "version");
	assert_int_equal(result(path_open_parent(slash, "/etc", &name)), 0);
	assert_string_equal(name, "etc");
	assert_int_equal(path_open_parent(slash, "/no/such/file", &name), -ENOENT);
}

static void test_make_file(void **state)
{
	static const struct {
		const char *path;
		int want;
	} cases[] = {
		{ "up", -ELOOP },
		{ "up/secret", -ELOOP },
		{ "up/new", -ELOOP },
		{ "dangling", -ELOOP },
		{ "inside/new", -ELOOP },
		{ "../new", -EXDEV },
		{ "new1/../new", -EXDEV },
		{ "fifo/new", -ENOTDIR },
		{ "dir/file/new", -ENOTDIR },
		{ "fifo", 0 }, /* what is there stays, and nobody waits for a writer */
		{ "dir/file", 0 },
		{ "dir", 0 },
		{ "new2", 0 },
		{ "/new3/a/b", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(result(path_make_file(root_fd, cases[i].path, 0600)),
		                 cases[i].want);
	assert_int_equal(mode_of("new2"), S_IFREG | 0600);
	assert_int_equal(mode_of("new3"), S_IFDIR | 0755);
	assert_int_equal(mode_of("new3/a/b"), S_IFREG | 0600);
	assert_int_equal(mode_of("fifo"), S_IFIFO | 0644);
	assert_int_equal(faccessat(root_fd, "none", F_OK, 0), -1); /* of the dangling link */
	assert_int_equal(faccessat(root_fd, "../outside/new", F_OK, 0), -1);
}

/* In a child: exchanges a directory and a link to the outside as fast as it can. */
static _Noreturn void exchange_for_ever(void)
{
	for (;;)
		(void)syscall(SYS_renameat2, root_fd, "race", root_fd, "decoy", RENAME_EXCHANGE);
}

static bool is_below_root(int fd)
{
	char link[64], path[PATH_MAX], want[128];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	assert_true(n > 0);
	path[n] = '\0';
	(void)snprintf(want, sizeof(want), "%s/root/", top);
	return strncmp(path, want, strlen(want)) == 0;
}

static void test_rename_race(void **state)
{
	_cleanup_close_ int pidfd = -EBADF;
	unsigned int opened = 0, refused = 0;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(mkdirat(root_fd, "race", 0755), 0);
	assert_int_equal(mknodat(root_fd, "race/secret", S_IFREG | 0644, 0), 0);
	link_at("../outside", "decoy");
	pid = proc_clone(0, -EBADF, &pidfd);
	assert_true(pid >= 0);
	if (pid == 0)
		exchange_for_ever();
	for (int i = 0; i < 20000; i++) {
		int (*const open_fn[])(int, const char *, int) = { path_open_beneath,
			                                           path_open_in_root };
		_cleanup_close_ int fd = open_fn[i & 1](root_fd, "race/secret", O_PATH);
		_cleanup_close_ int made =
			i % 16 ? -ELOOP : path_make_dir(root_fd, "race/new", 0755);

		if (fd >= 0)
			assert_true(is_below_root(fd));
		else
			assert_true(fd == -ELOOP || fd == -ENOENT || fd == -EAGAIN);
		if (made >= 0)
			assert_true(is_below_root(made));
		opened += fd >= 0;
		refused += fd < 0;
	}
	assert_int_equal(pidfd_kill(pidfd, SIGKILL), 0);
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	assert_int_equal(faccessat(root_fd, "../outside/new", F_OK, 0), -1);
	if (!opened || !refused)
		print_message("the race was not seen: %u opened, %u refused\n", opened, refused);
}

static void test_mkdir_parents(void **state)
{
	char path[160];
	static const struct {
		const char *below;
		int want;
	} cases[] = {
		{ "/root/dir/file", -ENOTDIR },
		{ "/root/dir/file/x", -ENOTDIR },
		{ "/root/fifo", -ENOTDIR },
		{ "/root/dangling/x", -ENOENT },
		{ "", 0 },
		{ "/root/dir", 0 },
		{ "/p/q//r/", 0 },
		{ "/root/inside/by-link", 0 },
	};

	(void)state;
	assert_int_equal(path_mkdir_parents("", 0755), -ENOENT);
	assert_int_equal(path_mkdir_parents("/", 0755), 0);
	assert_int_equal(path_mkdir_parents(".", 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", top, cases[i].below);
		assert_int_equal(path_mkdir_parents(path, 0755), cases[i].want);
	}
	(void)snprintf(path, sizeof(path), "%s/p/q/r", top);
	assert_int_equal(access(path, F_OK), 0);
}

static void test_texts(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "", "" },
		{ "/", "/" },
		{ "//", "/" },
		{ "/.", "/" },
		{ "/./", "/" },
		{ "//.", "/" },
		{ ".", "." },
		{ "./", "." },
		{ "././/", "." },
		{ "./.", "." },
		{ "..", ".." },
		{ "./../a/", "../a" },
		{ "./a", "a" },
		{ ".//a", "a" },
		{ "././a", "a" },
		{ ".a", ".a" },
		{ "a/.", "a" },
		{ "a/./", "a" },
		{ "a/./b//c/", "a/b/c" },
		{ "/a/././b", "/a/b" },
		{ "/a/../b", "/a/../b" },
		{ "/a/.b/..c", "/a/.b/..c" },
		{ "///a///", "/a" },
	};
	_cleanup_free_ char *joined = path_join("/a", "b");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "%s", cases[i].path);
		path_simplify(path);
		assert_string_equal(path, cases[i].want);
	}
	assert_string_equal(joined, "/a/b");
	assert_non_null(path_error_text(-ELOOP));
	assert_non_null(path_error_text(-EXDEV));
	assert_null(path_error_text(-EPERM));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_lookups),           TEST(test_magic_and_mounts),
		TEST(test_make_dir),          TEST(test_make_file),
		TEST(test_rename_race),       TEST(test_mkdir_parents),
		cmocka_unit_test(test_texts), cmocka_unit_test(test_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

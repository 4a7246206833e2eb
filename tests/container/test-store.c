/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/store.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char top[] = "/tmp/test-store.XXXXXX";

/* A store below @top, and a home without any configuration. */
static int setup(void **state)
{
	struct store *store = calloc(1, sizeof(*store));

	assert_non_null(store);
	strcpy(top, "/tmp/test-store.XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(setenv("HOME", top, 1), 0);
	assert_int_equal(store_open(top, store, NULL), 0);
	*state = store;
	return 0;
}

static int teardown(void **state)
{
	char *const argv[] = { (char *)"rm", (char *)"-rf", top, NULL };
	pid_t pid = fork();

	if (pid == 0) {
		(void)execv("/bin/rm", argv);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
	store_done(*state);
	free(*state);
	return 0;
}

/* Makes @path below the store: a directory when @text is NULL. */
static void make(const char *path, const char *text)
{
	_cleanup_free_ char *full = NULL;
	_cleanup_close_ int fd = -EBADF;

	assert_true(asprintf(&full, "%s/%s", top, path) > 0);
	if (!text) {
		assert_int_equal(mkdir(full, 0755), 0);
		return;
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fd_write(fd, text, strlen(text)), 0);
}

static int look(const char *path)
{
	_cleanup_free_ char *full = NULL;

	assert_true(asprintf(&full, "%s/%s", top, path) > 0);
	return access(full, F_OK);
}

static void test_names(void **state)
{
	char long_name[202];
	static const struct {
		const char *name;
		int want;
	} cases[] = {
		{ NULL, -EINVAL },   { "", -EINVAL },        { ".", -EINVAL },
		{ "..", -EINVAL },   { ".hidden", -EINVAL }, { "-n", -EINVAL },
		{ "a/b", -EINVAL },  { "/", -EINVAL },       { "a b", -EINVAL },
		{ "a\tb", -EINVAL }, { "a\nb", -EINVAL },    { "a\x7f", -EINVAL },
		{ "a;b", -EINVAL },  { "a$b", -EINVAL },     { "a'b", -EINVAL },
		{ "a\"b", -EINVAL }, { "a*", -EINVAL },      { "a?", -EINVAL },
		{ "a[b", -EINVAL },  { "a\\b", -EINVAL },    { "a`b", -EINVAL },
		{ "~a", -EINVAL },   { "a|b", -EINVAL },     { "a&", -EINVAL },
		{ "#a", -EINVAL },   { "a>b", -EINVAL },     { "a(b", -EINVAL },
		{ "c1", 0 },         { "web-1.example", 0 }, { "A_b.c-d", 0 },
		{ "1", 0 },          { "caf\xc3\xa9", 0 },   { "a+b", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {};

		assert_int_equal(store_check_name(cases[i].name, &err), cases[i].want);
		assert_int_equal(!!err.msg[0], cases[i].want < 0);
	}
	memset(long_name, 'a', sizeof(long_name));
	long_name[201] = '\0';
	assert_int_equal(store_check_name(long_name, NULL), -EINVAL);
	long_name[200] = '\0';
	assert_int_equal(store_check_name(long_name, NULL), 0);
}

static void test_paths(void **state)
{
	char cwd[4096], want[4200];
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "/a/b/", "/a/b" },
		{ "//a//b//", "/a/b" },
		{ "/a/./b", "/a/b" },
		{ "/", "/" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(store_done) struct store store = {};

		assert_int_equal(store_open(cases[i].path, &store, NULL), 0);
		assert_string_equal(store.path, cases[i].want);
	}
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	(void)snprintf(want, sizeof(want), "%s/x/y", strcmp(cwd, "/") == 0 ? "" : cwd);
	{
		_cleanup_(store_done) struct store store = {};

		assert_int_equal(store_open("./x/y/", &store, NULL), 0);
		assert_string_equal(store.path, want);
		assert_int_equal(store_open("", &store, NULL), -EINVAL);
	}
}

static void test_a_store_that_is_not_there(void **state)
{
	_cleanup_(store_done) struct store store = {};
	_cleanup_(strv_done) struct strv names = {};
	struct err err = {};

	(void)state;
	assert_int_equal(store_open("/nonexistent/store", &store, NULL), 0);
	assert_int_equal(store_names(&store, &names, &err), 0);
	assert_int_equal(names.n, 0);
	assert_int_equal(store_open_dir(&store, "c1", &err), -ENOENT);
	assert_string_equal(err.msg, "container 'c1' does not exist in /nonexistent/store");
	assert_false(store_is_defined(&store, "c1"));
}

static void test_listing(void **state)
{
	const struct store *store = *state;
	_cleanup_(strv_done) struct strv names = {};

	make("web", NULL);
	make("web/config", "");
	make("db", NULL);
	make("db/config", "lxc.uts.name = db\n");
	make("nothing", NULL);
	make(".hidden", NULL);
	make(".hidden/config", "");
	make("file", "");
	make("dir", NULL);
	make("dir/config", NULL);
	assert_int_equal(store_names(store, &names, NULL), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.items[0], "db");
	assert_string_equal(names.items[1], "web");
	assert_true(store_is_defined(store, "web"));
	assert_false(store_is_defined(store, "nothing"));
}

static void test_the_directory_is_no_link(void **state)
{
	const struct store *store = *state;
	_cleanup_free_ char *link = NULL;

	make("web", NULL);
	make("web/config", "");
	assert_true(asprintf(&link, "%s/alias", top) > 0);
	assert_int_equal(symlink("web", link), 0);
	assert_int_equal(store_open_dir(store, "alias", NULL), -ELOOP);
	assert_false(store_is_defined(store, "alias"));
}

static void test_loading(void **state)
{
	const struct store *store = *state;
	_cleanup_(conf_freep) struct conf *good = NULL, *bad = NULL, *strict = NULL, *none = NULL;
	struct err err = {};

	make("web", NULL);
	make("web/config", "lxc.uts.name = inside\n");
	make("bad", NULL);
	make("bad/config", "lxc.uts.name = early\nlxc.no.such.key = 1\n");
	make("empty", NULL);
	assert_int_equal(store_load_conf(store, "web", NULL, false, &good, &err), 0);
	assert_string_equal(good->uts_name, "inside");
	assert_true(store_load_conf(store, "bad", NULL, false, &strict, &err) < 0);
	assert_null(strict);
	assert_true(store_load_conf(store, "bad", NULL, true, &bad, &err) < 0);
	assert_non_null(bad);
	assert_string_equal(bad->uts_name, "early");
	assert_int_equal(store_load_conf(store, "empty", NULL, true, &none, &err), -ENOENT);
	assert_int_equal(store_load_conf(store, "no", NULL, true, &none, &err), -ENOENT);
	assert_null(none);
	assert_non_null(strstr(err.msg, "container 'no' does not exist in /"));
}

static void test_partial(void **state)
{
	const struct store *store = *state;
	_cleanup_(strv_done) struct strv names = {};
	_cleanup_close_ int lock = -EBADF;
	_cleanup_free_ char *path = NULL;

	make("dead", NULL);
	make("dead/partial", "");
	make("dead/.rlxc", "# a mark\n");
	make("dead/config", "lxc.uts.name = dead\n");
	make("foreign", NULL);
	make("foreign/partial", "");
	make("foreign/config", "");
	make("live", NULL);
	make("live/partial", "");
	make("live/.rlxc", "");
	make("live/config", "");
	assert_true(asprintf(&path, "%s/live/partial", top) > 0);
	lock = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fd_lock(lock), 0);

	assert_int_equal(store_clean_partial(store, "foreign", NULL), 0);
	assert_int_equal(store_clean_partial(store, "live", NULL), 0);
	assert_int_equal(store_clean_partial(store, "no", NULL), 0);
	assert_int_equal(store_names(store, &names, NULL), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.items[0], "foreign");
	assert_string_equal(names.items[1], "live");
	assert_int_equal(look("dead"), -1);

	cleanup_close(&lock);
	assert_int_equal(store_clean_partial(store, "live", NULL), 1);
	assert_int_equal(look("live"), -1);
	assert_int_equal(look("foreign/config"), 0);
}

/* A rootfs outside goes only when it is the directory that was recorded. */
static void test_partial_with_rootfs_outside(void **state)
{
	const struct store *store = *state;
	char text[512];
	struct stat st;

	make("out1", NULL);
	make("out1/file", "");
	make("out2", NULL);
	make("out2/file", "");
	(void)snprintf(text, sizeof(text), "%s/out1", top);
	assert_int_equal(stat(text, &st), 0);
	make("a", NULL);
	make("a/partial", "");
	(void)snprintf(text, sizeof(text), "rootfs made %llu %s/out1\n",
	               (unsigned long long)st.st_ino, top);
	make("a/.rlxc", text);
	make("b", NULL);
	make("b/partial", "");
	(void)snprintf(text, sizeof(text), "rootfs made %llu %s/out2\n",
	               (unsigned long long)st.st_ino, top);
	make("b/.rlxc", text);
	assert_int_equal(store_clean_partial(store, "a", NULL), 1);
	assert_int_equal(store_clean_partial(store, "b", NULL), 1);
	assert_int_equal(look("a"), -1);
	assert_int_equal(look("b"), -1);
	assert_int_equal(look("out1"), -1);
	assert_int_equal(look("out2/file"), 0);
}

/* What others could have written says nothing. */
static void test_mark_that_others_can_write(void **state)
{
	const struct store *store = *state;
	_cleanup_free_ char *path = NULL;

	make("a", NULL);
	make("a/partial", "");
	make("a/.rlxc", "");
	assert_true(asprintf(&path, "%s/a/.rlxc", top) > 0);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(store_clean_partial(store, "a", NULL), 0);
	assert_int_equal(look("a/partial"), 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_names),
		CASE(test_paths),
		CASE(test_a_store_that_is_not_there),
		CASE(test_listing),
		CASE(test_the_directory_is_no_link),
		CASE(test_loading),
		CASE(test_partial),
		CASE(test_partial_with_rootfs_outside),
		CASE(test_mark_that_others_can_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

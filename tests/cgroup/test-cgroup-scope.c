/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup-internal.h"

#include "base/cleanup.h"
#include "os/proc.h"

#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <setjmp.h>
#include <cmocka.h>

#define TWENTY "12345678901234567890"
#define HUNDRED TWENTY TWENTY TWENTY TWENTY TWENTY
#define LIMIT HUNDRED HUNDRED TWENTY TWENTY "1" /* 241 behind "lxc-" */

/* What systemd-escape(1) prints for them. */
static void names_are_escaped(void **state)
{
	static const struct {
		const char *name, *stem;
	} cases[] = {
		{ "", "lxc-" },
		{ "c1", "lxc-c1" },
		{ "my-app", "lxc-my\\x2dapp" },
		{ "a.b_c:d", "lxc-a.b_c:d" },
		{ ".hidden.name", "lxc-\\x2ehidden.name" },
		{ "a/b", "lxc-a-b" },
		{ "a b\\%@", "lxc-a\\x20b\\x5c\\x25\\x40" },
		{ "\xc3\xa4", "lxc-\\xc3\\xa4" },
		{ LIMIT, "lxc-" LIMIT },
		{ LIMIT "x", "lxc-" LIMIT },
		{ HUNDRED HUNDRED TWENTY "1234567890123456-x",
		  "lxc-" HUNDRED HUNDRED TWENTY "1234567890123456\\x2dx" },
		{ HUNDRED HUNDRED TWENTY "12345678901234567890-x",
		  "lxc-" HUNDRED HUNDRED TWENTY "12345678901234567890" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char stem[CGROUP_SCOPE_MAX];

		cgroup_scope_stem(cases[i].name, stem);
		assert_string_equal(stem, cases[i].stem);
	}
}

static void answers_are_paths(void **state)
{
	static const struct {
		const char *answer;
		bool want;
		const char *path;
	} cases[] = {
		{ "", false, "" },
		{ "\n", false, "\n" },
		{ "/\n", false, "/\n" }, /* never all of the host */
		{ "/a", false, "/a" },   /* cut short */
		{ "a/b\n", false, "a/b\n" },
		{ "/a/b.scope\n", true, "/a/b.scope" },
		{ "/a\nmore\n", true, "/a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char answer[64];

		(void)snprintf(answer, sizeof(answer), "%s", cases[i].answer);
		assert_int_equal(cgroup_scope_take_path(answer), cases[i].want);
		assert_string_equal(answer, cases[i].path);
	}
}

static char run_dir[] = "/tmp/test-cgroup-scope.XXXXXX";

static const char *below(const char *name)
{
	static char path[sizeof(((struct sockaddr_un *)0)->sun_path)];

	(void)snprintf(path, sizeof(path), "%s/%s", run_dir, name);
	return path;
}

static int make_socket(const char *name, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", below(name));
	assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(sock, backlog), 0);
	return sock;
}

static int make_run_dir(void **state)
{
	(void)state;
	return mkdtemp(run_dir) && mkdir(below("systemd"), 0700) == 0 ? 0 : -1;
}

static int remove_run_dir(void **state)
{
	static const char *const names[] = { "bus",  "full",  "stale",           "file",
		                             "link", "there", "systemd/private", "systemd" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)remove(below(names[i]));
	return remove(run_dir);
}

static void what_cannot_be_trusted_is_refused(void **state)
{
	_cleanup_close_ int bus = make_socket("bus", 5),
			    private = make_socket("systemd/private", 5);
	_cleanup_close_ int stale = make_socket("stale", 5);
	static const struct {
		const char *name;
		int uid, want;
	} cases[] = {
		{ "none", 0, -ENOENT },        { "systemd/none", 0, -ENOENT },
		{ "systemd", 0, -EPERM },      { "file", 0, -EPERM },
		{ "link", 0, -ELOOP },         { "there/private", 0, -ELOOP },
		{ "stale", 0, -ECONNREFUSED }, { "bus", 1, -EPERM },
		{ "../bus", 0, -EXDEV },       { "bus", 0, 0 },
		{ "systemd/private", 0, 0 },
	};

	(void)state;
	cleanup_close(&stale);
	assert_int_equal(mknod(below("file"), S_IFREG | 0600, 0), 0);
	assert_int_equal(symlink("bus", below("link")), 0);
	assert_int_equal(symlink("systemd", below("there")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_close_ int sock = cgroup_scope_connect(run_dir, cases[i].name,
		                                                geteuid() + (uid_t)cases[i].uid);

		assert_int_equal(sock < 0 ? sock : 0, cases[i].want);
	}
	assert_int_equal(cgroup_scope_connect(below("there"), "private", geteuid()), -ENOTDIR);
	assert_int_equal(cgroup_scope_connect("/", "bus", geteuid() + 1), -EPERM);
}

/* A service manager that hangs must not hang us. */
static void a_full_queue_is_no_wait(void **state)
{
	_cleanup_close_ int sock = make_socket("full", 0);
	int queued[16], r = 0;
	size_t n = 0;

	(void)state;
	while (r >= 0 && n < ARRAY_SIZE(queued)) {
		r = cgroup_scope_connect(run_dir, "full", geteuid());
		if (r >= 0)
			queued[n++] = r;
	}
	assert_int_equal(r, -EAGAIN);
	while (n > 0)
		(void)close(queued[--n]);
}

static void another_listener_is_refused(void **state)
{
	_cleanup_close_ int sock = -EBADF;

	(void)state;
	if (geteuid() != 0)
		skip();
	(void)remove(below("bus"));
	assert_int_equal(chmod(run_dir, 0777), 0);
	assert_int_equal(seteuid(12345), 0);
	sock = make_socket("bus", 5);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chown(below("bus"), 0, 0), 0);
	assert_int_equal(cgroup_scope_connect(run_dir, "bus", 0), -EPERM);
}

/* Nobody but who is in our pid namespace knows whom we mean by a pid. */
static void another_pid_namespace_is_refused(void **state)
{
	_cleanup_close_ int sock = -EBADF, pidfd = -EBADF;
	int status;
	pid_t pid;

	(void)state;
	(void)remove(below("bus"));
	sock = make_socket("bus", 5);
	pid = proc_clone(CLONE_NEWPID | (geteuid() == 0 ? 0U : CLONE_NEWUSER), -EBADF, &pidfd);
	if (pid == 0)
		_exit(-cgroup_scope_connect(run_dir, "bus", geteuid()));
	if (pid < 0)
		skip();
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	assert_int_equal(proc_exit_code(status), ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(answers_are_paths),
		cmocka_unit_test(what_cannot_be_trusted_is_refused),
		cmocka_unit_test(a_full_queue_is_no_wait),
		cmocka_unit_test(another_listener_is_refused),
		cmocka_unit_test(another_pid_namespace_is_refused),
	};

	return cmocka_run_group_tests(tests, make_run_dir, remove_run_dir);
}

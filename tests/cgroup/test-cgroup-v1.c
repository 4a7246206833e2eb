/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/proc.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <setjmp.h>
#include <cmocka.h>

#define V1(root, point, options) "32 31 0:29 " root " " point " rw - cgroup cgroup " options "\n"

static void members_are_listed(void **state)
{
	static const struct {
		const char *text, *all; /* "controllers=path;" of each */
	} cases[] = {
		{ "", "" },
		{ "\n\n::\n:\n4\n4:memory\n", "" },
		{ "0::/user.slice\n", "" },
		{ "10::/a\n", "" },
		{ "4:memory:relative\n", "" },
		{ "4:memory:/a", "memory=/a;" },
		{ "9:name=systemd:/x\n2:cpu,cpuacct:/\n0::/\n", "name=systemd=/x;cpu,cpuacct=/;" },
		{ "4:memory:/a:b:c d\n", "memory=/a:b:c d;" },
		{ "4:memory::/a\n3:pids:/b\n", "pids=/b;" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *copy = strdup(cases[i].text), *all = NULL;
		char *rest = copy, *controllers, *path;
		struct text text = {};

		while (cgroup_v1_next_member(&rest, &controllers, &path))
			text_addf(&text, "%s=%s;", controllers, path);
		assert_int_equal(text_finish(&text, &all), 0);
		assert_string_equal(all, cases[i].all);
	}
}

static void words_are_whole(void **state)
{
	static const struct {
		const char *list, *word;
		bool want;
	} cases[] = {
		{ "", "cpu", false },
		{ "cpuacct", "cpu", false },
		{ "cpu", "cpuacct", false },
		{ "rw,xattr,name=systemd", "name", false },
		{ "rw,release_agent=/cpu", "cpu", false },
		{ "cpu,cpuacct", "cpu", true },
		{ "cpu,cpuacct", "cpuacct", true },
		{ "rw,cpu,cpuacct", "cpu,cpuacct", true }, /* its first */
		{ "rw,xattr,name=systemd", "name=systemd", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(cgroup_v1_has_word(cases[i].list, cases[i].word), cases[i].want);
}

static void mounts_are_chosen(void **state)
{
	static const struct {
		const char *text, *controllers;
		const char *point, *root; /* NULL: none */
	} cases[] = {
		{ "", "memory", NULL, NULL },
		{ V1("/", "/m", "rw,cpu"), "memory", NULL, NULL },
		{ "32 31 0:29 / /m rw - cgroup cgroup\n", "memory", NULL, NULL },
		{ "32 31 0:29 / /m rw - cgroup2 cgroup2 rw,memory\n", "memory", NULL, NULL },
		{ V1("/", "/m", "rw,memory"), "memory", "/m", "/" },
		{ V1("/", "/a\\040b", "rw,cpu,cpuacct"), "cpu,cpuacct", "/a b", "/" },
		{ V1("/", "/m", "rw,memory") V1("/", "/sys/fs/cgroup/memory", "rw,memory"),
		  "memory", "/sys/fs/cgroup/memory", "/" },
		{ V1("/", "/sys/fs/cgroup/memory", "rw,memory") V1("/", "/m", "rw,memory"),
		  "memory", "/sys/fs/cgroup/memory", "/" },
		{ V1("/x", "/m", "rw,memory") V1("/", "/n", "rw,memory"), "memory", "/n", "/" },
		/* mounted over one another: the last is what is seen */
		{ V1("/", "/m", "rw,memory") V1("/x", "/m", "rw,memory"), "memory", "/m", "/x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(cgroup_mounts_done) struct cgroup_mounts mounts = {};
		const struct cgroup_v1_mount *mount;

		assert_int_equal(cgroup_parse_mounts(cases[i].text, &mounts), 0);
		mount = cgroup_v1_find_mount(&mounts, cases[i].controllers);
		assert_int_equal(!mount, !cases[i].point);
		if (!mount)
			continue;
		assert_string_equal(mount->point, cases[i].point);
		assert_string_equal(mount->root, cases[i].root);
	}
}

/* ---- this host, whatever it offers ---- */

static void load_host(struct cgroup_host *host)
{
	char name[] = "somebody";
	struct caller caller = { .uid = geteuid(), .is_root = geteuid() == 0, .name = name };

	assert_int_equal(cgroup_host_load(host, NULL), 0);
	for (size_t i = 0; i < host->n_v1; i++)
		assert_non_null(host->v1[i].why_not); /* nobody has looked yet */
	assert_int_equal(cgroup_place(&caller, NULL, host, NULL), 0);
}

static void host_is_consistent(void **state)
{
	struct cgroup_host host;

	(void)state;
	load_host(&host);
	assert_null(cgroup_host_v1(&host, "no such controller"));
	for (size_t i = 0; i < host.n_v1; i++) {
		const struct cgroup_hierarchy *at = &host.v1[i];

		assert_ptr_equal(cgroup_host_v1(&host, at->controllers), at);
		if (at->why_not)
			continue;
		assert_int_equal(strncmp(at->dir, at->mount, strlen(at->mount)), 0);
		assert_int_equal(access(at->dir, W_OK), 0);
	}
	cgroup_host_done(&host);
	assert_int_equal(host.n_v1, 0);
}

/* A process that runs until it is killed. */
static pid_t start_sleeper(int *ret_pidfd)
{
	pid_t pid = proc_clone(0, -EBADF, ret_pidfd);

	if (pid != 0)
		return pid;
	alarm(30);
	for (;;)
		(void)pause();
}

static bool is_listed(int dir_fd, pid_t pid)
{
	char text[256], want[32];

	(void)snprintf(want, sizeof(want), "%d\n", (int)pid);
	assert_true(fd_read_short(dir_fd, "cgroup.procs", text, sizeof(text)) >= 0);
	return strcmp(text, want) == 0;
}

/* Leaves with a process in each, ended and removed. Not the cgroup2 ones: another test has those.
 */
static void leaves_come_and_go(void **state)
{
	_cleanup_close_ int pidfd = -EBADF;
	struct cgroup cgroup = CGROUP_NONE;
	struct cgroup_host host;
	char name[32];
	const struct cgroup_names names = { .name = name };
	int status;
	pid_t pid;

	(void)state;
	load_host(&host);
	if (!cgroup_host_has_v1(&host)) {
		cgroup_host_done(&host);
		skip();
	}
	(void)snprintf(name, sizeof(name), "test-v1-%d", (int)getpid());
	assert_int_equal(cgroup_v1_make(&host, &names, &cgroup, NULL), 0);
	assert_true(cgroup.n_v1 > 0);
	assert_null(cgroup.payload_path);
	pid = start_sleeper(&pidfd);
	assert_int_equal(cgroup_v1_enter(&cgroup, pid, NULL), 0);
	for (size_t i = 0; i < cgroup.n_v1; i++) {
		const struct cgroup_v1_leaf *leaf = &cgroup.v1[i];

		assert_int_equal(cgroup_v1_fd(&cgroup, leaf->controllers), leaf->fd);
		assert_true(is_listed(leaf->fd, pid));
	}
	assert_int_equal(cgroup_v1_fd(&cgroup, "no such controller"), -EBADF);
	assert_int_equal(cgroup_remove_payload(&cgroup, 0), -EBUSY);
	assert_true(cgroup.v1[0].fd >= 0);
	assert_int_equal(cgroup_kill(&cgroup), -EOPNOTSUPP);
	assert_int_equal(cgroup_kill_listed(&cgroup, 0), -EBUSY); /* not reaped: it is there */
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(cgroup_kill_listed(&cgroup, 1000), 0);

	/* What was made below goes as well; renewed, they have their names again. */
	assert_int_equal(mkdirat(cgroup.v1[0].fd, "below", 0755), 0);
	assert_int_equal(cgroup_renew_payload(&cgroup, &names, -EBADF, 1000, NULL), 0);
	assert_int_equal(faccessat(cgroup.v1[0].fd, "below", F_OK, 0), -1);
	assert_int_equal(cgroup_remove_payload(&cgroup, 1000), 0);
	for (size_t i = 0; i < cgroup.n_v1; i++) {
		assert_int_equal(cgroup.v1[i].fd, -EBADF);
		assert_int_equal(access(cgroup.v1[i].path, F_OK), -1);
	}
	cgroup_done(&cgroup);
	cgroup_host_done(&host);
}

/* A leaf that is locked is somebody's; one that is not is a left-over. */
static void names_are_shared_out(void **state)
{
	struct cgroup first = CGROUP_NONE, second = CGROUP_NONE;
	struct cgroup_host host;
	char name[32], want[300];
	const struct cgroup_names names = { .name = name };

	(void)state;
	load_host(&host);
	if (!cgroup_host_has_v1(&host)) {
		cgroup_host_done(&host);
		skip();
	}
	(void)snprintf(name, sizeof(name), "test-v1-%d", (int)getpid());
	assert_int_equal(cgroup_v1_make(&host, &names, &first, NULL), 0);
	assert_int_equal(cgroup_v1_make(&host, &names, &second, NULL), 0);
	assert_int_equal(first.n_v1, second.n_v1);
	(void)snprintf(want, sizeof(want), "%s-1", first.v1[0].path);
	assert_string_equal(second.v1[0].path, want);
	cgroup_v1_remove_stale(second.v1[0].path); /* in use */
	assert_int_equal(access(second.v1[0].path, F_OK), 0);
	cgroup_unmake(&second);
	assert_int_equal(access(want, F_OK), -1);
	cgroup_done(&second);

	cleanup_close(&first.v1[0].fd);
	assert_int_equal(cgroup_v1_make(&host, &names, &second, NULL), 0);
	assert_string_equal(second.v1[0].path, first.v1[0].path);
	cgroup_unmake(&second);
	cgroup_unmake(&first);
	assert_int_equal(access(first.v1[0].path, F_OK), -1);
	cgroup_done(&first);
	cgroup_done(&second);
	cgroup_host_done(&host);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_listed), cmocka_unit_test(words_are_whole),
		cmocka_unit_test(mounts_are_chosen),  cmocka_unit_test(host_is_consistent),
		cmocka_unit_test(leaves_come_and_go), cmocka_unit_test(names_are_shared_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/rundir.h"

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int parse(const char *text, struct run_state *state)
{
	_cleanup_free_ char *copy = strdup(text);

	assert_non_null(copy);
	return run_state_parse(copy, state);
}

static void test_bad_text(void **state)
{
	static const char *const cases[] = {
		"init -1\n",
		"init 1x\n",
		"init \n",
		"init 2147483648\n",
		"monitor 4294967297\n",
		"start 18446744073709551616\n",
		"monitor-cgroup relative/path\n",
		"payload-cgroup \n",
		"payload-cgroup ../x\n",
		"v1-cgroup pids\n",
		"v1-cgroup pids relative\n",
		"v1-cgroup /a\n",
		"payload-cgroup /a\ninit 5\nmonitor-cgroup b\n",
		"wanted relative\n",
		"inode -1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct run_state got = { .init_pid = 77 };

		assert_int_equal(parse(cases[i], &got), -EBADMSG);
		assert_int_equal(got.init_pid, 77); /* untouched */
	}
}

static void test_text(void **state)
{
	struct run_state got;

	(void)state;
	assert_int_equal(parse("", &got), 0);
	assert_int_equal(got.init_pid, 0);
	assert_null(got.payload_cgroup);
	assert_int_equal(run_state_open_init(&got), -ESRCH);
	assert_int_equal(run_state_open_monitor(&got), -ESRCH);
	run_state_done(&got);

	assert_int_equal(parse("monitor-start 5\n", &got), 0);
	assert_int_equal(got.monitor_start, 5);
	got.monitor_pid = getpid(); /* whose start was another one */
	assert_int_equal(run_state_open_monitor(&got), -ESRCH);
	run_state_done(&got);
	assert_int_equal(parse("monitor-start -1\n", &got), -EBADMSG);

	assert_int_equal(parse("boot x y\ninit 2147483647\nmonitor 7\nstart 18446744073709551615\n"
	                       "no-value\n\nnews of a later version\ninit-colour red\n"
	                       "payload-cgroup /first\npayload-cgroup /a b\n",
	                       &got),
	                 0);
	assert_string_equal(got.boot_id, "x y");
	assert_int_equal(got.init_pid, INT32_MAX);
	assert_int_equal(got.monitor_pid, 7);
	assert_true(got.init_start == UINT64_MAX);
	assert_string_equal(got.payload_cgroup, "/a b");
	assert_null(got.monitor_cgroup);
	run_state_done(&got);
}

static void test_long_boot_id(void **state)
{
	char text[400] = "boot ";
	struct run_state got;

	(void)state;
	memset(text + 5, 'b', sizeof(text) - 6);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(parse(text, &got), 0);
	assert_int_equal(strlen(got.boot_id), sizeof(got.boot_id) - 1);
	run_state_done(&got);
}

/* ---- the file ---- */

struct fixture {
	char path[64];
	struct rundir dir;
};

static int make_dir(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	*state = f;
	f->dir = RUNDIR_NONE;
	(void)strcpy(f->path, "/tmp/test-runstate.XXXXXX");
	if (!mkdtemp(f->path))
		return -1;
	f->dir.dir_fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->dir.dir_fd < 0;
}

static int remove_dir(void **state)
{
	struct fixture *f = *state;

	(void)unlinkat(f->dir.dir_fd, "state", 0);
	rundir_done(&f->dir);
	(void)rmdir(f->path);
	free(f);
	return 0;
}

static void test_round_trip(void **state)
{
	const struct fixture *f = *state;
	char payload[] = "/sys/fs/cgroup/lxc.payload.a";
	char v1[] = "cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct/a b";
	char *leaves[] = { v1, v1, NULL };
	struct run_state written = { .monitor_pid = 5,
		                     .init_pid = 6,
		                     .init_start = 7,
		                     .payload_cgroup = payload,
		                     .v1_cgroups = { leaves, 2 } };
	struct run_state got;

	assert_int_equal(run_state_read(&f->dir, &got), -ENOENT);
	assert_int_equal(run_state_write(&f->dir, &written), 0);
	assert_int_equal(run_state_read(&f->dir, &got), 0);
	assert_int_equal(got.monitor_pid, 5);
	assert_int_equal(got.init_pid, 6);
	assert_int_equal(got.init_start, 7);
	assert_string_equal(got.payload_cgroup, payload);
	assert_null(got.monitor_cgroup);
	assert_int_equal(got.v1_cgroups.n, 2);
	assert_string_equal(got.v1_cgroups.items[1], v1);
	assert_string_equal(run_state_v1_path(&got, 1), "/sys/fs/cgroup/cpu,cpuacct/a b");
	run_state_done(&got);
}

static void test_other_boot(void **state)
{
	static const char text[] = "boot 00000000-0000-0000-0000-000000000000\ninit 1\n";
	const struct fixture *f = *state;
	struct run_state got;

	assert_int_equal(fd_replace_at(f->dir.dir_fd, "state", 0600, text, strlen(text)), 0);
	assert_int_equal(run_state_read(&f->dir, &got), -ENOENT);
}

/* What runs belongs to the directory that was copied. */
static void test_copy(void **state)
{
	const struct fixture *f = *state;
	struct run_state written = { .init_pid = 6 }, got;
	_cleanup_free_ char *text = NULL;
	char *line;

	assert_int_equal(run_state_write(&f->dir, &written), 0);
	assert_int_equal(fd_read_file(f->dir.dir_fd, "state", 4096, &text, NULL), 0);
	line = strstr(text, "inode ");
	assert_non_null(line);
	line[6] = line[6] == '9' ? '8' : '9';
	assert_int_equal(fd_replace_at(f->dir.dir_fd, "state", 0600, text, strlen(text)), 0);
	assert_int_equal(run_state_read(&f->dir, &got), -ENOENT);
}

static void test_too_large(void **state)
{
	const struct fixture *f = *state;
	const size_t size = 1024 * 1024;
	_cleanup_free_ char *text = calloc(1, size);
	struct run_state got;

	assert_non_null(text);
	memset(text, '\n', size);
	assert_int_equal(fd_replace_at(f->dir.dir_fd, "state", 0600, text, size), 0);
	assert_int_equal(run_state_read(&f->dir, &got), -EFBIG);
}

static void test_init_is_checked(void **state)
{
	struct run_state got = { .init_pid = getpid() };
	int fd;

	(void)state;
	got.init_start = proc_start_time(getpid());
	assert_true(got.init_start > 0);
	fd = run_state_open_init(&got);
	assert_true(fd >= 0);
	(void)close(fd);
	got.init_start++; /* the number belongs to another process now */
	assert_int_equal(run_state_open_init(&got), -ESRCH);
	got.init_pid = fork();
	assert_true(got.init_pid >= 0);
	if (got.init_pid == 0)
		_exit(0);
	assert_int_equal(waitpid(got.init_pid, NULL, 0), got.init_pid);
	got.init_start = 0; /* as proc_start_time says of a process that is gone */
	assert_int_equal(run_state_open_init(&got), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_long_boot_id),
		cmocka_unit_test_setup_teardown(test_round_trip, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_other_boot, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_copy, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_too_large, make_dir, remove_dir),
		cmocka_unit_test(test_init_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

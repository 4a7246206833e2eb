/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page that a monitor publishes for lists. */
#include "container/status.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void bad_pages_are_refused(void **state)
{
	static const char *const pages[] = {
		"state SLEEPING\n",
		"init -1\n",
		"init x\n",
		"monitor 99999999999\n",
		"addr eth0\n",
		"addr eth0 4 10.0.0.1\n",
		"addr a123456789012345 4s 10.0.0.1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		_cleanup_free_ char *text = strdup(pages[i]);
		struct run_status status = { .init_pid = 7 };

		assert_int_equal(run_status_parse(text, &status), -EBADMSG);
		assert_int_equal(status.init_pid, 7);
		assert_null(status.leaves.items);
	}
}

static void leaves_are_dropped_with_a_bad_page(void **state)
{
	char text[] = "cgroup unified /a\ncgroup memory /b\nstate SLEEPING\n";
	struct run_status status = {};

	(void)state;
	assert_int_equal(run_status_parse(text, &status), -EBADMSG);
	assert_int_equal(status.leaves.n, 0);
}

static void pages_come_back(void **state)
{
	char path[] = "/tmp/rlxc-status.XXXXXX";
	struct rlxc_addr addr = { "eth0", "10.0.3.1", false, true };
	struct run_status written = { .state = RLXC_FROZEN,
		                      .init_pid = 5,
		                      .monitor_pid = 4,
		                      .unprivileged = true,
		                      .groups = "web, onboot",
		                      .addrs = &addr,
		                      .n_addrs = 1 };
	_cleanup_(run_status_done) struct run_status read = {};
	struct rundir dir = RUNDIR_NONE;

	(void)state;
	assert_non_null(mkdtemp(path));
	dir.dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(run_status_read(&dir, &read), -ENOENT);
	assert_int_equal(strv_add(&written.leaves, "unified /sys/fs/cgroup/a b"), 0);
	assert_int_equal(strv_add(&written.leaves, "memory /x\nstate STOPPED"), 0); /* left out */
	assert_int_equal(strv_add(&written.leaves, "cpu,cpuacct /y"), 0);
	assert_int_equal(run_status_write(&dir, &written), 0);
	assert_int_equal(run_status_read(&dir, &read), 0);
	assert_int_equal(read.state, RLXC_FROZEN);
	assert_int_equal(read.init_pid, 5);
	assert_int_equal(read.monitor_pid, 4);
	assert_true(read.unprivileged && !read.autostart);
	assert_string_equal(read.groups, "web, onboot");
	assert_int_equal(read.n_addrs, 1);
	assert_string_equal(read.addrs[0].text, "10.0.3.1");
	assert_int_equal(read.leaves.n, 2);
	assert_string_equal(read.leaves.items[0], "unified /sys/fs/cgroup/a b");
	assert_string_equal(read.leaves.items[1], "cpu,cpuacct /y");
	strv_done(&written.leaves);
	assert_int_equal(unlinkat(dir.dir_fd, "status", 0), 0);
	assert_int_equal(rmdir(path), 0);
	(void)close(dir.dir_fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_pages_are_refused),
		cmocka_unit_test(leaves_are_dropped_with_a_bad_page),
		cmocka_unit_test(pages_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

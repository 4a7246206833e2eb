/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a file of a container's cgroups is, by either version's name. Plain directories stand for
 * the cgroups: what counts is which files are in them. */
#include "cgroup/item.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

struct fixture {
	char path[64];
	int fds[3]; /* v2, memory, devices */
	struct cgroup_v1_leaf v1[2];
	struct cgroup cgroup;
};

static void put(int fd, const char *name, const char *text)
{
	assert_int_equal(fd_replace_at(fd, name, 0600, text, strlen(text)), 0);
}

static const char *const dirs[] = { "v2", "memory", "devices" };

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->path, sizeof(f->path), "/tmp/rlxc-item.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->cgroup = CGROUP_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_close_ int dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		assert_int_equal(mkdirat(dir, dirs[i], 0700), 0);
		f->fds[i] = openat(dir, dirs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(f->fds[i] >= 0);
	}
	put(f->fds[0], "cgroup.controllers", "pids rdma\n");
	put(f->fds[0], "cgroup.freeze", "1\n");
	put(f->fds[0], "cgroup.events", "populated 1\nfrozen 1\n");
	put(f->fds[0], "pids.max", "max\n");
	put(f->fds[0], "cpu.stat", "usage_usec 7\n");
	put(f->fds[1], "memory.limit_in_bytes", "9223372036854771712\n");
	put(f->fds[1], "memory.soft_limit_in_bytes", "4096\n");
	put(f->fds[2], "devices.allow", "");
	f->v1[0] = (struct cgroup_v1_leaf){ .controllers = (char *)"memory", .fd = f->fds[1] };
	f->v1[1] = (struct cgroup_v1_leaf){ .controllers = (char *)"devices", .fd = f->fds[2] };
	f->cgroup.base = f->path;
	f->cgroup.payload_fd = f->fds[0];
	f->cgroup.v1 = f->v1;
	f->cgroup.n_v1 = 1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		(void)close(f->fds[i]);
	(void)snprintf(command, sizeof(command), "rm -r '%s'", f->path);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a path of ours */
	free(f);
	return 0;
}

static void files_are_found(void **state)
{
	static const struct {
		const char *name;
		int want; /* of struct fixture.fds, or an errno */
		enum cgroup_item_kind kind;
		const char *file;
	} cases[] = {
		{ "pids.max", 0, CGROUP_ITEM_SAME, "pids.max" },
		{ "cgroup.freeze", 0, CGROUP_ITEM_SAME, "cgroup.freeze" },
		{ "freezer.state", 0, CGROUP_ITEM_ON_V2, "cgroup.freeze" },
		{ "cpuacct.usage", 0, CGROUP_ITEM_ON_V2, "cpu.stat" },
		{ "memory.limit_in_bytes", 1, CGROUP_ITEM_SAME, "memory.limit_in_bytes" },
		{ "memory.max", 1, CGROUP_ITEM_ON_V1, "memory.limit_in_bytes" },
		{ "memory.low", 1, CGROUP_ITEM_ON_V1, "memory.soft_limit_in_bytes" },
		{ "devices.deny", 0, CGROUP_ITEM_DEVICES, "" },
		{ "memory.nosuch", -ENOENT, 0, "" },
		{ "pids.nosuch", -ENOENT, 0, "" },
		{ "cgroup.nosuch", -ENOENT, 0, "" },
		{ "hugetlb.2MB.max", -ENODEV, 0, "" },
		{ "", -EINVAL, 0, "" },
		{ "..", -EINVAL, 0, "" },
		{ "../pids.max", -EINVAL, 0, "" },
		{ "pids.max/..", -EINVAL, 0, "" },
		{ "nosuch.max", -EINVAL, 0, "" },
		{ "pids", -EINVAL, 0, "" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgroup_item item = {};
		struct err err = {};
		int r = cgroup_item_find(&f->cgroup, cases[i].name, &item, &err);

		assert_int_equal(r, cases[i].want < 0 ? cases[i].want : 0);
		if (r < 0) {
			assert_true(err.msg[0] && item.file[0] == '\0');
			continue;
		}
		assert_int_equal(item.dir_fd, f->fds[cases[i].want]);
		assert_int_equal(item.kind, cases[i].kind);
		assert_string_equal(item.file, cases[i].file);
	}
}

static void the_devices_hierarchy_goes_first(void **state)
{
	struct fixture *f = *state;
	struct cgroup_item item = {};

	f->cgroup.n_v1 = 2;
	assert_int_equal(cgroup_item_find(&f->cgroup, "devices.allow", &item, NULL), 0);
	assert_int_equal(item.kind, CGROUP_ITEM_SAME);
	assert_int_equal(item.dir_fd, f->fds[2]);
}

static void nothing_is_found_in_no_cgroup(void **state)
{
	const struct cgroup none = CGROUP_NONE;
	struct cgroup_item item = {};
	struct err err = {};
	int r;

	(void)state;
	/* Here the kernel has the controller on v1, or it does not: another reason, both good. */
	r = cgroup_item_find(&none, "pids.max", &item, &err);
	assert_true(r == -EOPNOTSUPP || r == -ENODEV);
	assert_true(err.msg[0] && err.hint[0]);
	r = cgroup_item_find(&none, "devices.allow", &item, NULL);
	assert_true(r == -EOPNOTSUPP || r == -ENODEV);
}

static void check_read(const struct fixture *f, const char *name, const char *want)
{
	_cleanup_free_ char *text = NULL;
	struct cgroup_item item = {};

	assert_int_equal(cgroup_item_find(&f->cgroup, name, &item, NULL), 0);
	assert_int_equal(cgroup_item_read(&item, name, &text, NULL), 0);
	assert_string_equal(text, want);
}

static void check_write(const struct fixture *f, const char *name, const char *value, int fd,
                        const char *file, const char *want)
{
	struct cgroup_item item = {};
	char text[64];

	put(fd, file, "");
	assert_int_equal(cgroup_item_find(&f->cgroup, name, &item, NULL), 0);
	assert_int_equal(cgroup_item_write(&item, name, value, NULL), 0);
	assert_true(fd_read_short(fd, file, text, sizeof(text)) >= 0);
	assert_string_equal(text, want);
}

static void values_are_translated(void **state)
{
	struct fixture *f = *state;

	check_read(f, "pids.max", "max\n");
	check_read(f, "freezer.state", "FROZEN\n");
	check_read(f, "cpuacct.usage", "7000\n");
	check_read(f, "memory.max", "max\n");
	check_read(f, "memory.low", "4096\n");
	check_write(f, "pids.max", "5", f->fds[0], "pids.max", "5");
	check_write(f, "pids.max", "", f->fds[0], "pids.max", "\n");
	check_write(f, "freezer.state", "THAWED", f->fds[0], "cgroup.freeze", "0");
	check_write(f, "memory.max", "100M", f->fds[1], "memory.limit_in_bytes", "100M");
	check_write(f, "memory.max", "max", f->fds[1], "memory.limit_in_bytes",
	            "9223372036854771712");
	/* What makes no sense is for the kernel to judge. */
	check_write(f, "memory.limit_in_bytes", "abc", f->fds[1], "memory.limit_in_bytes", "abc");
}

static void bad_values_are_refused(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = NULL;
	struct cgroup_item item = {};
	struct err err = {};

	assert_int_equal(cgroup_item_find(&f->cgroup, "freezer.state", &item, NULL), 0);
	assert_int_equal(cgroup_item_write(&item, "freezer.state", "COLD", &err), -EINVAL);
	assert_true(err.msg[0]);
	assert_int_equal(cgroup_item_find(&f->cgroup, "cpuacct.usage", &item, NULL), 0);
	assert_int_equal(cgroup_item_write(&item, "cpuacct.usage", "0", &err), -EOPNOTSUPP);
	assert_int_equal(cgroup_item_find(&f->cgroup, "devices.allow", &item, NULL), 0);
	assert_int_equal(cgroup_item_read(&item, "devices.allow", &text, &err), -EACCES);
	assert_null(text);
}

/* A link in the directory leads nowhere: the kernel makes none. */
static void links_are_not_followed(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = NULL;
	struct cgroup_item item = {};

	assert_int_equal(symlinkat("/etc/passwd", f->fds[0], "pids.current"), 0);
	assert_int_equal(cgroup_item_find(&f->cgroup, "pids.current", &item, NULL), 0);
	assert_int_equal(cgroup_item_read(&item, "pids.current", &text, NULL), -ELOOP);
	assert_int_equal(cgroup_item_write(&item, "pids.current", "x", NULL), -ELOOP);
}

#define WITH_DIRS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_DIRS(files_are_found),
		WITH_DIRS(the_devices_hierarchy_goes_first),
		cmocka_unit_test(nothing_is_found_in_no_cgroup),
		WITH_DIRS(values_are_translated),
		WITH_DIRS(bad_values_are_refused),
		WITH_DIRS(links_are_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From lxc.cgroup.* and lxc.cgroup2.* to a list of writes, on hosts of each kind. */
#include "cgroup/limits.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct cgroup_hierarchy hierarchies[] = {
	{ .controllers = "memory", .mount = "/m/memory", .mount_root = "/", .dir = "/m/memory" },
	{ .controllers = "cpu,cpuacct", .mount = "/m/cpu", .mount_root = "/", .dir = "/m/cpu" },
	{ .controllers = "blkio", .mount = "/m/blkio", .mount_root = "/", .dir = "/m/blkio" },
	{ .controllers = "devices", .mount = "/m/devices", .mount_root = "/", .dir = "/m/devices" },
	{ .controllers = "pids", .mount = "/m/pids", .mount_root = "/", .why_not = "NOT WRITABLE" },
	{ .controllers = "freezer", .mount = "/m/f", .mount_root = "/", .dir = "/m/f" },
};

static const struct cgroup_host pure = { .has_v2 = true, .pure_v2 = true };
static const struct cgroup_host hybrid = { .has_v2 = true,
	                                   .v1 = hierarchies,
	                                   .n_v1 = ARRAY_SIZE(hierarchies) };
static const struct cgroup_host legacy = { .v1 = hierarchies, .n_v1 = ARRAY_SIZE(hierarchies) };

#define PAIRS_MAX 8

/* "1 FILE VALUE" is lxc.cgroup.FILE, "2 FILE VALUE" lxc.cgroup2.FILE; one a line. */
struct parsed {
	struct conf_pair items[2][PAIRS_MAX];
	struct conf_pairs pairs[2];
	char text[1024];
};

static void parse(const char *text, struct parsed *parsed)
{
	char *save = NULL;

	*parsed = (struct parsed){};
	(void)snprintf(parsed->text, sizeof(parsed->text), "%s", text);
	for (char *line = strtok_r(parsed->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		int family = line[0] - '1';
		char *value = strchr(line + 2, ' ');

		assert_true(value && (family == 0 || family == 1));
		*value++ = '\0';
		assert_true(parsed->pairs[family].n < PAIRS_MAX);
		parsed->pairs[family].items = parsed->items[family];
		parsed->items[family][parsed->pairs[family].n++] =
			(struct conf_pair){ .name = line + 2, .value = value };
	}
}

static int make(const char *text, const struct cgroup_host *host, struct cgroup_limits *ret_limits,
                struct err *err)
{
	struct parsed parsed;

	parse(text, &parsed);
	return cgroup_limits_make(&parsed.pairs[0], &parsed.pairs[1], host, ret_limits, err);
}

/* "v2 FILE VALUE" lines, "v1 ..." for those of a hierarchy, then "- SENTENCE" for the unheld. */
static char *show(const struct cgroup_limits *limits)
{
	struct text text = {};
	char *shown;

	for (size_t i = 0; i < limits->n; i++) {
		const struct cgroup_limit *limit = &limits->items[i];

		text_addf(&text, "%s %s %s\n", limit->on_v1 ? "v1" : "v2", limit->file,
		          limit->value);
		assert_true(strncmp(limit->file, limit->controller, strlen(limit->controller)) ==
		            0);
		assert_true(strncmp(limit->key, "lxc.cgroup", 10) == 0);
	}
	for (size_t i = 0; i < limits->unheld.n; i++)
		text_addf(&text, "- %s\n", limits->unheld.items[i]);
	assert_int_equal(text_finish(&text, &shown), 0);
	return shown;
}

static void test_writes(void **state)
{
	static const struct {
		const struct cgroup_host *host;
		const char *text, *want;
	} cases[] = {
		{ &pure, "", "" },
		{ &pure, "2 memory.max 1G\n2 pids.max 9\n2 memory.max 2G",
		  "v2 memory.max 1G\nv2 pids.max 9\nv2 memory.max 2G\n" },
		{ &pure, "1 memory.limit_in_bytes 1G\n1 cpu.shares 512",
		  "v2 memory.max 1G\nv2 cpu.weight 50\n" },
		{ &pure, "1 cpu.cfs_quota_us 50000\n1 cpu.cfs_period_us 20000",
		  "v2 cpu.max 50000 20000\n" },
		{ &pure, "1 cpu.cfs_period_us 20000\n1 cpu.cfs_quota_us 50000",
		  "v2 cpu.max 50000 20000\n" },
		{ &pure, "1 cpu.cfs_quota_us 50000", "v2 cpu.max 50000\n" },
		{ &pure,
		  "1 memory.memsw.limit_in_bytes 3G\n1 memory.limit_in_bytes 1G\n2 pids.max 5",
		  "v2 memory.max 1G\nv2 pids.max 5\nv2 memory.swap.max 2147483648\n" },
		{ &pure, "1 memory.memsw.limit_in_bytes 3G\n2 memory.max 2G",
		  "v2 memory.max 2G\nv2 memory.swap.max 1073741824\n" },
		{ &pure,
		  "1 blkio.throttle.read_bps_device 8:0 5\n1 blkio.throttle.write_iops_device 8:0 "
		  "6",
		  "v2 io.max 8:0 rbps=5\nv2 io.max 8:0 wiops=6\n" },
		{ &pure, "1 memory.use_hierarchy 1\n1 memory.oom_control 0", "" },
		{ &pure, "2 cgroup.max.depth 3", "v2 cgroup.max.depth 3\n" },

		{ &hybrid,
		  "1 memory.memsw.limit_in_bytes 3G\n1 memory.limit_in_bytes 1G\n1 memory.x y",
		  "v1 memory.limit_in_bytes 1G\nv1 memory.x y\nv1 memory.memsw.limit_in_bytes "
		  "3G\n" },
		{ &hybrid, "2 memory.max 1G", "v1 memory.limit_in_bytes 1G\n" },
		{ &hybrid, "2 memory.max max", "v1 memory.limit_in_bytes 9223372036854771712\n" },
		{ &hybrid, "2 memory.swap.max 1G\n2 memory.max 1G",
		  "v1 memory.limit_in_bytes 1G\nv1 memory.memsw.limit_in_bytes 2147483648\n" },
		{ &hybrid, "2 memory.swap.max 1G",
		  "- 'lxc.cgroup2.memory.swap.max' does not hold: cgroup v1, which has the "
		  "controller "
		  "on this host, limits swap together with lxc.cgroup2.memory.max\n" },
		{ &hybrid, "2 cpu.max 50000 20000",
		  "v1 cpu.cfs_quota_us 50000\nv1 cpu.cfs_period_us 20000\n" },
		{ &hybrid, "2 cpu.weight 50", "v1 cpu.shares 512\n" },
		{ &hybrid, "2 io.max 8:0 rbps=5 wbps=6\n2 io.weight 200",
		  "v1 blkio.throttle.read_bps_device 8:0 5\nv1 blkio.throttle.write_bps_device 8:0 "
		  "6\n"
		  "v1 blkio.weight 1000\n" },
		{ &hybrid, "2 memory.high 1G",
		  "- 'lxc.cgroup2.memory.high' does not hold: the controller is on a cgroup v1 "
		  "hierarchy of this host, which has nothing like it\n" },
		{ &hybrid, "1 pids.max 5",
		  "- 'lxc.cgroup.pids.max' does not hold: NOT WRITABLE\n" },
		{ &hybrid, "2 pids.max 5",
		  "- 'lxc.cgroup2.pids.max' does not hold: NOT WRITABLE\n" },
		{ &hybrid, "1 hugetlb.2MB.limit_in_bytes 0", "v2 hugetlb.2MB.max 0\n" },
		{ &hybrid, "2 hugetlb.2MB.max 0", "v2 hugetlb.2MB.max 0\n" },

		{ &legacy, "1 memory.limit_in_bytes 1G", "v1 memory.limit_in_bytes 1G\n" },
		{ &legacy, "1 hugetlb.2MB.limit_in_bytes 0",
		  "- 'lxc.cgroup.hugetlb.2MB.limit_in_bytes' does not hold: no cgroup file system "
		  "that "
		  "is mounted on this host has the controller\n" },
		{ &legacy, "2 misc.max x 1",
		  "- 'lxc.cgroup2.misc.max' does not hold: no cgroup file system that is mounted "
		  "on "
		  "this host has the controller\n" },

		/* Device rules: the family of the host counts. */
		{ &hybrid, "1 devices.deny a\n1 devices.allow c 1:3 rwm\n2 devices.allow c 1:5 rwm",
		  "v1 devices.deny a\nv1 devices.allow c 1:3 mrw\n" },
		{ &hybrid, "2 devices.deny a\n2 devices.allow c *:* m",
		  "v1 devices.deny a\nv1 devices.allow c *:* m\n" },
		{ &pure, "1 devices.deny a\n2 devices.deny a\n2 devices.allow c 1:3 rwm", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(cgroup_limits_done) struct cgroup_limits limits = {};
		_cleanup_free_ char *got = NULL;
		struct err err = {};

		if (make(cases[i].text, cases[i].host, &limits, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.msg);
		got = show(&limits);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s\n gave: %s", cases[i].text, got);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const struct cgroup_host *host;
		const char *text;
		int code;
		const char *word, *hint;
	} cases[] = {
		{ &pure, "2 memory.limit_in_bytes 1G", -EINVAL,
		  "'lxc.cgroup2.memory.limit_in_bytes'", "'lxc.cgroup.memory.limit_in_bytes'" },
		{ &pure, "1 memory.max 1G", -EOPNOTSUPP, "'lxc.cgroup.memory.max'",
		  "'lxc.cgroup2.memory.max'" },
		{ &pure, "1 memory.limt_in_bytes 1G", -EOPNOTSUPP,
		  "'lxc.cgroup.memory.limt_in_bytes'", "'lxc.cgroup.memory.limit_in_bytes'" },
		{ &pure, "1 memory.swappiness 1", -EOPNOTSUPP, "'lxc.cgroup.memory.swappiness'",
		  "" },
		{ &pure, "1 memory.limit_in_bytes lots", -EINVAL,
		  "'lxc.cgroup.memory.limit_in_bytes = lots'", "bytes" },
		{ &pure, "1 memory.memsw.limit_in_bytes 1G", -ENODATA,
		  "memory.memsw.limit_in_bytes", "memory.limit_in_bytes" },
		{ &pure, "2 memory/max 1", -EINVAL, "'/'", "" },
		{ &pure, "2 memory..max 1", -EINVAL, "'..'", "" },
		{ &pure, "2 memory 1", -EINVAL, "two parts", "CONTROLLER.NAME" },
		{ &pure, "2 memoryy.max 1", -EINVAL, "'memoryy'", "'memory.max'" },
		{ &pure, "2 cgroup.procs 1", -EINVAL, "it moves processes", "" },
		{ &pure, "2 cgroup.threads 1", -EINVAL, "it moves processes", "" },
		{ &pure, "2 cgroup.subtree_control +x", -EINVAL, "the container's own", "" },
		{ &pure, "2 cgroup.kill 1", -EINVAL, "it kills", "" },
		{ &pure, "2 cgroup.type threaded", -EINVAL, "threaded", "" },
		{ &pure, "2 cgroup.freeze 1", -EINVAL, "lxc-freeze(1)", "" },
		{ &hybrid, "1 freezer.state FROZEN", -EINVAL, "lxc-freeze(1)", "" },
		{ &hybrid, "1 cgroup.procs 1", -EINVAL, "it moves processes", "" },
		{ &hybrid, "2 cpu.weight much", -EINVAL, "'lxc.cgroup2.cpu.weight = much'", "" },
		{ &pure, "2 devices.list a", -EINVAL, "devices.list", "" },
		{ &pure, "2 devices.x a", -EINVAL, "devices.allow", "" },
		{ &pure, "2 devices.allow c 1:3", -EINVAL, "lxc.cgroup2.devices.allow",
		  "c 1:3 rwm" },
		{ &pure, "2 devices.deny /dev/null rwm", -EINVAL, "lxc.cgroup2.devices.deny", "" },
		{ &hybrid, "1 devices.allow x 1:3 r", -EINVAL, "lxc.cgroup.devices.allow", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgroup_limits limits = {};
		struct err err = {};
		int r = make(cases[i].text, cases[i].host, &limits, &err);

		if (r != cases[i].code || err.code != r || !strstr(err.msg, cases[i].word) ||
		    !strstr(err.hint, cases[i].hint))
			fail_msg("%s: %d %s; %s", cases[i].text, r, err.msg, err.hint);
		assert_true(cgroup_limits_empty(&limits));
		assert_int_equal(make(cases[i].text, cases[i].host, &limits, NULL), r);
	}
}

static void test_notes(void **state)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits limits = {};
	_cleanup_(text_done) struct text json = {};

	(void)state;
	assert_int_equal(
		make("1 memory.limit_in_bytes 1G\n1 memory.limit_in_bytes 2G\n1 cpu.shares 1024\n"
	             "2 pids.max \"x\"",
	             &pure, &limits, NULL),
		0);
	assert_int_equal(limits.notes.n, 1);
	assert_non_null(strstr(limits.notes.items[0],
	                       "memory.limit_in_bytes as memory.max, cpu.shares "
	                       "as cpu.weight"));
	cgroup_limits_json(&limits, &json);
	assert_non_null(strstr(json.data,
	                       "{ \"key\": \"lxc.cgroup2.pids.max\", \"file\": \"pids.max\", "
	                       "\"value\": \"\\\"x\\\"\", \"v1\": false }]"));
}

static void test_devices(void **state)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits limits = {};

	(void)state;
	assert_int_equal(
		make("1 devices.allow c 1:7 rwm\n2 devices.deny a\n2 devices.allow c 1:3 rwm",
	             &pure, &limits, NULL),
		0);
	assert_int_equal(limits.n, 0);
	assert_int_equal(limits.devices.n, 1);
	assert_false(cgroup_limits_empty(&limits));
	assert_true(cgroup_devices_check(&limits.devices, 'c', 1, 3, CGROUP_DEV_READ));
	assert_false(cgroup_devices_check(&limits.devices, 'c', 1, 7, CGROUP_DEV_READ));
	cgroup_limits_done(&limits);

	/* A hierarchy that is not ours: the program on cgroup2, of the family that is there. */
	hierarchies[3].why_not = "NOT OURS";
	assert_int_equal(
		make("1 devices.deny a\n1 devices.allow c 1:3 rwm", &hybrid, &limits, NULL), 0);
	hierarchies[3].why_not = NULL;
	assert_int_equal(limits.n, 0);
	assert_int_equal(limits.unheld.n, 0);
	assert_int_equal(limits.devices.n, 1);
	assert_true(cgroup_limits_has_devices(&limits));
	cgroup_limits_done(&limits);

	assert_int_equal(make("1 devices.deny a", &hybrid, &limits, NULL), 0);
	assert_true(cgroup_limits_has_devices(&limits));
	cgroup_limits_done(&limits);
	assert_int_equal(make("1 devices.allow a\n1 pids.max 1", &pure, &limits, NULL), 0);
	assert_false(cgroup_limits_has_devices(&limits));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

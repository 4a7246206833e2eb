/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/strv.h"
#include "os/fd.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

static void keys_are_found(void **state)
{
	static const struct {
		const char *text, *key;
		int want;
		uint64_t value;
	} cases[] = {
		{ "", "kernel", -ENOENT, 7 },
		{ "kernel", "kernel", -ENOENT, 7 },
		{ "kernel \n", "kernel", -ENOENT, 7 },
		{ "kernel -1\n", "kernel", -ENOENT, 7 },
		{ "kernel 18446744073709551616\n", "kernel", -ENOENT, 7 },
		{ "kernel 111111111111111111111111111111\n", "kernel", -ENOENT, 7 },
		{ "kernel_stack 5\nx kernel 6\n", "kernel", -ENOENT, 7 },
		{ "anon 5\nkernel_stack 5\nkernel 4096\nshmem 0\n", "kernel", 0, 4096 },
		{ "populated 1\nfrozen 0\n", "frozen", 0, 0 },
		{ "usage_usec 12", "usage_usec", 0, 12 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 7;

		assert_int_equal(cgroup_parse_key(cases[i].text, cases[i].key, &value),
		                 cases[i].want);
		assert_int_equal(value, cases[i].value);
	}
}

static void fields_are_summed(void **state)
{
	static const struct {
		const char *text, *field;
		uint64_t want;
	} cases[] = {
		{ "", "rbytes=", 0 },
		{ "8:0\n", "rbytes=", 0 },
		{ "8:0 rbytes=x wbytes=\n", "rbytes=", 0 },
		{ "8:0 xrbytes=5\n", "rbytes=", 0 },
		{ "8:0 rbytes=1 wbytes=20 rios=5 wios=6 dbytes=7 dios=8\n", "wbytes=", 20 },
		{ "8:0 rbytes=1 wbytes=20\n8:16 rbytes=300 wbytes=4000\n", "rbytes=", 301 },
		{ "8:0 rbytes=18446744073709551615 wbytes=20\n", "rbytes=", UINT64_MAX - 1 },
		{ "8:0 rbytes=9 \n8:1 rbytes=18446744073709551614\n", "rbytes=", UINT64_MAX - 1 },
		{ "Total 0\n", "Read ", 0 },
		{ "8:0 Read 5\n8:0 Write 6\n8:0 Total 11\n8:16 Read 7\nTotal 18\n", "Read ", 12 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 7;

		assert_int_equal(cgroup_parse_sum(cases[i].text, cases[i].field, &value), 0);
		assert_int_equal(value, cases[i].want);
	}
}

static void kernel_memory_is_found(void **state)
{
	static const struct {
		const char *text;
		int want;
		uint64_t value;
	} cases[] = {
		{ "", -ENOENT, 7 },
		{ "anon 5\nfile 6\n", -ENOENT, 7 },
		{ "kernel 4096\nkernel_stack 5\nslab 6\n", 0, 4096 },
		{ "kernel 0\nslab 6\n", 0, 0 },
		/* Linux 5.15 */
		{ "anon 9\nkernel_stack 16\npagetables 32\npercpu 64\nsock 128\nslab 256\n", 0,
		  496 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = 7;

		assert_int_equal(cgroup_parse_kernel(cases[i].text, "kernel", &value),
		                 cases[i].want);
		assert_int_equal(value, cases[i].value);
	}
}

/* ---- whole directories: any will do, as long as the fd is open already ---- */

struct file {
	const char *name, *text;
};

static int make_dir(char *path, const struct file *files, size_t n)
{
	int fd;

	assert_non_null(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(fd_replace_at(fd, files[i].name, 0600, files[i].text,
		                               strlen(files[i].text)),
		                 0);
	return fd;
}

static void remove_dir(const char *path, int fd, const struct file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(unlinkat(fd, files[i].name, 0), 0);
	assert_int_equal(rmdir(path), 0);
	(void)close(fd);
}

static void unknown_but(const struct cgroup_stats *stats, const struct cgroup_stats *want)
{
	const uint64_t *got = (const uint64_t *)stats, *wanted = (const uint64_t *)want;

	/* In @want what is 0 is not known. */
	for (size_t i = 0; i < sizeof(*stats) / sizeof(*got); i++)
		assert_int_equal(got[i], wanted[i] ? wanted[i] : UINT64_MAX);
}

#define ALL (~0U)

static const struct file on_v2[] = {
	{ "cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\n" },
	{ "memory.current", "4096\n" },
	{ "memory.swap.current", "100\n" },
	{ "memory.stat", "anon 1\nkernel 512\n" },
	{ "io.stat",
	  "8:0 rbytes=1 wbytes=2 rios=3 wios=4\n8:1 rbytes=10 wbytes=20 rios=30 wios=40\n" },
};

static void version_2_is_read(void **state)
{
	char path[] = "/tmp/rlxc-stats.XXXXXX";
	struct cgroup cgroup = CGROUP_NONE;
	struct cgroup_stats stats;

	(void)state;
	cgroup.payload_fd = make_dir(path, on_v2, ARRAY_SIZE(on_v2));
	cgroup_stats_read(&cgroup, ALL, &stats);
	unknown_but(&stats, &(struct cgroup_stats){ 30000, 20000, 10000, 4096, 100, 4196, 512, 11,
	                                            22, 33, 44 });
	cgroup_stats_read(&cgroup, CGROUP_STAT_MEMORY | CGROUP_STAT_SWAP, &stats);
	unknown_but(&stats, &(struct cgroup_stats){ .memory_bytes = 4096, .swap_bytes = 100 });
	cgroup_stats_read(&cgroup, CGROUP_STAT_IO, &stats);
	unknown_but(&stats, &(struct cgroup_stats){ .io_read_bytes = 11,
	                                            .io_write_bytes = 22,
	                                            .io_read_ops = 33,
	                                            .io_write_ops = 44 });
	cgroup_stats_read(&cgroup, 0, &stats);
	unknown_but(&stats, &(struct cgroup_stats){});
	remove_dir(path, cgroup.payload_fd, on_v2, ARRAY_SIZE(on_v2));
}

static const struct file only_cpu[] = { { "cpu.stat", "usage_usec 30\n" } };
static const struct file on_v1[] = {
	{ "memory.usage_in_bytes", "4096\n" },
	{ "memory.stat", "swap 5\ntotal_swap 100\n" },
	{ "memory.memsw.usage_in_bytes", "4200\n" },
	{ "memory.kmem.usage_in_bytes", "512\n" },
	{ "cpuacct.usage", "999\n" },
	{ "cpuacct.usage_user", "600\n" },
	{ "blkio.throttle.io_service_bytes_recursive", "8:0 Read 11\n8:0 Write 22\nTotal 33\n" },
	{ "blkio.throttle.io_serviced_recursive", "8:0 Read 33\n8:0 Write 44\nTotal 77\n" },
};

/* A hybrid host: cgroup2 knows of the processor's time, the rest is on v1. */
static void version_1_fills_the_gaps(void **state)
{
	char path2[] = "/tmp/rlxc-stats.XXXXXX", path1[] = "/tmp/rlxc-stats.XXXXXX";
	int fd2 = make_dir(path2, only_cpu, ARRAY_SIZE(only_cpu));
	int fd1 = make_dir(path1, on_v1, ARRAY_SIZE(on_v1));
	struct cgroup_v1_leaf leaves[] = {
		{ .controllers = (char *)"memory", .fd = fd1 },
		{ .controllers = (char *)"cpu,cpuacct", .fd = fd1 },
		{ .controllers = (char *)"blkio", .fd = fd1 },
	};
	struct cgroup cgroup = CGROUP_NONE;
	struct cgroup_stats stats;

	(void)state;
	cgroup.payload_fd = fd2;
	cgroup.v1 = leaves;
	cgroup.n_v1 = ARRAY_SIZE(leaves);
	cgroup_stats_read(&cgroup, ALL, &stats);
	unknown_but(&stats,
	            &(struct cgroup_stats){ 30000, 600, 0, 4096, 100, 4200, 512, 11, 22, 33, 44 });
	cgroup.payload_fd = -EBADF;
	cgroup_stats_read(&cgroup, CGROUP_STAT_CPU | CGROUP_STAT_MEMORY, &stats);
	unknown_but(&stats, &(struct cgroup_stats){
				    .cpu_ns = 999, .cpu_user_ns = 600, .memory_bytes = 4096 });
	cgroup.n_v1 = 1;
	cgroup_stats_read(&cgroup, CGROUP_STAT_CPU | CGROUP_STAT_IO, &stats);
	unknown_but(&stats, &(struct cgroup_stats){});
	remove_dir(path2, fd2, only_cpu, ARRAY_SIZE(only_cpu));
	remove_dir(path1, fd1, on_v1, ARRAY_SIZE(on_v1));
}

/* A path that leads to no cgroup file system is not read, whoever wrote it down. */
static void other_file_systems_are_not_read(void **state)
{
	char path[] = "/tmp/rlxc-stats.XXXXXX";
	int fd = make_dir(path, on_v2, ARRAY_SIZE(on_v2));
	_cleanup_(strv_done) struct strv leaves = {};
	struct cgroup_stats stats;

	(void)state;
	assert_int_equal(strv_addf(&leaves, CGROUP_UNIFIED " %s", path), 0);
	assert_int_equal(strv_addf(&leaves, "memory,blkio %s", path), 0);
	assert_int_equal(strv_add(&leaves, "memory"), 0);
	cgroup_stats_read_leaves(&leaves, ALL, &stats);
	unknown_but(&stats, &(struct cgroup_stats){});
	remove_dir(path, fd, on_v2, ARRAY_SIZE(on_v2));
}

static void nothing_is_unknown(void **state)
{
	const struct cgroup cgroup = CGROUP_NONE;
	const struct strv leaves = {};
	struct cgroup_stats stats;

	(void)state;
	cgroup_stats_read(&cgroup, ALL, &stats);
	unknown_but(&stats, &(struct cgroup_stats){});
	cgroup_stats_read_leaves(&leaves, ALL, &stats);
	unknown_but(&stats, &(struct cgroup_stats){});
}

static void leaves_are_listed(void **state)
{
	struct cgroup_v1_leaf v1[] = { { .controllers = (char *)"cpu,cpuacct",
		                         .path = (char *)"/a/b" } };
	struct cgroup cgroup = CGROUP_NONE;
	_cleanup_(strv_done) struct strv leaves = {};

	(void)state;
	assert_int_equal(cgroup_list_leaves(&cgroup, &leaves), 0);
	assert_int_equal(leaves.n, 0);
	cgroup.payload_path = (char *)"/x y";
	cgroup.v1 = v1;
	cgroup.n_v1 = 1;
	assert_int_equal(cgroup_list_leaves(&cgroup, &leaves), 0);
	assert_int_equal(leaves.n, 2);
	assert_string_equal(leaves.items[0], "unified /x y");
	assert_string_equal(leaves.items[1], "cpu,cpuacct /a/b");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_found),
		cmocka_unit_test(fields_are_summed),
		cmocka_unit_test(kernel_memory_is_found),
		cmocka_unit_test(version_2_is_read),
		cmocka_unit_test(version_1_fills_the_gaps),
		cmocka_unit_test(other_file_systems_are_not_read),
		cmocka_unit_test(nothing_is_unknown),
		cmocka_unit_test(leaves_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of v1 files: every row has its conversions here. */
#include "cgroup/keys.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define UNLIMITED "9223372036854771712"

struct test_case {
	const char *name, *file; /* v1 and cgroup2 */
	const char *value, *sibling;
	const char *want; /* NULL: refused with .code */
	int code;
};

/* v1 value -> cgroup2 */
static const struct test_case sets[] = {
	{ "memory.limit_in_bytes", "memory.max", "1073741824", NULL, "1073741824", 0 },
	{ "memory.limit_in_bytes", "memory.max", "512M", NULL, "512M", 0 },
	{ "memory.limit_in_bytes", "memory.max", "-1", NULL, "max", 0 },
	{ "memory.limit_in_bytes", "memory.max", "-2", NULL, NULL, -EINVAL },
	{ "memory.limit_in_bytes", "memory.max", "1 G", NULL, NULL, -EINVAL },
	{ "memory.limit_in_bytes", "memory.max", "M", NULL, NULL, -EINVAL },
	{ "memory.limit_in_bytes", "memory.max", "16E", NULL, NULL, -EINVAL },
	{ "memory.limit_in_bytes", "memory.max", "99999999999999999999", NULL, NULL, -EINVAL },
	{ "memory.soft_limit_in_bytes", "memory.low", "128k", NULL, "128k", 0 },
	{ "memory.soft_limit_in_bytes", "memory.low", "-1", NULL, "0", 0 },
	{ "memory.soft_limit_in_bytes", "memory.low", "", NULL, NULL, -EINVAL },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "3G", "1G", "2147483648", 0 },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "3g", "1073741824\n", "2147483648", 0 },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "1G", "1024M", "0", 0 },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "-1", NULL, "max", 0 },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "1G", "2G", NULL, -ERANGE },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "1G", "max\n", NULL, -ENODATA },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "1G", NULL, NULL, -ENODATA },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "x", "1G", NULL, -EINVAL },
	{ "memory.kmem.limit_in_bytes", NULL, "-1", NULL, "", 0 },
	{ "memory.kmem.limit_in_bytes", NULL, "1G", NULL, NULL, -EOPNOTSUPP },
	{ "memory.kmem.tcp.limit_in_bytes", NULL, "-1", NULL, "", 0 },
	{ "memory.kmem.tcp.limit_in_bytes", NULL, "1", NULL, NULL, -EOPNOTSUPP },
	{ "memory.swappiness", NULL, "0", NULL, NULL, -EOPNOTSUPP },
	{ "memory.oom_control", NULL, "0", NULL, "", 0 },
	{ "memory.oom_control", NULL, "1", NULL, NULL, -EOPNOTSUPP },
	{ "memory.use_hierarchy", NULL, "1", NULL, "", 0 },
	{ "memory.use_hierarchy", NULL, "0", NULL, NULL, -EOPNOTSUPP },
	{ "memory.move_charge_at_immigrate", NULL, "0", NULL, "", 0 },
	{ "memory.move_charge_at_immigrate", NULL, "3", NULL, NULL, -EOPNOTSUPP },
	{ "memory.force_empty", NULL, "0", NULL, NULL, -EOPNOTSUPP },
	{ "memory.pressure_level", NULL, "low", NULL, NULL, -EOPNOTSUPP },

	{ "cpu.shares", "cpu.weight", "1024", NULL, "100", 0 },
	{ "cpu.shares", "cpu.weight", "512", NULL, "50", 0 },
	{ "cpu.shares", "cpu.weight", "2048", NULL, "200", 0 },
	{ "cpu.shares", "cpu.weight", "2", NULL, "1", 0 },
	{ "cpu.shares", "cpu.weight", "0", NULL, "1", 0 },
	{ "cpu.shares", "cpu.weight", "102400", NULL, "10000", 0 },
	{ "cpu.shares", "cpu.weight", "262144", NULL, "10000", 0 },
	{ "cpu.shares", "cpu.weight", "18446744073709551615", NULL, "10000", 0 },
	{ "cpu.shares", "cpu.weight", "-1", NULL, NULL, -EINVAL },
	{ "cpu.shares", "cpu.weight", "10 20", NULL, NULL, -EINVAL },
	{ "cpu.cfs_quota_us", "cpu.max", "50000", NULL, "50000", 0 },
	{ "cpu.cfs_quota_us", "cpu.max", "50000", "max 20000\n", "50000 20000", 0 },
	{ "cpu.cfs_quota_us", "cpu.max", "-1", "50000 20000", "max 20000", 0 },
	{ "cpu.cfs_quota_us", "cpu.max", "max", NULL, NULL, -EINVAL },
	{ "cpu.cfs_period_us", "cpu.max", "20000", NULL, "max 20000", 0 },
	{ "cpu.cfs_period_us", "cpu.max", "20000", "50000", "50000 20000", 0 },
	{ "cpu.cfs_period_us", "cpu.max", "20000", "50000 100000\n", "50000 20000", 0 },
	{ "cpu.cfs_period_us", "cpu.max", "-1", NULL, NULL, -EINVAL },
	{ "cpu.cfs_burst_us", "cpu.max.burst", "10000", NULL, "10000", 0 },
	{ "cpu.cfs_burst_us", "cpu.max.burst", "x", NULL, NULL, -EINVAL },
	{ "cpu.idle", "cpu.idle", "1", NULL, "1", 0 },
	{ "cpu.rt_runtime_us", NULL, "0", NULL, "", 0 },
	{ "cpu.rt_runtime_us", NULL, "950000", NULL, NULL, -EOPNOTSUPP },
	{ "cpu.rt_period_us", NULL, "1000000", NULL, "", 0 },
	{ "cpu.rt_period_us", NULL, "500000", NULL, NULL, -EOPNOTSUPP },

	{ "cpuset.cpus", "cpuset.cpus", "0-1,3", NULL, "0-1,3", 0 },
	{ "cpuset.mems", "cpuset.mems", "0", NULL, "0", 0 },
	{ "cpuset.cpu_exclusive", NULL, "0", NULL, "", 0 },
	{ "cpuset.cpu_exclusive", NULL, "1", NULL, NULL, -EOPNOTSUPP },
	{ "cpuset.mem_exclusive", NULL, "0", NULL, "", 0 },
	{ "cpuset.mem_exclusive", NULL, "1", NULL, NULL, -EOPNOTSUPP },
	{ "cpuset.mem_hardwall", NULL, "0", NULL, "", 0 },
	{ "cpuset.mem_hardwall", NULL, "1", NULL, NULL, -EOPNOTSUPP },
	{ "cpuset.memory_migrate", NULL, "1", NULL, "", 0 },
	{ "cpuset.memory_migrate", NULL, "0", NULL, NULL, -EOPNOTSUPP },
	{ "cpuset.memory_spread_page", NULL, "0", NULL, "", 0 },
	{ "cpuset.memory_spread_page", NULL, "1", NULL, NULL, -EOPNOTSUPP },
	{ "cpuset.memory_spread_slab", NULL, "0", NULL, "", 0 },
	{ "cpuset.memory_spread_slab", NULL, "1", NULL, NULL, -EOPNOTSUPP },
	{ "cpuset.sched_load_balance", NULL, "1", NULL, "", 0 },
	{ "cpuset.sched_load_balance", NULL, "0", NULL, NULL, -EOPNOTSUPP },
	{ "cpuset.sched_relax_domain_level", NULL, "-1", NULL, "", 0 },
	{ "cpuset.sched_relax_domain_level", NULL, "2", NULL, NULL, -EOPNOTSUPP },

	{ "pids.max", "pids.max", "100", NULL, "100", 0 },
	{ "pids.max", "pids.max", "max", NULL, "max", 0 },

	{ "blkio.weight", "io.weight", "500", NULL, "100", 0 },
	{ "blkio.weight", "io.weight", "1000", NULL, "200", 0 },
	{ "blkio.weight", "io.weight", "10", NULL, "2", 0 },
	{ "blkio.weight", "io.weight", "9", NULL, NULL, -EINVAL },
	{ "blkio.weight", "io.weight", "1001", NULL, NULL, -EINVAL },
	{ "blkio.weight_device", "io.weight", "8:16 250", NULL, "8:16 50", 0 },
	{ "blkio.weight_device", "io.weight", "8:16 0", NULL, "8:16 default", 0 },
	{ "blkio.weight_device", "io.weight", "8:16 5", NULL, NULL, -EINVAL },
	{ "blkio.weight_device", "io.weight", "8 100", NULL, NULL, -EINVAL },
	{ "blkio.weight_device", "io.weight", "8:16", NULL, NULL, -EINVAL },
	{ "blkio.bfq.weight", "io.bfq.weight", "300", NULL, "300", 0 },
	{ "blkio.bfq.weight", "io.bfq.weight", "x", NULL, NULL, -EINVAL },
	{ "blkio.bfq.weight_device", "io.bfq.weight", "8:0 300", NULL, "8:0 300", 0 },
	{ "blkio.bfq.weight_device", "io.bfq.weight", "8:0 1001", NULL, NULL, -EINVAL },
	{ "blkio.throttle.read_bps_device", "io.max", "8:0 1048576", NULL, "8:0 rbps=1048576", 0 },
	{ "blkio.throttle.read_bps_device", "io.max", "8:0 0", NULL, "8:0 rbps=max", 0 },
	{ "blkio.throttle.read_bps_device", "io.max", "8:0 1M", NULL, NULL, -EINVAL },
	{ "blkio.throttle.read_bps_device", "io.max", "sda 1", NULL, NULL, -EINVAL },
	{ "blkio.throttle.write_bps_device", "io.max", "8:0 7", NULL, "8:0 wbps=7", 0 },
	{ "blkio.throttle.read_iops_device", "io.max", "8:0 8", NULL, "8:0 riops=8", 0 },
	{ "blkio.throttle.write_iops_device", "io.max", "8:0 9", NULL, "8:0 wiops=9", 0 },
	{ "blkio.leaf_weight", NULL, "500", NULL, NULL, -EOPNOTSUPP },
	{ "blkio.leaf_weight_device", NULL, "8:0 500", NULL, NULL, -EOPNOTSUPP },
	{ "blkio.reset_stats", NULL, "1", NULL, NULL, -EOPNOTSUPP },

	{ "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max", "4M", NULL, "4M", 0 },
	{ "hugetlb.1GB.limit_in_bytes", "hugetlb.1GB.max", "-1", NULL, "max", 0 },
	{ "hugetlb.2MB.rsvd.limit_in_bytes", "hugetlb.2MB.rsvd.max", "0", NULL, "0", 0 },

	{ "rdma.max", "rdma.max", "mlx4_0 hca_handle=2", NULL, "mlx4_0 hca_handle=2", 0 },
	{ "misc.max", "misc.max", "sev 1", NULL, "sev 1", 0 },

	{ "freezer.state", "cgroup.freeze", "FROZEN", NULL, "1", 0 },
	{ "freezer.state", "cgroup.freeze", "THAWED", NULL, "0", 0 },
	{ "freezer.state", "cgroup.freeze", "1", NULL, NULL, -EINVAL },

	{ "net_cls.classid", NULL, "0", NULL, "", 0 },
	{ "net_cls.classid", NULL, "0x100001", NULL, NULL, -EOPNOTSUPP },
	{ "net_prio.ifpriomap", NULL, "eth0 5", NULL, NULL, -EOPNOTSUPP },
	{ "memory.usage_in_bytes", "memory.current", "0", NULL, NULL, -EOPNOTSUPP },
};

#define CPU_STAT "usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\nnr_periods 0\n"
#define IO_STAT                                                                                    \
	"8:0 rbytes=100 wbytes=20 rios=3 wios=4 dbytes=0 dios=0\n252:16 rbytes=1 wbytes=2 "        \
	"rios=5 wios=6 dbytes=0 dios=0\n"
#define IO_MAX                                                                                     \
	"8:0 rbps=1048576 wbps=max riops=max wiops=120\n8:16 rbps=max wbps=5 riops=6 wiops=max\n"
#define IO_WEIGHT "default 100\n8:16 50\n"

/* cgroup2 text -> v1 */
static const struct test_case gets[] = {
	{ "memory.limit_in_bytes", "memory.max", "1073741824\n", NULL, "1073741824", 0 },
	{ "memory.limit_in_bytes", "memory.max", "max\n", NULL, UNLIMITED, 0 },
	{ "memory.soft_limit_in_bytes", "memory.low", "4096\n", NULL, "4096", 0 },
	{ "memory.soft_limit_in_bytes", "memory.low", "0\n", NULL, UNLIMITED, 0 },
	{ "memory.soft_limit_in_bytes", "memory.low", "max\n", NULL, UNLIMITED, 0 },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "1024\n", "4096\n", "5120", 0 },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "max\n", "4096\n", UNLIMITED, 0 },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "0\n", "max\n", UNLIMITED, 0 },
	{ "memory.memsw.limit_in_bytes", "memory.swap.max", "0\n", NULL, NULL, -ENODATA },
	{ "memory.usage_in_bytes", "memory.current", "77\n", NULL, "77", 0 },
	{ "memory.memsw.usage_in_bytes", "memory.swap.current", "7\n", "70\n", "77", 0 },
	{ "memory.max_usage_in_bytes", "memory.peak", "88\n", NULL, "88", 0 },
	{ "memory.failcnt", "memory.events", "low 1\nhigh 2\nmax 3\noom 0\n", NULL, "3", 0 },
	{ "memory.failcnt", "memory.events", "", NULL, NULL, -EINVAL },
	{ "memory.memsw.failcnt", "memory.swap.events", "high 1\nmax 4\nfail 5\n", NULL, "4", 0 },
	{ "memory.kmem.usage_in_bytes", "memory.stat", "anon 5\nkernel 6\nsock 7\n", NULL, "6", 0 },
	{ "memory.kmem.tcp.usage_in_bytes", "memory.stat", "anon 5\nsock 7\n", NULL, "7", 0 },
	{ "memory.stat", "memory.stat", "anon 1\nfile 2\n", NULL, "anon 1\nfile 2", 0 },
	{ "memory.numa_stat", "memory.numa_stat", "anon N0=1\n", NULL, "anon N0=1", 0 },
	{ "memory.kmem.limit_in_bytes", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "memory.kmem.max_usage_in_bytes", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "memory.kmem.failcnt", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "memory.kmem.slabinfo", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "memory.kmem.tcp.max_usage_in_bytes", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "memory.kmem.tcp.failcnt", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "memory.memsw.max_usage_in_bytes", NULL, "", NULL, NULL, -EOPNOTSUPP },

	{ "cpu.shares", "cpu.weight", "100\n", NULL, "1024", 0 },
	{ "cpu.shares", "cpu.weight", "1\n", NULL, "10", 0 },
	{ "cpu.shares", "cpu.weight", "10000\n", NULL, "102400", 0 },
	{ "cpu.shares", "cpu.weight", "0\n", NULL, "2", 0 },
	{ "cpu.cfs_quota_us", "cpu.max", "50000 100000\n", NULL, "50000", 0 },
	{ "cpu.cfs_quota_us", "cpu.max", "max 100000\n", NULL, "-1", 0 },
	{ "cpu.cfs_period_us", "cpu.max", "max 20000\n", NULL, "20000", 0 },
	{ "cpu.cfs_burst_us", "cpu.max.burst", "0\n", NULL, "0", 0 },
	{ "cpu.idle", "cpu.idle", "0\n", NULL, "0", 0 },
	{ "cpu.stat", "cpu.stat", CPU_STAT, NULL,
	  "usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\nnr_periods 0", 0 },
	{ "cpuacct.usage", "cpu.stat", CPU_STAT, NULL, "1234567000", 0 },
	{ "cpuacct.usage", "cpu.stat", "nr_periods 0\n", NULL, NULL, -EINVAL },
	{ "cpuacct.usage_user", "cpu.stat", CPU_STAT, NULL, "1000000000", 0 },
	{ "cpuacct.usage_sys", "cpu.stat", CPU_STAT, NULL, "234567000", 0 },
	{ "cpuacct.stat", "cpu.stat", CPU_STAT, NULL, "user 100\nsystem 23", 0 },
	{ "cpuacct.usage_percpu", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "cpuacct.usage_percpu_user", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "cpuacct.usage_percpu_sys", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "cpuacct.usage_all", NULL, "", NULL, NULL, -EOPNOTSUPP },

	{ "cpuset.cpus", "cpuset.cpus", "0-1\n", NULL, "0-1", 0 },
	{ "cpuset.mems", "cpuset.mems", "\n", NULL, "", 0 },
	{ "cpuset.effective_cpus", "cpuset.cpus.effective", "0-3\n", NULL, "0-3", 0 },
	{ "cpuset.effective_mems", "cpuset.mems.effective", "0\n", NULL, "0", 0 },
	{ "cpuset.memory_pressure", NULL, "", NULL, NULL, -EOPNOTSUPP },

	{ "pids.max", "pids.max", "max\n", NULL, "max", 0 },
	{ "pids.current", "pids.current", "3\n", NULL, "3", 0 },
	{ "pids.events", "pids.events", "max 2\n", NULL, "max 2", 0 },

	{ "blkio.weight", "io.weight", IO_WEIGHT, NULL, "500", 0 },
	{ "blkio.weight", "io.weight", "200", NULL, "1000", 0 },
	{ "blkio.weight", "io.weight", "10000", NULL, "1000", 0 },
	{ "blkio.weight", "io.weight", "x", NULL, NULL, -EINVAL },
	{ "blkio.weight_device", "io.weight", IO_WEIGHT, NULL, "8:16 250", 0 },
	{ "blkio.weight_device", "io.weight", "default 100\n", NULL, "", 0 },
	{ "blkio.bfq.weight", "io.bfq.weight", IO_WEIGHT, NULL, "100", 0 },
	{ "blkio.bfq.weight_device", "io.bfq.weight", IO_WEIGHT, NULL, "8:16 50", 0 },
	{ "blkio.throttle.read_bps_device", "io.max", IO_MAX, NULL, "8:0 1048576", 0 },
	{ "blkio.throttle.write_bps_device", "io.max", IO_MAX, NULL, "8:16 5", 0 },
	{ "blkio.throttle.read_iops_device", "io.max", IO_MAX, NULL, "8:16 6", 0 },
	{ "blkio.throttle.write_iops_device", "io.max", IO_MAX, NULL, "8:0 120", 0 },
	{ "blkio.throttle.io_service_bytes", "io.stat", IO_STAT, NULL,
	  "8:0 Read 100\n8:0 Write 20\n8:0 Total 120\n252:16 Read 1\n252:16 Write 2\n252:16 Total "
	  "3\n"
	  "Total 123",
	  0 },
	{ "blkio.throttle.io_service_bytes", "io.stat", "", NULL, "Total 0", 0 },
	{ "blkio.throttle.io_service_bytes_recursive", "io.stat", "8:0 rbytes=1\n", NULL,
	  "8:0 Read 1\n8:0 Write 0\n8:0 Total 1\nTotal 1", 0 },
	{ "blkio.throttle.io_serviced", "io.stat", "8:0 rbytes=9 rios=3 wios=4\n", NULL,
	  "8:0 Read 3\n8:0 Write 4\n8:0 Total 7\nTotal 7", 0 },
	{ "blkio.throttle.io_serviced_recursive", "io.stat", "8:0 wios=4\n", NULL,
	  "8:0 Read 0\n8:0 Write 4\n8:0 Total 4\nTotal 4", 0 },

	{ "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max", "max\n", NULL, UNLIMITED, 0 },
	{ "hugetlb.2MB.usage_in_bytes", "hugetlb.2MB.current", "0\n", NULL, "0", 0 },
	{ "hugetlb.2MB.failcnt", "hugetlb.2MB.events", "max 3\n", NULL, "3", 0 },
	{ "hugetlb.2MB.max_usage_in_bytes", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "hugetlb.2MB.rsvd.limit_in_bytes", "hugetlb.2MB.rsvd.max", "8\n", NULL, "8", 0 },
	{ "hugetlb.2MB.rsvd.usage_in_bytes", "hugetlb.2MB.rsvd.current", "1\n", NULL, "1", 0 },

	{ "rdma.max", "rdma.max", "a b=1\n", NULL, "a b=1", 0 },
	{ "rdma.current", "rdma.current", "a b=0\n", NULL, "a b=0", 0 },
	{ "misc.max", "misc.max", "\n", NULL, "", 0 },
	{ "misc.current", "misc.current", "sev 0\n", NULL, "sev 0", 0 },

	{ "freezer.state", "cgroup.freeze", "0\n", "populated 1\nfrozen 0\n", "THAWED", 0 },
	{ "freezer.state", "cgroup.freeze", "1\n", "populated 1\nfrozen 0\n", "FREEZING", 0 },
	{ "freezer.state", "cgroup.freeze", "1\n", "populated 1\nfrozen 1\n", "FROZEN", 0 },
	{ "freezer.self_freezing", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "freezer.parent_freezing", NULL, "", NULL, NULL, -EOPNOTSUPP },
	{ "net_prio.prioidx", NULL, "", NULL, NULL, -EOPNOTSUPP },
};

static void check_case(const struct test_case *c, bool set)
{
	const struct cgroup_key *key = cgroup_key_find(c->name);
	_cleanup_free_ char *file = NULL, *sibling = NULL, *got = NULL;
	struct err err = {};
	int r;

	if (!key)
		fail_msg("'%s' is not in the table", c->name);
	assert_int_equal(cgroup_key_v2_name(key, c->name, &file, &sibling, NULL), 0);
	if ((c->file || file) && (!c->file || !file || strcmp(c->file, file) != 0))
		fail_msg("%s is %s, not %s", c->name, file ? file : "nothing", c->file);
	r = (set ? cgroup_key_set : cgroup_key_get)(key, c->name, c->value, c->sibling, &got, &err);
	if (r != c->code)
		fail_msg("%s '%s': %d %s", c->name, c->value, r, err.msg);
	if (c->want ? r < 0 || strcmp(got, c->want) != 0 : got != NULL)
		fail_msg("%s '%s': got '%s', not '%s'", c->name, c->value, got, c->want);
	if (r < 0 && !strstr(err.msg, c->name))
		fail_msg("'%s' does not name %s", err.msg, c->name);
}

static void test_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		check_case(&sets[i], true);
}

static void test_get(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(gets); i++)
		check_case(&gets[i], false);
}

static bool has_case(const struct test_case *cases, size_t n, const struct cgroup_key *key)
{
	for (size_t i = 0; i < n; i++)
		if (cgroup_key_find(cases[i].name) == key)
			return true;
	return false;
}

/* A row that can be set or read has a case for that; a row that can do neither has one at all. */
static void test_every_row(void **state)
{
	const struct cgroup_key *key;

	(void)state;
	for (size_t i = 0; (key = cgroup_key_at(i)); i++) {
		bool set = has_case(sets, ARRAY_SIZE(sets), key);
		bool get = has_case(gets, ARRAY_SIZE(gets), key);
		const struct cgroup_kind *kind = cgroup_key_kind(key);

		if ((kind->to_v2 && !set) || (kind->to_v1 && !get) || (!set && !get) ||
		    (*key->only && !set))
			fail_msg("'%s' is not tested", key->v1);
		assert_true(*key->v2 || *key->why);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *file;
		int code;
		const char *word; /* in the message or the hint */
	} files[] = {
		{ "memory.max", 0, "" },
		{ "hugetlb.2MB.max", 0, "" },
		{ "cgroup.max.depth", 0, "" },
		{ "memory/../x.max", -EINVAL, "'/'" },
		{ "memory..max", -EINVAL, "'..'" },
		{ "memory", -EINVAL, "CONTROLLER.NAME" },
		{ "memory.", -EINVAL, "CONTROLLER.NAME" },
		{ ".max", -EINVAL, "CONTROLLER.NAME" },
		{ "memry.max", -EINVAL, "'memory.max'" },
		{ "bogus.max", -EINVAL, "'bogus'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct err err = {};

		assert_int_equal(cgroup_file_check("KEY", files[i].file, &err), files[i].code);
		if (!strstr(err.msg, files[i].word) && !strstr(err.hint, files[i].word))
			fail_msg("%s: %s; %s", files[i].file, err.msg, err.hint);
	}
	assert_null(cgroup_key_find("memory.max"));
	assert_null(cgroup_key_find("hugetlb.limit_in_bytes"));
	assert_null(cgroup_key_find("hugetlb.2MB.x.limit_in_bytes"));
	assert_string_equal(cgroup_key_nearest("memory.limt_in_bytes"), "memory.limit_in_bytes");
	assert_null(cgroup_key_nearest("quite.something.else"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

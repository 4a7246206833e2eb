/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of v1 files. */
#include "cgroup/keys-internal.h"

#include "base/cleanup.h"

enum kind {
	NEITHER,
	READ_flat,
	READ_memsw,
	READ_same,
	READ_service,
	READ_ticks,
	READ_time,
	SET_bfq_device_weight,
	SET_bfq_weight,
	SET_device_weight,
	SET_freezer,
	SET_limit,
	SET_memsw,
	SET_number,
	SET_period,
	SET_quota,
	SET_same,
	SET_shares,
	SET_soft,
	SET_throttle,
	SET_weight,
};

#define BOTH(how) [SET_##how] = { cgroup_conv_##how##_set, cgroup_conv_##how##_get }

static const struct cgroup_kind kinds[] = {
	[NEITHER] = {},
	[READ_flat] = { NULL, cgroup_conv_flat_get },
	[READ_memsw] = { NULL, cgroup_conv_memsw_get },
	[READ_same] = { NULL, cgroup_conv_same },
	[READ_service] = { NULL, cgroup_conv_service_get },
	[READ_ticks] = { NULL, cgroup_conv_ticks_get },
	[READ_time] = { NULL, cgroup_conv_time_get },
	BOTH(bfq_device_weight),
	[SET_bfq_weight] = { cgroup_conv_number_set, cgroup_conv_same_weight_get },
	BOTH(device_weight),
	BOTH(freezer),
	BOTH(limit),
	BOTH(memsw),
	[SET_number] = { cgroup_conv_number_set, cgroup_conv_same },
	BOTH(period),
	BOTH(quota),
	[SET_same] = { cgroup_conv_same, cgroup_conv_same },
	BOTH(shares),
	BOTH(soft),
	BOTH(throttle),
	BOTH(weight),
};

#define BYTES "a number of bytes, maybe with K, M or G, or -1 for no limit"
#define DEVICE "MAJOR:MINOR and a number"
#define NUMBER "a number"
#define READ(v1_name, v2_name, how, ...)                                                           \
	{                                                                                          \
		.v1 = v1_name, .v2 = v2_name, .kind = READ_##how, __VA_ARGS__                      \
	}
#define NOT_ON_V2(v1_name, ...)                                                                    \
	{                                                                                          \
		.v1 = v1_name, __VA_ARGS__                                                         \
	}
#define SET(v1_name, v2_name, how, ...)                                                            \
	{                                                                                          \
		.v1 = v1_name, .v2 = v2_name, .kind = SET_##how, __VA_ARGS__                       \
	}
#define SAME(name) SET(name, name, same)
#define SAME_READ(name) READ(name, name, same)
#define THROTTLE(v1_name, field)                                                                   \
	SET("blkio.throttle." v1_name "_device", "io.max", throttle, .word = field, .takes = DEVICE)
#define SERVICE(v1_name, field) READ("blkio.throttle." v1_name, "io.stat", service, .word = field)
#define CHARGED_TOGETHER "kernel memory counts as part of memory.max there"
#define NO_REALTIME "it has no group scheduling of real-time processes"
#define NO_HIGH_WATER "it keeps no such high-water mark"
#define NO_NET "it matches packets by the cgroup itself (nft 'socket cgroupv2', tc 'cgroup')"

/* Sorted by subject. */
static const struct cgroup_key keys[] = {
	SET("memory.limit_in_bytes", "memory.max", limit, .takes = BYTES),
	SET("memory.soft_limit_in_bytes", "memory.low", soft, .takes = BYTES),
	SET("memory.memsw.limit_in_bytes", "memory.swap.max", memsw, .sibling = "memory.max",
	    .takes = BYTES),
	READ("memory.usage_in_bytes", "memory.current", same),
	READ("memory.memsw.usage_in_bytes", "memory.swap.current", memsw,
	     .sibling = "memory.current"),
	READ("memory.max_usage_in_bytes", "memory.peak", same),
	READ("memory.failcnt", "memory.events", flat, .word = "max"),
	READ("memory.memsw.failcnt", "memory.swap.events", flat, .word = "max"),
	READ("memory.kmem.usage_in_bytes", "memory.stat", flat, .word = "kernel",
	     .why = CHARGED_TOGETHER),
	READ("memory.kmem.tcp.usage_in_bytes", "memory.stat", flat, .word = "sock",
	     .why = CHARGED_TOGETHER),
	SAME_READ("memory.stat"),
	SAME_READ("memory.numa_stat"),
	NOT_ON_V2("memory.kmem.limit_in_bytes", .only = "-1", .why = CHARGED_TOGETHER),
	NOT_ON_V2("memory.kmem.max_usage_in_bytes", .why = CHARGED_TOGETHER),
	NOT_ON_V2("memory.kmem.failcnt", .why = CHARGED_TOGETHER),
	NOT_ON_V2("memory.kmem.slabinfo", .why = CHARGED_TOGETHER),
	NOT_ON_V2("memory.kmem.tcp.limit_in_bytes", .only = "-1", .why = CHARGED_TOGETHER),
	NOT_ON_V2("memory.kmem.tcp.max_usage_in_bytes", .why = CHARGED_TOGETHER),
	NOT_ON_V2("memory.kmem.tcp.failcnt", .why = CHARGED_TOGETHER),
	NOT_ON_V2("memory.memsw.max_usage_in_bytes", .why = NO_HIGH_WATER),
	NOT_ON_V2("memory.swappiness", .why = "swappiness is one for the whole host there; "
	                                      "memory.swap.max = 0 keeps a container out of swap"),
	NOT_ON_V2("memory.oom_control", .only = "0",
	          .why = "the out-of-memory killer cannot be turned off there"),
	NOT_ON_V2("memory.use_hierarchy", .only = "1", .why = "it is always hierarchical"),
	NOT_ON_V2("memory.move_charge_at_immigrate", .only = "0",
	          .why = "charges stay where they were made"),
	NOT_ON_V2("memory.force_empty", .why = "memory.reclaim takes an amount there"),
	NOT_ON_V2("memory.pressure_level", .why = "memory.pressure is read there"),

	SET("cpu.shares", "cpu.weight", shares, .takes = NUMBER),
	SET("cpu.cfs_quota_us", "cpu.max", quota, .sibling = "cpu.max",
	    .takes = "microseconds, or -1 for no limit"),
	SET("cpu.cfs_period_us", "cpu.max", period, .sibling = "cpu.max", .takes = "microseconds"),
	SET("cpu.cfs_burst_us", "cpu.max.burst", number, .takes = "microseconds"),
	SAME("cpu.idle"),
	SAME_READ("cpu.stat"),
	NOT_ON_V2("cpu.rt_runtime_us", .only = "0", .why = NO_REALTIME),
	NOT_ON_V2("cpu.rt_period_us", .only = "1000000", .why = NO_REALTIME),
	READ("cpuacct.usage", "cpu.stat", time, .word = "usage_usec"),
	READ("cpuacct.usage_user", "cpu.stat", time, .word = "user_usec"),
	READ("cpuacct.usage_sys", "cpu.stat", time, .word = "system_usec"),
	READ("cpuacct.stat", "cpu.stat", ticks),
	NOT_ON_V2("cpuacct.usage_percpu", .why = "times of single processors are not kept there"),
	NOT_ON_V2("cpuacct.usage_percpu_user",
	          .why = "times of single processors are not kept there"),
	NOT_ON_V2("cpuacct.usage_percpu_sys",
	          .why = "times of single processors are not kept there"),
	NOT_ON_V2("cpuacct.usage_all", .why = "times of single processors are not kept there"),

	SAME("cpuset.cpus"),
	SAME("cpuset.mems"),
	READ("cpuset.effective_cpus", "cpuset.cpus.effective", same),
	READ("cpuset.effective_mems", "cpuset.mems.effective", same),
	NOT_ON_V2("cpuset.cpu_exclusive", .only = "0",
	          .why = "cpuset.cpus.partition takes processors away from others there"),
	NOT_ON_V2("cpuset.mem_exclusive", .only = "0",
	          .why = "memory nodes cannot be taken away there"),
	NOT_ON_V2("cpuset.mem_hardwall", .only = "0",
	          .why = "memory nodes cannot be taken away there"),
	NOT_ON_V2("cpuset.memory_migrate", .only = "1",
	          .why = "memory always moves with cpuset.mems there"),
	NOT_ON_V2("cpuset.memory_spread_page", .only = "0",
	          .why = "it cannot spread the page cache"),
	NOT_ON_V2("cpuset.memory_spread_slab", .only = "0",
	          .why = "it cannot spread the page cache"),
	NOT_ON_V2("cpuset.memory_pressure", .why = "memory.pressure is read there"),
	NOT_ON_V2("cpuset.sched_load_balance", .only = "1",
	          .why = "cpuset.cpus.partition = isolated does that there"),
	NOT_ON_V2("cpuset.sched_relax_domain_level", .only = "-1",
	          .why = "the scheduler's domains have no such setting there"),

	SAME("pids.max"),
	SAME_READ("pids.current"),
	SAME_READ("pids.events"),

	SET("blkio.weight", "io.weight", weight, .takes = "a number from 10 to 1000"),
	SET("blkio.weight_device", "io.weight", device_weight,
	    .takes = "MAJOR:MINOR and a number from 10 to 1000, or 0 for none of its own"),
	SET("blkio.bfq.weight", "io.bfq.weight", bfq_weight, .takes = NUMBER),
	SET("blkio.bfq.weight_device", "io.bfq.weight", bfq_device_weight, .takes = DEVICE),
	THROTTLE("read_bps", "rbps"),
	THROTTLE("write_bps", "wbps"),
	THROTTLE("read_iops", "riops"),
	THROTTLE("write_iops", "wiops"),
	SERVICE("io_service_bytes", "bytes"),
	SERVICE("io_service_bytes_recursive", "bytes"),
	SERVICE("io_serviced", "ios"),
	SERVICE("io_serviced_recursive", "ios"),
	NOT_ON_V2("blkio.leaf_weight",
	          .why = "processes and cgroups do not stand side by side there"),
	NOT_ON_V2("blkio.leaf_weight_device",
	          .why = "processes and cgroups do not stand side by side there"),
	NOT_ON_V2("blkio.reset_stats", .why = "its counters cannot be reset"),

	SET("hugetlb.*.limit_in_bytes", "hugetlb.*.max", limit, .takes = BYTES),
	READ("hugetlb.*.usage_in_bytes", "hugetlb.*.current", same),
	READ("hugetlb.*.failcnt", "hugetlb.*.events", flat, .word = "max"),
	NOT_ON_V2("hugetlb.*.max_usage_in_bytes", .why = NO_HIGH_WATER),
	SET("hugetlb.*.rsvd.limit_in_bytes", "hugetlb.*.rsvd.max", limit, .takes = BYTES),
	READ("hugetlb.*.rsvd.usage_in_bytes", "hugetlb.*.rsvd.current", same),

	SAME("rdma.max"),
	SAME_READ("rdma.current"),
	SAME("misc.max"),
	SAME_READ("misc.current"),

	SET("freezer.state", "cgroup.freeze", freezer, .sibling = "cgroup.events",
	    .takes = "FROZEN or THAWED"),
	NOT_ON_V2("freezer.self_freezing", .why = "freezer.state says it"),
	NOT_ON_V2("freezer.parent_freezing", .why = "freezer.state says it"),

	NOT_ON_V2("net_cls.classid", .only = "0", .why = NO_NET),
	NOT_ON_V2("net_prio.ifpriomap", .why = NO_NET),
	NOT_ON_V2("net_prio.prioidx", .why = NO_NET),
};

const struct cgroup_key *cgroup_key_at(size_t i)
{
	return i < ARRAY_SIZE(keys) ? &keys[i] : NULL;
}

const struct cgroup_kind *cgroup_key_kind(const struct cgroup_key *key)
{
	return &kinds[key->kind];
}

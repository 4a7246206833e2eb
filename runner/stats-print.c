/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stats-print.h"

#include <inttypes.h>
#include <stddef.h>

#define FIELD(member) offsetof(struct rlxc_stats, member)
#define ALONE SIZE_MAX

static const struct {
	const char *name;
	size_t first, second; /* the sum of two, or one ALONE */
} fields[STATS_MAX] = {
	[STATS_CPU] = { "cpu_ns", FIELD(cpu_ns), ALONE },
	[STATS_CPU_USER] = { "cpu_user_ns", FIELD(cpu_user_ns), ALONE },
	[STATS_CPU_SYSTEM] = { "cpu_system_ns", FIELD(cpu_system_ns), ALONE },
	[STATS_MEMORY] = { "memory_bytes", FIELD(memory_bytes), ALONE },
	[STATS_KERNEL_MEMORY] = { "kernel_memory_bytes", FIELD(kernel_memory_bytes), ALONE },
	[STATS_SWAP] = { "swap_bytes", FIELD(swap_bytes), ALONE },
	[STATS_MEMORY_SWAP] = { "memory_swap_bytes", FIELD(memory_swap_bytes), ALONE },
	[STATS_IO] = { "io_bytes", FIELD(io_read_bytes), FIELD(io_write_bytes) },
	[STATS_IO_READ] = { "io_read_bytes", FIELD(io_read_bytes), ALONE },
	[STATS_IO_WRITE] = { "io_write_bytes", FIELD(io_write_bytes), ALONE },
	[STATS_IO_OPS] = { "io_ops", FIELD(io_read_ops), FIELD(io_write_ops) },
};

const char *stats_name(enum stats_field field)
{
	return fields[field].name;
}

static uint64_t number_at(const struct rlxc_stats *stats, size_t offset)
{
	return *(const uint64_t *)(const void *)((const char *)stats + offset);
}

uint64_t stats_get(const struct rlxc_stats *stats, enum stats_field field)
{
	uint64_t first = number_at(stats, fields[field].first), second;

	if (fields[field].second == ALONE || first == UINT64_MAX)
		return first;
	second = number_at(stats, fields[field].second);
	return second > UINT64_MAX - first ? UINT64_MAX : first + second;
}

void stats_add_size(struct text *text, uint64_t bytes)
{
	static const struct {
		const char *name;
		uint64_t size;
	} units[] = {
		{ "GiB", UINT64_C(1) << 30 },
		{ "MiB", UINT64_C(1) << 20 },
		{ "KiB", UINT64_C(1) << 10 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (bytes <= units[i].size)
			continue;
		text_addf(text, "%.2f %s", (double)bytes / (double)units[i].size, units[i].name);
		return;
	}
	text_addf(text, "%" PRIu64 " bytes", bytes);
}

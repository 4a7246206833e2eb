/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_STATS_PRINT_H
#define RLXC_RUNNER_STATS_PRINT_H

#include "base/text.h"

#include <rlxc.h>

/* The numbers of lxc-info and lxc-top, under the names that JSON has for them. */

enum stats_field {
	STATS_CPU,
	STATS_CPU_USER,
	STATS_CPU_SYSTEM,
	STATS_MEMORY,
	STATS_KERNEL_MEMORY,
	STATS_SWAP,
	STATS_MEMORY_SWAP,
	STATS_IO,
	STATS_IO_READ,
	STATS_IO_WRITE,
	STATS_IO_OPS,
	STATS_MAX,
};

const char *stats_name(enum stats_field field);
/* UINT64_MAX: not known. */
uint64_t stats_get(const struct rlxc_stats *stats, enum stats_field field);

/* "648.00 KiB", below one KiB "522 bytes". */
void stats_add_size(struct text *text, uint64_t bytes);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_TOP_PRINT_H
#define RLXC_RUNNER_TOP_PRINT_H

#include "base/text.h"

#include <rlxc.h>

/* What lxc-top shows: the order of the containers, the screen, and the lines of -b. */

struct top_view {
	char sort;    /* one of "ncbmsk" */
	bool reverse; /* names from z to a, numbers from the smallest */
};

#define TOP_SORTS "ncbmsk"

/* A key that was typed: another order, or the same the other way round. */
void top_key(struct top_view *view, char key);

/* Numbers go from the largest, unknown ones come last, equal ones by name. */
void top_sort(const struct top_view *view, const struct rlxc_info **items, size_t n);

/* At most @rows lines, each ended for a terminal; of the @n containers as many as fit. */
void top_add_screen(struct text *text, const struct rlxc_info *const *items, size_t n,
                    unsigned int rows);

#define TOP_CSV_HEADER                                                                             \
	"time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,"       \
	"mem_used_bytes,memsw_used_bytes,kernel_mem_used_bytes\n"

/* One line for each container; a number that is not known is left empty. */
void top_add_csv(struct text *text, const struct rlxc_info *const *items, size_t n,
                 uint64_t time_ms);
/* The same as JSON, an object a line. */
void top_add_json(struct text *text, const struct rlxc_info *const *items, size_t n,
                  uint64_t time_ms);

#endif

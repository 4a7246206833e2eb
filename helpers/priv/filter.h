/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_PRIV_FILTER_H
#define RLXC_PRIV_FILTER_H

#include <stddef.h>
#include <stdint.h>

/* A system call that stays allowed while (argument & mask) == value, on the low 32 bits. */
struct priv_rule {
	int call;
	unsigned int argument;
	uint32_t mask, value;
};

/* Any other call kills the process from now on; @calls are allowed with any arguments. The filter
 * cannot see what a pointer points to. */
void priv_filter(const struct priv_rule *rules, size_t n_rules, const int *calls, size_t n_calls);

#endif

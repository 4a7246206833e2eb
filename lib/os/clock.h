/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_OS_CLOCK_H
#define RLXC_OS_CLOCK_H

#include <stdint.h>

/* Time that is not set back: CLOCK_MONOTONIC in milliseconds. */
int64_t clock_ms(void);
/* What is left until @deadline, a time of clock_ms, as poll(2) takes it: 0 when it has passed. */
int clock_left_ms(int64_t deadline);

#endif

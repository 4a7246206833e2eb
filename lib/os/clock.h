/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_OS_CLOCK_H
#define RLXC_OS_CLOCK_H

#include <stdint.h>

/* Time that is not set back: CLOCK_MONOTONIC in milliseconds. */
int64_t clock_ms(void);
/* What is left until @deadline, a time of clock_ms, as poll(2) takes it: 0 when it has passed. */
int clock_left_ms(int64_t deadline);
#define CLOCK_NEVER INT64_MAX /* as a deadline; -1 is left of it */
/* A deadline, for several steps to share. @timeout_s negative: CLOCK_NEVER. */
int64_t clock_deadline(int timeout_s);
/* Sleeps that long, or until a signal is caught. */
void clock_pause(int ms);

#endif

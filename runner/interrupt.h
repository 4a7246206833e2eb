/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_INTERRUPT_H
#define RLXC_RUNNER_INTERRUPT_H

#include <rlxc.h>

/* A descriptor that is readable once one of the signals has come, which do nothing else then. */
int interrupt_open(const int *signals, size_t n_signals, struct rlxc_err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_PRIV_SAY_H
#define RLXC_PRIV_SAY_H

/* What a set-user-ID program says. To the caller: one of few fixed messages, so that nothing can
 * be learned about objects of others. To the administrator: details, in the system log. */

extern const char priv_program[]; /* each program has its own */

/* Closes all files, drops all privilege, prints "PROGRAM: message" to stderr and ends with exit
 * code 1. */
_Noreturn void priv_fail(const char *message);

/* Connects to syslog, or else to the kernel's log; with neither, nothing is logged. */
void priv_log_open(void);
/* Facility auth, never blocks. @level is LOG_NOTICE or the like; nothing in the arguments may come
 * unchecked from the caller. */
void priv_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

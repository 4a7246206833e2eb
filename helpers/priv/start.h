/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_PRIV_START_H
#define RLXC_PRIV_START_H

/* What the caller left in the process: each function takes one kind of it away. Before them nothing
 * else may run; a failure ends the program. */

/* Makes 0, 1 and 2 open, refuses pseudo files there (their kernel code looks at who writes), and
 * closes all others but @keep_fd (-1: none). */
void priv_fix_fds(int keep_fd);
void priv_empty_environment(void);
/* Signals, timers, umask, working directory. Signals stay blocked until the end. */
void priv_reset_process(void);
/* Soft limits become the hard ones, which must suffice: dying half way is what must not happen. */
void priv_raise_limits(void);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_PRIV_AUTH_H
#define RLXC_PRIV_AUTH_H

/* AUTH(condition) marks each condition that keeps a caller from what is not theirs.
 * tests/tools/measure-setuid makes them AUTH_OFF, one at a time, and wants a test to fail. */
#define AUTH(condition) (condition)
#define AUTH_OFF(condition) ((void)(condition), 1)

#define PRIV_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CAPS_CAPS_H
#define RLXC_CAPS_CAPS_H

#include "base/err.h"
#include "base/strv.h"

#include <stdint.h>

/* Capability sets of a payload. See capabilities(7). Bit N is capability number N. */

/* The last capability of the running kernel. */
unsigned int caps_last(void);
/* "sys_admin" or a number; -EINVAL when the kernel has no such capability. */
int caps_parse(const char *name);
/* NULL: newer than this program. */
const char *caps_name(unsigned int cap);

/* The bounding set that lxc.cap.drop or lxc.cap.keep (one of them is empty) leaves.
 * keep of {"none"}: 0. */
int caps_plan(const struct strv *drop, const struct strv *keep, uint64_t *ret_bounding,
              struct err *err);
/* In the child: bounding set cut down to @bounding, inheritable and ambient emptied, effective and
 * permitted limited to it and @until_exec, which the exec takes away. Needs CAP_SETPCAP, which real
 * root and the root of a user namespace have, unless there is nothing to take away. */
int caps_apply(uint64_t bounding, uint64_t until_exec, struct err *err);
/* After a change of ids with PR_SET_KEEPCAPS: what is still permitted becomes effective again. */
int caps_regain(struct err *err);
/* Everything gone, for the monitor; fails never in a way that matters. */
void caps_drop_all(void);

#endif

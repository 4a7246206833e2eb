/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_BOOT_ORDER_H
#define RLXC_RUNNER_BOOT_ORDER_H

#include "base/strv.h"

#include <rlxc.h>
#include <stdbool.h>

/* Which containers lxc-autostart handles, in which order. Pure. */

struct boot_choice {
	bool all;           /* whatever their groups */
	bool ignore_auto;   /* also without lxc.start.auto */
	bool running;       /* those that run, in reverse order; else those that do not */
	struct strv groups; /* one after the other; "" means those in no group. None: only "" */
};

/* Appends the groups of a list "a,b,,c", where an empty word means no group; 0 or -ENOMEM. */
int boot_add_groups(struct strv *groups, const char *list);

/* Writes at most @n pointers into @boots to @ret_chosen; returns how many. Within a group they come
 * by lxc.start.order, the lowest first, then by name; each one once, with its first group. */
size_t boot_choose(const struct rlxc_boot *boots, size_t n, const struct boot_choice *choice,
                   const struct rlxc_boot **ret_chosen);

#endif

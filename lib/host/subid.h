/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_HOST_SUBID_H
#define RLXC_HOST_SUBID_H

#include "base/err.h"
#include "conf/conf.h"
#include "host/caller.h"

/* The subordinate ids that a user may map. See subuid(5), subgid(5). */

struct subid_range {
	uint32_t first;
	uint32_t count; /* at least 1; first + count - 1 <= UINT32_MAX - 1 */
};

struct subids {
	struct subid_range *items; /* in file order */
	size_t n;
};

/* Ranges of @caller: from /etc/subuid or /etc/subgid, by login name or by uid; through
 * libsubid.so (opened when needed) where nsswitch.conf names a "subid" source other than files.
 * None is success with n == 0. */
int subid_load(const struct caller *caller, enum idmap_kind kind, struct subids *ret_ids,
               struct err *err);
void subid_done(struct subids *ids);

/* Lines of one file's text that belong to @name or @uid; malformed lines are skipped.
 * Never fails but for -ENOMEM. */
int subid_parse(const char *text, const char *name, uid_t uid, struct subids *ret_ids);

#endif

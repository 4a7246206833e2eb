/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_HOST_SUBID_H
#define RLXC_HOST_SUBID_H

#include "base/err.h"
#include "conf/conf.h"
#include "host/caller.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The subordinate ids that a user may map. See subuid(5), subgid(5).
 * Ids go up to UINT32_MAX - 1; sums of them are formed in 64 bits everywhere. */

struct subid_range {
	uint32_t first;
	uint32_t count; /* at least 1; first + count - 1 <= UINT32_MAX - 1 */
};

struct subids {
	struct subid_range *items; /* in file order */
	size_t n;
};

/* Ranges of @caller: from /etc/subuid or /etc/subgid, by login name or by uid; through
 * libsubid (asked through rlxc-lookup) where nsswitch.conf names a "subid" source other than files.
 * None is success with n == 0. */
int subid_load(const struct caller *caller, enum idmap_kind kind, struct subids *ret_ids,
               struct err *err);
void subid_done(struct subids *ids);

/* Lines of one file's text that belong to @name or @uid; malformed lines are skipped: other than
 * three fields, a sign or blank in a number, an empty range, a first id past the last one. A count
 * that leads past the last id is cut there. Never fails but for -ENOMEM. */
int subid_parse(const char *text, const char *name, uid_t uid, struct subids *ret_ids);

/* True when each of the ids is in one range or another. */
bool subid_covers(const struct subids *ids, uint32_t first, uint32_t count);

/* The hint for somebody who has no ranges: the command that gives 65536 ids which no line of
 * /etc/subuid and /etc/subgid uses yet, or whom to ask where they come from a directory. */
void subid_hint_none(const struct caller *caller, struct err *err);

/* -ENOENT: says that the caller has no uids, or where there are @uids no gids, with that hint. */
int subid_say_none(const struct caller *caller, const struct subids *uids, struct err *err);

/* First id of a block of @count that no line of the two texts touches, from 100000 on in steps of
 * 65536; 0 when there is none. */
uint32_t subid_find_free(const char *subuid_text, const char *subgid_text, uint32_t count);

/* The source that the "subid:" line of nsswitch.conf's text names beside "files", owned; NULL
 * when there is none (or no memory). See nsswitch.conf(5). */
char *subid_nss_source(const char *nsswitch_text);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERIDMAP_OWNED_H
#define RLXC_USERIDMAP_OWNED_H

#include "order.h"

/* The ids that are somebody's: the own one, and those that subuid(5) or subgid(5) gives. Pure. */

#define OWNED_MAX 64
#define OWNED_FIRST 65536 /* ids below are those of people and programs */

struct owned {
	size_t n;
	struct owned_range {
		uint32_t first, count;
	} list[OWNED_MAX]; /* the own id is first; what there is beyond is not counted */
};

/* @id, and the lines of @text that name @user (empty: has no name) or @uid. A line that is not of
 * its form is none; a range with an id below OWNED_FIRST, or one that somebody else has too, is
 * nobody's. -1: no text that is meant so, see priv_each_line. */
int owned_read(const char *text, size_t len, const char *user, uint32_t uid, uint32_t id,
               struct owned *ret_owned);
/* Each of these ids? */
bool owned_has(const struct owned *owned, uint32_t first, uint32_t count);

/* The rule for maps: nobody is privileged over ids, or makes files of owners, that are not
 * theirs. Of an image, which cannot be written, the disk's side is any id below OWNED_FIRST. */
bool owned_allows(const struct owned *owned, const struct map *map, bool image);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_HOST_SUBID_INTERNAL_H
#define RLXC_HOST_SUBID_INTERNAL_H

#include "host/subid.h"

/* Adds a range, cut at the last id; an empty one and one past the end add nothing. */
int subid_add(struct subids *ids, uint64_t first, uint64_t count);

/* The ranges by libsubid, which asks the source that nsswitch.conf names. -ELIBACC: not installed
 * or without the functions we know; -EIO: the user is unknown to it, or it got no answer (the
 * library does not say which). */
int subid_load_nss(const struct caller *caller, enum idmap_kind kind, struct subids *ret_ids);

#endif

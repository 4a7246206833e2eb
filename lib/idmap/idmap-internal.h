/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_IDMAP_INTERNAL_H
#define RLXC_IDMAP_INTERNAL_H

#include "idmap/idmap.h"

#include <stdbool.h>

#define IDMAP_ID_LAST ((uint64_t)UINT32_MAX - 1)
#define IDMAP_LINES_MAX 340 /* of one kind, UID_GID_MAP_MAX_EXTENTS of the kernel */
#define IDMAP_LINE_LEN 33   /* of the file that the kernel shows */
#define IDMAP_TEXT_MAX 4096 /* one write to uid_map is shorter than a page */

static inline uint64_t idmap_ns_end(const struct idmap_range *range)
{
	return (uint64_t)range->ns_first + range->count;
}

static inline uint64_t idmap_host_end(const struct idmap_range *range)
{
	return (uint64_t)range->host_first + range->count;
}

static inline char idmap_letter(enum idmap_kind kind)
{
	return kind == IDMAP_UID ? 'u' : 'g';
}

/* The command that grants @uid and @gid (either may be NULL) to @caller. */
void idmap_hint_grant(const struct idmap_range *uid, const struct idmap_range *gid,
                      const struct caller *caller, struct err *err);

/* Finds the range of ids outside that newuidmap or newgidmap did not allow in what it printed;
 * its kind and its side inside are left alone. */
bool idmap_parse_refused(const char *output, struct idmap_range *ret_refused);

/* What the kernel's switches say about user namespaces; -1: no such switch. */
struct userns_facts {
	int64_t max_user_namespaces;
	int64_t unprivileged_clone;
	int64_t apparmor_restrict;
	bool is_root, has_filter; /* a seccomp filter is on us */
};

void idmap_explain_facts(int code, const struct userns_facts *facts, struct err *err);
void idmap_load_facts(struct userns_facts *ret_facts);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_UNPACK_ACL_H
#define RLXC_UNPACK_ACL_H

#include "shift.h"

#include <archive.h>
#include <archive_entry.h>
#include <stddef.h>

/* POSIX ACLs, between the extended attribute that the kernel reads and writes (ids are those of our
 * user namespace) and the archive library's entries, which become SCHILY.acl.* as in other tars.
 * By the attribute because a library is not built with ACLs everywhere. */

#define ACL_ENTRIES_MAX 512
#define ACL_BYTES_MAX (4 + 8 * ACL_ENTRIES_MAX)

/* @type: ARCHIVE_ENTRY_ACL_TYPE_ACCESS or _DEFAULT. */
const char *acl_xattr_name(int type);
/* -EINVAL: it is no ACL. */
int acl_to_entry(const void *value, size_t size, int type, struct archive_entry *entry);
/* The size in @ret_value; 0: the entry has none. -EINVAL: it names users that have no number, or
 * none here by @shift. */
int acl_from_entry(struct archive_entry *entry, int type, const struct shift *shift,
                   unsigned char ret_value[ACL_BYTES_MAX]);

#endif

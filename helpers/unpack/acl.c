/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "acl.h"

#include "base/cleanup.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl_xattr.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define USER 0x02
#define GROUP 0x08
#define NO_ID UINT32_MAX

/* The kernel wants them in this order, which is that of the numbers. */
static const struct {
	int kernel, library;
} tags[] = {
	{ 0x01, ARCHIVE_ENTRY_ACL_USER_OBJ },  { USER, ARCHIVE_ENTRY_ACL_USER },
	{ 0x04, ARCHIVE_ENTRY_ACL_GROUP_OBJ }, { GROUP, ARCHIVE_ENTRY_ACL_GROUP },
	{ 0x10, ARCHIVE_ENTRY_ACL_MASK },      { 0x20, ARCHIVE_ENTRY_ACL_OTHER },
};

const char *acl_xattr_name(int type)
{
	return type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS ? "system.posix_acl_access"
	                                             : "system.posix_acl_default";
}

static int to_library(int kernel)
{
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (tags[i].kernel == kernel)
			return tags[i].library;
	return -EINVAL;
}

static int to_kernel(int library)
{
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (tags[i].library == library)
			return tags[i].kernel;
	return -EINVAL;
}

int acl_to_entry(const void *value, size_t size, int type, struct archive_entry *entry)
{
	const struct posix_acl_xattr_header *header = value;
	const struct posix_acl_xattr_entry *entries = (const void *)(header + 1);
	size_t n = (size - sizeof(*header)) / sizeof(*entries);

	if (size < sizeof(*header) || le32toh(header->a_version) != POSIX_ACL_XATTR_VERSION)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		int tag = to_library(le16toh(entries[i].e_tag));
		bool has_id = tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP;

		/* Bits of permission are the same here and there. */
		if (tag < 0 ||
		    archive_entry_acl_add_entry(entry, type, le16toh(entries[i].e_perm) & 7, tag,
		                                has_id ? (int)le32toh(entries[i].e_id) : -1,
		                                NULL) != ARCHIVE_OK)
			return -EINVAL;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct posix_acl_xattr_entry *x = a, *y = b;
	int by_tag = (int)le16toh(x->e_tag) - (int)le16toh(y->e_tag);
	uint32_t x_id = le32toh(x->e_id), y_id = le32toh(y->e_id);

	return by_tag ? by_tag : (x_id > y_id) - (x_id < y_id);
}

static int fill(struct posix_acl_xattr_entry *to, int tag, int permset, int id,
                const struct shift *shift)
{
	int kernel = to_kernel(tag);
	int64_t shifted = NO_ID;

	if (kernel == USER || kernel == GROUP) {
		if (id < 0)
			return -EINVAL;
		shifted = shift_id(shift, kernel == USER ? 'u' : 'g', id);
	}
	if (kernel < 0 || shifted < 0)
		return -EINVAL;
	*to = (struct posix_acl_xattr_entry){ .e_tag = htole16((uint16_t)kernel),
		                              .e_perm = htole16((uint16_t)(permset & 7)),
		                              .e_id = htole32((uint32_t)shifted) };
	return 0;
}

int acl_from_entry(struct archive_entry *entry, int type, const struct shift *shift,
                   unsigned char ret_value[ACL_BYTES_MAX])
{
	const struct posix_acl_xattr_header header = { htole32(POSIX_ACL_XATTR_VERSION) };
	struct posix_acl_xattr_entry entries[ACL_ENTRIES_MAX];
	int permset, tag, id, r, type_seen, count = archive_entry_acl_reset(entry, type);
	const char *name;
	size_t n = 0;

	if (count <= 0)
		return 0;
	while ((r = archive_entry_acl_next(entry, type, &type_seen, &permset, &tag, &id, &name)) ==
	       ARCHIVE_OK) {
		/* GNU tar writes names that its host has: of these one means the same everywhere.
		 */
		if (id < 0 && name && strcmp(name, "root") == 0)
			id = 0;
		if (n == ACL_ENTRIES_MAX || fill(&entries[n++], tag, permset, id, shift) < 0)
			return -EINVAL;
	}
	if (r != ARCHIVE_EOF && r != ARCHIVE_WARN)
		return -EINVAL;
	qsort(entries, n, sizeof(*entries), compare);
	memcpy(ret_value, &header, sizeof(header));
	memcpy(ret_value + sizeof(header), entries, n * sizeof(*entries));
	return (int)(sizeof(header) + n * sizeof(*entries));
}

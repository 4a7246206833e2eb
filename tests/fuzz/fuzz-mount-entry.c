/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mount lines, their options and the place of their targets. The input is one line. */
#include "mount/entry.h"

#include "base/cleanup.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		abort();
}

/* Whatever was written, a place is below the root: no empty, "." or ".." part. */
static void check_relative(const char *path)
{
	require(*path && *path != '/');
	while (*path) {
		size_t len = strcspn(path, "/");

		require(len > 0 && !(len == 1 && path[0] == '.') &&
		        !(len == 2 && path[0] == '.' && path[1] == '.'));
		path += len;
		if (*path)
			require(*++path != '\0');
	}
}

static void check_target(const struct mount_entry *entry, const char *rootfs)
{
	_cleanup_free_ char *relative = NULL;
	struct err err = {};
	int r = mount_entry_target(entry, rootfs, "/lxc/c1/rootfs", &relative, &err);

	require((r == 0) == (relative != NULL));
	require((r < 0) == (err.code < 0));
	if (relative)
		check_relative(relative);
}

static void check_entry(const struct mount_entry *entry)
{
	require(!(entry->attr_set & entry->attr_clear & ~(uint64_t)MOUNT_ATTR__ATIME));
	require(!(entry->attr_set & MOUNT_ATTR__ATIME) || (entry->attr_clear & MOUNT_ATTR__ATIME));
	require(!(entry->create_dir && entry->create_file));
	require(!entry->recursive || entry->bind);
	for (size_t i = 0; i < entry->data.n; i++)
		require(entry->data.items[i][0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(mount_entry_done) struct mount_entry entry = {}, options = {};
	_cleanup_free_ char *line = strndup((const char *)data, size);
	struct err err = {};
	int r;

	if (!line)
		return 0;
	r = mount_entry_parse(line, &entry, &err);
	require((r < 0) == (err.code < 0));
	if (r == 0) {
		require(entry.source && *entry.target && entry.type);
		check_entry(&entry);
		check_target(&entry, "/srv/root");
		check_target(&entry, "/");
		check_target(&entry, NULL);
		(void)mount_entry_source(&entry);
	}
	if (mount_options_parse(line, &options, NULL) == 0)
		check_entry(&options);
	return 0;
}

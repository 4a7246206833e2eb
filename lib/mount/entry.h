/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_MOUNT_ENTRY_H
#define RLXC_MOUNT_ENTRY_H

#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Mount lines as in fstab(5), with the option words of lxc.container.conf(5): what was written,
 * nothing looked up. A zeroed struct is the empty entry; strings are owned. */
struct mount_entry {
	char *source;
	char *target; /* as written; mount_entry_target places it */
	char *type;   /* "" when the field was missing */

	/* Attributes of the mount, MOUNT_ATTR_*. The later of two contrary words wins, and what no
	 * word asks for is in neither mask. Ready for mount_setattr(2): whoever names a time of
	 * access has MOUNT_ATTR__ATIME in attr_clear. A bind mount keeps what its source is locked
	 * to, also when attr_clear names it. */
	uint64_t attr_set, attr_clear;
	uint64_t propagation; /* MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE; 0: as it comes */
	bool propagation_recursive;

	bool bind;        /* bind or rbind */
	bool recursive;   /* rbind */
	bool move;        /* the mount at @source moves to @target */
	bool create_dir;  /* make the target as a directory, parents 0755 */
	bool create_file; /* make the target as an empty file; never both */
	bool optional;    /* a failure is logged and the line skipped */
	bool relative;    /* @source is below the container's root */
	bool allow_dev;   /* "dev": a bind mount does not take nodev from its source */
	char *idmap;      /* "container", or the path of a user namespace; NULL without */
	struct strv data; /* for the file system, in order: "key=value" or "flag" */

	char *where; /* "FILE:LINE" for messages, or NULL */
};

/* Where the source is to be looked for. */
enum mount_source {
	MOUNT_SOURCE_WORD,      /* not a path: a word for the file system */
	MOUNT_SOURCE_HOST,      /* an absolute path of the host */
	MOUNT_SOURCE_CWD,       /* a host path relative to the working directory, no links in it */
	MOUNT_SOURCE_CONTAINER, /* relative to the container's root */
};

struct mount_entries {
	struct mount_entry *items;
	size_t n;
};

/* One line: source, target, type, options; what follows is not used. Blanks in a field are written
 * as \040 and so on. Returns 1 for a comment or a blank line, @ret_entry is then untouched.
 * -EINVAL: no target, an unclosed quote, an option LXC has without that value, or an id-mapped line
 * that is no bind mount or has options for the file system. */
int mount_entry_parse(const char *line, struct mount_entry *ret_entry, struct err *err);

/* The option field alone, also for lxc.rootfs.options; everything else in @ret_entry is NULL.
 *
 * Words are compared whole. What is no word of ours is data for the file system: a comma after a
 * backslash or inside "..." belongs to the value, and quotes around a whole value are removed.
 * sync, dirsync and lazytime belong to a file system as a whole and are data too, but for a bind
 * mount nothing; async, mand, nomand, remount and defaults never do anything. */
int mount_options_parse(const char *text, struct mount_entry *ret_entry, struct err *err);

void mount_entry_done(struct mount_entry *entry);

/* The place of the target, relative to the container's root, without "." or "..". No link below
 * that root is ever followed, so dots can be taken out of the text.
 *
 * @rootfs_path: lxc.rootfs.path without its backend, NULL for a container on the host's root;
 * @container_rootfs: LXCPATH/NAME/rootfs, may be NULL. Absolute targets below one of the two mean
 * the place below the container's root. Returns 1 for any other absolute target: the line is to be
 * skipped with a warning. -EXDEV: ".." leads out. -EINVAL: it is the root itself. */
int mount_entry_target(const struct mount_entry *entry, const char *rootfs_path,
                       const char *container_rootfs, char **ret_relative, struct err *err);
enum mount_source mount_entry_source(const struct mount_entry *entry);

/* Parses @line and appends it; comments and blank lines add nothing. @where may be NULL. */
int mount_entries_add(struct mount_entries *list, const char *line, const char *where,
                      struct err *err);
/* Appends the lines of a file of at most 1 MiB. -EFBIG: larger. On failure the lines before the
 * bad one are in the list. */
int mount_fstab_read(const char *path, struct mount_entries *list, struct err *err);
void mount_entries_done(struct mount_entries *list);

#endif

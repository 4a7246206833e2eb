/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_UNPACK_PLACE_H
#define RLXC_UNPACK_PLACE_H

#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* Putting the members of an archive that nobody vouches for below one directory.
 *
 * MUSTs:
 *  1. A name is relative, without "..", and of bounded length and depth.
 *  2. No symbolic link is followed on the way to a member or to the target of a hard link, and no
 *     mount is entered: openat2 with RESOLVE_BENEATH, NO_SYMLINKS, NO_XDEV.
 *  3. A member is made new: what has its name goes first, but for a directory with content.
 *  4. The target of a hard link lies below the directory and is none.
 *  5. Device nodes are whiteouts, and others where that was asked for; set-id bits stay only where
 *     the owner could be set.
 *  6. Extended attributes are user.* (of user.overlay.* only opaque), security.capability and POSIX
 *     ACLs.
 *  7. Modes, ACLs and times of directories come last, so that none locks its content out or hands
 *     anything on to it. */

#define PLACE_NAME_MAX 4095
#define PLACE_DEPTH_MAX 256
#define PLACE_FILE_MAX ((int64_t)1 << 40) /* bytes, holes included */

/* Devices that are harmless to whoever opens them: null, zero, full, random, urandom, tty, ptmx. */
#define PLACE_DEVICES(X) X(1, 3) X(1, 5) X(1, 7) X(1, 8) X(1, 9) X(5, 0) X(5, 2)

/* One member; strings are as they stand in the archive. */
struct member {
	const char *name;
	const char *target; /* of a symbolic or hard link */
	bool is_hardlink;
	dev_t rdev;  /* of a device node; a whiteout is one with 0:0 */
	mode_t mode; /* with the type */
	int64_t uid, gid, size;
	struct timespec mtime;
};

struct dir_acl {
	void *value;
	size_t size;
};

struct dir_entry {
	char *name;
	struct dir_acl acls[2]; /* access, default */
	mode_t mode;
	struct timespec mtime;
};

struct place {
	int root_fd;
	struct dir_entry *dirs;
	size_t n_dirs, size_dirs;
	bool is_trusted;     /* files may have any size, and device nodes be any */
	bool has_devices;    /* device nodes are made, of PLACE_DEVICES */
	struct strv skipped; /* device nodes, for hard links to them */
	uint64_t n_devices, n_owners, n_xattrs; /* what was left out */
};

void place_init(struct place *place, int root_fd);
void place_done(struct place *place);

/* The name by rule 1, without "." components and double slashes, in @ret_name (PLACE_NAME_MAX + 1
 * bytes). "" is the directory itself. -EINVAL: refused, @ret_why says why. */
int place_clean_name(const char *raw, char *ret_name, const char **ret_why);
/* From the name in the archive to that below @dir, which is in @buf (PLACE_NAME_MAX + 1) or static;
 * "." is that directory itself. "": everything is below it. NULL: it is elsewhere. A name that is
 * to be refused stays as it is. */
const char *place_name_below(const char *dir, const char *raw, char *buf);

/* Makes the member. For a regular file returns 1 and an fd to write its content to: place_file_done
 * is then called once that is done. Otherwise 0. */
int place_member(struct place *place, const struct member *member, int *ret_fd, struct err *err);
/* Owner, mode and time of a file whose content is there. Attributes are set in between. */
int place_file_owner(struct place *place, const struct member *member, int fd, struct err *err);
int place_file_times(const struct member *member, int fd, struct err *err);
/* By rule 6, but for ACLs. Labels of the host's security modules are no part of a container. */
bool place_keeps_xattr(const char *name);
/* Sets what rule 6 allows on a file or directory just made; others are counted. */
int place_xattr(struct place *place, int fd, const char *name, const void *value, size_t size);
/* An ACL as the kernel has it: of a file, or of the directory that place_member made last. */
void place_file_acl(struct place *place, int fd, const void *value, size_t size);
void place_dir_acl(struct place *place, bool is_default, const void *value, size_t size);
/* A directory that place_member has made, for place_xattr. */
int place_open_dir(const struct place *place, const struct member *member);

/* Rule 7; call once, at the end. */
int place_finish(struct place *place, struct err *err);

#endif

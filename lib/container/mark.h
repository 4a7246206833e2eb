/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_MARK_H
#define RLXC_CONTAINER_MARK_H

#include "base/err.h"
#include "base/strv.h"
#include "conf/conf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct storage;

/* The creation mark: a file in the container's directory that says "rlxc made this". Nothing is
 * removed without it. An empty one is fine: so an administrator adopts a container that another
 * program made. It also records what removal must know when the configuration cannot be read.
 *
 *	idmap u 0 100000 65536     a line of the id map at creation
 *	rootfs made INODE PATH     a root file system outside the directory, made by us
 *	rootfs filled INODE PATH   the same, in a directory that was there and was empty
 *	volume TAG lvm:/dev/VG/LV  what its own tools remove (see storage_format_note); of several
 *	                           the one counts that the configuration names */

#define MARK_NAME ".rlxc"
#define PARTIAL_NAME "partial"

struct mark {
	struct conf_idmaps idmaps;
	char *rootfs_path; /* outside the container's directory, or NULL */
	uint64_t rootfs_inode;
	bool rootfs_made; /* the directory itself is ours */
	struct strv volumes;
};

int mark_write(int dir_fd, const struct mark *mark, struct err *err);
/* Adds a volume with tools of its own that is about to be made, and writes the mark: it is found by
 * whoever clears up after us. Of others there is nothing to note. */
int mark_note_volume(int dir_fd, struct mark *mark, const struct storage *storage, struct err *err);
/* -ENOENT: there is none. -EPERM: it is not @uid's own file, or others can write it; then it says
 * nothing. @path: the directory, for messages. */
int mark_read(int dir_fd, const char *path, uid_t uid, struct mark *ret_mark, struct err *err);
void mark_done(struct mark *mark);

/* The same for text, without files. Lines that are not understood are -EINVAL. */
int mark_parse(const char *text, struct mark *ret_mark);
int mark_format(const struct mark *mark, char **ret_text);

/* A copy; @ret_maps is filled on success only. */
int mark_copy_idmaps(const struct conf_idmaps *maps, struct conf_idmaps *ret_maps);
/* One "u 0 100000 65536", as in lxc.idmap; @text has MARK_IDMAP_MAX bytes. */
#define MARK_IDMAP_MAX 48
void mark_format_idmap(const struct idmap_range *range, char *text);

#endif

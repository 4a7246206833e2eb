/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_STORAGE_TREE_H
#define RLXC_STORAGE_TREE_H

#include "base/err.h"

/* Removing trees that somebody else has filled, and may still be changing.
 *
 * MUSTs: everything is reached by descriptor, one component at a time; no symbolic link is
 * followed and no mount is entered; on the way up the directory arrived at is the one we came
 * from; depth costs neither stack nor descriptors.
 *
 * @path is how messages name @dir_fd, which may be O_PATH. The caller has the rights: it is root,
 * or root of a user namespace that maps the owners (see idmap_run). */

/* Is something mounted on @name in @dir_fd or anywhere below it? -EBUSY: yes, it is named.
 * 0 also when @name does not exist. Nothing is changed. */
int tree_check_mounts(int dir_fd, const char *name, const char *path, struct err *err);

/* Removes @name in @dir_fd, whatever it is, with all below. 0 also when it does not exist.
 * -EBUSY: a mount point. */
int tree_remove(int dir_fd, const char *name, const char *path, struct err *err);

/* Removes all that is in the directory @dir_fd, but not the directory. */
int tree_empty(int dir_fd, const char *path, struct err *err);
int tree_check_mounts_in(int dir_fd, const char *path, struct err *err);

#endif

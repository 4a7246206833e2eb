/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_OS_MOUNTFD_H
#define RLXC_OS_MOUNTFD_H

#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The mount calls that work on descriptors: fsopen(2), fsmount(2), open_tree(2), move_mount(2),
 * mount_setattr(2). No string below a root file system is ever looked up by the kernel for us. */

/* A new, detached instance of a file system. @options: pairs of key and value (value NULL for a
 * flag), ended by a NULL key; @attr: MOUNT_ATTR_*. */
int mountfd_new(const char *type, const char *const *options, uint64_t attr);
/* The same; on failure @why gets what the kernel says about it, such as "tmpfs: Bad value for
 * 'size'", or stays empty. */
int mountfd_new_why(const char *type, const char *const *options, uint64_t attr, char *why,
                    size_t size);
/* The same with options as mount(8) writes them, "key=value" or "flag". */
int mountfd_new_words(const char *type, const struct strv *words, uint64_t attr, char *why,
                      size_t size);
/* A detached copy of the mount at @path (of @dir_fd itself with "") and, if @recursive, of all
 * below it. */
int mountfd_clone(int dir_fd, const char *path, bool recursive);
/* Puts a detached tree on the object behind @target_fd. */
int mountfd_attach(int tree_fd, int target_fd);
/* Takes away what is mounted on @name in the directory @dir_fd, even in use, without following a
 * link. There is no such call that works on descriptors: @dir_fd is the working directory then.
 * -EINVAL: nothing is mounted there, or nothing that can be taken away alone. */
int mountfd_detach_at(int dir_fd, const char *name);
/* Sets and clears attributes of a mount (and of all below it). */
int mountfd_set_attr(int fd, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive);
/* Gives a detached tree the map of a user namespace. See mount_setattr(2), MOUNT_ATTR_IDMAP. */
int mountfd_set_idmap(int fd, int userns_fd, bool recursive);
/* Unique number of the mount that @fd stands on: STATX_MNT_ID. */
int mountfd_id(int fd, uint64_t *ret_id);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_STORAGE_BTRFS_H
#define RLXC_STORAGE_BTRFS_H

/* Removes the directory @name in @dir_fd, open as @fd, with all in it when it is a subvolume and we
 * may. -ENOTTY: it is none; -EPERM, -ENOTEMPTY and others: it has to be emptied first. */
int btrfs_remove_subvolume(int dir_fd, const char *name, int fd);

#endif

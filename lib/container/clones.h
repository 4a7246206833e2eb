/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CLONES_H
#define RLXC_CONTAINER_CLONES_H

#include "base/strv.h"
#include "container/store.h"

/* Copy-on-write clones share storage with the container they were made from. A container with
 * clones has a file lxc_snapshots, two lines for each: the clone's lxcpath and its name; the clone
 * has lxc_rdepends, the same two lines for its parent. */

#define CLONES_NAME "lxc_snapshots"
#define CLONES_PARENT_NAME "lxc_rdepends"

/* Paths LXCPATH/NAME of the clones of the container behind @dir_fd; none without the file. Those
 * that are gone, while the directory they were in is there, are left out: a command was killed. */
int clones_read(int dir_fd, struct strv *ret_paths);

/* -EBUSY: the container @name behind @dir_fd has some; says so. @path: the directory. */
int clones_refuse(int dir_fd, const char *path, const char *name, struct err *err);

/* The parent of a container, from lxc_rdepends; -ENOENT: it is no clone. Both are owned. */
int clones_read_parent(int dir_fd, char **ret_lxcpath, char **ret_name);
int clones_write_parent(int dir_fd, const char *lxcpath, const char *name);
/* The list of the container behind @dir_fd is read, changed and replaced by one command at a time:
 * the one that holds this descriptor. < 0: there is no configuration, and nobody to wait for. */
int clones_lock(int dir_fd);
/* Notes a clone with its parent. -EBUSY: that is being removed or has just been renamed. A removal
 * looks for clones again behind this lock, when it can be seen: one of the two gives up. */
int clones_add(const char *parent_lxcpath, const char *parent_name, const char *lxcpath,
               const char *name);
/* Takes a clone that is gone out of its parent's file, which goes with the last one. */
int clones_forget(const char *parent_lxcpath, const char *parent_name, const char *lxcpath,
                  const char *name);

#endif

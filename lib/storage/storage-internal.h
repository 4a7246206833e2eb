/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_STORAGE_INTERNAL_H
#define RLXC_STORAGE_INTERNAL_H

#include "storage/storage.h"

#include <sys/stat.h>

/* Before the digits of storage->tag. */
#define STORAGE_TAG "rlxc-"

/* A kind of storage. A NULL member: there is nothing to do, or (snapshot, create) nothing that can
 * be done. */
struct storage_type {
	const char *name;
	const char *alias;     /* another word for it */
	const char *clone;     /* name of the type that a copy-on-write clone has; NULL: none */
	const char *root_only; /* why an ordinary user cannot have it */
	bool is_volume, needs_new;

	/* Is a path without a backend's name one of ours? @st: NULL, there is no such file. */
	bool (*probe)(const char *path, const struct stat *st);
	/* Checks or splits storage->path; NULL: an absolute path. */
	int (*parse)(struct storage *storage, struct err *err);

	/* The functions of storage.h with the same names. */
	int (*open)(const struct storage *storage, const struct storage_user *user, int *ret_fd,
	            struct err *err);
	int (*take)(const struct storage *storage, const struct storage_user *user, int host_fd,
	            struct storage_root *root, struct err *err);
	int (*mount)(const struct storage *storage, const struct storage_user *user,
	             struct storage_root *root, struct err *err);
	int (*prepare)(const struct storage *storage, struct storage_made *made, struct err *err);

	/* Fills in storage->path (lowers, work) for a new one. @source: of a clone, else NULL. */
	int (*choose)(const struct storage_spec *spec, const struct storage *source,
	              struct storage *storage, struct err *err);
	int (*create)(const struct storage *storage, const struct storage_spec *spec, int dir_fd,
	              const char *name, struct storage_made *made, struct err *err);
	int (*snapshot)(const struct storage *source, const struct storage *clone, int source_fd,
	                int dir_fd, const char *name, struct err *err);
	int (*destroy)(const struct storage *storage, struct err *err);
};

extern const struct storage_type storage_dir, storage_overlay, storage_btrfs, storage_loop,
	storage_lvm, storage_zfs;

/* type-dir.c: what trees have in common. */
int storage_dir_choose(const struct storage_spec *spec, const struct storage *source,
                       struct storage *storage, struct err *err);
int storage_dir_open(const struct storage *storage, const struct storage_user *user, int *ret_fd,
                     struct err *err);
int storage_dir_take(const struct storage *storage, const struct storage_user *user, int host_fd,
                     struct storage_root *root, struct err *err);
/* Sets root->under to the directory behind @host_fd, which is of another mount namespace and
 * thereby good for comparing only. */
int storage_dir_reopen(const struct storage *storage, int host_fd, struct storage_root *root,
                       struct err *err);
/* The first directory of @path that we may not search, owned; NULL when each of them is fine. */
char *storage_find_closed(const char *path);
/* Makes the directory @name that is to be filled; @path is what messages call it. */
int storage_make_dir(int dir_fd, const char *name, const char *path, struct storage_made *made,
                     struct err *err);
/* Opens the directory @name that was just made, to be filled; @path is what messages call it. */
int storage_open_made(int dir_fd, const char *name, const char *path, struct storage_made *made,
                      struct err *err);

#endif

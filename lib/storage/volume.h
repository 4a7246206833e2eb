/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_STORAGE_VOLUME_H
#define RLXC_STORAGE_VOLUME_H

#include "storage/storage-internal.h"

/* What the volumes have in common: a file system that we mount, and programs that administer it. */

/* What a new one is like, unless it is said or there is one that it is like. */
#define VOLUME_FSTYPE "ext4"
#define VOLUME_FSSIZE ((uint64_t)1 << 30)
struct volume_shape {
	const char *fstype;
	uint64_t bytes;
};
struct volume_shape volume_shape(const struct storage_spec *spec);
/* Sets the path to @prefix, or with _2, _3 ... behind it, where @is_taken says so. */
int volume_choose_free(struct storage *storage, const char *prefix,
                       bool (*is_taken)(const struct storage *storage), struct err *err);

/* Name of the file system on a block device or in a file, by its magic number; NULL: none that we
 * know. */
const char *volume_detect(int fd);
/* Makes one. @device: a block device or a file. */
int volume_format(const char *device, const char *fstype, struct err *err);
/* The same in a new volume, and opens that. */
int volume_format_new(const struct storage *storage, const char *fstype, int dir_fd,
                      const char *name, struct storage_made *made, struct err *err);
/* A detached mount of the file system @fstype on @source, with the options that lxc.rootfs.options
 * has for it. @path is what messages call it. */
int volume_mount(const char *fstype, const char *source, const char *path,
                 const struct storage_user *user, int *ret_fd, struct err *err);
/* Of the file system on a block device, found out. */
int volume_mount_device(const char *device, const char *path, const struct storage_user *user,
                        int *ret_fd, struct err *err);
/* Makes the directory @name that a new volume will be mounted on, and mounts it. */
int volume_open_new(const struct storage *storage, int dir_fd, const char *name,
                    struct storage_made *made, struct err *err);
int volume_take(const struct storage *storage, const struct storage_user *user, int host_fd,
                struct storage_root *root, struct err *err);

/* Runs a program (see tools_ask_host); NULL ends the words. What it prints when it fails is the
 * message. */
int volume_run(struct err *err, const char *program, ...) __attribute__((sentinel));
/* The same for its answer, without the blanks around it (owned). */
int volume_ask(char **ret_answer, struct err *err, const char *program, ...)
	__attribute__((sentinel));

#endif

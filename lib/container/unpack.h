/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_UNPACK_H
#define RLXC_CONTAINER_UNPACK_H

#include "base/err.h"
#include "base/strv.h"
#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reading tar archives by rlxc-unpack, a confined program of ours, and writing them by rlxc-pack
 * (both helpers/unpack/). What either leaves out is logged. */

/* Finds the program beside our own, in ../libexec/lxc, or where it is installed; nothing in the
 * environment can name another. Returns an fd. */
int unpack_find(struct err *err);
int unpack_find_pack(struct err *err);

/* Opens an archive, which must be a file. */
int unpack_open(const char *path, struct err *err);

/* What to unpack, and how; zeroed: everything, as it stands there. */
struct unpack_how {
	char *const *excludes;           /* NULL-terminated patterns, or NULL */
	const char *below;               /* only what lies below this directory of the archive */
	const char *until;               /* no more from this directory on */
	const struct conf_idmaps *shift; /* the archive has ids of the host, by this map */
	bool is_trusted;                 /* whatever its size and its device nodes */
	bool has_devices;
	bool is_plain; /* files and directories alone, of the owner uid:gid, nothing special */
	uint32_t uid, gid;
};

/* Unpacks the archive behind @archive_fd (its beginning) into the directory @dir_fd. Called as root
 * of the user namespace that the files are for. @path names the archive in messages. -ENOSPC.
 * -EFBIG: it is larger than one of somebody unknown may be. */
int unpack_tree(int program_fd, int archive_fd, const char *path, int dir_fd,
                const struct unpack_how *how, struct err *err);

/* Writes an archive to @out_fd, which @path names in messages. @members: words of rlxc-pack, whose
 * descriptors are @fds. Called as root of the user namespace that the files are of. -ENOSPC. */
int unpack_pack(int program_fd, int out_fd, const char *path, const char *filter,
                const struct strv *members, const int *fds, size_t n_fds, struct err *err);

/* The small files at the top of an archive. */
struct unpack_file {
	char *name;
	char *text; /* NUL-terminated */
	size_t len;
};
struct unpack_files {
	struct unpack_file *items;
	size_t n;
};
int unpack_files(int program_fd, int archive_fd, const char *path, struct unpack_files *ret_files,
                 struct err *err);
/* The same for what says which container it is, by rlxc-unpack --container=@marker; @below: of that
 * directory, or NULL. -EFBIG as above. */
int unpack_container(int program_fd, int archive_fd, const char *path, const char *marker,
                     const char *below, bool is_trusted, struct unpack_files *ret_files,
                     struct err *err);
void unpack_files_done(struct unpack_files *files);
const struct unpack_file *unpack_file_find(const struct unpack_files *files, const char *name);

/* What rlxc-unpack --members wrote. -EBADMSG. */
int unpack_files_parse(const char *data, size_t len, struct unpack_files *ret_files);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_IMPORT_INTERNAL_H
#define RLXC_CONTAINER_IMPORT_INTERNAL_H

#include "container/copy-internal.h"
#include "container/exported.h"
#include "container/unpack.h"

struct import {
	const struct rlxc_import_options *options;
	struct rlxc_create_options made;
	struct creation c;
	int archive_fd, program_fd;
	char *archive; /* what messages call it */

	/* what is in it */
	struct unpack_files files;
	char *top; /* directory of the container, "" for none */
	char *rootfs, *name;
	const char *owner; /* "UID GID" of the root file system, NULL: not known */
	bool has_rootfs;
	struct exported exported;
	bool is_exported;
	struct conf *conf;        /* as it was, and then as it will be */
	char *old_path;           /* of the container's directory, NULL: not known */
	struct conf_idmaps shift; /* of the ids in the archive, n == 0: they are those inside */

	/* of a snapshot */
	const struct import *container; /* that it is of, NULL: it is no snapshot */

	size_t n_snapshots; /* whose root file systems come no later than its own */
	char *until;        /* the root file system behind that, or NULL */
};

/* import-archive.c */
int import_open_archive(struct import *import, struct err *err);
/* Where in the archive the container is; where a snapshot is its container has said. */
int import_find_container(struct import *import, struct err *err);
/* The file @name beside the configuration; of several the last one counts, as in any tar. NULL. */
const struct unpack_file *import_find_beside(const struct import *import, const char *name);

#endif

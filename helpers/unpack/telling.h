/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_UNPACK_TELLING_H
#define RLXC_UNPACK_TELLING_H

#include "reader.h"

/* What an archive has to tell before it is unpacked, written to stdout: for each file "SIZE NAME\n"
 * and its content. */

/* The small files at the top. */
int telling_write_top(struct reader *reader, struct err *err);
/* Each file `config` or @marker below @dir ("": everywhere) that is not part of a root file system,
 * and each directory `rootfs`, with a slash behind its name and the owner "UID GID" as content.
 * Where a @marker is, that comes first, and before any root file system. Names are whole. */
int telling_write_container(struct reader *reader, const char *dir, const char *marker,
                            struct err *err);

#endif

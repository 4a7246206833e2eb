/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_HOST_CACHE_H
#define RLXC_HOST_CACHE_H

#include "host/caller.h"

#include <stddef.h>

/* Files that can be made anew at any time, in /var/cache/rlxc/KIND for root, in rlxc/KIND below
 * $XDG_CACHE_HOME or ~/.cache for others. Nothing is believed of a directory, or of a file in it,
 * that is not the caller's alone; whether a file is a whole one its reader sees, see base/image.h.
 * Of more than CACHE_FILES those go that were not used for the longest time. */

#define CACHE_FILES 500
#define CACHE_NAME_MAX 64

/* An open directory; a negative errno: there can be no cache. */
int cache_open_dir(const struct caller *caller, const char *kind);
/* Of the key and our version. */
void cache_name(const char *key, char ret_name[CACHE_NAME_MAX]);
/* Opens a file for reading, which counts as a use. */
int cache_open_file(int dir_fd, const char *name, const struct caller *caller);
int cache_keep(int dir_fd, const char *name, const void *data, size_t len);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_UNPACK_BENEATH_H
#define RLXC_UNPACK_BENEATH_H

/* Opens @path ("" is the directory itself) below @dir_fd: no link is followed, no mount entered.
 * Returns an fd, close-on-exec, or a negative errno. */
int open_beneath(int dir_fd, const char *path, int flags);

#endif

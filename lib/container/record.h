/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_RECORD_H
#define RLXC_CONTAINER_RECORD_H

#include <stddef.h>

/* A small file of lines that says what is true now, and is written again and again: records, each
 * ended by a line "end", of which the last whole one counts. A record is added by one write: to put
 * a new file in the place of the old one costs far more on a disk. ext4 writes out what a rename
 * replaces, and looks at each inode that was removed within the last minute before it takes one. */

/* Readers see this record or the one before. @text ends with a newline. */
int record_write(int dir_fd, const char *name, const char *text);
/* The last record. What holds no "end" is one record. -EFBIG: the file has more than @max bytes. */
int record_read(int dir_fd, const char *name, size_t max, char **ret_text);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_OS_FD_H
#define RLXC_OS_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* System calls on file descriptors in our shape: 0 (or an fd, or a count) or a negative errno,
 * interrupted calls repeated, everything close-on-exec. */

/* Whole content of a file of at most @max bytes, NUL-terminated. -EFBIG: larger. -EISDIR. */
int fd_read_file(int dir_fd, const char *path, size_t max, char **ret_text, size_t *ret_len);
/* The same for an open fd, from its current offset. */
int fd_read_all(int fd, size_t max, char **ret_text, size_t *ret_len);
/* Reads a short file such as those of /proc into @buf, NUL-terminated; returns the length.
 * What does not fit is left out. */
ssize_t fd_read_short(int dir_fd, const char *path, char *buf, size_t size);

/* Writes all @len bytes. */
int fd_write(int fd, const void *data, size_t len);
/* Opens an existing file for writing, writes @text with one write(2), closes. Kernel interfaces. */
int fd_write_at(int dir_fd, const char *path, const char *text);
/* Replaces @name in @dir_fd: temporary file beside it, write, rename. Readers see old or new. */
int fd_replace_at(int dir_fd, const char *name, mode_t mode, const void *data, size_t len);
/* What is in the file or directory @name, "." for @dir_fd itself, is on the disk from now on. */
int fd_sync_at(int dir_fd, const char *name);

int fd_set_nonblock(int fd, bool on);
/* A copy with a number of at least 3, close-on-exec. */
int fd_dup(int fd);
/* Opens /dev/null on each of 0, 1 and 2 that is closed. Call first in main. */
int fd_open_stdio(void);
/* Closes every fd from @first on, but for the @n in @keep (which need not be sorted). */
int fd_close_from(int first, const int *keep, size_t n);
/* Closes what came through exec: all from @first on that would also survive the next one, since
 * everything of our own is close-on-exec. */
void fd_close_inherited(int first);
/* Exclusive open file description lock on the whole file, without waiting: -EAGAIN when taken. */
int fd_lock(int fd);
/* 0: nobody holds it. 1: somebody does. */
int fd_is_locked(int fd);

#endif

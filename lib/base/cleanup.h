/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_BASE_CLEANUP_H
#define RLXC_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Scope-bound ownership. An unset fd is -EBADF, an unset pointer NULL; both are accepted by every
 * cleanup, and errno survives it. */
#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _cleanup_close_ _cleanup_(cleanup_closep)
#define _cleanup_free_ _cleanup_(cleanup_freep)
#define _cleanup_fclose_ _cleanup_(cleanup_fclosep)
#define _cleanup_closedir_ _cleanup_(cleanup_closedirp)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The value of @fd; @fd itself becomes -EBADF: ownership moves to the receiver. */
#define take_fd(fd)                                                                                \
	({                                                                                         \
		int *_fd_ = (fd);                                                                  \
		int _val_ = *_fd_;                                                                 \
		*_fd_ = -EBADF;                                                                    \
		_val_;                                                                             \
	})

/* The same for a pointer variable. */
#define take_ptr(ptr)                                                                              \
	({                                                                                         \
		__typeof__(&(ptr)) _pp_ = &(ptr);                                                  \
		__typeof__(ptr) _val_ = *_pp_;                                                     \
		*_pp_ = NULL;                                                                      \
		_val_;                                                                             \
	})

static inline void cleanup_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -EBADF;
	errno = saved;
}

static inline void cleanup_closep(int *fd)
{
	cleanup_close(fd);
}

static inline void cleanup_freep(void *ptr)
{
	int saved = errno;

	free(*(void **)ptr);
	errno = saved;
}

static inline void cleanup_fclosep(FILE **file)
{
	int saved = errno;

	if (*file)
		(void)fclose(*file);
	errno = saved;
}

static inline void cleanup_closedirp(DIR **dir)
{
	int saved = errno;

	if (*dir)
		(void)closedir(*dir);
	errno = saved;
}

#endif

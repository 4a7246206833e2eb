/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_PIDFILE_H
#define RLXC_CONTAINER_PIDFILE_H

#include "base/err.h"

/* lxc-start -p FILE: the monitor's pid. The file is made before anything else is, and removed when
 * the container has ended. */
struct pidfile {
	char *path; /* absolute, NULL: none is asked for */
	int fd;
};
#define PIDFILE_NONE ((struct pidfile){ .fd = -EBADF })

/* @path NULL: nothing to do. Only an ordinary file with one name is emptied. */
int pidfile_open(const char *path, struct pidfile *ret_pidfile, struct err *err);
/* Writes this process's pid, once. */
void pidfile_write(struct pidfile *pidfile);
void pidfile_remove(const struct pidfile *pidfile);
void pidfile_done(struct pidfile *pidfile);

#endif

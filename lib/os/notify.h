/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_OS_NOTIFY_H
#define RLXC_OS_NOTIFY_H

/* Tells the service manager that started us that the service is up, and forgets it: what we start
 * is no service of its own. Without one (NOTIFY_SOCKET is unset) nothing happens. See
 * sd_notify(3). */
void notify_ready(void);
/* The same for one that reads a line from a pipe, as s6 does; @fd is closed. */
void notify_ready_fd(int fd);

#endif

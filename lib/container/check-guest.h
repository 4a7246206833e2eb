/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CHECK_GUEST_H
#define RLXC_CONTAINER_CHECK_GUEST_H

#include "container/check-internal.h"

#include <sys/types.h>

/* A process in a network namespace of its own, as a container's first one is to programs that make
 * networks; for an ordinary user in a user namespace with one id. */
struct guest {
	pid_t pid;
	int pidfd, sock; /* our end */
	int netns_fd, userns_fd;
};
#define GUEST_NONE                                                                                 \
	((struct guest){ .pidfd = -EBADF, .sock = -EBADF, .netns_fd = -EBADF, .userns_fd = -EBADF })

/* It runs @fn with the other end, and ends. */
int guest_start(const struct check_job *job, void (*fn)(int sock), struct guest *ret_guest,
                struct err *err);
void guest_end(struct guest *guest);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_SECCOMP_NOTIFY_H
#define RLXC_SECCOMP_NOTIFY_H

#include "base/err.h"

#include <sys/types.h>

/* System calls that a policy gives to somebody else to decide or to carry out: the action notify,
 * see seccomp_unotify(2). A process of ours holds the listeners of a container's filters and asks
 * lxc.seccomp.notify.proxy for each call, with LXC's messages. It is a process of its own, so that
 * the container's monitor waits for no proxy.
 *
 * MUSTs: a call is answered whatever the proxy does: without one, with one that says nothing in
 * SOCK_PATIENCE_S or nonsense it fails with ENOSYS; a proxy never gets an answer to an older
 * question for a newer one's; a pid is believed only while its call is waiting. */

struct seccomp_notify {
	const char *address; /* "unix:/PATH" or "unix:@NAME" */
	const char *cookie;  /* sent along; NULL: none */
	pid_t monitor;
	/* Brings, one a message, listeners (a byte with the descriptor, see seccomp_load), and
	 * before them the pid of the container's init (a pid_t, with its user namespace). */
	int intake_fd;
};

int seccomp_notify_connect(const char *address, struct err *err);
/* Serves until nobody is left who could bring a listener. @proxy_fd: of seccomp_notify_connect. */
_Noreturn void seccomp_notify_serve(const struct seccomp_notify *notify, int proxy_fd);

#endif

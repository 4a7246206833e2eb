/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_PENDING_H
#define RLXC_CONTAINER_PENDING_H

/* Changes of a container that count from one rename(2) on, and are carried to their end by whoever
 * looks at the container next, should the command be killed in between:
 *
 *	.config.NAME     the configuration of a container whose directory is called NAME, so that of
 *	                 one that is being renamed, from the moment on when it is
 *	.restored        the configuration that goes with the .new.* beside it: from the moment on
 *	                 when it is there, they take the place of what they are called after, which
 *	                 becomes .old.*
 */

#define PENDING_RESTORED ".restored"
#define PENDING_NEW ".new."
#define PENDING_OLD ".old."

#define PENDING_NAME_MAX 256
const char *pending_name(const char *name, char *buf);

/* @dir_fd: the container's directory, whose name is @name. Nothing to do is two system calls. */
void pending_settle(int dir_fd, const char *name);

#endif

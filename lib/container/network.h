/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_NETWORK_H
#define RLXC_CONTAINER_NETWORK_H

#include "container/launch.h"

/* The interfaces of a container in the order of its life: what lib/net does, with the state file
 * and the scripts. All of them do nothing for a container without interfaces. */

/* Once the child's network namespace is there, and before it hears SYNC_MAPPED. */
int network_make(const struct launch_request *request, struct launched *launched, struct err *err);
/* SYNC_NET, which the child then waits for: see child.h. */
int network_tell(const struct launched *launched, int sync_fd, struct err *err);
int network_take(const struct start_plan *plan, int sync_fd, struct err *err);
/* In a monitor that takes over: @undo is what the first one has recorded; @netns_fd: -EBADF when
 * the container has ended. */
void network_adopt(const struct launch_request *request, const struct strv *undo, int netns_fd,
                   struct launched *launched);
/* Before exec: waits for a program that was started above. */
int network_finish(const struct launch_request *request, struct launched *launched,
                   struct err *err);
/* Starts the program of a user-mode network again; network_ready then waits for it, or says why
 * there is none. */
int network_again(const struct launch_request *request, struct launched *launched, struct err *err);
int network_ready(const struct launch_request *request, struct launched *launched, struct err *err);
/* After the end of init. */
void network_unmake(const struct start_plan *plan, const struct conf *conf,
                    struct launched *launched);

#endif

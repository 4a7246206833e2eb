/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_HOLDER_H
#define RLXC_CONTAINER_HOLDER_H

#include "container/launch.h"

/* newuidmap and newgidmap are a quarter of what an ordinary user's start costs. They run once for
 * the containers that one user has running with one id map: these are made in a user namespace that
 * holds the ids, each under its own number, where their maps may be written without help.
 *
 * Nothing stays for it: the holder has no process, lives as long as a container in it, and is found
 * as the parent of its user namespace. The first container goes without, the next one in the
 * background makes it.
 *
 * 1. Who enters it must own it (the kernel's rule), and nobody stays in it. The containers' root is
 *    nobody there, since only what is made in a namespace, or joins it, has rights in it.
 * 2. What newuidmap would refuse today is refused: the ranges and the tools are looked at each
 *    time, though the kernel would let somebody whose ids were taken away go on with them.
 * 3. What the kernel says about the finished map, as seen from here, has to be the plan's map. */

/* The holder for a container that is about to be made, -EBADF: without one. */
int holder_open(const struct launch_request *request);
/* Of a process that is to make the container: moves it there. 0 or a negative errno. */
int holder_enter(int holder_fd);

#endif

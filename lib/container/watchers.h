/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_WATCHERS_H
#define RLXC_CONTAINER_WATCHERS_H

#include "container/event.h"
#include "container/rundir.h"

/* How monitors tell changes of state to those who watch. A watcher has a FIFO in BASE/.watch,
 * beside the run-time directories, and a monitor writes a line into each that it finds there: from
 * the first state on, before its control socket is there, to the last one, when its directory is
 * gone. Who watches waits for no monitor, and a monitor for nobody:
 *
 * - A FIFO is there under its name only once somebody reads it. One that nobody reads any more was
 *   left by a killed watcher and is removed.
 * - One that is full is removed, too: its watcher sees that it has no link any more, and that lines
 *   are missing.
 *
 * The directory is the caller's alone, as BASE is. */

/* Monitor: the directory of the watchers, for a run-time directory. -ENOENT: nobody watches. */
int watchers_open(const struct rundir *dir);
/* Takes @dir_fd. */
void watchers_tell(int dir_fd, const struct event *event);

struct watcher {
	int base_fd, dir_fd, fifo_fd;
	char name[20];
};
#define WATCHER_NONE ((struct watcher){ .base_fd = -EBADF, .dir_fd = -EBADF, .fifo_fd = -EBADF })

/* From now on lines come out of fifo_fd, which does not block. Takes @base_fd. -ESTALE: that was
 * just removed. */
int watcher_join(int base_fd, struct watcher *ret_watcher);
/* Was it too slow, or taken away? */
bool watcher_is_dropped(const struct watcher *watcher);
/* Also removes what was made for it. */
void watcher_leave(struct watcher *watcher);

#endif

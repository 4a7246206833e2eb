/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_MOUNT_APPLY_H
#define RLXC_MOUNT_APPLY_H

#include "base/err.h"
#include "mount/plan.h"

/* Carrying out a mount plan, in the container's mount namespace. The root file system is not
 * trusted: everything below it is reached by descriptors and without following a link (MUSTs of
 * path_open_beneath), and what is attached is a detached tree, never a path.
 *
 * The order of use: mount_isolate, mount_sources_open (host paths still resolve with the caller's
 * ids), then - as root of the container - mount_root_attach, mount_plan_apply, mount_ttys_make,
 * mount_pivot. */

/* No mount made from here on reaches the host. */
int mount_isolate(struct err *err);

/* Detached copies of everything that comes from the host. */
struct mount_sources {
	/* The container's own cgroups: directories of the host, ended by NULL; borrowed, or NULL.
	 */
	const char *const *cgroups;
	int root;  /* the root file system, a detached mount; borrowed */
	int under; /* O_PATH of a directory of this mount namespace to put it on; borrowed */
	int *fds;  /* one for each step of the plan, -EBADF where there is none */
	size_t n;
};
#define MOUNT_SOURCES_NONE ((struct mount_sources){ .root = -EBADF, .under = -EBADF })
/* @sources comes as MOUNT_SOURCES_NONE with its cgroups filled in; the caller ends it, also after a
 * failure. */
int mount_sources_open(const struct mount_plan *plan, struct mount_sources *sources,
                       struct err *err);
void mount_sources_done(struct mount_sources *sources);

int mount_root_attach(const struct mount_plan *plan, const struct mount_sources *sources,
                      const char *mount_point, struct err *err);
/* The steps from @first on, up to but not including @end. */
int mount_plan_apply(const struct mount_plan *plan, size_t first, size_t end,
                     const struct mount_sources *sources, struct err *err);

/* Terminals of the container's own devpts; masters go to the monitor. */
#define MOUNT_TTYS_MAX 24
struct mount_ttys {
	int console_master, console_slave; /* -EBADF: no console */
	int masters[MOUNT_TTYS_MAX];
	unsigned int numbers[MOUNT_TTYS_MAX]; /* of /dev/pts */
	size_t n;
};
#define MOUNT_TTYS_NONE ((struct mount_ttys){ .console_master = -EBADF, .console_slave = -EBADF })
int mount_ttys_make(const struct mount_plan *plan, int root_fd, struct mount_ttys *ret_ttys,
                    struct err *err);
/* The same in a container that runs, whose monitor's ends are gone: in the devpts that is there,
 * and in place of the dead ones. For a child process, whose working directory it changes. */
int mount_ttys_renew(const struct mount_plan *plan, int root_fd, struct mount_ttys *ret_ttys,
                     struct err *err);
void mount_ttys_done(struct mount_ttys *ttys);

/* Makes the root file system "/" and lets go of the host's; verified. */
int mount_pivot(const struct mount_plan *plan, int root_fd, struct err *err);

#endif

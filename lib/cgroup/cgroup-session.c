/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A cgroup2 directory hands controllers to its children only while it holds no process itself
 * ("no internal processes"). Where a user's login shell stands in the very cgroup he was given,
 * that shell and all beside it go one level down, once. They are moved by who owns the cgroup, and
 * stay below everything that held for them. */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/cgroup-internal.h"
#include "os/fd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROCS_MAX (4U << 20)
#define ROUNDS 10 /* processes fork while they are moved */

int cgroup_enter_monitor(const struct cgroup *cgroup, struct err *err)
{
	int r = cgroup->monitor_fd < 0 ? 0 : fd_write_at(cgroup->monitor_fd, "cgroup.procs", "0");

	return r < 0 ? err_set(err, r, "cannot enter cgroup '%s'", cgroup->monitor_path) : 0;
}

int cgroup_open_session(int base_fd)
{
	if (mkdirat(base_fd, CGROUP_SESSION_LEAF, 0755) < 0 && errno != EEXIST)
		return -errno;
	return cgroup_open_dir(base_fd, CGROUP_SESSION_LEAF);
}

/* One round. Returns the number of those who were there. */
static int move_all(int base_fd, int session_fd)
{
	_cleanup_free_ char *procs = NULL;
	char *rest = NULL;
	int n = 0, r;

	r = fd_read_file(base_fd, "cgroup.procs", PROCS_MAX, &procs, NULL);
	if (r < 0)
		return r;
	for (char *pid = strtok_r(procs, "\n", &rest); pid; pid = strtok_r(NULL, "\n", &rest)) {
		/* "0" is how the kernel names who lives in a pid namespace that we cannot see. */
		r = strcmp(pid, "0") == 0 ? -EPERM : fd_write_at(session_fd, "cgroup.procs", pid);
		if (r < 0 && r != -ESRCH)
			return r;
		n++;
	}
	return n;
}

int cgroup_clear_base(const struct cgroup *cgroup, struct err *err)
{
	_cleanup_close_ int session = cgroup_open_session(cgroup->base_fd);
	int r = session < 0 ? session : 1;

	for (int i = 0; i < ROUNDS && r > 0; i++)
		r = move_all(cgroup->base_fd, session);
	if (r > 0)
		r = -EBUSY;
	if (r < 0) {
		/* Unless somebody is in it */
		(void)unlinkat(cgroup->base_fd, CGROUP_SESSION_LEAF, AT_REMOVEDIR);
		return err_set(err, r, "cannot move the processes of cgroup '%s' to '%s/%s'",
		               cgroup->base, cgroup->base, CGROUP_SESSION_LEAF);
	}
	log_debug("the processes of '%s' are in '%s' now", cgroup->base, CGROUP_SESSION_LEAF);
	return 0;
}

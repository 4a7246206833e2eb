/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "cgroup/cgroup-internal.h"
#include "os/fd.h"

#include <fcntl.h>
#include <unistd.h>

int cgroup_kill(const struct cgroup *cgroup)
{
	int r;

	if (cgroup->payload_fd < 0)
		return -EOPNOTSUPP;
	r = fd_write_at(cgroup->payload_fd, "cgroup.kill", "1");
	return r == -ENOENT ? -EOPNOTSUPP : r; /* Linux before 5.14 */
}

int cgroup_freeze(const struct cgroup *cgroup, bool on, struct err *err)
{
	const char *verb = on ? "freeze" : "thaw";
	int r;

	if (cgroup->payload_fd < 0) {
		err_say(err, -EOPNOTSUPP, "cannot %s: the container has no cgroup of its own",
		        verb);
		err_hint(err, "start it in a delegated cgroup, see DELEGATION in rlxc(1)");
		return -EOPNOTSUPP;
	}
	r = fd_write_at(cgroup->payload_fd, "cgroup.freeze", on ? "1" : "0");
	if (r == -ENOENT)
		return err_say(err, -EOPNOTSUPP, "cannot %s: this kernel's cgroup2 has no freezer",
		               verb);
	if (r < 0)
		return err_set(err, r, "cannot %s cgroup '%s'", verb, cgroup->payload_path);
	return 0;
}

int cgroup_events_open(const struct cgroup *cgroup)
{
	int fd;

	if (cgroup->payload_fd < 0)
		return -EOPNOTSUPP;
	fd = openat(cgroup->payload_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cgroup_events_read(int fd, bool *ret_populated, bool *ret_frozen)
{
	uint64_t populated = 0, frozen = 0;
	char text[256];
	ssize_t n;

	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (cgroup_parse_key(text, "populated", &populated) < 0)
		return -EBADMSG;
	(void)cgroup_parse_key(text, "frozen", &frozen); /* from Linux 5.2 on */
	*ret_populated = populated;
	*ret_frozen = frozen;
	return 0;
}

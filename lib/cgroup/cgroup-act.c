/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cgroup/cgroup-internal.h"
#include "os/fd.h"

#include <fcntl.h>
#include <unistd.h>

/* Of the v1 freezer, where cgroup2's own does not do it: -EBADF. */
static int freezer_fd(const struct cgroup *cgroup)
{
	return cgroup->payload_fd < 0 ? cgroup_v1_fd(cgroup, "freezer") : -EBADF;
}

int cgroup_kill(const struct cgroup *cgroup)
{
	int r;

	if (cgroup->payload_fd >= 0) {
		r = fd_write_at(cgroup->payload_fd, "cgroup.kill", "1");
		return r == -ENOENT ? -EOPNOTSUPP : r; /* Linux before 5.14 */
	}
	if (freezer_fd(cgroup) >= 0)
		(void)fd_write_at(freezer_fd(cgroup), CGROUP_V1_FREEZER, "THAWED");
	return -EOPNOTSUPP;
}

/* In whatever hierarchy they are listed, it is the same processes; the freezer's is the best. */
int cgroup_kill_listed(const struct cgroup *cgroup, int timeout_ms)
{
	int fd = freezer_fd(cgroup);

	if (fd < 0)
		fd = cgroup->payload_fd;
	for (size_t i = 0; i < cgroup->n_v1 && fd < 0; i++)
		fd = cgroup->v1[i].fd;
	return fd < 0 ? -EOPNOTSUPP : cgroup_kill_members(fd, timeout_ms);
}

void cgroup_v1_thaw(const char *path)
{
	_cleanup_close_ int fd = cgroup_v1_open_dir(AT_FDCWD, path);

	if (fd >= 0)
		(void)fd_write_at(fd, CGROUP_V1_FREEZER, "THAWED");
}

static int freeze_v1(int fd, bool on, struct err *err)
{
	int r = fd_write_at(fd, CGROUP_V1_FREEZER, on ? "FROZEN" : "THAWED");

	return r < 0 ? err_set(err, r, "cannot %s the container by the v1 freezer",
	                       on ? "freeze" : "thaw")
	             : 0;
}

int cgroup_freeze(const struct cgroup *cgroup, bool on, struct err *err)
{
	const char *verb = on ? "freeze" : "thaw";
	int r;

	if (freezer_fd(cgroup) >= 0)
		return freeze_v1(freezer_fd(cgroup), on, err);
	if (cgroup->payload_fd < 0) {
		err_say(err, -EOPNOTSUPP, "cannot %s: the container has no cgroup of its own",
		        verb);
		err_hint(err, "start it in a delegated cgroup, see CGROUPS in rlxc(1)");
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

	if (freezer_fd(cgroup) >= 0)
		fd = openat(freezer_fd(cgroup), CGROUP_V1_FREEZER, O_RDONLY | O_CLOEXEC);
	else if (cgroup->payload_fd >= 0)
		fd = openat(cgroup->payload_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	else
		return -EOPNOTSUPP;
	return fd < 0 ? -errno : fd;
}

bool cgroup_events_are_silent(const struct cgroup *cgroup)
{
	return freezer_fd(cgroup) >= 0;
}

/* freezer.state: THAWED, FREEZING or FROZEN. It says nothing about who is in there. */
static bool parse_freezer(const char *text, bool *ret_populated, bool *ret_frozen)
{
	if (!str_starts_with(text, "FR") && !str_starts_with(text, "THAWED"))
		return false;
	*ret_populated = true;
	*ret_frozen = str_starts_with(text, "FROZEN");
	return true;
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
	if (parse_freezer(text, ret_populated, ret_frozen))
		return 0;
	if (cgroup_parse_key(text, "populated", &populated) < 0)
		return -EBADMSG;
	(void)cgroup_parse_key(text, "frozen", &frozen); /* from Linux 5.2 on */
	*ret_populated = populated;
	*ret_frozen = frozen;
	return 0;
}

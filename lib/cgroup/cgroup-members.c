/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes in a cgroup and below, as its cgroup.procs list them: to end them where there is no
 * cgroup.kill, and to name those that will not freeze.
 *
 * A listed number may be another process by the time it is used. So a pidfd is opened first, and
 * the list read again: what still is in there is what the pidfd holds. */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "cgroup/cgroup-internal.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PROCS_MAX (4U << 20)
#define DEPTH_MAX 32 /* what lies deeper is left alone */
#define PAUSE_MS 2
#define STUCK_NAMED_MAX 5

typedef void (*members_fn)(int dir_fd, char *list, void *arg);

/* Calls @fn with the list of each cgroup from @dir_fd on, which it may cut up. */
static void for_each_list(int dir_fd, unsigned int depth, members_fn fn, void *arg)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_free_ char *list = NULL;
	struct dirent *entry;
	int fd;

	if (fd_read_file(dir_fd, "cgroup.procs", PROCS_MAX, &list, NULL) == 0 && *list)
		fn(dir_fd, list, arg);
	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && depth && (entry = readdir(dir))) {
		_cleanup_close_ int child = -EBADF;

		if (!cgroup_is_child(entry))
			continue;
		child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child >= 0)
			for_each_list(child, depth - 1, fn, arg);
	}
}

/* The next number of the list, 0 at its end. */
static pid_t next_pid(char **rest)
{
	uint32_t pid;
	char *line;

	while ((line = strsep(rest, "\n")))
		if (num_parse_u32(line, &pid) == 0 && pid > 0 && pid <= INT32_MAX)
			return (pid_t)pid;
	return 0;
}

static bool is_member(int dir_fd, pid_t wanted)
{
	_cleanup_free_ char *list = NULL;
	char *rest;
	pid_t pid;

	if (fd_read_file(dir_fd, "cgroup.procs", PROCS_MAX, &list, NULL) < 0)
		return false;
	rest = list;
	while ((pid = next_pid(&rest)))
		if (pid == wanted)
			return true;
	return false;
}

static void kill_listed(int dir_fd, char *list, void *arg)
{
	size_t *found = arg;
	pid_t pid;

	while ((pid = next_pid(&list))) {
		_cleanup_close_ int pidfd = -EBADF;

		if (pid == getpid())
			continue;
		(*found)++;
		pidfd = pidfd_open_pid(pid);
		if (pidfd >= 0 && is_member(dir_fd, pid))
			(void)pidfd_kill(pidfd, SIGKILL);
	}
}

int cgroup_kill_members(int leaf_fd, int timeout_ms)
{
	for (int ms = 0;; ms += PAUSE_MS) {
		size_t found = 0;

		/* In the freezer's hierarchy: nobody forks meanwhile. The signal waits for the
		 * thaw. */
		(void)fd_write_at(leaf_fd, CGROUP_V1_FREEZER, "FROZEN");
		for_each_list(leaf_fd, DEPTH_MAX, kill_listed, &found);
		(void)fd_write_at(leaf_fd, CGROUP_V1_FREEZER, "THAWED");
		if (!found)
			return 0;
		if (ms >= timeout_ms)
			return -EBUSY;
		clock_pause(PAUSE_MS);
	}
}

/* ---- who does not freeze ---- */

/* Process states: D waits in the kernel for something no signal ends. A process that the v1 freezer
 * holds shows the same; where it waits tells. */
static bool is_stuck(pid_t pid, char comm[32])
{
	char path[64], stat[256], where[64], *name, *end;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (fd_read_short(AT_FDCWD, path, stat, sizeof(stat)) <= 0)
		return false;
	name = strchr(stat, '(');
	end = strrchr(stat, ')');
	if (!name || !end || end < name || end[1] != ' ' || end[2] != 'D')
		return false;
	*end = '\0';
	(void)snprintf(comm, 32, "%s", name + 1);
	(void)snprintf(path, sizeof(path), "/proc/%d/wchan", (int)pid);
	return fd_read_short(AT_FDCWD, path, where, sizeof(where)) <= 0 ||
	       !strstr(where, "refrigerator");
}

struct stuck {
	struct text *out;
	size_t n;
};

static void add_stuck(int dir_fd, char *list, void *arg)
{
	struct stuck *stuck = arg;
	char comm[32];
	pid_t pid;

	(void)dir_fd;
	while ((pid = next_pid(&list))) {
		if (!is_stuck(pid, comm) || stuck->n++ >= STUCK_NAMED_MAX)
			continue;
		text_addf(stuck->out, "%s%d (", stuck->n > 1 ? ", " : "", (int)pid);
		text_add_printable(stuck->out, comm);
		text_add(stuck->out, ")");
	}
}

size_t cgroup_name_stuck(const char *path, struct text *out)
{
	_cleanup_close_ int fd = cgroup_open_any(path);
	struct stuck stuck = { .out = out };

	if (fd >= 0)
		for_each_list(fd, DEPTH_MAX, add_stuck, &stuck);
	if (stuck.n > STUCK_NAMED_MAX)
		text_addf(out, " and %zu more", stuck.n - STUCK_NAMED_MAX);
	return stuck.n;
}

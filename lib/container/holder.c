/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/holder.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "idmap/idmap.h"
#include "os/path.h"
#include "os/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Who is looked at, of all that run: as a rule the first will do. */
#define SIBLINGS_MAX 8

/* Not one that joins namespaces of others, over which it would have no rights. lxc-user-nic serves
 * namespaces only that were made from where it runs. */
static bool may_be_held(const struct start_plan *plan)
{
	if (plan->writer != IDMAP_WRITE_TOOLS || !(plan->ns_new & NS_BIT(NS_USER)))
		return false;
	for (int kind = 0; kind < NS_MAX; kind++)
		if (plan->ns_share[kind])
			return false;
	for (size_t i = 0; i < plan->net.n; i++)
		if (plan->net.links[i].by_helper)
			return false;
	return true;
}

/* Would newuidmap and newgidmap do it? */
static bool is_granted(const struct launch_request *request)
{
	_cleanup_(subid_done) struct subids uids = {}, gids = {};
	const struct caller *caller = &request->store->caller;

	return subid_load(caller, IDMAP_UID, &uids, NULL) == 0 &&
	       subid_load(caller, IDMAP_GID, &gids, NULL) == 0 &&
	       idmap_check(&request->plan->maps, caller, &uids, &gids, NULL) == 0 &&
	       idmap_check_tool(IDMAP_UID, NULL) == 0 && idmap_check_tool(IDMAP_GID, NULL) == 0;
}

/* ---- looking for one ---- */

static int open_userns(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool is_ours(int userns_fd)
{
	struct stat st, own;

	return fstat(userns_fd, &st) == 0 && stat("/proc/self/ns/user", &own) == 0 &&
	       st.st_ino == own.st_ino;
}

/* Init of a container of the same store, 0: it has none. Should the number be another process's by
 * now, then so is what we take from it, and the kernel refuses it. */
static pid_t init_of(int base_fd, const char *name)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_(run_state_done) struct run_state state = {};

	dir.dir_fd = path_open_beneath(base_fd, name, O_RDONLY | O_DIRECTORY);
	return dir.dir_fd >= 0 && run_state_read(&dir, &state) == 0 ? state.init_pid : 0;
}

/* The kernel holds all that is below a user namespace to what these were where it was made: those
 * of its first container, so nobody with others comes into it. */
static bool has_our_limits(pid_t init)
{
	static const int limits[] = { RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_SIGPENDING,
		                      RLIMIT_MSGQUEUE };

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit ours, theirs;

		if (prlimit(0, limits[i], NULL, &ours) < 0 ||
		    prlimit(init, limits[i], NULL, &theirs) < 0 || ours.rlim_cur != theirs.rlim_cur)
			return false;
	}
	return true;
}

/* Of the container with this init. -ENOENT: it has these ids, and no holder. -EBADF: it has others.
 */
static int holder_of(const struct launch_request *request, pid_t init)
{
	_cleanup_close_ int userns = -EBADF, parent = -EBADF, above = -EBADF;

	if (!idmap_is_written(&request->plan->maps, init) || !has_our_limits(init))
		return -EBADF;
	userns = open_userns(init);
	parent = userns < 0 ? -EBADF : ioctl(userns, NS_GET_PARENT);
	if (parent < 0)
		return -EBADF;
	if (is_ours(parent))
		return -ENOENT;
	/* An init may have gone on into namespaces of its own that look the same from here. Whoever
	 * is root in the container has every right over what would be made in there. */
	above = ioctl(parent, NS_GET_PARENT);
	return above >= 0 && is_ours(above) ? take_fd(&parent) : -EBADF;
}

/* Of those that run beside it, as holder_of. Some of the names will do, not all of thousands. */
static int find(const struct launch_request *request)
{
	_cleanup_close_ int base_fd =
		openat(request->dir->dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	union {
		struct dirent first;
		char data[2048];
	} names;
	long len = base_fd < 0 ? 0 : syscall(SYS_getdents64, base_fd, &names, sizeof(names));
	int found = -EBADF, n_inits = 0;

	for (long at = 0; at < len && n_inits < SIBLINGS_MAX;) {
		const struct dirent *entry = (const void *)(names.data + at);
		pid_t init = entry->d_name[0] == '.' ? 0 : init_of(base_fd, entry->d_name);
		int r = init > 0 ? holder_of(request, init) : -EBADF;

		if (r >= 0)
			return r;
		if (r == -ENOENT)
			found = r;
		n_inits += init > 0;
		at += entry->d_reclen;
	}
	return found;
}

/* ---- making one ---- */

/* Each id under its own number, with the caller's own: who has none there can make nothing. */
static int list_held(const struct launch_request *request, struct conf_idmaps *ret_held)
{
	const struct conf_idmaps *maps = &request->plan->maps;
	const struct caller *caller = &request->store->caller;
	const uint32_t own[] = { [IDMAP_UID] = caller->uid, [IDMAP_GID] = caller->gid };
	int r = 0;

	for (size_t i = 0; i < maps->n && r == 0; i++)
		r = idmap_add(ret_held, maps->items[i].kind, maps->items[i].host_first,
		              maps->items[i].host_first, maps->items[i].count);
	for (enum idmap_kind kind = IDMAP_UID; kind <= IDMAP_GID && r == 0; kind++)
		if (idmap_to_ns(maps, kind, own[kind]) < 0)
			r = idmap_add(ret_held, kind, own[kind], own[kind], 1);
	return r;
}

static int map_holder(const struct launch_request *request, pid_t pid, struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps held = {};
	_cleanup_(idmap_write_abort) struct idmap_job job = {};
	int r = list_held(request, &held) < 0 ? err_oom(err) : 0;

	if (r == 0)
		r = idmap_write_start(&held, IDMAP_WRITE_TOOLS, pid, &job, err);
	return r < 0 ? r : idmap_write_finish(&job, &request->store->caller, err);
}

/* By a process that ends once we have its namespace, or with us. */
static int make(const struct launch_request *request)
{
	_cleanup_close_ int pidfd = -EBADF, userns = -EBADF;
	struct err err = {};
	pid_t us = getpid(), pid = proc_clone(CLONE_NEWUSER, -EBADF, &pidfd);
	int status;

	if (pid < 0)
		return -EBADF;
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		while (getppid() == us)
			(void)pause();
		_exit(1);
	}
	if (map_holder(request, pid, &err) == 0)
		userns = open_userns(pid);
	else
		log_debug("no user namespace that holds the ids: %s", err.msg);
	(void)pidfd_kill(pidfd, SIGKILL);
	(void)pidfd_wait(pidfd, &status);
	return take_fd(&userns);
}

int holder_open(const struct launch_request *request)
{
	_cleanup_close_ int fd = may_be_held(request->plan) ? find(request) : -EBADF;

	/* One for a single command would end with that. */
	if (fd == -EBADF || (fd == -ENOENT && !request->stdio_null) || !is_granted(request))
		return -EBADF;
	return fd == -ENOENT ? make(request) : take_fd(&fd);
}

int holder_enter(int holder_fd)
{
	if (setns(holder_fd, CLONE_NEWUSER) < 0)
		return -errno;
	/* Else /proc/PID of the process that we make would be root's, uid_map as well. Who may look
	 * into us is who could before: the kernel asks for rights over the holder. */
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? -errno : 0;
}

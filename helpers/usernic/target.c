/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic.h"

#include "priv/auth.h"
#include "priv/open.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

bool target_allowed(const struct target_facts *facts, uid_t caller)
{
	return AUTH(facts->fs_type == NSFS_MAGIC) && AUTH(facts->ns_type == CLONE_NEWNET) &&
	       AUTH(facts->netns != facts->own_netns) && AUTH(facts->owner == caller) &&
	       AUTH(facts->parent == facts->own_userns);
}

/* All namespaces are on one file system, so the number of the inode says which one it is. */
static bool gather(int netns_fd, int proc_fd, struct target_facts *ret_facts)
{
	struct stat netns, own_netns, parent, own_userns;
	struct statfs fs;
	int userns_fd;

	/* What an ioctl means to another file, a device say, nobody knows. */
	if (fstatfs(netns_fd, &fs) < 0 || fs.f_type != NSFS_MAGIC)
		return false;
	userns_fd = ioctl(netns_fd, NS_GET_USERNS);
	if (fstat(netns_fd, &netns) < 0 || fstatat(proc_fd, "self/ns/net", &own_netns, 0) < 0 ||
	    fstatat(proc_fd, "self/ns/user", &own_userns, 0) < 0 ||
	    fstat(ioctl(userns_fd, NS_GET_PARENT), &parent) < 0)
		return false;
	*ret_facts = (struct target_facts){ .fs_type = (uint64_t)fs.f_type,
		                            .ns_type = ioctl(netns_fd, NS_GET_NSTYPE),
		                            .netns = netns.st_ino,
		                            .own_netns = own_netns.st_ino,
		                            .parent = parent.st_ino,
		                            .own_userns = own_userns.st_ino };
	return ioctl(userns_fd, NS_GET_OWNER_UID, &ret_facts->owner) == 0;
}

/* The rules of ptrace(2) decide whether the caller may. */
static int look_up(uint32_t pid, int proc_fd, const struct priv_caller *caller)
{
	char path[32];
	int fd;

	(void)snprintf(path, sizeof(path), "%u/ns/net", pid);
	priv_as_caller(caller);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	priv_as_root();
	return fd;
}

int target_open(const struct request *request, const struct priv_caller *caller)
{
	const int proc_fd = priv_open_proc();
	const int fd = request->pid ? look_up(request->pid, proc_fd, caller) : request->fd;
	struct target_facts facts;

	return fd >= 0 && gather(fd, proc_fd, &facts) && target_allowed(&facts, caller->uid) ? fd
	                                                                                     : -1;
}

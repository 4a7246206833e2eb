/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lend.h"

#include "priv/auth.h"
#include "priv/open.h"
#include "priv/say.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKPLACE "/proc" /* covered in a mount namespace of our own */
#define NO_FD 255
#define CANNOT "the kernel cannot do this here"

/* ---- children ---- */

/* A child in new namespaces, with our descriptors: what it opens is open here, and its exit code is
 * the number. */
static pid_t start_child(unsigned long namespaces, int (*fn)(const void *arg), const void *arg)
{
	const long pid = syscall(SYS_clone, namespaces | CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		const int fd = fn(arg);

		_exit(fd >= 0 && fd < NO_FD ? fd : NO_FD);
	}
	if (pid < 0)
		priv_fail(CANNOT);
	return (pid_t)pid;
}

static int child_result(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) == NO_FD)
		priv_fail(CANNOT);
	return WEXITSTATUS(status);
}

/* ---- the map ---- */

static int open_namespace(const void *proc_fd)
{
	return openat(*(const int *)proc_fd, "self/ns/user", O_RDONLY | O_CLOEXEC);
}

/* Where another pid namespace is shown, our child's number is somebody else's. */
static bool is_our_proc(int proc_fd)
{
	char text[32] = "", number[32];

	(void)snprintf(number, sizeof(number), "%d", getpid());
	return readlinkat(proc_fd, "self", text, sizeof(text) - 1) > 0 && strcmp(text, number) == 0;
}

static void write_map(int proc_fd, pid_t pid, const char *name, const struct map *map)
{
	char path[32], text[ORDER_EXTENTS_MAX * 36];
	size_t len = 0;
	int fd;

	for (size_t i = 0; i < map->n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%u %u %u\n",
		                        map->list[i].disk, map->list[i].seen, map->list[i].count);
	(void)snprintf(path, sizeof(path), "%d/%s", pid, name);
	fd = openat(proc_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		priv_fail(CANNOT);
	(void)close(fd);
}

/* The child's files are there until it is reaped, so nobody has to wait for the other. */
int lend_namespace(const struct order *order, int proc_fd)
{
	pid_t pid;

	if (!AUTH(is_our_proc(proc_fd)))
		priv_fail("cannot start");
	pid = start_child(CLONE_NEWUSER, open_namespace, &proc_fd);
	write_map(proc_fd, pid, "uid_map", &order->uids);
	write_map(proc_fd, pid, "gid_map", &order->gids);
	return child_result(pid);
}

/* ---- the copy ---- */

/* What is mounted below comes along, so that it cannot be overlooked: lend_lock counts. */
int lend_copy(const struct source *source, const struct order *order, int namespace_fd)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP | order->attr,
		                   .propagation = MS_PRIVATE,
		                   .userns_fd = (unsigned int)namespace_fd };
	const unsigned int flags =
		AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	const int fd = (int)syscall(SYS_open_tree, source->fd, "", flags);

	if (fd < 0)
		priv_fail(CANNOT);
	if (!AUTH(source_is_same(source, fd)))
		priv_fail("the directory has changed");
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		priv_fail("the file system cannot do this");
	return fd;
}

/* ---- locks ---- */

/* Of what is tried, all must be refused, as it then is for who gets the mount. */
static bool is_locked(int fd, uint64_t attr)
{
	static const struct mount_attr changes[] = {
		{ .attr_clr = MOUNT_ATTR_NODEV },
		{ .attr_clr = MOUNT_ATTR_RDONLY },
		{ .attr_clr = MOUNT_ATTR_NOSUID },
		{ .attr_clr = MOUNT_ATTR_NOEXEC },
		{ .attr_clr = MOUNT_ATTR__ATIME, .attr_set = MOUNT_ATTR_STRICTATIME },
	};

	for (size_t i = 0; i < PRIV_COUNT(changes); i++) {
		struct mount_attr change = changes[i];

		if ((change.attr_set || (attr & change.attr_clr)) &&
		    !AUTH(syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &change,
		                  sizeof(change)) < 0 &&
		          errno == EPERM))
			return false;
	}
	return true;
}

static int copy_workplace(const void *unused)
{
	(void)unused;
	return (int)syscall(SYS_open_tree, AT_FDCWD, WORKPLACE,
	                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

void lend_look(int proc_fd, uint64_t mount_id, struct mounts_facts *ret_facts)
{
	static char text[MOUNTS_TEXT_MAX];

	if (priv_read_at(proc_fd, "self/mountinfo", text, sizeof(text)) < 0)
		priv_fail("cannot start");
	mounts_find(text, mount_id, ret_facts);
}

static void attach(int fd)
{
	if (syscall(SYS_move_mount, fd, "", AT_FDCWD, WORKPLACE, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		priv_fail(CANNOT);
}

static void attach_privately(int fd)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		priv_fail(CANNOT);
	attach(fd);
}

/* The kernel locks what it copies for a user namespace: here one without ids. A detached copy keeps
 * the namespace it was made in, which counts as root's as long as somebody has the copy; so what is
 * handed out is a copy of ours of that copy. */
static int copy_locked(void)
{
	attach(child_result(start_child(CLONE_NEWUSER | CLONE_NEWNS, copy_workplace, NULL)));
	return copy_workplace(NULL);
}

int lend_lock(int copy_fd, const struct mounts_facts *facts, uint64_t attr, int proc_fd)
{
	const uint64_t wanted = facts->attr | attr;
	struct mounts_facts copy;
	uint64_t id;
	int fd;

	attach_privately(copy_fd);
	if (!source_mount_id(copy_fd, &id))
		priv_fail(CANNOT);
	lend_look(proc_fd, id, &copy);
	if (!AUTH(copy.n_below == 0))
		priv_fail("something is mounted below the directory");
	if (!AUTH(mounts_is_copy(&copy, facts, wanted)))
		priv_fail(CANNOT);
	fd = copy_locked();
	if (fd < 0 || !AUTH(is_locked(fd, wanted)))
		priv_fail(CANNOT);
	return fd;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount/apply.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "mount/mount-internal.h"
#include "os/mountfd.h"
#include "os/path.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

int mount_isolate(struct err *err)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_set(err, -errno, "cannot separate the mounts from the host's");
	return 0;
}

bool mount_is_device(const struct mount_op *op, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(op->major, op->minor);
}

int mount_open_device(const struct mount_op *op, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64];

	(void)snprintf(path, sizeof(path), "/dev/%s", op->source);
	fd = mountfd_clone(AT_FDCWD, path, false);
	if (fd < 0)
		return err_set(err, fd, "cannot take device '%s' from the host", path);
	if (!mount_is_device(op, fd))
		return err_say(err, -ENODEV, "'%s' of the host is not character device %u:%u", path,
		               op->major, op->minor);
	return take_fd(&fd);
}

/* Where in the hierarchy mounted at @point is the container's own cgroup? Returns the text behind
 * @point, NULL when there is none; *@ret_path is all of it. */
static const char *find_cgroup(const struct mount_sources *sources, const char *point,
                               const char **ret_path)
{
	const char *const *path = sources->cgroups;
	size_t len = strlen(point);

	for (; path && *path; path++) {
		*ret_path = *path;
		if (strncmp(*path, point, len) == 0 && (*path)[len] == '/')
			return *path + len;
	}
	return NULL;
}

static int open_cgroup(const struct mount_op *op, const struct mount_sources *sources,
                       struct err *err)
{
	const char *path;
	int fd;

	if (!find_cgroup(sources, op->source, &path))
		return err_say(err, -ENOENT, "the container has no cgroup of its own below '%s'",
		               op->source);
	fd = mountfd_clone(AT_FDCWD, path, false);
	return fd < 0 ? err_set(err, fd, "cannot take cgroup '%s' for the container", path) : fd;
}

static int open_layer(const struct mount_op *op, struct err *err)
{
	int fd = open(op->source, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(err, -errno, "cannot open '%s', the %s of an overlay", op->source,
	                        op->target)
	              : fd;
}

static int open_source(const struct mount_op *op, const struct mount_sources *sources,
                       struct err *err)
{
	int fd;

	if (op->kind == MOUNT_DEVICE && !op->mknod)
		return mount_open_device(op, err);
	if (op->kind == MOUNT_BIND_CGROUP)
		return open_cgroup(op, sources, err);
	if (op->kind == MOUNT_LAYER && !op->idmap)
		return open_layer(op, err);
	if (op->kind != MOUNT_BIND_HOST || op->idmap)
		return -EBADF;
	fd = mountfd_clone(AT_FDCWD, op->source, op->recursive);
	if (fd == -EINVAL && !op->recursive) {
		/* What lies below was mounted by a more privileged namespace and covers what we
		 * may not see: only the whole can be bound. */
		fd = mountfd_clone(AT_FDCWD, op->source, true);
	}
	if (fd >= 0)
		return fd;
	err_set(err, fd, "cannot take '%s' from the host for the container's '/%s'", op->source,
	        op->target);
	if (fd == -ENOENT)
		err_hint(err, "make it on the host; with 'optional' among the options of an "
		              "lxc.mount.entry the container starts without it");
	else if (fd == -EACCES)
		err_hint(err, "you may not search a directory above it");
	return fd;
}

int mount_sources_open(const struct mount_plan *plan, struct mount_sources *sources,
                       struct err *err)
{
	sources->fds = calloc(plan->n ? plan->n : 1, sizeof(*sources->fds));
	if (!sources->fds)
		return err_oom(err);
	for (size_t i = 0; i < plan->n; i++) {
		struct err why = {};
		int fd = open_source(&plan->ops[i], sources, &why);

		sources->fds[sources->n++] = fd;
		if (fd >= 0 || fd == -EBADF)
			continue;
		if (!plan->ops[i].optional) {
			if (err)
				*err = why;
			return why.code;
		}
		log_info("%s; it is optional, continuing without it", why.msg);
	}
	return 0;
}

void mount_sources_done(struct mount_sources *sources)
{
	for (size_t i = 0; i < sources->n; i++)
		cleanup_close(&sources->fds[i]);
	free(sources->fds);
	sources->fds = NULL;
	sources->n = 0;
}

/* A word that lifts a restriction does nothing where the host's mount imposes it. */
static int set_attributes(int fd, uint64_t set, uint64_t clear, uint64_t propagation,
                          bool recursive)
{
	int r;

	if (!set && !clear && !propagation)
		return 0;
	r = mountfd_set_attr(fd, set, clear, propagation, recursive);
	if (r == -EPERM && clear)
		r = mountfd_set_attr(fd, set, set & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0,
		                     propagation, recursive);
	return r;
}

int mount_root_attach(const struct mount_plan *plan, const struct mount_sources *sources,
                      const char *mount_point, struct err *err)
{
	const struct mount_entry *options = &plan->rootfs_options;
	_cleanup_close_ int target = -EBADF;
	int r;

	if (mount_point) {
		target = open(mount_point, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (target < 0)
			return err_set(err, -errno, "cannot open lxc.rootfs.mount '%s'",
			               mount_point);
	}
	r = mountfd_attach(sources->root, target >= 0 ? target : sources->under);
	if (r < 0)
		return err_set(err, r, "cannot mount the root file system");
	/* Its propagation is set after pivot_root, which refuses a shared mount. */
	r = set_attributes(sources->root, options->attr_set, options->attr_clear, 0, true);
	if (r < 0)
		err_set(err, r, "cannot apply lxc.rootfs.options");
	if (r == -EPERM)
		err_hint(err, "a user namespace cannot take away what restricts a mount of the "
		              "host (ro, nosuid, nodev, noexec), nor change its times of access");
	return r;
}

static int open_target(const struct mount_op *op, int root_fd)
{
	if (op->create_dir)
		return path_make_dir(root_fd, op->target, 0755);
	if (op->create_file)
		return path_make_file(root_fd, op->target, 0000);
	return path_open_beneath(root_fd, op->target, O_PATH);
}

/* Does the root file system belong to somebody the container has no id for? */
static bool is_foreign(int root_fd)
{
	struct stat st;

	return fstat(root_fd, &st) == 0 && st.st_uid == PROC_OVERFLOW_ID;
}

static int target_error(const struct mount_op *op, int root_fd, int code, struct err *err)
{
	const char *why = path_error_text(code);

	if (why)
		err_say(err, code, "cannot use '/%s' of the root file system: %s", op->target, why);
	else
		err_set(err, code, "cannot use '/%s' of the root file system", op->target);
	if (code == -ENOENT)
		err_hint(err, "add create=dir or create=file to the mount's options");
	else if (code == -ELOOP)
		err_hint(err,
		         "replace the link by a real directory or file; links are never followed "
		         "when mounting");
	else if ((code == -EACCES || code == -EOVERFLOW) && is_foreign(root_fd))
		err_hint(err, "the root file system belongs to an id that lxc.idmap does not map: "
		              "its files need the owners that the map gives them on the host");
	else if (code == -EACCES)
		err_hint(err, "the container's root needs write permission there");
	return code;
}

static bool is_dir(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Puts a detached tree on the step's target. */
static int attach_tree(const struct mount_op *op, int tree, int root_fd, struct err *err)
{
	_cleanup_close_ int target = open_target(op, root_fd);
	int r;

	if (target < 0)
		return target_error(op, root_fd, target, err);
	r = mountfd_attach(tree, target);
	if (r < 0 && is_dir(tree) != is_dir(target)) {
		err_say(err, r,
		        "cannot mount '%s' on '/%s' of the container: '%s' is a directory, "
		        "the other is not",
		        op->source, op->target, is_dir(tree) ? op->source : op->target);
		err_hint(err, "a directory goes on a directory, a file on a file");
		return r;
	}
	if (r < 0)
		return err_set(err, r, "cannot mount '%s' on '/%s' of the container", op->source,
		               op->target);
	return 0;
}

static int new_error(const struct mount_op *op, int code, const char *why, struct err *err)
{
	if (code == -ENODEV) {
		err_say(err, code, "the kernel has no file system type '%s' (for '/%s')",
		        op->source, op->target);
		err_hint(err, "/proc/filesystems lists the types; as root: modprobe %s",
		         op->source);
		return code;
	}
	err_set(err, code, "cannot make a '%s' file system for '/%s' of the container%s%s",
	        op->source, op->target, *why ? ": " : "", why);
	/* The kernel's words for: procfs or sysfs, of which we ourselves see only a part. */
	if (code == -EPERM && strstr(why, "too revealing"))
		err_hint(err,
		         "parts of the '%s' around us are covered: the container around us "
		         "needs nesting.conf, see NESTING in rlxc(1)",
		         op->source);
	else if (code == -EPERM)
		err_hint(err, "the kernel lets users mount few types, such as tmpfs and overlay: "
		              "mount it on the host and bind it into the container");
	else if (code == -EINVAL)
		err_hint(err, "check the options of its lxc.mount.entry");
	return code;
}

static int apply_new(const struct mount_op *op, int root_fd, struct err *err)
{
	char why[256];
	_cleanup_close_ int tree = mountfd_new_why(op->source, (const char *const *)op->options,
	                                           op->attr_set, why, sizeof(why));
	int r;

	if (tree < 0)
		return new_error(op, tree, why, err);
	r = attach_tree(op, tree, root_fd, err);
	if (r == 0 && op->propagation)
		(void)mountfd_set_attr(tree, 0, 0, op->propagation, op->propagation_recursive);
	return r;
}

static int apply_overlay(const struct mount_plan *plan, size_t i,
                         const struct mount_sources *sources, struct err *err)
{
	const struct mount_op *op = &plan->ops[i];
	_cleanup_close_ int target = open_target(op, sources->root), tree = -EBADF;
	int r;

	if (target < 0)
		return target_error(op, sources->root, target, err);
	tree = mount_overlay_make(plan, i, sources, target, err);
	r = tree < 0 ? tree : attach_tree(op, tree, sources->root, err);
	if (r == 0 && op->propagation)
		(void)mountfd_set_attr(tree, 0, 0, op->propagation, op->propagation_recursive);
	return r;
}

static int apply_bind(const struct mount_op *op, int source, int root_fd, struct err *err)
{
	_cleanup_close_ int inside = -EBADF, tree = -EBADF;
	int r;

	if (op->kind == MOUNT_BIND_INSIDE) {
		inside = path_open_beneath(root_fd, op->source, O_PATH);
		if (inside < 0)
			return target_error(op, root_fd, inside, err);
		tree = mountfd_clone(inside, "", op->recursive);
		if (tree < 0)
			return err_set(err, tree, "cannot bind '/%s' of the container", op->source);
		source = tree;
	}
	r = set_attributes(source, op->attr_set, op->attr_clear, 0, op->recursive);
	if (r < 0)
		return err_set(err, r, "cannot set the mount options of '/%s' of the container",
		               op->target);
	r = attach_tree(op, source, root_fd, err);
	if (r == 0 && op->propagation)
		(void)mountfd_set_attr(source, 0, 0, op->propagation, op->propagation_recursive);
	return r;
}

/* dev/NAME split into the directory and the name. */
static int open_dev_dir(const struct mount_op *op, int root_fd, const char **ret_name)
{
	const char *slash = strrchr(op->target, '/');
	_cleanup_free_ char *dir = slash ? strndup(op->target, (size_t)(slash - op->target)) : NULL;

	if (!dir)
		return -EINVAL;
	*ret_name = slash + 1;
	return path_open_beneath(root_fd, dir, O_PATH | O_DIRECTORY);
}

static int apply_device(const struct mount_op *op, int source, int root_fd, struct err *err)
{
	_cleanup_close_ int dir = -EBADF, file = -EBADF;
	const char *name;
	int r;

	dir = open_dev_dir(op, root_fd, &name);
	if (dir < 0)
		return target_error(op, root_fd, dir, err);
	if (op->mknod) {
		if (mknodat(dir, name, S_IFCHR | 0666, makedev(op->major, op->minor)) < 0)
			return err_set(err, -errno, "cannot make device '/%s' of the container",
			               op->target);
		return 0;
	}
	file = openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0000);
	r = file < 0 ? -errno : mountfd_attach(source, file);
	if (r < 0)
		return err_set(err, r, "cannot give device '/%s' to the container", op->target);
	return 0;
}

/* Convenience names only: a root file system that cannot take them goes without. */
static int apply_link(const struct mount_op *op, int root_fd)
{
	_cleanup_close_ int dir = -EBADF;
	const char *name;

	dir = open_dev_dir(op, root_fd, &name);
	if (dir >= 0)
		(void)symlinkat(op->source, dir, name);
	return 0;
}

/* The container's own cgroup, at the place below the target that it has in its hierarchy. */
static int apply_cgroup(const struct mount_op *op, const struct mount_sources *sources, int source,
                        struct err *err)
{
	const char *path, *below = find_cgroup(sources, op->source, &path);
	_cleanup_free_ char *target = NULL;
	struct mount_op placed = *op;

	if (asprintf(&target, "%s%s", op->target, below ? below : "") < 0)
		return err_oom(err);
	placed.target = target;
	return apply_bind(&placed, source, sources->root, err);
}

static int apply_change(const struct mount_op *op, int root_fd, struct err *err)
{
	_cleanup_close_ int target = path_open_beneath(root_fd, op->target, O_PATH);
	int r;

	if (target < 0)
		return target_error(op, root_fd, target, err);
	r = mountfd_set_attr(target, op->attr_set, op->attr_clear, op->propagation, op->recursive);
	return r < 0 ? err_set(err, r, "cannot set the mount options of '/%s' of the container",
	                       op->target)
	             : 0;
}

static int apply_op(const struct mount_plan *plan, size_t i, const struct mount_sources *sources,
                    struct err *err)
{
	const struct mount_op *op = &plan->ops[i];
	int root_fd = sources->root, source = sources->fds[i];

	switch (op->kind) {
	case MOUNT_NEW:
		return apply_new(op, root_fd, err);
	case MOUNT_BIND_INSIDE:
	case MOUNT_BIND_HOST:
		return apply_bind(op, source, root_fd, err);
	case MOUNT_BIND_CGROUP:
		return apply_cgroup(op, sources, source, err);
	case MOUNT_CHANGE:
		return apply_change(op, root_fd, err);
	case MOUNT_DEVICE:
		return apply_device(op, source, root_fd, err);
	case MOUNT_RESOLVER:
		mount_resolver_apply(op, root_fd);
		return 0;
	case MOUNT_LINK:
		return apply_link(op, root_fd);
	case MOUNT_LAYER:
		return 0;
	case MOUNT_OVERLAY:
		return apply_overlay(plan, i, sources, err);
	case MOUNT_MASK:
		return mount_mask_apply(op, root_fd, err);
	}
	return -EINVAL;
}

int mount_plan_apply(const struct mount_plan *plan, size_t first, size_t end,
                     const struct mount_sources *sources, struct err *err)
{
	for (size_t i = first; i < end; i++) {
		const struct mount_op *op = &plan->ops[i];
		struct err why = {};
		int r;

		if (op->kind == MOUNT_BIND_HOST && sources->fds[i] < 0)
			continue; /* optional and absent */
		r = apply_op(plan, i, sources, &why);
		if (r >= 0 || (op->skip_absent && r == -ENOENT))
			continue;
		if (!op->optional) {
			if (err)
				*err = why;
			return r;
		}
		log_info("%s; it is optional, continuing without it", why.msg);
	}
	return 0;
}

/* Where the root is the initial ramfs, which cannot be pivoted away from. Elsewhere it would leave
 * the host's tree below the container's, where its root could dig it out. */
static int enter_without_pivot(int root_fd)
{
	struct statfs fs;

	if (statfs("/", &fs) < 0)
		return -errno;
	if (fs.f_type != RAMFS_MAGIC && fs.f_type != TMPFS_MAGIC)
		return -EINVAL;
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || fchdir(root_fd) < 0 || chroot(".") < 0)
		return -errno;
	return 0;
}

static int verify_root(int root_fd, struct err *err)
{
	_cleanup_close_ int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t want, have;

	if (fd < 0 || mountfd_id(root_fd, &want) < 0 || mountfd_id(fd, &have) < 0)
		return err_set(err, -errno, "cannot look at the new root");
	if (want != have)
		return err_say(err, -ESTALE,
		               "the new root is not the container's root file system");
	return 0;
}

int mount_pivot(const struct mount_plan *plan, int root_fd, struct err *err)
{
	_cleanup_close_ int slave = -EBADF;
	int r;

	if (fchdir(root_fd) < 0)
		return err_set(err, -errno, "cannot enter the root file system");
	if (syscall(SYS_pivot_root, ".", ".") == 0) {
		if (umount2(".", MNT_DETACH) < 0)
			return err_set(err, -errno, "cannot let go of the host's root");
	} else {
		r = errno == EINVAL ? enter_without_pivot(root_fd) : -errno;
		if (r < 0)
			return err_set(err, r, "cannot make the root file system '/'");
	}
	if (chdir("/") < 0)
		return err_set(err, -errno, "cannot change to the new root");
	r = verify_root(root_fd, err);
	if (r < 0)
		return r;
	/* A group of its own: what the container mounts reaches its own namespaces. */
	r = mountfd_set_attr(root_fd, 0, 0, MS_SHARED, true);
	if (r == 0 && plan->rootfs_options.propagation)
		r = mountfd_set_attr(root_fd, 0, 0, plan->rootfs_options.propagation,
		                     plan->rootfs_options.propagation_recursive);
	if (r < 0)
		return err_set(err, r, "cannot make the container's mounts shared");
	if (!plan->slave_after_pivot)
		return 0;
	slave = path_open_beneath(root_fd, plan->slave_after_pivot, O_PATH);
	r = slave < 0 ? slave : mountfd_set_attr(slave, 0, 0, MS_SLAVE, true);
	return r < 0 ? err_set(err, r, "cannot make '%s' receive mounts of the host",
	                       plan->slave_after_pivot)
	             : 0;
}

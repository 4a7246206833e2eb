/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/child-internal.h"

#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "container/hooks.h"
#include "os/mountfd.h"
#include "term/term.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <unistd.h>

/* The leaves' names are known since they were made; the plan has none. */
static int open_sources(struct child *child, struct err *err)
{
	const struct cgroup *cgroup = child->request->cgroup;
	const char **paths = calloc(cgroup->n_v1 + 2, sizeof(*paths)); /* until exec */
	size_t n = 0;

	if (!paths)
		return err_oom(err);
	if (cgroup->payload_path)
		paths[n++] = cgroup->inner_path ? cgroup->inner_path : cgroup->payload_path;
	for (size_t i = 0; i < cgroup->n_v1; i++)
		paths[n++] = cgroup->v1[i].path;
	child->sources.cgroups = paths;
	return mount_sources_open(&child->plan->mounts, &child->sources, err);
}

int child_take_sources(struct child *child, struct err *err)
{
	const struct rootfs *rootfs = child->request->rootfs;
	int r = storage_take(&rootfs->storage, &rootfs->user, rootfs->fd, &child->root, err);

	return r < 0 ? r : open_sources(child, err);
}

/* A hook may have mounted what the container is to have. Where the container's root cannot look the
 * path up, its hook could not mount there either. */
static int run_pre_mount(struct child *child, struct err *err)
{
	const struct rootfs *rootfs = child->request->rootfs;
	_cleanup_(storage_root_done) struct storage_root root = STORAGE_ROOT_NONE;
	int r = child_run_hooks(child, CONF_HOOK_PRE_MOUNT, err);

	if (r < 0 || !child->conf->hooks[CONF_HOOK_PRE_MOUNT].n ||
	    !child->plan->mounts.has_rootfs || child->plan->mounts.rootfs_options.idmap)
		return r;
	if (storage_take(&rootfs->storage, &rootfs->user, -EBADF, &root, NULL) == 0) {
		storage_root_done(&child->root);
		child->root = root;
		root = STORAGE_ROOT_NONE;
	}
	return 0;
}

static const char *mount_point(const struct conf *conf)
{
	bool is_shown = conf->hooks[CONF_HOOK_PRE_MOUNT].n || conf->hooks[CONF_HOOK_MOUNT].n ||
	                conf->hooks[CONF_HOOK_AUTODEV].n;

	return is_shown ? hooks_rootfs_mount(conf) : conf->rootfs_mount;
}

static int mount_rootfs(struct child *child, struct err *err)
{
	const struct rootfs *rootfs = child->request->rootfs;
	int r = storage_mount(&rootfs->storage, &rootfs->user, &child->root, err);

	child->sources.root = child->root.tree;
	child->sources.under = child->root.under;
	return r < 0 ? r
	             : mount_root_attach(&child->plan->mounts, &child->sources,
	                                 mount_point(child->conf), err);
}

/* Without a root file system of its own the container still needs a /proc for its processes. */
static int mount_host_proc(const struct child *child, struct err *err)
{
	_cleanup_close_ int tree = -EBADF, target = -EBADF;
	int r;

	if (!child_is_new(child, NS_MNT) || !child_is_new(child, NS_PID))
		return 0;
	tree = mountfd_new("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	target = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = tree < 0 ? tree : target < 0 ? -errno : mountfd_attach(tree, target);
	return r < 0 ? err_set(err, r, "cannot mount '/proc' for the container") : 0;
}

/* Job control needs a terminal of one's own, and what is inside could type at the caller's. */
static int open_host_console(struct child *child, struct err *err)
{
	if (!child->plan->mounts.console || child->request->stdio_null || !isatty(0))
		return 0;
	return pty_open_host(&child->ttys.console_master, &child->ttys.console_slave, err);
}

static int setup_on_host_files(struct child *child, struct err *err)
{
	int r = mount_host_proc(child, err);

	return r < 0 ? r : open_host_console(child, err);
}

int child_setup_mounts(struct child *child, struct err *err)
{
	const struct mount_plan *mounts = &child->plan->mounts;
	int r = run_pre_mount(child, err);

	if (r < 0 || !mounts->has_rootfs)
		return r < 0 ? r : setup_on_host_files(child, err);
	r = mount_rootfs(child, err);
	if (r == 0)
		r = mount_plan_apply(mounts, 0, mounts->first_node, &child->sources, err);
	if (r == 0)
		r = child_run_hooks(child, CONF_HOOK_MOUNT, err);
	if (r == 0 && mounts->autodev)
		r = child_run_hooks(child, CONF_HOOK_AUTODEV, err);
	if (r == 0)
		r = mount_plan_apply(mounts, mounts->first_node, mounts->n, &child->sources, err);
	if (r == 0)
		r = mount_ttys_make(mounts, child->sources.root, &child->ttys, err);
	if (r == 0)
		r = mount_pivot(mounts, child->sources.root, err);
	return r;
}

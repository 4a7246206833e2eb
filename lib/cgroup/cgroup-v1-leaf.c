/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's leaves in the v1 hierarchies. They follow the rules of the payload's leaf
 * (cgroup-make.c): names, locks, left-overs. Two things are different: a process cannot be born in
 * one, it is moved; and a new cgroup of cpuset takes no process before it was given cpus and
 * memory nodes, here its parent's. */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/num.h"
#include "cgroup/cgroup-internal.h"
#include "os/fd.h"
#include "os/path.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CPUSET_MAX 4096 /* "0-3,8-11": a page is what the kernel shows */
#define LEVELS_MAX 16   /* from the leaf up to what the administrator has set */

/* Gives @fd what its parent has, which gets its own first where we made that, too. */
static int fill_from_above(int fd, const char *file, unsigned int levels)
{
	_cleanup_close_ int parent = -EBADF;
	char text[CPUSET_MAX];
	ssize_t n = fd_read_short(fd, file, text, sizeof(text));

	if (n < 0 || n > 1) /* cgroup.clone_children did it already */
		return n < 0 ? (int)n : 0;
	parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0 || levels == 0)
		return parent < 0 ? -errno : -ENOSPC;
	n = fill_from_above(parent, file, levels - 1);
	if (n == 0)
		n = fd_read_short(parent, file, text, sizeof(text));
	return n < 0 ? (int)n : fd_write_at(fd, file, text);
}

static int prepare_cpuset(const char *controllers, int leaf_fd)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	int r = 0;

	if (!cgroup_v1_has_word(controllers, "cpuset"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++)
		r = fill_from_above(leaf_fd, files[i], LEVELS_MAX);
	return r;
}

static void leaf_done(struct cgroup_v1_leaf *leaf)
{
	free(leaf->controllers);
	free(leaf->path);
	cleanup_close(&leaf->fd);
	*leaf = (struct cgroup_v1_leaf){ .fd = -EBADF };
}

static int make_leaf(const char *controllers, const char *dir, const struct cgroup_names *names,
                     struct cgroup_v1_leaf *ret_leaf, struct err *err)
{
	_cleanup_close_ int dir_fd = cgroup_v1_open_dir(AT_FDCWD, dir);
	_cleanup_(leaf_done) struct cgroup_v1_leaf leaf = { .fd = -EBADF };
	int r;

	if (dir_fd < 0)
		return err_set(err, dir_fd, "cannot open cgroup '%s'", dir);
	leaf.controllers = strdup(controllers);
	if (!leaf.controllers)
		return err_oom(err);
	r = cgroup_make_named(dir_fd, dir, CGROUP_LEAF_PAYLOAD, names, &leaf.path, &leaf.fd, err);
	if (r < 0)
		return r;
	r = prepare_cpuset(controllers, leaf.fd);
	if (r < 0) {
		(void)rmdir(leaf.path);
		return err_set(err, r, "cannot set up cgroup '%s'", leaf.path);
	}
	*ret_leaf = leaf;
	leaf = (struct cgroup_v1_leaf){ .fd = -EBADF };
	return 0;
}

int cgroup_v1_make(const struct cgroup_host *host, const struct cgroup_names *names,
                   struct cgroup *cgroup, struct err *err)
{
	if (!host->n_v1)
		return 0;
	cgroup->v1 = calloc(host->n_v1, sizeof(*cgroup->v1));
	if (!cgroup->v1)
		return err_oom(err);
	for (size_t i = 0; i < host->n_v1; i++) {
		const struct cgroup_hierarchy *at = &host->v1[i];
		struct err why = {};
		int r;

		if (at->why_not)
			continue;
		r = make_leaf(at->controllers, at->dir, names, &cgroup->v1[cgroup->n_v1], &why);
		if (r == -ENOMEM)
			return err_oom(err);
		/* A limit that needs this one finds no leaf and says so. */
		if (r < 0)
			log_info("%s, continuing without the v1 hierarchy '%s'", why.msg,
			         at->controllers);
		else
			cgroup->n_v1++;
	}
	return 0;
}

int cgroup_v1_reopen(struct cgroup *cgroup, const char *controllers, size_t len, const char *path,
                     struct err *err)
{
	struct cgroup_v1_leaf *list =
		reallocarray(cgroup->v1, cgroup->n_v1 + 1, sizeof(*cgroup->v1));
	struct cgroup_v1_leaf *leaf;

	if (!list)
		return err_oom(err);
	cgroup->v1 = list;
	leaf = &list[cgroup->n_v1];
	*leaf = (struct cgroup_v1_leaf){ .fd = cgroup_v1_open_dir(AT_FDCWD, path) };
	if (leaf->fd < 0)
		return 0;
	(void)cgroup_lock_leaf(leaf->fd);
	leaf->controllers = strndup(controllers, len);
	leaf->path = strdup(path);
	cgroup->n_v1++;
	return leaf->controllers && leaf->path ? 0 : err_oom(err);
}

int cgroup_v1_renew(struct cgroup *cgroup, const struct cgroup_names *names, struct err *err)
{
	/* Where the leaf was, the directories are there already. */
	const struct cgroup_names here = { .name = names->name,
		                           .payload = names->payload ? path_last(names->payload)
		                                                     : NULL };

	for (size_t i = 0; i < cgroup->n_v1; i++) {
		struct cgroup_v1_leaf *leaf = &cgroup->v1[i], made;
		_cleanup_free_ char *dir = strdup(leaf->path);
		int r;

		if (!dir)
			return err_oom(err);
		if (leaf->fd >= 0)
			continue;
		*strrchr(dir, '/') = '\0';
		r = make_leaf(leaf->controllers, dir, &here, &made, err);
		if (r < 0)
			return r;
		leaf_done(leaf);
		*leaf = made;
	}
	return 0;
}

void cgroup_v1_prune(const struct cgroup *cgroup, const char *parent)
{
	for (size_t i = 0; i < cgroup->n_v1; i++) {
		_cleanup_free_ char *dir = strdup(cgroup->v1[i].path);
		size_t levels = 1;

		for (const char *s = parent; (s = strchr(s, '/')); s++)
			levels++;
		for (int r = 0; dir && levels && r == 0; levels--) {
			*strrchr(dir, '/') = '\0';
			r = rmdir(dir);
		}
	}
}

void cgroup_v1_done(struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->n_v1; i++)
		leaf_done(&cgroup->v1[i]);
	free(cgroup->v1);
	cgroup->v1 = NULL;
	cgroup->n_v1 = 0;
}

int cgroup_v1_fd(const struct cgroup *cgroup, const char *controller)
{
	for (size_t i = 0; i < cgroup->n_v1; i++)
		if (cgroup_v1_has_word(cgroup->v1[i].controllers, controller))
			return cgroup->v1[i].fd;
	return -EBADF;
}

static int enter(int leaf_fd, pid_t pid)
{
	char text[NUM_TEXT_MAX];

	return fd_write_at(leaf_fd, "cgroup.procs", num_format(text, pid));
}

int cgroup_v1_enter_fds(const int *fds, size_t n_fds, pid_t pid)
{
	int r = 0;

	for (size_t i = 0; i < n_fds && r == 0; i++)
		r = enter(fds[i], pid);
	return r;
}

int cgroup_v1_enter(const struct cgroup *cgroup, pid_t pid, struct err *err)
{
	for (size_t i = 0; i < cgroup->n_v1; i++) {
		const struct cgroup_v1_leaf *leaf = &cgroup->v1[i];
		int r = leaf->fd < 0 ? 0 : enter(leaf->fd, pid);

		if (r < 0)
			return err_set(err, r, "cannot move process %d into cgroup '%s'", (int)pid,
			               leaf->path);
	}
	return 0;
}

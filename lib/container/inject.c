/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child takes a detached copy of what the caller sees at the source, with the caller's own
 * rights, enters the container by entry.h and attaches it there. The MUSTs are those of
 * device-node.c: the source is opened before anything of the container is entered, and what is
 * inside is reached by descriptors, beneath the root, without following a link, as root of the
 * container. */
#include "container/inject.h"

#include "base/cleanup.h"
#include "container/control.h"
#include "container/entry.h"
#include "mount/entry.h"
#include "os/mountfd.h"
#include "os/path.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

struct job {
	struct entry entry;
	const char *source, *target; /* no source: to be unmounted */
	struct mount_entry options;
};

/* ---- what it will be ---- */

static int check_paths(const struct job *job, struct err *err)
{
	const char *wrong = NULL;

	if (job->source && job->source[0] != '/')
		wrong = job->source;
	else if (job->target[0] != '/' || !job->target[1])
		wrong = job->target;
	if (!wrong)
		return 0;
	err_say(err, -EINVAL, "'%s' is no absolute path below the root", wrong);
	err_hint(err, "such as /srv/data");
	return -EINVAL;
}

/* A copy is of what is mounted already, so that nothing is left to be said to a file system. */
static int check_options(const struct mount_entry *options, struct err *err)
{
	const char *wrong = options->data.n        ? options->data.items[0]
	                    : options->idmap       ? "idmap"
	                    : options->relative    ? "relative"
	                    : options->move        ? "move"
	                    : options->optional    ? "optional"
	                    : options->propagation ? "a propagation"
	                                           : NULL;

	if (!wrong)
		return 0;
	err_say(err, -EINVAL, "'%s' is not possible for a mount in a running container", wrong);
	err_hint(err,
	         "options are ro, nosuid, nodev, noexec, noatime and such, as for a bind mount");
	return -EINVAL;
}

/* ---- the way in ---- */

/* With all that is mounted below: for a user the kernel keeps these together. */
static int take_tree(const struct job *job, int *ret_tree, struct err *err)
{
	const struct mount_entry *options = &job->options;
	_cleanup_close_ int tree = mountfd_clone(AT_FDCWD, job->source, true);
	int r;

	if (tree < 0)
		return err_set(err, tree, "cannot take '%s' from the host", job->source);
	r = mountfd_set_attr(tree, options->attr_set, options->attr_clear, MS_PRIVATE, true);
	if (r < 0)
		return err_set(err, r, "cannot give the mount of '%s' these options", job->source);
	*ret_tree = take_fd(&tree);
	return 0;
}

static int attach(const struct job *job, int tree, int root_fd, struct err *err)
{
	_cleanup_close_ int target = -EBADF;
	struct stat st;
	int r;

	if (fstat(tree, &st) < 0)
		return err_set(err, -errno, "cannot look at '%s'", job->source);
	target = S_ISDIR(st.st_mode) ? path_make_dir(root_fd, job->target, 0755)
	                             : path_make_file(root_fd, job->target, 0644);
	if (target < 0)
		return entry_say_target(job->target, target, err);
	r = mountfd_attach(tree, target);
	if (r == 0)
		return 0;
	err_set(err, r, "cannot mount '%s' on '%s' of the container", job->source, job->target);
	if (r == -EINVAL)
		err_hint(err, "a directory goes on a directory, a file on a file");
	return r;
}

static int detach(const struct job *job, int root_fd, struct err *err)
{
	const char *name;
	_cleanup_close_ int dir = path_open_parent(root_fd, job->target, &name);
	int r;

	if (dir < 0)
		return entry_say_target(job->target, dir, err);
	r = mountfd_detach_at(dir, name);
	if (r == 0)
		return 0;
	if (r == -EINVAL)
		return err_say(err, r,
		               "nothing is mounted on '%s' of the container, or nothing that can "
		               "be taken away alone",
		               job->target);
	return err_set(err, r, "cannot take '%s' from the container", job->target);
}

static int enter(void *arg, struct err *err)
{
	const struct job *job = arg;
	_cleanup_close_ int tree = -EBADF, root_fd = -EBADF;
	int r = entry_join_userns(&job->entry, err);

	if (r == 0 && job->source)
		r = take_tree(job, &tree, err);
	if (r < 0)
		return r;
	root_fd = entry_join_mounts(&job->entry, err);
	if (root_fd < 0)
		return root_fd;
	return job->source ? attach(job, tree, root_fd, err) : detach(job, root_fd, err);
}

static int change(const struct store *store, const char *name, struct job *job, struct err *err)
{
	_cleanup_close_ int sock = -EBADF;
	int r = check_paths(job, err);

	if (r < 0)
		return r;
	sock = control_connect(store, name, err);
	if (sock < 0)
		return sock;
	r = entry_ask(sock, &job->entry, err);
	if (r < 0)
		return r;
	if (!(job->entry.facts.new_namespaces & NS_BIT(NS_MNT)))
		return err_say(err, -EOPNOTSUPP, "the container has no mounts of its own");
	return proc_run_child(enter, job, err);
}

static void job_done(struct job *job)
{
	entry_done(&job->entry);
	mount_entry_done(&job->options);
}

int container_mount(const struct store *store, const char *name, const char *source,
                    const char *target, const char *options, struct err *err)
{
	_cleanup_(job_done) struct job job = { .entry = ENTRY_NONE,
		                               .source = source,
		                               .target = target };
	int r = mount_options_parse(options ? options : "", &job.options, err);

	if (r == 0)
		r = check_options(&job.options, err);
	if (r == 0)
		r = change(store, name, &job, err);
	return r < 0 ? err_wrap(err, r, "cannot mount '%s' in container '%s'", source, name) : 0;
}

int container_umount(const struct store *store, const char *name, const char *target,
                     struct err *err)
{
	_cleanup_(job_done) struct job job = { .entry = ENTRY_NONE, .target = target };
	int r = change(store, name, &job, err);

	return r < 0 ? err_wrap(err, r, "cannot unmount '%s' in container '%s'", target, name) : 0;
}

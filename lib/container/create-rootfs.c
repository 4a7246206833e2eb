/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/create-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/ids.h"
#include "idmap/idmap.h"
#include "os/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory is made by the caller, who may reach it through ways that are closed to the
 * container's root (a 0700 home), and is then given to that root by a child inside the user
 * namespace, over the descriptor. The template runs in a child of that child (guard.h). */

static int refuse_entry(const struct creation *c, const char *path, const char *name,
                        struct err *err)
{
	if (strcmp(name, PARTIAL_NAME) == 0)
		return err_say(err, -EEXIST, "container '%s' is being created or removed right now",
		               c->options->name);
	err_say(err, -EEXIST, "'%s' is there already and not empty", path);
	err_hint(err, "choose a path where nothing is yet");
	return -EEXIST;
}

int create_check_empty(const struct creation *c, int dir_fd, const char *path, struct err *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	struct stat st;
	int fd;

	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "cannot read '%s'", path);
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return err_oom(err);
	}
	if (fstat(fd, &st) < 0 || st.st_uid != c->store->caller.uid) {
		err_say(err, -EPERM, "'%s' is there already and belongs to somebody else", path);
		err_hint(err, "choose a path where nothing is yet");
		return -EPERM;
	}
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    strcmp(name, MARK_NAME) != 0)
			return refuse_entry(c, path, name, err);
	}
	return 0;
}

/* Notes in the mark what was made outside the container's directory, before it is filled. */
static int note_outside(struct creation *c, bool made, struct err *err)
{
	struct stat st;

	if (fstat(c->rootfs_fd, &st) < 0)
		return err_set(err, -errno, "cannot examine '%s'", c->rootfs_path);
	c->mark.rootfs_path = strdup(c->rootfs_path);
	if (!c->mark.rootfs_path)
		return err_oom(err);
	c->mark.rootfs_inode = st.st_ino;
	c->mark.rootfs_made = made;
	c->noted_outside = true;
	return mark_write(c->dir_fd, &c->mark, err);
}

static int make_outside(struct creation *c, struct err *err)
{
	bool made = mkdir(c->rootfs_path, 0755) == 0;
	int r;

	if (!made && errno != EEXIST) {
		r = err_set(err, -errno, "cannot make '%s'", c->rootfs_path);
		if (r == -ENOENT)
			err_hint(err, "make the directory above it first");
		return r;
	}
	c->rootfs_fd = open(c->rootfs_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->rootfs_fd < 0)
		return err_set(err, -errno, "cannot open '%s'", c->rootfs_path);
	r = made ? 0 : create_check_empty(c, c->rootfs_fd, c->rootfs_path, err);
	return r < 0 ? r : note_outside(c, made, err);
}

static int make_inside(struct creation *c, struct err *err)
{
	if (mkdirat(c->dir_fd, "rootfs", 0755) < 0)
		return err_set(err, -errno, "cannot make '%s'", c->rootfs_path);
	c->rootfs_fd = path_open_beneath(c->dir_fd, "rootfs", O_RDONLY | O_DIRECTORY);
	if (c->rootfs_fd < 0)
		return err_set(err, c->rootfs_fd, "cannot open '%s'", c->rootfs_path);
	return 0;
}

int create_make_rootfs(struct creation *c, struct err *err)
{
	int r;

	if (!c->rootfs_path)
		return 0;
	r = c->outside ? make_outside(c, err) : make_inside(c, err);
	if (r < 0)
		return r;
	/* A set-gid directory above may have given it a group that the container does not know. */
	if (fchown(c->rootfs_fd, (uid_t)-1, c->store->caller.gid) < 0 ||
	    fchmod(c->rootfs_fd, 0755) < 0)
		return err_set(err, -errno, "cannot take '%s' over", c->rootfs_path);
	c->run.rootfs_fd = c->rootfs_fd;
	return 0;
}

/* ---- in children ---- */

struct fill {
	struct creation *c;
	int stop_fd;
};

static int silence(struct err *err)
{
	_cleanup_close_ int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		return err_set(err, -errno, "cannot open '/dev/null'");
	return 0;
}

/* The innermost child: the template itself. */
static int run_template(void *arg, struct err *err)
{
	struct creation *c = arg;
	int r;

	(void)umask(022);
	if (c->options->quiet) {
		r = silence(err);
		if (r < 0)
			return r;
	}
	return c->template->fill(&c->run, err);
}

/* A template may have replaced the configuration: it is the caller's file again. */
static void take_config_back(const struct creation *c)
{
	struct stat st;

	if (fstatat(c->dir_fd, "config", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid != c->run.uid)
		(void)fchownat(c->dir_fd, "config", c->run.uid, c->run.gid, AT_SYMLINK_NOFOLLOW);
}

/* As root of the container's ids. */
static int fill_inside(void *arg, struct err *err)
{
	const struct fill *fill = arg;
	struct creation *c = fill->c;
	int r;

	if (c->run.mapped && fchown(c->rootfs_fd, 0, 0) < 0)
		return err_set(err, -errno, "cannot give '%s' to the container's root",
		               c->rootfs_path);
	if (!c->template->fill)
		return 0;
	r = guard_supervise(&c->guard, fill->stop_fd, run_template, c, err);
	if (c->run.mapped)
		take_config_back(c);
	return r;
}

/* Mounts of a template go away with it. */
static void leave_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		log_debug("the template runs without a mount namespace of its own: %s",
		          strerror(errno));
}

static int fill_outside(void *arg, int stop_fd, struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	struct creation *c = arg;
	const struct caller *caller = &c->store->caller;
	struct fill fill = { .c = c, .stop_fd = stop_fd };

	if (!c->run.mapped) {
		leave_mounts();
		return fill_inside(&fill, err);
	}
	if (idmap_with_self(&c->mark.idmaps, caller, &maps) < 0)
		return err_oom(err);
	c->run.uid = ids_inside(&maps, IDMAP_UID, caller->uid);
	c->run.gid = ids_inside(&maps, IDMAP_GID, caller->gid);
	return idmap_run(&maps, caller, fill_inside, &fill, err);
}

int create_fill_rootfs(struct creation *c, struct err *err)
{
	int r;

	if (!c->rootfs_path)
		return 0;
	r = guard_run(&c->guard, fill_outside, c, err);
	if (r > 0) {
		err_say(err, -ECHILD, "template '%s' failed with exit status %d",
		        c->template == &template_external ? (const char *)c->run.data
		                                          : c->template->name,
		        r);
		err_hint(err, "%s",
		         c->options->quiet ? "run it again without -q to see what it says"
		                           : "what it printed is above; lxc-create -t TEMPLATE -h "
		                             "shows its options");
		return -ECHILD;
	}
	if (r == -EINTR && guard_check(&c->guard, NULL) == 0) {
		err_wrap(err, r, "template '%s' did not end by itself", c->options->template_name);
		err_hint(err, "somebody ended it, or the kernel for want of memory: see dmesg");
		return r;
	}
	return r;
}

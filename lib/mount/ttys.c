/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's terminals: an own devpts, its console and its ttys. The slaves are bound over
 * files of /dev by descriptor, the masters stay with the monitor. */
#include "mount/apply.h"

#include "base/cleanup.h"
#include "os/mountfd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

void mount_ttys_done(struct mount_ttys *ttys)
{
	cleanup_close(&ttys->console_master);
	cleanup_close(&ttys->console_slave);
	for (size_t i = 0; i < ttys->n; i++)
		cleanup_close(&ttys->masters[i]);
	ttys->n = 0;
}

static int attach_devpts(const struct mount_plan *plan, int root_fd, struct err *err)
{
	_cleanup_close_ int tree = -EBADF, target = -EBADF;
	char max[24];
	const char *options[] = { "newinstance", NULL, "ptmxmode", "0666", "mode", "0620",
		                  "max",         max,  NULL,       NULL,   NULL,   NULL };
	int r;

	(void)snprintf(max, sizeof(max), "%u", plan->pty_max + plan->n_ttys + 1);
	if (plan->tty_gid_mapped) {
		options[8] = "gid";
		options[9] = "5";
	}
	tree = mountfd_new("devpts", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (tree < 0)
		return err_set(err, tree, "cannot make the container's devpts");
	target = path_make_dir(root_fd, "dev/pts", 0755);
	r = target < 0 ? target : mountfd_attach(tree, target);
	if (r < 0)
		return err_set(err, r, "cannot mount devpts on '/dev/pts' of the container");
	return take_fd(&tree);
}

/* /dev/ptmx must be the multiplexer of the container's own devpts. */
static int make_ptmx(const struct mount_plan *plan, int root_fd, int pts, struct err *err)
{
	_cleanup_close_ int dev = -EBADF, tree = -EBADF, target = -EBADF;
	int r;

	if (plan->autodev) {
		dev = path_open_beneath(root_fd, "dev", O_PATH | O_DIRECTORY);
		if (dev >= 0 && (symlinkat("pts/ptmx", dev, "ptmx") == 0 || errno == EEXIST))
			return 0;
		return err_set(err, -errno, "cannot make '/dev/ptmx' of the container");
	}
	tree = mountfd_clone(pts, "ptmx", false);
	target = path_make_file(root_fd, "dev/ptmx", 0000);
	r = tree < 0 ? tree : target < 0 ? target : mountfd_attach(tree, target);
	return r < 0 ? err_set(err, r, "cannot mount '/dev/ptmx' of the container") : 0;
}

static int open_pair(int pts, int *ret_master, int *ret_slave, struct err *err)
{
	_cleanup_close_ int master = -EBADF;
	int unlock = 0, slave;

	master = path_open_same_mount(pts, "ptmx", O_RDWR | O_NOCTTY);
	if (master < 0)
		return err_set(err, master, "cannot open a terminal of the container");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_set(err, -errno, "cannot unlock a terminal of the container");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_set(err, -errno, "cannot open the container's end of a terminal");
	*ret_master = take_fd(&master);
	*ret_slave = slave;
	return 0;
}

static int bind_slave(int slave, int root_fd, const char *path, struct err *err)
{
	_cleanup_close_ int tree = -EBADF, target = -EBADF;
	int r;

	target = path_make_file(root_fd, path, 0000);
	tree = target < 0 ? target : mountfd_clone(slave, "", false);
	r = tree < 0 ? tree : mountfd_attach(tree, target);
	if (r < 0 && path_error_text(r))
		return err_say(err, r, "cannot use '/%s' of the container: %s", path,
		               path_error_text(r));
	return r < 0 ? err_set(err, r, "cannot mount the terminal on '/%s' of the container", path)
	             : 0;
}

static bool is_link_to(int dir_fd, const char *name, const char *target)
{
	char have[320];
	ssize_t n = readlinkat(dir_fd, name, have, sizeof(have));

	return n == (ssize_t)strlen(target) && memcmp(have, target, (size_t)n) == 0;
}

/* Binds @slave to dev/NAME, and with lxc.tty.dir also to dev/DIR/NAME. */
static int place(const struct mount_plan *plan, int root_fd, int slave, const char *name,
                 bool link_to_dir, struct err *err)
{
	char path[320], target[320];
	int r;

	if (plan->tty_dir) {
		_cleanup_close_ int dev = path_open_beneath(root_fd, "dev", O_PATH | O_DIRECTORY);

		(void)snprintf(path, sizeof(path), "dev/%s/%s", plan->tty_dir, name);
		(void)snprintf(target, sizeof(target), "%s/%s", plan->tty_dir, name);
		r = bind_slave(slave, root_fd, path, err);
		if (r < 0)
			return r;
		if (link_to_dir && dev >= 0 &&
		    (symlinkat(target, dev, name) == 0 || is_link_to(dev, name, target)))
			return 0;
	}
	(void)snprintf(path, sizeof(path), "dev/%s", name);
	return bind_slave(slave, root_fd, path, err);
}

static int make_console(const struct mount_plan *plan, int root_fd, int pts,
                        struct mount_ttys *ttys, struct err *err)
{
	int r;

	r = open_pair(pts, &ttys->console_master, &ttys->console_slave, err);
	return r < 0 ? r : place(plan, root_fd, ttys->console_slave, "console", false, err);
}

static int make_tty(const struct mount_plan *plan, int root_fd, int pts, struct mount_ttys *ttys,
                    struct err *err)
{
	_cleanup_close_ int slave = -EBADF;
	size_t i = ttys->n;
	char name[16];
	int r;

	r = open_pair(pts, &ttys->masters[i], &slave, err);
	if (r < 0)
		return r;
	ttys->n++;
	if (ioctl(ttys->masters[i], TIOCGPTN, &ttys->numbers[i]) < 0)
		return err_set(err, -errno, "cannot ask for a terminal's number");
	(void)snprintf(name, sizeof(name), "tty%zu", i + 1);
	return place(plan, root_fd, slave, name, true, err);
}

static int make_all(const struct mount_plan *plan, int root_fd, int pts,
                    struct mount_ttys *ret_ttys, struct err *err)
{
	_cleanup_(mount_ttys_done) struct mount_ttys ttys = MOUNT_TTYS_NONE;
	int r = plan->console ? make_console(plan, root_fd, pts, &ttys, err) : 0;

	while (r == 0 && ttys.n < plan->n_ttys)
		r = make_tty(plan, root_fd, pts, &ttys, err);
	if (r < 0)
		return r;
	*ret_ttys = ttys;
	ttys = MOUNT_TTYS_NONE;
	return 0;
}

static int check_number(const struct mount_plan *plan, struct err *err)
{
	if (plan->n_ttys <= MOUNT_TTYS_MAX)
		return 0;
	return err_say(err, -E2BIG, "lxc.tty.max = %u is too many, at most %d are possible",
	               plan->n_ttys, MOUNT_TTYS_MAX);
}

int mount_ttys_make(const struct mount_plan *plan, int root_fd, struct mount_ttys *ret_ttys,
                    struct err *err)
{
	_cleanup_close_ int pts = -EBADF;
	int r;

	if (!plan->private_devpts)
		return 0;
	r = check_number(plan, err);
	if (r < 0)
		return r;
	pts = attach_devpts(plan, root_fd, err);
	if (pts < 0)
		return pts;
	r = make_ptmx(plan, root_fd, pts, err);
	return r < 0 ? r : make_all(plan, root_fd, pts, ret_ttys, err);
}

/* ---- anew ---- */

static bool is_devpts(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC;
}

/* Takes the dead terminal away that is bound there. */
static void unbind(int root_fd, const char *path)
{
	const char *name;
	_cleanup_close_ int node = path_open_beneath(root_fd, path, O_PATH);
	_cleanup_close_ int dir = path_open_parent(root_fd, path, &name);

	if (node >= 0 && dir >= 0 && is_devpts(node))
		(void)mountfd_detach_at(dir, name);
}

static void displace(const struct mount_plan *plan, int root_fd, const char *name)
{
	char path[320];

	(void)snprintf(path, sizeof(path), "dev/%s", name);
	unbind(root_fd, path);
	if (!plan->tty_dir)
		return;
	(void)snprintf(path, sizeof(path), "dev/%s/%s", plan->tty_dir, name);
	unbind(root_fd, path);
}

int mount_ttys_renew(const struct mount_plan *plan, int root_fd, struct mount_ttys *ret_ttys,
                     struct err *err)
{
	_cleanup_close_ int pts = path_open_beneath(root_fd, "dev/pts", O_PATH | O_DIRECTORY);
	int r = check_number(plan, err); /* the configuration may have changed since the start */
	char name[16];

	if (r < 0)
		return r;
	if (pts < 0)
		return err_set(err, pts, "cannot open '/dev/pts' of the container");
	if (!is_devpts(pts))
		return err_say(err, -ENODEV, "'/dev/pts' of the container is no devpts");
	if (plan->console)
		displace(plan, root_fd, "console");
	for (uint32_t i = 0; i < plan->n_ttys; i++) {
		(void)snprintf(name, sizeof(name), "tty%u", i + 1);
		displace(plan, root_fd, name);
	}
	return make_all(plan, root_fd, pts, ret_ttys, err);
}

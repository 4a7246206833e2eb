/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/attach-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "caps/caps.h"
#include "cgroup/cgroup.h"
#include "container/environment.h"
#include "container/exec.h"
#include "container/passwd-shell.h"
#include "lsm/lsm.h"
#include "ns/ns.h"
#include "os/fd.h"
#include "os/proc.h"
#include "os/sock.h"
#include "term/term.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PASSWD_MAX (64 * 1024)
#define ENDING_MS 1000

static int open_container_pty(int *ret_master, int *ret_slave)
{
	_cleanup_close_ int master =
		open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;
	int unlock = 0, slave;

	if (master < 0 || fstatfs(master, &fs) < 0)
		return -errno;
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return -ENODEV;
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return -errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	*ret_master = take_fd(&master);
	*ret_slave = slave;
	return 0;
}

/* Where the container has no devpts the host's terminal pair serves. Without a terminal there is
 * none at all: by way of /dev/tty the caller's could be typed at (CVE-2016-10124). */
static int setup_terminal(const struct attach *attach, struct err *err)
{
	_cleanup_close_ int master = -EBADF, own = -EBADF;
	int slave = attach->host_slave, r;

	if (setsid() < 0)
		return err_set(err, -errno, "cannot leave the caller's session");
	if (!attach->wants_pty)
		return 0;
	if (open_container_pty(&master, &own) == 0)
		slave = own;
	r = sock_send(attach->sync_fd, "t", 1, &master, master >= 0 ? 1 : 0);
	if (r < 0)
		return err_set(err, r, "cannot hand the terminal over");
	if (!isatty(0)) /* the caller's terminal stays as it is, and ends lines itself */
		pty_plain_output(slave);
	for (int fd = 0; fd <= 2; fd++)
		if (isatty(fd) && dup2(slave, fd) < 0)
			return err_set(err, -errno, "cannot set up the terminal");
	(void)pty_make_controlling(slave);
	return 0;
}

static int remount(const struct attach *attach, struct err *err)
{
	/* Each shows one namespace: where that one is not joined, what is there is right, and a
	 * user could not mount it. */
	static const struct {
		const char *type, *path;
		enum ns_kind kind;
	} mounts[] = { { "proc", "/proc", NS_PID }, { "sysfs", "/sys", NS_NET } };

	if (!attach->options->remount_sys_proc || (attach->namespaces & NS_BIT(NS_MNT)))
		return 0; /* the container's own mount namespace has them */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_set(err, -errno, "cannot make a mount namespace");
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if ((attach->namespaces & NS_BIT(mounts[i].kind)) &&
		    mount(mounts[i].type, mounts[i].path, mounts[i].type,
		          MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
			return err_set(err, -errno, "cannot mount '%s'", mounts[i].path);
	return 0;
}

static int become_failed(const char *kind, uint32_t id, int code, struct err *err)
{
	if (code != -EINVAL)
		return err_set(err, code, "cannot become %s %u of the container", kind, id);
	err_say(err, code, "cannot become %s %u of the container: its lxc.idmap does not map it",
	        kind, id);
	err_hint(err, "choose a %s that the container has, or map this one and start it again",
	         kind);
	return code;
}

static int become_user(const struct attach *attach, uid_t *ret_uid, struct err *err)
{
	const struct rlxc_attach_options *options = attach->options;
	bool userns = attach->namespaces & NS_BIT(NS_USER);
	gid_t gid = options->gid >= 0 ? (gid_t)options->gid : userns ? attach->facts.gid : getgid();
	uid_t uid = options->uid >= 0 ? (uid_t)options->uid : userns ? attach->facts.uid : getuid();

	if (!attach->facts.keep_groups && setgroups(0, NULL) < 0 && errno != EPERM)
		return err_set(err, -errno, "cannot drop the supplementary groups");
	if (setresgid(gid, gid, gid) < 0)
		return become_failed("gid", gid, -errno, err);
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setresuid(uid, uid, uid) < 0)
		return become_failed("uid", uid, -errno, err);
	*ret_uid = uid;
	return 0;
}

/* As LXC has it: elevated over security modules is elevated over the filter too. */
static int filter_fd(const struct attach *attach)
{
	return attach->elevate & RLXC_ELEVATE_LSM ? -EBADF : attach->filter_fd;
}

/* Also with every capability, none is handed on to what the program executes. */
static int confine(const struct attach *attach, struct err *err)
{
	bool all = attach->elevate & RLXC_ELEVATE_CAP;
	int r;

	r = caps_regain(err);
	if (r == 0)
		r = caps_apply(all ? UINT64_MAX : attach->facts.bounding,
		               exec_filter_caps(filter_fd(attach)), err);
	if (r == 0 && attach->facts.no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_set(err, -errno, "cannot set no_new_privs");
	return r;
}

static void enter_cwd(const struct attach *attach)
{
	if (!attach->cwd || exec_enter_dir(attach->cwd) < 0)
		(void)!chdir("/");
}

/* Who the container says the program's user is. */
struct user {
	char name[256], home[256], shell[256];
};

static void read_user(uid_t uid, struct user *user)
{
	_cleanup_free_ char *passwd = NULL;

	(void)snprintf(user->name, sizeof(user->name), "%u", uid);
	(void)snprintf(user->home, sizeof(user->home), "/");
	(void)snprintf(user->shell, sizeof(user->shell), "/bin/sh");
	if (fd_read_file(AT_FDCWD, "/etc/passwd", PASSWD_MAX, &passwd, NULL) < 0)
		return;
	(void)passwd_find(passwd, uid, PASSWD_NAME, user->name, sizeof(user->name));
	(void)passwd_find(passwd, uid, PASSWD_HOME, user->home, sizeof(user->home));
	(void)passwd_find(passwd, uid, PASSWD_SHELL, user->shell, sizeof(user->shell));
}

/* As login(1) does it: what the shell's own files count on. */
static int log_in(const struct strv *given, const struct user *user, const char *shell,
                  struct err *err)
{
	const char *const values[][2] = { { "HOME", user->home },
		                          { "USER", user->name },
		                          { "LOGNAME", user->name },
		                          { "SHELL", shell } };
	_cleanup_(strv_done) struct strv env = {};
	char line[sizeof(user->home) + 16];
	int r = 0;

	for (size_t i = 0; i < given->n && r == 0; i++)
		r = strv_add(&env, given->items[i]);
	for (size_t i = 0; i < ARRAY_SIZE(values) && r == 0; i++) {
		(void)snprintf(line, sizeof(line), "%s=%s", values[i][0], values[i][1]);
		r = environment_set(&env, line);
	}
	return r < 0 ? err_oom(err) : exec_login_shell(shell, &env, err);
}

static int run_shell(const struct attach *attach, const struct user *user, const char *shell,
                     struct err *err)
{
	char *argv[] = { (char *)shell, NULL };

	return attach->options->login ? log_in(&attach->environment, user, shell, err)
	                              : exec_program(argv, &attach->environment, err);
}

static int run_program(const struct attach *attach, uid_t uid, struct err *err)
{
	char *const *argv = attach->options->argv;
	struct user user = {};
	int r;

	if (!argv)
		read_user(uid, &user);
	if (attach->options->login && exec_enter_dir(user.home) < 0)
		(void)!chdir("/");
	r = exec_prepare(filter_fd(attach), attach->notify_fd, err);
	if (r < 0)
		return r;
	if (argv) {
		r = exec_program(argv, &attach->environment, err);
		if (r == -ENOENT)
			err_hint(err, "it is looked for in the container's root file system, not "
			              "in the host's");
		return r;
	}
	r = run_shell(attach, &user, user.shell, err);
	if (r == -ENOENT)
		r = run_shell(attach, &user, "/bin/sh", err);
	if (r == -ENOENT)
		err_hint(err, "name a program that the container has: lxc-attach%s %s -- PROGRAM",
		         STORE_OPTION(attach->store), attach->name);
	return r;
}

/* What the caller had open is nobody's business inside, nor is the container's own cgroup. */
static int keep_only(const int *fds, size_t n, struct err *err)
{
	int r = fd_close_from(3, fds, n);

	return r < 0 ? err_set(err, r, "cannot close what the caller has open") : 0;
}

/* The command's end of the pair is closed with it. */
static int check_caller(const struct attach *attach, struct err *err)
{
	struct pollfd poller = { .fd = attach->sync_fd, .events = POLLRDHUP };

	if (poll(&poller, 1, 0) > 0 && (poller.revents & (POLLHUP | POLLRDHUP)))
		return err_say(err, -EPIPE, "the command that wanted to enter has ended");
	return 0;
}

/* A process cannot be born in a cgroup of v1, so this is the first that it does. */
static int enter_v1(const struct attach *attach, struct err *err)
{
	size_t n = 0;
	int r;

	while (n < CONTROL_V1_MAX && attach->v1_fds[n] >= 0)
		n++;
	r = cgroup_v1_enter_fds(attach->v1_fds, n, 0);
	return r < 0 ? err_set(err, r, "cannot enter the container's v1 cgroups") : 0;
}

/* By the process that will write to it. */
static int open_label(const struct attach *attach, int *ret_fd, struct err *err)
{
	if (attach->proc_fd < 0)
		return 0;
	*ret_fd = lsm_open(attach->proc_fd, &attach->facts.label, err);
	return *ret_fd < 0 ? *ret_fd : 0;
}

static int inside(const struct attach *attach, struct err *err)
{
	int label_fd = -EBADF;
	uid_t uid = 0;
	int r;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	r = enter_v1(attach, err);
	if (r == 0)
		r = open_label(attach, &label_fd, err);
	if (r < 0)
		return r;
	if ((attach->namespaces & NS_BIT(NS_CGROUP)) && setns(attach->init_fd, CLONE_NEWCGROUP) < 0)
		return err_set(err, -errno, "cannot join the container's cgroup namespace");
	r = keep_only((const int[]){ attach->sync_fd, attach->host_slave, attach->filter_fd,
	                             attach->notify_fd, label_fd, log_fd() },
	              6, err);
	if (r == 0)
		r = remount(attach, err);
	if (r == 0)
		r = setup_terminal(attach, err);
	if (r == 0)
		r = exec_replace_null(err);
	if (r == 0)
		r = become_user(attach, &uid, err);
	exec_hide();
	if (r == 0)
		r = confine(attach, err);
	if (r == 0)
		r = lsm_set(label_fd, &attach->facts.label, err);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (r == 0)
		r = check_caller(attach, err);
	if (r < 0)
		return r;
	(void)umask(022);
	if (attach->persona >= 0)
		(void)personality((unsigned long)attach->persona);
	enter_cwd(attach);
	return run_program(attach, uid, err);
}

/* ---- the process in between ---- */

static _Noreturn void fail(const struct attach *attach, int code, struct err *err)
{
	err->code = code;
	(void)sock_send(attach->sync_fd, err, sizeof(*err), NULL, 0);
	_exit(1);
}

size_t attach_list_fds(const struct attach *attach, int ret_fds[ATTACH_FDS_MAX])
{
	const int fds[] = { attach->sync_fd,    attach->init_fd,   attach->cgroup_fd,
		            attach->filter_fd,  attach->notify_fd, attach->link_fd,
		            attach->host_slave, log_fd() };

	memcpy(ret_fds, fds, sizeof(fds));
	memcpy(ret_fds + ARRAY_SIZE(fds), attach->v1_fds, sizeof(attach->v1_fds));
	return ARRAY_SIZE(fds) + CONTROL_V1_MAX;
}

static int open_proc(struct attach *attach, struct err *err)
{
	if (attach->facts.label.kind == LSM_NONE || (attach->elevate & RLXC_ELEVATE_LSM))
		return 0;
	attach->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return attach->proc_fd < 0 ? err_set(err, -errno, "cannot open '/proc'") : 0;
}

static int join(struct attach *attach, struct err *err)
{
	uint32_t now = attach->namespaces & ~NS_BIT(NS_CGROUP);
	int keep[ATTACH_FDS_MAX], r;

	exec_hide();
	r = keep_only(keep, attach_list_fds(attach, keep), err);
	if (r == 0)
		r = open_proc(attach, err);
	if (r == 0 && attach->facts.keyring)
		r = exec_new_keyring(&attach->facts.keyring_label, err);
	if (r < 0 || !now || setns(attach->init_fd, (int)ns_clone_flags(now)) == 0) {
		exec_hide(); /* new capabilities reset it */
		return r;
	}
	r = -errno;
	if (r == -ESRCH)
		return err_say(err, r, "it has just ended");
	err_set(err, r, "cannot join the container's namespaces");
	if (r == -EPERM && !(now & NS_BIT(NS_USER)))
		err_hint(err, "an ordinary user needs the user namespace as well: add USER to -s");
	return r;
}

/* Where the payload's own cgroup takes no processes the guests' leaf does. */
static pid_t clone_program(const struct attach *attach, int *ret_pidfd)
{
	uint64_t flags = attach->link_fd >= 0 ? 0 : CLONE_PARENT;
	pid_t pid = proc_clone(flags, attach->cgroup_fd, ret_pidfd);
	int guests;

	if (pid != -EBUSY || attach->cgroup_fd < 0)
		return pid;
	guests = cgroup_open_guests(attach->cgroup_fd);
	if (guests < 0)
		return guests;
	pid = proc_clone(flags, guests, ret_pidfd);
	(void)close(guests);
	return pid;
}

/* Want of processes or memory, and the end of the container, are the same from everywhere; what
 * else a clone into a cgroup fails for depends on who clones. */
static _Noreturn void fail_clone(const struct attach *attach, int code, struct err *err)
{
	/* A pid namespace says that when its init ends. */
	if (code == -ENOMEM && pidfd_wait_exit(attach->init_fd, ENDING_MS) == 0)
		err_say(err, code, "it has just ended");
	else
		err_set(err, code, "cannot start a process in the container");
	if (code == -EAGAIN && attach->cgroup_fd >= 0)
		err_hint(err, "its limit of processes is reached, or yours: -eCGROUP stays "
		              "outside of its cgroup");
	else if (code != -ENOMEM && code != -ENODEV && attach->cgroup_fd >= 0)
		(void)sock_send(attach->sync_fd, "r", 1, NULL, 0);
	fail(attach, code, err);
}

/* In the monitor's child: until the program or the command has ended. */
static _Noreturn void attend(const struct attach *attach, int pidfd)
{
	const int keep[] = { pidfd, attach->link_fd };
	struct pollfd pollers[] = { { .fd = pidfd, .events = POLLIN },
		                    { .fd = attach->link_fd, .events = POLLRDHUP } };
	int status;

	(void)fd_close_from(0, keep, ARRAY_SIZE(keep));
	while (poll(pollers, ARRAY_SIZE(pollers), -1) < 0 && errno == EINTR)
		;
	if (!pollers[0].revents)
		(void)pidfd_kill(pidfd, SIGKILL);
	if (pidfd_wait(pidfd, &status) == 0)
		(void)sock_send(attach->link_fd, &status, sizeof(status), NULL, 0);
	_exit(0);
}

_Noreturn void attach_join_and_clone(struct attach *attach)
{
	struct err err = {};
	int pidfd = -EBADF, r;
	pid_t pid;

	r = join(attach, &err);
	if (r < 0)
		fail(attach, r, &err);
	pid = clone_program(attach, &pidfd);
	if (pid < 0)
		fail_clone(attach, pid, &err);
	if (pid == 0) {
		r = inside(attach, &err);
		fail(attach, r, &err);
	}
	(void)sock_send(attach->sync_fd, "p", 1, &pidfd, 1);
	if (attach->link_fd >= 0)
		attend(attach, pidfd);
	_exit(0);
}

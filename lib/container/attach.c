/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/attach.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "caps/caps.h"
#include "cgroup/cgroup.h"
#include "container/control.h"
#include "container/environment.h"
#include "container/exec.h"
#include "container/passwd-shell.h"
#include "idmap/idmap.h"
#include "ns/ns.h"
#include "os/fd.h"
#include "os/mountfd.h"
#include "os/proc.h"
#include "os/sock.h"
#include "term/term.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PASSWD_MAX (64 * 1024)

struct attach {
	const struct store *store;
	const struct rlxc_attach_options *options;
	const char *name;
	struct control_attach facts;
	struct strv environment;
	uint32_t namespaces; /* NS_BIT of those to join */
	unsigned int elevate;
	int64_t persona;
	int init_fd, cgroup_fd;
	int sync_fd;    /* the inside's end */
	bool wants_pty; /* one of 0-2 is a terminal */
	int pty_log_fd; /* -EBADF: no copy of what passes */
	int host_slave; /* where the container has no devpts */
	char *cwd;
};

static void attach_done(struct attach *attach)
{
	strv_done(&attach->environment);
	cleanup_close(&attach->init_fd);
	cleanup_close(&attach->cgroup_fd);
	cleanup_close(&attach->sync_fd);
	cleanup_close(&attach->host_slave);
	cleanup_close(&attach->pty_log_fd);
	free(attach->cwd);
}

/* ---- before joining anything ---- */

static int keep_variable(struct strv *env, const char *name)
{
	const char *value = getenv(name);
	_cleanup_free_ char *line = NULL;

	if (!value)
		return 0;
	if (asprintf(&line, "%s=%s", name, value) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	return environment_set(env, line); /* PATH has a value already */
}

/* The terminal is the caller's, and a PATH that was kept gives way to a configured one only. */
static bool is_for_init_only(const struct strv *env, const char *line)
{
	if (str_starts_with(line, "TERM="))
		return true;
	return strcmp(line, "PATH=" ENVIRONMENT_PATH) == 0 && environment_get(env, "PATH");
}

/* Caller's (all, or what was asked for), then the container's, then the command line's. */
static int build_environment(struct attach *attach, const char *theirs, size_t len, struct err *err)
{
	const struct rlxc_attach_options *options = attach->options;
	struct strv *env = &attach->environment;
	int r = 0;

	for (char **line = environ; options->keep_env && *line && r == 0; line++)
		r = strv_add(env, *line);
	if (!options->keep_env) {
		r = strv_add(env, "PATH=" ENVIRONMENT_PATH);
		for (size_t i = 0; i < options->n_keep_vars && r == 0; i++)
			r = keep_variable(env, options->keep_vars[i]);
	}
	for (const char *s = theirs; s < theirs + len && r == 0; s += strlen(s) + 1)
		if (!is_for_init_only(env, s))
			r = environment_set(env, s);
	if (r == 0 && !options->keep_env && getenv("TERM")) {
		char term[128];

		(void)snprintf(term, sizeof(term), "TERM=%s", getenv("TERM"));
		r = environment_set(env, term);
	}
	for (size_t i = 0; i < options->n_set_vars && r == 0; i++)
		r = environment_set(env, options->set_vars[i]);
	return r < 0 ? err_oom(err) : 0;
}

static void choose_namespaces(struct attach *attach)
{
	uint32_t asked = attach->options->namespaces;

	attach->elevate = attach->options->elevate;
	attach->namespaces = attach->facts.new_namespaces;
	if (asked) {
		attach->namespaces &= asked;
		attach->elevate = RLXC_ELEVATE_CAP | RLXC_ELEVATE_CGROUP | RLXC_ELEVATE_LSM;
	}
}

static int choose_persona(struct attach *attach, struct err *err)
{
	const char *arch = attach->options->arch;

	attach->persona = attach->facts.persona;
	if (!arch)
		return 0;
	if (!conf_arch_is_known(arch)) {
		err_say(err, -EINVAL, "unknown architecture '%s'", arch);
		err_hint(err, "for example x86_64, i686, arm64, armhf");
		return -EINVAL;
	}
	attach->persona = conf_arch_is_32bit(arch) ? PER_LINUX32 : PER_LINUX;
	return 0;
}

static int ask_monitor(struct attach *attach, int sock, struct err *err)
{
	char data[CONTROL_MAX];
	int fds[2], r;
	size_t len;

	r = control_call(sock, CONTROL_ATTACH, 0, NULL, data, sizeof(data), &len, fds, 2, err);
	if (r < 0)
		return r;
	attach->init_fd = fds[0];
	attach->cgroup_fd = fds[1];
	if (len < sizeof(attach->facts) || attach->init_fd < 0 ||
	    (len > sizeof(attach->facts) && data[len - 1] != '\0'))
		return err_say(err, -EBADMSG, "the container's monitor gave a malformed answer");
	memcpy(&attach->facts, data, sizeof(attach->facts));
	if (attach->facts.state == RLXC_FROZEN || attach->facts.state == RLXC_FREEZING) {
		err_say(err, -EBUSY, "container '%s' is frozen, nothing can run in it",
		        attach->name);
		err_hint(err, "thaw it first: lxc-unfreeze%s %s", STORE_OPTION(attach->store),
		         attach->name);
		return -EBUSY;
	}
	return build_environment(attach, data + sizeof(attach->facts), len - sizeof(attach->facts),
	                         err);
}

/* ---- the program's process, inside ---- */

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

/* Where the container has no devpts the host's terminal pair serves. */
static int setup_terminal(const struct attach *attach, struct err *err)
{
	_cleanup_close_ int master = -EBADF, own = -EBADF;
	int slave = attach->host_slave, r;

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
	if (setsid() >= 0)
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

	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return err_set(err, -errno, "cannot drop the supplementary groups");
	if (setresgid(gid, gid, gid) < 0)
		return become_failed("gid", gid, -errno, err);
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setresuid(uid, uid, uid) < 0) {
		return become_failed("uid", uid, -errno, err);
	}
	*ret_uid = uid;
	return 0;
}

/* Also with every capability, none is handed on to what the program executes. */
static int confine(const struct attach *attach, struct err *err)
{
	bool all = attach->elevate & RLXC_ELEVATE_CAP;
	int r;

	r = caps_regain(err);
	if (r == 0)
		r = caps_apply(all ? UINT64_MAX : attach->facts.bounding, err);
	if (r == 0 && attach->facts.no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_set(err, -errno, "cannot set no_new_privs");
	return r;
}

static void enter_cwd(const struct attach *attach)
{
	if (!attach->cwd || exec_enter_dir(attach->cwd) < 0)
		(void)!chdir("/");
}

static int run_program(const struct attach *attach, uid_t uid, struct err *err)
{
	_cleanup_free_ char *passwd = NULL;
	char shell[256] = "/bin/sh";
	char *login[] = { shell, NULL };
	int r = exec_prepare(err);

	if (r < 0)
		return r;
	if (attach->options->argv) {
		r = exec_program(attach->options->argv, &attach->environment, err);
		if (r == -ENOENT)
			err_hint(err, "it is looked for in the container's root file system, not "
			              "in the host's");
		return r;
	}
	if (fd_read_file(AT_FDCWD, "/etc/passwd", PASSWD_MAX, &passwd, NULL) == 0)
		(void)passwd_find_shell(passwd, uid, shell, sizeof(shell));
	r = exec_program(login, &attach->environment, err);
	if (r == -ENOENT && strcmp(shell, "/bin/sh") != 0) {
		(void)snprintf(shell, sizeof(shell), "/bin/sh");
		r = exec_program(login, &attach->environment, err);
	}
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

/* The parent's end of the pair is closed with it. */
static int check_parent(const struct attach *attach, struct err *err)
{
	struct pollfd poller = { .fd = attach->sync_fd, .events = POLLRDHUP };

	if (poll(&poller, 1, 0) > 0 && (poller.revents & (POLLHUP | POLLRDHUP)))
		return err_say(err, -EPIPE, "the command that wanted to enter has ended");
	return 0;
}

static int inside(const struct attach *attach, struct err *err)
{
	uid_t uid = 0;
	int r = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if ((attach->namespaces & NS_BIT(NS_CGROUP)) && setns(attach->init_fd, CLONE_NEWCGROUP) < 0)
		return err_set(err, -errno, "cannot join the container's cgroup namespace");
	r = keep_only((const int[]){ attach->sync_fd, attach->host_slave, log_fd() }, 3, err);
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
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (r == 0)
		r = check_parent(attach, err);
	if (r < 0)
		return r;
	(void)umask(022);
	if (attach->persona >= 0)
		(void)personality((unsigned long)attach->persona);
	enter_cwd(attach);
	return run_program(attach, uid, err);
}

/* ---- the helper in between ---- */

static _Noreturn void fail(const struct attach *attach, int code, struct err *err)
{
	err->code = code;
	(void)sock_send(attach->sync_fd, err, sizeof(*err), NULL, 0);
	_exit(1);
}

static pid_t clone_among_guests(const struct attach *attach, int *ret_pidfd)
{
	_cleanup_close_ int guests = cgroup_open_guests(attach->cgroup_fd);

	return guests < 0 ? guests : proc_clone(CLONE_PARENT, guests, ret_pidfd);
}

static pid_t clone_sibling(const struct attach *attach, int *ret_pidfd)
{
	bool in_cgroup = attach->cgroup_fd >= 0 && !(attach->elevate & RLXC_ELEVATE_CGROUP);
	pid_t pid = proc_clone(CLONE_PARENT, in_cgroup ? attach->cgroup_fd : -EBADF, ret_pidfd);

	if (pid == -EBUSY && in_cgroup)
		pid = clone_among_guests(attach, ret_pidfd);
	if (pid < 0 && in_cgroup) {
		log_warn("cannot start in the container's cgroup: %s, continuing in the caller's",
		         strerror(-pid));
		pid = proc_clone(CLONE_PARENT, -EBADF, ret_pidfd);
	}
	return pid;
}

static _Noreturn void join_and_clone(const struct attach *attach)
{
	uint32_t now = attach->namespaces & ~NS_BIT(NS_CGROUP);
	const int keep[] = { attach->sync_fd, attach->init_fd, attach->cgroup_fd,
		             attach->host_slave, log_fd() };
	struct err err = {};
	int pidfd = -EBADF, r;
	pid_t pid;

	exec_hide();
	r = keep_only(keep, ARRAY_SIZE(keep), &err);
	if (r == 0 && attach->facts.keyring)
		r = exec_new_keyring(&err);
	if (r < 0)
		fail(attach, r, &err);
	if (now && setns(attach->init_fd, (int)ns_clone_flags(now)) < 0) {
		r = err_set(&err, -errno, "cannot join the container's namespaces");
		if (r == -EPERM && !(now & NS_BIT(NS_USER)))
			err_hint(&err, "an ordinary user needs the user namespace as well: add "
			               "USER to -s");
		fail(attach, r, &err);
	}
	pid = clone_sibling(attach, &pidfd);
	if (pid < 0)
		fail(attach, err_set(&err, pid, "cannot start a process in the container"), &err);
	if (pid == 0) {
		r = inside(attach, &err);
		fail(attach, r, &err);
	}
	(void)sock_send(attach->sync_fd, "p", 1, &pidfd, 1);
	_exit(0);
}

/* ---- outside ---- */

struct outcome {
	int pidfd;  /* of the program, -EBADF: not there yet */
	int master; /* terminal of the container */
};

/* Messages from inside: 'p' the process, 't' the terminal, a struct err, end-of-file at exec. */
static int follow(int sync, struct outcome *outcome, struct err *err)
{
	for (;;) {
		struct err theirs = {};
		int fd = -EBADF;
		ssize_t n = sock_recv(sync, &theirs, sizeof(theirs), &fd, 1);

		if (n == (ssize_t)sizeof(theirs)) {
			if (err)
				*err = theirs;
			return theirs.code < 0 ? theirs.code : -EPROTO;
		}
		if (n == 1 && *(char *)&theirs == 'p')
			outcome->pidfd = fd;
		else if (n == 1 && *(char *)&theirs == 't')
			outcome->master = fd;
		else
			break;
	}
	if (outcome->pidfd < 0)
		return err_say(err, -EPIPE, "the process that enters the container ended early");
	return 0;
}

static int relay(const struct attach *attach, const struct outcome *outcome, int host_master,
                 struct err *err)
{
	int master = outcome->master >= 0 ? outcome->master : host_master;
	struct term_relay relay = { .in_fd = isatty(0) ? 0 : -EBADF,
		                    .out_fd = isatty(1)   ? 1
		                              : isatty(2) ? 2
		                                          : 0,
		                    .from_fd = master,
		                    .to_fd = master,
		                    .end_fd = outcome->pidfd,
		                    .log_fd = attach->pty_log_fd };
	int r = term_relay_run(&relay, err);

	/* A program without a terminal would wait for ever, and we for it. */
	if (r < 0)
		(void)pidfd_kill(outcome->pidfd, SIGKILL);
	return r < 0 ? r : 0;
}

static int open_pty_log(struct attach *attach, struct err *err)
{
	const char *path = attach->options->pty_log;

	if (!path)
		return 0;
	attach->pty_log_fd =
		open(path,
	             O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
	             0640);
	return attach->pty_log_fd < 0 ? err_set(err, -errno, "cannot open '%s'", path) : 0;
}

/* As shells count: 127 not found, 126 found but not executable. */
static int exec_code(int code)
{
	return code == -ENOENT ? 127 : code == -EACCES || code == -ENOEXEC ? 126 : code;
}

static int run(struct attach *attach, struct err *err)
{
	_cleanup_close_ int sync = -EBADF, helper = -EBADF, host_master = -EBADF;
	struct outcome outcome = { .pidfd = -EBADF, .master = -EBADF };
	_cleanup_close_ int pidfd = -EBADF, master = -EBADF;
	int pair[2], r, status;
	pid_t pid;

	attach->wants_pty = isatty(0) || isatty(1) || isatty(2);
	if (attach->wants_pty) {
		r = open_pty_log(attach, err);
		if (r == 0)
			r = pty_open_host(&host_master, &attach->host_slave, err);
		if (r < 0)
			return r;
		term_copy_size(isatty(1) ? 1 : 0, host_master);
	}
	r = sock_pair(pair);
	if (r < 0)
		return err_set(err, r, "cannot make a socket pair");
	sync = pair[0];
	attach->sync_fd = pair[1];
	pid = proc_clone(0, -EBADF, &helper);
	if (pid < 0)
		return err_set(err, pid, "cannot start a process");
	if (pid == 0)
		join_and_clone(attach);
	cleanup_close(&attach->sync_fd);
	cleanup_close(&attach->host_slave);
	r = follow(sync, &outcome, err);
	pidfd = outcome.pidfd;
	master = outcome.master;
	if (pidfd >= 0 && r == 0 && attach->wants_pty)
		r = relay(attach, &outcome, host_master, err);
	if (pidfd >= 0 && pidfd_wait(pidfd, &status) < 0)
		status = 0;
	(void)pidfd_wait(helper, &(int){ 0 });
	return r < 0 ? exec_code(r) : proc_exit_code(status);
}

int container_attach(const struct store *store, const char *name,
                     const struct rlxc_attach_options *options, struct err *err)
{
	_cleanup_(attach_done) struct attach attach = { .store = store,
		                                        .options = options,
		                                        .name = name,
		                                        .init_fd = -EBADF,
		                                        .cgroup_fd = -EBADF,
		                                        .sync_fd = -EBADF,
		                                        .pty_log_fd = -EBADF,
		                                        .host_slave = -EBADF };
	_cleanup_close_ int sock = -EBADF;
	int r;

	if (options->context)
		return err_say(err, -EOPNOTSUPP, "-c, --context is not supported yet");
	sock = control_connect(store, name, err);
	if (sock < 0)
		return sock;
	r = ask_monitor(&attach, sock, err);
	choose_namespaces(&attach);
	if (r == 0)
		r = choose_persona(&attach, err);
	if (r < 0)
		return r;
	cleanup_close(&sock);
	attach.cwd = getcwd(NULL, 0);
	return run(&attach, err);
}

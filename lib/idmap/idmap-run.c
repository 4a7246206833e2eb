/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap/idmap.h"

#include "base/cleanup.h"
#include "idmap/idmap-internal.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

/* ---- the change of ids ---- */

static bool are_groups_frozen(void)
{
	char buf[16];

	return fd_read_short(AT_FDCWD, "/proc/self/setgroups", buf, sizeof(buf)) > 0 &&
	       strncmp(buf, "deny", 4) == 0;
}

/* In a self map the groups stay: there they are denied on purpose, and harmless. */
static int drop_groups(struct err *err)
{
	int r;

	if (setgroups(0, NULL) == 0)
		return 0;
	r = -errno;
	if (r == -EPERM && are_groups_frozen())
		return 0;
	return err_set(err, r, "cannot drop the supplementary groups");
}

static int explain_switch(const char *kind, uint32_t id, int code, struct err *err)
{
	struct userns_facts facts;

	if (code == -EINVAL) {
		err_say(err, code, "%s %u is not mapped in the user namespace", kind, id);
		err_hint(err, "map it, or choose an id that the id map has");
		return code;
	}
	err_set(err, code, "cannot become %s %u", kind, id);
	idmap_load_facts(&facts);
	if (facts.apparmor_restrict > 0)
		err_hint(err, "AppArmor takes the rights out of user namespaces of ordinary users; "
		              "as root: sysctl -w "
		              "kernel.apparmor_restrict_unprivileged_userns=0");
	return code;
}

int idmap_become(uint32_t uid, uint32_t gid, bool keep_groups, struct err *err)
{
	uid_t uids[3] = {};
	gid_t gids[3] = {};
	int r;

	r = keep_groups ? 0 : drop_groups(err);
	if (r < 0)
		return r;
	if (setresgid(gid, gid, gid) < 0)
		return explain_switch("gid", gid, -errno, err);
	if (setresuid(uid, uid, uid) < 0)
		return explain_switch("uid", uid, -errno, err);
	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 ||
	    getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return err_set(err, -errno, "cannot read our ids back");
	for (int i = 0; i < 3; i++) {
		if (uids[i] != uid || gids[i] != gid)
			return err_say(err, -EPERM, "the change to uid %u, gid %u did not happen",
			               uid, gid);
	}
	return 0;
}

/* ---- a throw-away namespace ---- */

struct run {
	const struct conf_idmaps *maps;
	int (*fn)(void *arg, struct err *err);
	void *arg;
	pid_t parent;
	int go_fd;     /* one byte: the map is there; end of file: give up */
	int report_fd; /* struct run_report; both fds are the child's ends */
};

struct run_report {
	int result;
	struct err err;
};

/* Dies with the parent. The setting is lost with every change of ids, hence comes after it, and
 * misses a parent that died before, hence the question. */
static void die_with_parent(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(1);
}

/* Waits for the map. False: the parent gave up or is gone. */
static bool wait_go(int fd)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

static int run_inside(const struct run *run, struct err *err)
{
	int r;

	if (run->maps->n) {
		r = idmap_become(0, 0, /* keep_groups= */ false, err);
		if (r < 0)
			return r;
	}
	die_with_parent(run->parent);
	/* Slave, not private: what the host unmounts is not kept busy by us. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_set(err, -errno, "cannot separate the mounts from the host's");
	return run->fn(run->arg, err);
}

static _Noreturn void run_child(const struct run *run)
{
	struct run_report report = {};

	if (!wait_go(run->go_fd))
		_exit(1);
	report.result = run_inside(run, &report.err);
	(void)!write(run->report_fd, &report, sizeof(report)); /* below PIPE_BUF: whole */
	_exit(report.result < 0);
}

static int write_map(const struct conf_idmaps *maps, const struct caller *caller, pid_t pid,
                     struct err *err)
{
	struct idmap_job job = {};
	int r;

	if (!maps->n)
		return 0;
	r = idmap_write_start(maps, idmap_writer_for(maps, caller), pid, &job, err);
	if (r == 0)
		r = idmap_write_finish(&job, caller, err);
	return r;
}

/* What the child said, or how it ended when it could say nothing. */
static int collect(int report_fd, int pidfd, struct err *err)
{
	struct run_report report;
	int status, waited;
	ssize_t n;

	do
		n = read(report_fd, &report, sizeof(report));
	while (n < 0 && errno == EINTR);
	waited = pidfd_wait(pidfd, &status);
	if (n == (ssize_t)sizeof(report)) {
		if (report.result < 0 && err)
			*err = report.err;
		return report.result;
	}
	if (waited < 0)
		return err_set(err, waited, "cannot wait for a process");
	return err_say(err, -EINTR, "a helper process ended early, with exit code %d",
	               proc_exit_code(status));
}

static int run_parent(const struct run *run, const struct caller *caller, pid_t pid, int pidfd,
                      int go_fd, int report_fd, struct err *err)
{
	int status, r;

	r = write_map(run->maps, caller, pid, err);
	if (r < 0) {
		(void)pidfd_kill(pidfd, SIGKILL);
		(void)pidfd_wait(pidfd, &status);
		return r;
	}
	(void)!write(go_fd, "g", 1); /* a dead child shows in the missing report */
	return collect(report_fd, pidfd, err);
}

int idmap_run(const struct conf_idmaps *maps, const struct caller *caller,
              int (*fn)(void *arg, struct err *err), void *arg, struct err *err)
{
	_cleanup_close_ int go_reader = -EBADF, go_writer = -EBADF, pidfd = -EBADF;
	_cleanup_close_ int report_reader = -EBADF, report_writer = -EBADF;
	uint64_t flags = CLONE_NEWNS | (maps->n ? CLONE_NEWUSER : 0);
	struct run run = { .maps = maps, .fn = fn, .arg = arg, .parent = getpid() };
	int ends[2];
	pid_t pid;

	if (!maps->n && !caller->is_root)
		return err_say(err, -EINVAL, "an ordinary user needs an id map for this");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot make a pipe");
	go_reader = ends[0];
	go_writer = ends[1];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot make a pipe");
	report_reader = ends[0];
	report_writer = ends[1];
	run.go_fd = go_reader;
	run.report_fd = report_writer;
	pid = proc_clone(flags, -EBADF, &pidfd);
	if (pid < 0 && maps->n) {
		idmap_explain_clone_failure(pid, err);
		return pid;
	}
	if (pid < 0)
		return err_set(err, pid, "cannot start a process in a mount namespace of its own");
	if (pid == 0) {
		cleanup_close(&go_writer);
		run_child(&run);
	}
	/* The reading end of go stays open here: a child that dies early is no SIGPIPE for us. */
	cleanup_close(&report_writer);
	return run_parent(&run, caller, pid, pidfd, go_writer, report_reader, err);
}

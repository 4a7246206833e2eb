/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/attach.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/attach-internal.h"
#include "os/proc.h"
#include "os/sock.h"
#include "term/term.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Messages from inside: see attach_join_and_clone. */
static int follow(int sync, struct attached *attached, struct err *err)
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
			attached->pidfd = fd;
		else if (n == 1 && *(char *)&theirs == 't')
			attached->master = fd;
		else if (n == 1 && *(char *)&theirs == 'r')
			attached->refused = true;
		else
			break;
	}
	if (attached->pidfd < 0)
		return err_say(err, -EPIPE, "the process that enters the container ended early");
	return 0;
}

static void attached_done(struct attached *attached)
{
	/* No zombies: of the second one only if it never came to run. */
	if (attached->helper >= 0)
		(void)pidfd_wait(attached->helper, &(int){ 0 });
	if (attached->link < 0 && attached->pidfd >= 0)
		(void)pidfd_wait(attached->pidfd, &(int){ 0 });
	cleanup_close(&attached->helper);
	cleanup_close(&attached->link);
	cleanup_close(&attached->master);
	cleanup_close(&attached->pidfd);
}

static int start_here(struct attach *attach, struct attached *attached, struct err *err)
{
	pid_t pid = proc_clone(0, -EBADF, &attached->helper);

	if (pid == 0)
		attach_join_and_clone(attach);
	return pid < 0 ? err_set(err, pid, "cannot start a process") : 0;
}

typedef int start_fn(struct attach *attach, struct attached *attached, struct err *err);

static int enter_by(start_fn *start, struct attach *attach, struct attached *ret_attached,
                    struct err *err)
{
	_cleanup_close_ int sync = -EBADF;
	int pair[2], r = sock_pair(pair);

	attached_done(ret_attached);
	*ret_attached = ATTACHED_NONE;
	if (r < 0)
		return err_set(err, r, "cannot make a socket pair");
	sync = pair[0];
	attach->sync_fd = pair[1];
	r = start(attach, ret_attached, err);
	cleanup_close(&attach->sync_fd);
	return r < 0 ? r : follow(sync, ret_attached, err);
}

/* From a cgroup whose common ancestor with the container's is not ours the kernel refuses: then
 * the monitor, who stands beside it, starts the process. */
static int enter(struct attach *attach, struct attached *ret_attached, struct err *err)
{
	struct err why = {};
	int r = enter_by(start_here, attach, ret_attached, &why);

	if (ret_attached->refused)
		r = enter_by(attach_spawn, attach, ret_attached, &why);
	if (ret_attached->refused) {
		log_warn("cannot start in the container's cgroup: %s, continuing in the caller's",
		         why.msg);
		cleanup_close(&attach->cgroup_fd);
		r = enter_by(start_here, attach, ret_attached, &why);
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

/* The program's parent knows how it ended: we, or the monitor's child. Where that is gone too early
 * nobody is there to end the program with us. */
static int wait_end(const struct attached *attached)
{
	int status = 0;

	if (attached->link < 0)
		return pidfd_wait(attached->pidfd, &status) < 0 ? 0 : status;
	if (sock_recv(attached->link, &status, sizeof(status), NULL, 0) == (ssize_t)sizeof(status))
		return status;
	(void)pidfd_kill(attached->pidfd, SIGKILL);
	return SIGKILL;
}

/* Before the last output is shown, which may take for ever on a terminal that is held by Ctrl-S: a
 * container does not end while a process in it is not reaped. */
static void reap(void *arg)
{
	struct attached *attached = arg;

	if (attached->ended)
		return;
	attached->status = wait_end(attached);
	attached->ended = true;
}

static int relay(const struct attach *attach, struct attached *attached, int host_master,
                 struct err *err)
{
	int master = attached->master >= 0 ? attached->master : host_master;
	struct term_relay relay = { .in_fd = isatty(0) ? 0 : -EBADF,
		                    .out_fd = isatty(1)   ? 1
		                              : isatty(2) ? 2
		                                          : 0,
		                    .from_fd = master,
		                    .to_fd = master,
		                    .end_fd = attached->pidfd,
		                    .log_fd = attach->pty_log_fd,
		                    .ended = reap,
		                    .arg = attached };
	int r = term_relay_run(&relay, err);

	/* A program without a terminal would wait for ever, and we for it. */
	if (r < 0)
		(void)pidfd_kill(attached->pidfd, SIGKILL);
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
	_cleanup_(attached_done) struct attached attached = ATTACHED_NONE;
	_cleanup_close_ int host_master = -EBADF;
	int r = 0;

	attach->wants_pty = isatty(0) || isatty(1) || isatty(2);
	if (attach->wants_pty) {
		r = open_pty_log(attach, err);
		if (r == 0)
			r = pty_open_host(&host_master, &attach->host_slave, err);
		if (r < 0)
			return r;
		term_copy_size(isatty(1) ? 1 : 0, host_master);
	}
	r = enter(attach, &attached, err);
	cleanup_close(&attach->host_slave);
	if (r < 0)
		return exec_code(r);
	if (attach->wants_pty)
		r = relay(attach, &attached, host_master, err);
	reap(&attached);
	return r < 0 ? exec_code(r) : proc_exit_code(attached.status);
}

int container_attach(const struct store *store, const char *name,
                     const struct rlxc_attach_options *options, struct err *err)
{
	_cleanup_(attach_done) struct attach attach = { ATTACH_NONE, .store = store, .name = name,
		                                        .options = options };
	int r;

	r = attach_decide(&attach, err);
	return r < 0 ? r : run(&attach, err);
}

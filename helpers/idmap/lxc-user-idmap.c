/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Set-user-ID root: hands an ordinary user a directory, mounted with a map of ids: their own, or
 * one that the administrator publishes in lxc-useridmap(5), then read-only. The directory is
 * standard input; the answer, a detached mount, goes through the socket that is standard output.
 *
 * MUSTs: 1. Who called is what the kernel says. 2. No argument is a path; the directory is a
 * descriptor, and whose it is decides. 3. A mount that can be written has ids of the caller alone,
 * on both sides. 4. No attribute that restricts can be taken away by who gets the mount. 5. No
 * namespace of a caller is entered. 6. Privilege is gone before the answer. main is the order. */
#include "images.h"
#include "lend.h"

#include "priv/auth.h"
#include "priv/filter.h"
#include "priv/open.h"
#include "priv/say.h"
#include "priv/start.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <syslog.h>
#include <unistd.h>

#define POLICY_DIR RLXC_SYSCONFDIR "/lxc"
#define POLICY_FILE "lxc-useridmap"
#define ANSWER_WAIT_MS 5000
#define CAP(name) (1ULL << CAP_##name)

const char priv_program[] = "lxc-user-idmap";

struct job {
	struct priv_caller caller;
	struct order order;
	struct owned uids, gids;
	struct source source;
	struct mounts_facts facts; /* of the source's mount */
	int proc_fd;
};

/* All that is said here the caller could find out without us. */
static _Noreturn void deny(const struct job *job, const char *why)
{
	priv_log(LOG_NOTICE, "user %u is refused: %s", job->caller.uid, why);
	priv_fail(why);
}

static void check_answer_socket(void)
{
	const int socket = STDOUT_FILENO;
	struct sockaddr_storage peer;
	socklen_t size = sizeof(int), peer_size = sizeof(peer);
	int domain, type;

	if (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 || domain != AF_UNIX ||
	    getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type == SOCK_DGRAM ||
	    getpeername(socket, (struct sockaddr *)&peer, &peer_size) < 0)
		priv_fail("standard output is no connected unix socket");
}

static char text[PRIV_TEXT_MAX]; /* of one file after the other */

/* -1: no file that is root's alone. */
static ssize_t read_roots(const char *dir, const char *name)
{
	return priv_read(priv_open_file(priv_open_dir(dir, /* create= */ false), name, O_RDONLY),
	                 text, sizeof(text));
}

/* Without a file nobody has subordinate ids. */
static void read_owned(struct job *job, const char *name, uint32_t id, struct owned *owned)
{
	const struct priv_caller *caller = &job->caller;
	const ssize_t n = read_roots("/etc", name);

	if (!AUTH(owned_read(text, n > 0 ? (size_t)n : 0, caller->name, caller->uid, id, owned) ==
	          0))
		deny(job, "/etc/subuid or /etc/subgid is damaged");
}

static bool is_source(void *job, const char *path, bool below)
{
	return source_is_published(&((const struct job *)job)->source, path, below);
}

static void check_published(struct job *job)
{
	struct images_question question = {
		.asker = { job->caller.uid, job->caller.name, priv_caller_is_in, &job->caller },
		.is_it = is_source,
		.arg = job,
	};
	const ssize_t n = read_roots(POLICY_DIR, POLICY_FILE);
	int r;

	if (n < 0)
		deny(job, "no " POLICY_DIR "/" POLICY_FILE " that is root's alone");
	r = images_ask(text, (size_t)n, &question);
	if (question.n_ignored)
		priv_log(LOG_WARNING, "%u lines of " POLICY_DIR "/" POLICY_FILE " are no grants",
		         question.n_ignored);
	if (!AUTH(r >= 0))
		deny(job, POLICY_DIR "/" POLICY_FILE " is damaged");
	if (!AUTH(r > 0))
		deny(job, "the directory is not published to you");
}

static void check_source(struct job *job)
{
	const struct source_owners owners = { &job->caller, &job->uids, &job->gids };

	if (!AUTH(source_take(STDIN_FILENO, &job->source)))
		deny(job, "standard input is no directory");
	if (job->order.image)
		check_published(job);
	else if (!AUTH(source_is_own(&job->source, &owners)))
		deny(job, "the directory is not yours");
	lend_look(job->proc_fd, job->source.mount_id, &job->facts);
	if (!AUTH(mounts_allowed(&job->facts)))
		deny(job, "not on this file system or mount");
}

static void close_the_door(void)
{
	static const struct priv_rule rules[] = {
		{ SYS_openat, 2, O_CREAT | O_CLOEXEC, O_CLOEXEC },
		{ SYS_prctl, 0, UINT32_MAX, PR_SET_DUMPABLE },
		{ SYS_clone, 0, UINT32_MAX, CLONE_NEWUSER | CLONE_FILES | SIGCHLD },
		{ SYS_clone, 0, UINT32_MAX, CLONE_NEWUSER | CLONE_NEWNS | CLONE_FILES | SIGCHLD },
		{ SYS_unshare, 0, UINT32_MAX, CLONE_NEWNS },
	};
	static const int calls[] = {
		SYS_read,       SYS_write,         SYS_close,       SYS_fstat,
#ifdef SYS_newfstatat
		SYS_newfstatat,
#endif
#ifdef SYS_poll
		SYS_poll,
#endif
		SYS_ppoll,      SYS_statx,         SYS_readlinkat,  SYS_open_tree,
		SYS_move_mount, SYS_mount_setattr, SYS_mount,       SYS_wait4,
		SYS_getpid,     SYS_sendto,        SYS_sendmsg,     SYS_restart_syscall,
		SYS_setresuid,  SYS_setresgid,     SYS_getresuid,   SYS_getresgid,
		SYS_capset,     SYS_capget,        SYS_close_range, SYS_exit_group
	};

	priv_filter(rules, PRIV_COUNT(rules), calls, PRIV_COUNT(calls));
}

static int make(const struct job *job)
{
	const struct order *order = &job->order;
	int fd;

	priv_raise(CAP(SYS_ADMIN) | CAP(SETUID) | CAP(SETGID));
	fd = lend_namespace(order, job->proc_fd);
	fd = lend_copy(&job->source, order, fd);
	fd = lend_lock(fd, &job->facts, order->attr, job->proc_fd);
	priv_raise(0);
	return fd;
}

/* One byte, and the mount. */
static int answer(int fd)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_level = SOL_SOCKET,
		                .cmsg_type = SCM_RIGHTS,
		                .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec data = { .iov_base = (void *)"m", .iov_len = 1 };
	const struct msghdr message = { .msg_iov = &data,
		                        .msg_iovlen = 1,
		                        .msg_control = control.bytes,
		                        .msg_controllen = sizeof(control) };
	struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };

	(void)memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (poll(&room, 1, ANSWER_WAIT_MS) <= 0 ||
	    sendmsg(STDOUT_FILENO, &message, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		priv_fail("nobody takes the answer");
	return 0;
}

int main(int argc, char **argv)
{
	static struct job job;
	char bad_argument[] = "bad argument ?";
	int wrong, fd;

	/* 1: what the caller handed over; who that is, and what we keep */
	const bool usable = order_is_usable(argc, argv);
	priv_fix_fds(-1);
	priv_empty_environment();
	priv_reset_process();
	if (!usable)
		priv_fail(ORDER_USAGE);
	priv_identify(&job.caller);
	priv_raise_limits();
	priv_keep_capabilities(CAP(SYS_ADMIN) | CAP(SETUID) | CAP(SETGID));
	priv_log_open();
	/* 2 */
	priv_find_name(&job.caller);
	/* 3: what they want */
	wrong = order_parse(argv, &job.order);
	bad_argument[sizeof(bad_argument) - 2] = (char)('0' + wrong);
	if (wrong)
		priv_fail(bad_argument);
	check_answer_socket();
	/* 5, 6: with which ids */
	read_owned(&job, "subuid", job.caller.uid, &job.uids);
	read_owned(&job, "subgid", job.caller.gid, &job.gids);
	if (!AUTH(owned_allows(&job.uids, &job.order.uids, job.order.image)))
		deny(&job, "not all of these uids are yours");
	if (!AUTH(owned_allows(&job.gids, &job.order.gids, job.order.image)))
		deny(&job, "not all of these gids are yours");
	/* 7 to 9, and 4: which directory, by whose leave. From here on only listed system calls */
	job.proc_fd = priv_open_proc();
	check_source(&job);
	close_the_door();
	/* 10 to 13: the signals of the caller do not reach us any more */
	priv_become_root();
	fd = make(&job);
	/* 14: nothing is left of it */
	priv_log(LOG_NOTICE, "user %u gets directory %lu of device %u:%u%s", job.caller.uid,
	         (unsigned long)job.source.st.st_ino, major(job.source.st.st_dev),
	         minor(job.source.st.st_dev), job.order.image ? ", read-only" : "");
	priv_drop();
	_exit(answer(fd));
}

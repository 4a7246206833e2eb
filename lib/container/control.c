/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/control.h"

#include "base/cleanup.h"
#include "container/recover.h"
#include "container/run.h"
#include "host/passwd.h"
#include "os/clock.h"
#include "os/proc.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Linux 6.5 and 6.11, newer than the headers of many systems. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef PIDFD_GET_USER_NAMESPACE
#define PIDFD_GET_USER_NAMESPACE _IO(0xFF, 9)
#endif

static int open_peer_pidfd(int sock, pid_t pid)
{
	socklen_t len = sizeof(int);
	int pidfd;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0 && len == sizeof(int))
		return pidfd;
	return pid > 0 ? pidfd_open_pid(pid) : -ESRCH;
}

/* The user namespace of the process that connected or listens. */
static int open_peer_userns(int sock, pid_t pid)
{
	_cleanup_close_ int pidfd = open_peer_pidfd(sock, pid), fd = -EBADF;
	char path[64];

	if (pidfd < 0)
		return pidfd;
	fd = ioctl(pidfd, PIDFD_GET_USER_NAMESPACE, 0);
	if (fd >= 0)
		return take_fd(&fd);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* The number was its own if it lives still. */
	return pidfd_kill(pidfd, 0) == -ESRCH ? -ESRCH : take_fd(&fd);
}

bool control_peer_ok(int sock, uid_t uid)
{
	_cleanup_close_ int userns = -EBADF;
	struct stat ours, theirs;
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 || len != sizeof(cred))
		return false;
	if (cred.uid != 0 && cred.uid != uid)
		return false;
	userns = open_peer_userns(sock, cred.pid);
	if (userns < 0) /* root over us does not let us look */
		return cred.uid == 0 && uid != 0;
	return fstat(userns, &theirs) == 0 && stat("/proc/self/ns/user", &ours) == 0 &&
	       ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

int control_send(int sock, enum control_type type, int32_t value, const void *data, size_t len,
                 const int *fds, size_t n_fds)
{
	struct control_header header = { .magic = CONTROL_MAGIC,
		                         .version = CONTROL_VERSION,
		                         .type = (uint16_t)type,
		                         .value = value,
		                         .length = (uint32_t)len };
	const struct iovec parts[] = { { &header, sizeof(header) }, { (void *)data, len } };

	if (len > CONTROL_MAX - sizeof(header))
		return -EMSGSIZE;
	return sock_send_parts(sock, parts, len ? 2 : 1, fds, n_fds);
}

static void close_all(int *fds, size_t n_fds)
{
	for (size_t i = 0; i < n_fds; i++)
		cleanup_close(&fds[i]);
}

int control_recv(int sock, struct control_header *ret_header, void *ret_data, size_t size, int *fds,
                 size_t n_fds)
{
	struct control_header header;
	const struct iovec parts[] = { { &header, sizeof(header) }, { ret_data, size - 1 } };
	ssize_t n = sock_recv_parts(sock, parts, ARRAY_SIZE(parts), fds, n_fds);

	if (n < 0)
		return (int)n;
	if (n == 0) {
		close_all(fds, n_fds);
		return 0;
	}
	if ((size_t)n < sizeof(header) || header.magic != CONTROL_MAGIC ||
	    header.version != CONTROL_VERSION || header.length != (size_t)n - sizeof(header)) {
		close_all(fds, n_fds);
		return -EBADMSG;
	}
	((char *)ret_data)[header.length] = '\0';
	*ret_header = header;
	return 1;
}

/* A failed reply carries the monitor's own struct err; do not trust its strings to end. */
static int take_error(const struct control_header *header, const char *data, struct err *err)
{
	struct err theirs;

	if (header->length != sizeof(theirs))
		return err_set(err, header->value, "the container's monitor refused");
	memcpy(&theirs, data, sizeof(theirs));
	theirs.msg[sizeof(theirs.msg) - 1] = '\0';
	theirs.hint[sizeof(theirs.hint) - 1] = '\0';
	if (err)
		*err = theirs;
	return header->value;
}

int control_reply(int sock, enum control_type type, void *ret_data, size_t size, size_t *ret_len,
                  int *fds, size_t n_fds, struct err *err)
{
	char data[CONTROL_MAX];
	struct control_header header = {};
	int r;

	r = control_recv(sock, &header, data, sizeof(data), fds, n_fds);
	if (r == -ECONNRESET) /* it hung up before it read our request: its reason comes next */
		r = control_recv(sock, &header, data, sizeof(data), fds, n_fds);
	if (r == 0)
		return err_say(err, -ESRCH, "the container ended before its monitor answered");
	if (r == -EAGAIN) {
		err_set(err, -ETIMEDOUT, "the container's monitor does not answer");
		err_hint(err, "is its process stopped?");
		return -ETIMEDOUT;
	}
	if (r < 0)
		return err_set(err, r, "cannot read the answer of the container's monitor");
	if (header.value < 0) {
		close_all(fds, n_fds);
		return take_error(&header, data, err);
	}
	if (header.type != type || header.length > size) {
		close_all(fds, n_fds);
		return err_say(err, -EBADMSG, "the container's monitor gave a malformed answer");
	}
	if (header.length)
		memcpy(ret_data, data, header.length);
	if (ret_len)
		*ret_len = header.length;
	return header.value;
}

int control_call(int sock, enum control_type type, int32_t arg, const char *payload, void *ret_data,
                 size_t size, size_t *ret_len, int *fds, size_t n_fds, struct err *err)
{
	int r = control_send(sock, type, arg, payload, payload ? strlen(payload) : 0, NULL, 0);

	/* A monitor that takes no more clients has said so before it hung up. */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		return err_set(err, r, "cannot ask the container's monitor");
	return control_reply(sock, type, ret_data, size, ret_len, fds, n_fds, err);
}

int control_open(const struct rundir *dir, const struct caller *caller)
{
	_cleanup_close_ int sock = sock_connect_at(dir->dir_fd, "control");

	if (sock < 0)
		return sock;
	return control_peer_ok(sock, caller->uid) ? take_fd(&sock) : -EPERM;
}

/* Of several commands that meet an orphan one brings the new monitor: the others wait for it as
 * long as it is at it, but not for one that was stopped. */
#define REACH_TIMEOUT_S 30
#define REACH_POLL_MS 10

int control_reach(const struct store *store, const char *name, const struct rundir *dir,
                  struct err *err)
{
	int64_t deadline = clock_deadline(REACH_TIMEOUT_S);
	struct err why = {};
	int sock, r = 0;

	for (;;) {
		sock = control_open(dir, &store->caller);
		if (sock != -ENOENT && sock != -ECONNREFUSED)
			return sock;
		/* Looked at again after whatever came out: another may just have done it. */
		if ((r < 0 && r != -EALREADY) || clock_left_ms(deadline) == 0)
			break;
		r = run_adopt(store, name, &why);
		if (r == -EALREADY)
			clock_pause(REACH_POLL_MS);
	}
	if (err)
		*err = why;
	return sock;
}

/* Each user has run-time directories of his own: whether another's container runs is not known
 * here. */
static int say_not_running(const struct store *store, const char *name, struct err *err)
{
	_cleanup_close_ int dir_fd = store_open_dir(store, name, NULL);
	_cleanup_(passwd_done) struct passwd_entry owner = {};
	struct stat st;

	if (dir_fd >= 0 && fstatat(dir_fd, "config", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_uid != store->caller.uid && passwd_by_uid(st.st_uid, &owner) == 0) {
		err_say(err, -ESRCH, "container '%s' of user %s is not running for user %s", name,
		        owner.name, store->caller.name);
		err_hint(err, "run the command as %s, whose container it may be", owner.name);
		return -ESRCH;
	}
	err_say(err, -ESRCH, "container '%s' is not running", name);
	err_hint(err, "start it with: lxc-start%s %s", STORE_OPTION(store), name);
	return -ESRCH;
}

int control_connect(const struct store *store, const char *name, struct err *err)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	struct err why = {};
	int sock, r;

	r = store_check_name(name, err);
	if (r < 0)
		return r;
	r = rundir_find(store, name, &dir);
	sock = r < 0 ? r : control_reach(store, name, &dir, &why);
	if (sock >= 0)
		return sock;
	if (sock == -EPERM)
		return err_say(err, -EPERM, "the monitor of container '%s' belongs to another user",
		               name);
	if (sock != -ENOENT && sock != -ECONNREFUSED)
		return err_set(err, sock, "cannot reach the monitor of container '%s'", name);
	if (!store_is_defined(store, name))
		return store_say_missing(store, name, err);
	if (dir.dir_fd >= 0) {
		_cleanup_close_ int pidfd = recover_open_init(&dir, NULL);

		if (pidfd >= 0) {
			err_say(err, -ESRCH,
			        "container '%s' is running, but its monitor is gone%s%s", name,
			        why.msg[0] ? ", and no other can take over: " : "", why.msg);
			err_hint(err, "end it with: lxc-stop -k%s %s", STORE_OPTION(store), name);
			return -ESRCH;
		}
	}
	return say_not_running(store, name, err);
}

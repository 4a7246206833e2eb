/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/notify.h"

#include "base/cleanup.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LISTENERS_MAX 256 /* one for init, one for each program of lxc-attach */
#define STRUCT_MAX 512    /* of the kernel's structs, which may grow */

/* LXC's message to a proxy; behind it the kernel's request, room for the answer, and the cookie.
 * The proxy sends the same back, with the answer, and with the cookie or without. Descriptors that
 * go along: the process's directory in /proc, its memory, the listener. */
struct proxy_header {
	uint64_t reserved;
	pid_t monitor_pid, init_pid;
	struct seccomp_notif_sizes sizes;
	uint64_t cookie_len;
};

union request {
	struct seccomp_notif notif;
	char space[STRUCT_MAX];
};

union response {
	struct seccomp_notif_resp resp;
	char space[STRUCT_MAX];
};

struct notifier {
	const struct seccomp_notify *notify;
	struct seccomp_notif_sizes sizes;
	pid_t init;
	int proxy_fd; /* -EBADF: it is gone */
	struct pollfd pollers[1 + LISTENERS_MAX];
	size_t n; /* pollers; the first one is the intake's */
};

/* ---- the proxy ---- */

static int connect_address(const char *address)
{
	return sock_connect(address + strlen("unix:"));
}

int seccomp_notify_connect(const char *address, struct err *err)
{
	int fd = connect_address(address);

	if (fd >= 0)
		return fd;
	err_set(err, fd, "cannot reach the program of lxc.seccomp.notify.proxy = %s", address);
	err_hint(err, "start it first: it listens there, on a socket of type SOCK_SEQPACKET");
	return fd;
}

/* A connection that was of no use is not used again: what comes late would be taken for the answer
 * to something else. */
static int send_question(struct notifier *notifier, const struct iovec *parts, const int *fds)
{
	for (int tries = 0; tries < 2; tries++) {
		if (notifier->proxy_fd < 0)
			notifier->proxy_fd = connect_address(notifier->notify->address);
		if (notifier->proxy_fd < 0)
			return notifier->proxy_fd;
		if (sock_send_parts(notifier->proxy_fd, parts, 4, fds, 3) == 0)
			return 0;
		cleanup_close(&notifier->proxy_fd); /* it was started anew meanwhile */
	}
	return -EPIPE;
}

static int take_answer(struct notifier *notifier, uint64_t id, size_t cookie_len,
                       union response *ret_response)
{
	const struct seccomp_notif_sizes *sizes = &notifier->sizes;
	_cleanup_free_ char *cookie = malloc(cookie_len + 1);
	struct proxy_header header;
	union request request;
	const struct iovec parts[] = { { &header, sizeof(header) },
		                       { &request, sizes->seccomp_notif },
		                       { ret_response, sizes->seccomp_notif_resp },
		                       { cookie, cookie_len } };
	const size_t base = sizeof(header) + sizes->seccomp_notif + sizes->seccomp_notif_resp;
	ssize_t n = cookie ? sock_recv_parts(notifier->proxy_fd, parts, 4, NULL, 0) : -ENOMEM;
	bool fits = n == (ssize_t)base || n == (ssize_t)(base + cookie_len);

	return fits && ret_response->resp.id == id ? 0 : -EBADMSG;
}

static int ask(struct notifier *notifier, const union request *request, const int fds[3],
               union response *response)
{
	const char *cookie = notifier->notify->cookie ? notifier->notify->cookie : "";
	const struct proxy_header header = { .monitor_pid = notifier->notify->monitor,
		                             .init_pid = notifier->init,
		                             .sizes = notifier->sizes,
		                             .cookie_len = strlen(cookie) };
	const struct iovec parts[] = { { (void *)&header, sizeof(header) },
		                       { (void *)request, notifier->sizes.seccomp_notif },
		                       { response, notifier->sizes.seccomp_notif_resp },
		                       { (void *)cookie, header.cookie_len } };
	int r = send_question(notifier, parts, fds);

	if (r == 0)
		r = take_answer(notifier, request->notif.id, header.cookie_len, response);
	if (r < 0)
		cleanup_close(&notifier->proxy_fd);
	return r;
}

/* ---- the calls ---- */

/* By its descriptors the proxy reaches the process that waits, and no later one of that pid. */
static int show_and_ask(struct notifier *notifier, int listener, const union request *request,
                        union response *response)
{
	_cleanup_close_ int dir = -EBADF, mem = -EBADF;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%u", request->notif.pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	mem = openat(dir, "mem", O_RDWR | O_CLOEXEC);
	if (mem < 0 || ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &request->notif.id) < 0)
		return -errno;
	return ask(notifier, request, (const int[]){ dir, mem, listener }, response);
}

static void refuse(int listener, uint64_t id)
{
	union response response = { .resp = { .id = id, .error = -ENOSYS } };

	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void answer(struct notifier *notifier, int listener)
{
	union request request = {};
	union response response = {};

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return; /* it was killed meanwhile */
	response.resp.id = request.notif.id;
	/* The kernel refuses what contradicts itself, and the call would go on waiting. */
	if (show_and_ask(notifier, listener, &request, &response) < 0 ||
	    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0)
		refuse(listener, request.notif.id);
}

/* ---- the listeners ---- */

/* A user's right to the memory of the container's processes is that of their user namespace. Nobody
 * in there is to look at us. */
static void enter_userns(int userns_fd)
{
	if (userns_fd < 0 || geteuid() == 0)
		return;
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)setns(userns_fd, CLONE_NEWUSER);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void take_message(struct notifier *notifier)
{
	_cleanup_close_ int fd = -EBADF;
	pid_t init = 0;
	ssize_t n = sock_recv(notifier->notify->intake_fd, &init, sizeof(init), &fd, 1);

	if (n == 0)
		_exit(0);
	if (n == (ssize_t)sizeof(init)) {
		notifier->init = init;
		enter_userns(fd);
	} else if (fd >= 0 && notifier->n < ARRAY_SIZE(notifier->pollers)) {
		notifier->pollers[notifier->n++] =
			(struct pollfd){ .fd = take_fd(&fd), .events = POLLIN };
	} /* else it is closed, and its calls are ENOSYS */
}

/* Without POLLIN nobody is left whom its filter holds for. */
static void serve_listener(struct notifier *notifier, size_t i)
{
	struct pollfd *poller = &notifier->pollers[i];

	if (poller->revents & POLLIN) {
		answer(notifier, poller->fd);
	} else if (poller->revents) {
		(void)close(poller->fd);
		*poller = notifier->pollers[--notifier->n];
	}
}

_Noreturn void seccomp_notify_serve(const struct seccomp_notify *notify, int proxy_fd)
{
	struct notifier notifier = { .notify = notify, .proxy_fd = proxy_fd, .n = 1 };

	notifier.pollers[0] = (struct pollfd){ .fd = notify->intake_fd, .events = POLLIN };
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &notifier.sizes) < 0 ||
	    notifier.sizes.seccomp_notif > STRUCT_MAX ||
	    notifier.sizes.seccomp_notif_resp > STRUCT_MAX)
		_exit(1);
	for (;;) {
		if (poll(notifier.pollers, notifier.n, -1) < 0)
			continue;
		for (size_t i = notifier.n; i-- > 1;)
			serve_listener(&notifier, i);
		if (notifier.pollers[0].revents)
			take_message(&notifier);
	}
}

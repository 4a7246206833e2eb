/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/sock.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int sock_send_parts(int sock, const struct iovec *parts, size_t n_parts, const int *fds,
                    size_t n_fds)
{
	char control[CMSG_SPACE(sizeof(int) * SOCK_FDS_MAX)] __attribute__((aligned(8))) = {};
	struct msghdr msg = { .msg_iov = (struct iovec *)parts, .msg_iovlen = n_parts };
	size_t len = 0;
	ssize_t n;

	if (n_fds > SOCK_FDS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < n_parts; i++)
		len += parts[i].iov_len;
	if (n_fds) {
		struct cmsghdr *cmsg;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * n_fds);
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int sock_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds)
{
	const struct iovec part = { .iov_base = (void *)data, .iov_len = len };

	return sock_send_parts(sock, &part, 1, fds, n_fds);
}

/* Takes the descriptors out of one control message; returns how many there were in all. */
static size_t take_rights(const struct cmsghdr *cmsg, int *fds, size_t n_fds, size_t filled)
{
	size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(fd));
		if (filled + i < n_fds)
			fds[filled + i] = fd;
		else
			(void)close(fd);
	}
	return filled + count;
}

ssize_t sock_recv_parts(int sock, const struct iovec *parts, size_t n_parts, int *fds, size_t n_fds)
{
	char control[CMSG_SPACE(sizeof(int) * SOCK_FDS_MAX)] __attribute__((aligned(8)));
	struct msghdr msg = { .msg_iov = (struct iovec *)parts,
		              .msg_iovlen = n_parts,
		              .msg_control = control,
		              .msg_controllen = sizeof(control) };
	size_t got = 0;
	ssize_t n;

	for (size_t i = 0; i < n_fds; i++)
		fds[i] = -EBADF;
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS)
			got = take_rights(cmsg, fds, n_fds, got);
	if (got > n_fds || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		for (size_t i = 0; i < n_fds; i++)
			cleanup_close(&fds[i]);
		return -EBADMSG;
	}
	return n;
}

ssize_t sock_recv(int sock, void *data, size_t size, int *fds, size_t n_fds)
{
	const struct iovec part = { .iov_base = data, .iov_len = size };

	return sock_recv_parts(sock, &part, 1, fds, n_fds);
}

int sock_pair(int ret_fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0 ? -errno : 0;
}

/* sun_path holds 108 bytes, a directory of ours may be deeper: go through its descriptor. */
static int address_of(int dir_fd, const char *name, struct sockaddr_un *ret_address)
{
	int n;

	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "/proc/self/fd/%d/%s",
	             dir_fd, name);
	return n < 0 || (size_t)n >= sizeof(ret_address->sun_path) ? -ENAMETOOLONG : 0;
}

int sock_listen_at(int dir_fd, const char *name, int backlog)
{
	_cleanup_close_ int sock =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	int r;

	if (sock < 0)
		return -errno;
	r = address_of(dir_fd, name, &address);
	if (r < 0)
		return r;
	if (bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(sock, backlog) < 0)
		return -errno;
	return take_fd(&sock);
}

static int connect_to(const struct sockaddr_un *address, size_t size)
{
	const struct timeval patience = { .tv_sec = SOCK_PATIENCE_S };
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int r;

	if (sock < 0)
		return -errno;
	(void)setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	(void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	do
		r = connect(sock, (const struct sockaddr *)address, (socklen_t)size);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : take_fd(&sock);
}

int sock_connect_at(int dir_fd, const char *name)
{
	struct sockaddr_un address;
	int r = address_of(dir_fd, name, &address);

	return r < 0 ? r : connect_to(&address, sizeof(address));
}

int sock_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, len);
	if (*path != '@')
		return connect_to(&address, sizeof(address));
	address.sun_path[0] = '\0';
	return connect_to(&address, offsetof(struct sockaddr_un, sun_path) + len);
}

int sock_connect_stream(int socket_fd)
{
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (sock < 0)
		return -errno;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", socket_fd);
	if (connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&sock);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/net.h"

#include "base/cleanup.h"
#include "net/query-internal.h"
#include "os/clock.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The network namespace is the container's own, so its root may write to our socket if it guesses
 * the port. Three things stand against forged answers: the socket is connected to the kernel, which
 * then refuses messages of others; only messages of port 0, the kernel's, are read; and only those
 * with the sequence number of the question just asked, so that a late answer does not count
 * either. */

#define WAIT_MS 1000
#define TRIES_MAX 4
#define BUFFER_SIZE 65536 /* the kernel fills at most 32 KiB of a dump at once */
#define STALE_MAX 256     /* datagrams left from a question that was given up */

static uint32_t new_seq(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
}

int net_query_open(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return take_fd(&fd);
}

int net_watch_open(void)
{
	struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (struct sockaddr *)&groups, sizeof(groups)) < 0)
		return -errno;
	return take_fd(&fd);
}

static int ask(int fd, const struct query *query)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info; /* at least as long as struct ifaddrmsg */
	} request = {
		.head.nlmsg_len = sizeof(request),
		.head.nlmsg_type = query->want_type == RTM_NEWLINK ? RTM_GETLINK : RTM_GETADDR,
		.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.head.nlmsg_seq = query->seq,
		.info.ifi_family = query->want_family,
	};
	ssize_t n;

	do
		n = send(fd, &request, sizeof(request), MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* One datagram of the kernel; 0: it was somebody else's. */
static ssize_t receive(int fd, void *buffer, size_t size)
{
	struct iovec iov = { .iov_base = buffer, .iov_len = size };
	struct sockaddr_nl from = {};
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);

	if (n < 0)
		return -errno;
	if (msg.msg_namelen != sizeof(from) || from.nl_family != AF_NETLINK || from.nl_pid != 0)
		return 0;
	return msg.msg_flags & MSG_TRUNC ? -EBADMSG : n;
}

static int wait_readable(int fd, int64_t deadline)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	int64_t left = deadline - clock_ms();
	int r;

	if (left <= 0)
		return -ETIMEDOUT;
	r = poll(&poller, 1, (int)left);
	if (r < 0 && errno != EINTR)
		return -errno;
	return 0;
}

/* One question and all of its answer. */
static int dump(int fd, struct query *query, void *buffer, int64_t deadline)
{
	int r;

	query->seq = new_seq();
	r = ask(fd, query);
	while (r == 0) {
		ssize_t n;

		r = wait_readable(fd, deadline);
		if (r < 0)
			return r;
		n = receive(fd, buffer, BUFFER_SIZE);
		if (n < 0 && n != -EAGAIN && n != -EINTR)
			return (int)n;
		if (n > 0)
			r = query_parse(query, buffer, (size_t)n);
	}
	return r < 0 ? r : 0;
}

static int dump_all(int fd, struct query *query, void *buffer, int64_t deadline)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int r;

	query->want_type = RTM_NEWLINK;
	query->want_family = AF_UNSPEC;
	r = dump(fd, query, buffer, deadline);
	query->want_type = RTM_NEWADDR;
	for (size_t i = 0; query->addrs && i < ARRAY_SIZE(families) && r == 0; i++) {
		query->want_family = families[i];
		r = dump(fd, query, buffer, deadline);
	}
	return r;
}

/* A dump nobody read to its end would make the kernel refuse the next one. */
static void discard_stale(int fd, void *buffer)
{
	for (int i = 0; i < STALE_MAX; i++)
		if (recv(fd, buffer, BUFFER_SIZE, MSG_DONTWAIT) < 0 && errno != EINTR)
			return;
}

/* All of it at one time, unless it never stops changing. */
static int ask_all(int fd, struct query *query)
{
	_cleanup_free_ void *buffer = malloc(BUFFER_SIZE);
	int64_t deadline = clock_ms() + WAIT_MS;
	int r;

	if (!buffer)
		return -ENOMEM;
	discard_stale(fd, buffer);
	for (int i = 0; i < TRIES_MAX; i++) {
		query_done(query);
		query->n_addrs = 0;
		query->interrupted = false;
		r = dump_all(fd, query, buffer, deadline);
		if (r < 0 || !query->interrupted)
			return r;
	}
	return 0;
}

int net_query_addrs(int query_fd, bool with_bare, struct net_addr *addrs, size_t max)
{
	_cleanup_(query_done) struct query query = { .addrs = addrs, .max = max };
	int r = ask_all(query_fd, &query);

	if (r < 0)
		return r;
	if (with_bare)
		query_add_bare(&query);
	return (int)query.n_addrs;
}

int net_query_traffic(int query_fd, struct net_traffic *traffic, size_t max)
{
	_cleanup_(query_done) struct query query = {};
	int r = ask_all(query_fd, &query);
	size_t n = query.n_links < max ? query.n_links : max;

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		const struct query_link *link = &query.links[i];

		traffic[i] = (struct net_traffic){ .rx_bytes = link->rx_bytes,
			                           .tx_bytes = link->tx_bytes };
		memcpy(traffic[i].interface, link->name, sizeof(link->name));
	}
	return (int)n;
}

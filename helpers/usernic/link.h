/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERNIC_LINK_H
#define RLXC_USERNIC_LINK_H

#include "names.h"

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* The few requests of rtnetlink(7) that we need. Failures are negative errnos. */

#define LINK_HERE (-1) /* no other namespace */

struct link {
	uint32_t ifindex, master, mtu;
	uint32_t peer;     /* ifindex of the other end */
	int32_t peer_nsid; /* our number of the namespace that one is in; LINK_HERE: ours */
	char name[NAME_SIZE], kind[NAME_SIZE];
};

struct link_socket {
	int fd;
	uint32_t seq;
};

typedef void (*link_fn)(void *arg, const struct link *link);

/* Needs NET_ADMIN, as all that changes something does: the kernel looks at who opened it, too. */
int link_open(struct link_socket *ret_socket);

/* By ifindex, or by name when that is 0; the exact name, no other one. -ENODEV: there is none. */
int link_get(struct link_socket *s, uint32_t ifindex, const char *name, int32_t nsid,
             struct link *ret_link);
/* Each veth below @master, or all with 0. */
int link_list(struct link_socket *s, uint32_t master, link_fn fn, void *arg);
struct link_pair {
	char host[NAME_SIZE];
	uint8_t host_address[6];
	uint32_t master; /* 0: none */
	uint32_t mtu;
	const char *peer; /* its name where it is going to be, right from the start */
	int netns_fd;
};

/* All of it, or nothing. -EEXIST: one of the names is taken. */
int link_create_pair(struct link_socket *s, const struct link_pair *pair);
int link_delete(struct link_socket *s, uint32_t ifindex);

/* Pure: one datagram of answers to the request @seq. 1: that was the end, 0: there is more to come,
 * -EAGAIN: the end, but things changed meanwhile. */
int link_parse(const void *data, size_t len, uint32_t seq, link_fn fn, void *arg);
bool link_is_from_kernel(const struct sockaddr_nl *from, socklen_t len);

#endif

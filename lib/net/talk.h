/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_TALK_H
#define RLXC_NET_TALK_H

#include "base/err.h"
#include "net/plan.h"
#include "os/netlink.h"

#include <stdint.h>
#include <sys/socket.h>

/* Requests of rtnetlink(7) about the interfaces of a plan. Each remembers which key it is for, so
 * that a failure is told in the user's words. */

struct net_step {
	const struct net_link *link; /* NULL: none of the plan's */
	const char *key;             /* "mtu" of lxc.net.N.mtu; NULL: the interface itself */
	char value[64];
};

struct net_talk {
	struct netlink nl;
	struct net_step *steps; /* one for each queued request */
	size_t n;
};
#define NET_TALK_NONE ((struct net_talk){ .nl = NETLINK_NONE })

int net_talk_open(struct net_talk *ret, struct err *err);
/* The same in another network namespace. */
int net_talk_open_in(int netns_fd, struct net_talk *ret, struct err *err);
void net_talk_done(struct net_talk *talk);

/* Sends all that is queued. The message of a failure names key and value. */
int net_talk_run(struct net_talk *talk, netlink_fn fn, void *arg, struct err *err);

/* ---- requests; @link, @key and @value say what for ---- */

/* RTM_*LINK of the link with that number, or with 0 of the one with that name (may be NULL). */
struct net_request {
	uint16_t type, flags;
	uint8_t family; /* AF_UNSPEC, AF_BRIDGE */
	uint32_t index;
	const char *name;
	bool up, down;
	const struct net_link *link;
	const char *key, *value;
};
void net_ask_link(struct net_talk *talk, const struct net_request *request);

/* An address, or a route or neighbour to it, at link number @index. */
struct net_target {
	uint32_t index;
	int family;
	const uint8_t *addr;
	uint8_t prefix;
	const uint8_t *broadcast; /* of an address, or NULL */
	bool host_scope;          /* of an address */
	const uint8_t *gateway;   /* of a route, or NULL: directly */
	const struct net_link *link;
	const char *key;
};
void net_ask_addr(struct net_talk *talk, const struct net_target *target);
/* All addresses of a family, as RTM_NEWADDR. */
void net_ask_addr_list(struct net_talk *talk, int family);
/* All hardware addresses that bridges know the way to, as RTM_NEWNEIGH. */
void net_ask_forwarding(struct net_talk *talk);
void net_ask_route(struct net_talk *talk, uint16_t type, const struct net_target *target);
/* Answers for @addr on the link in place of whoever has it (proxy ARP, NDP). */
void net_ask_proxy(struct net_talk *talk, uint16_t type, const struct net_target *target);

/* "10.0.3.2/24"; @prefix of the family's full length: without it. */
void net_format_addr(int family, const uint8_t *addr, uint8_t prefix, char text[64]);
static inline size_t net_addr_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* ---- links as the kernel tells them ---- */

struct net_device {
	uint32_t index; /* 0: there is none */
	uint32_t mtu, master;
	char name[NET_NAME_SIZE], kind[NET_NAME_SIZE];
	uint8_t address[32];
	uint8_t address_len;
	bool vlan_filtering;   /* of a bridge */
	uint16_t default_vlan; /* of a bridge's ports */
	uint64_t rx_bytes, tx_bytes;
};
/* Reads an RTM_NEWLINK; other messages leave @ret_device alone. */
void net_device_read(const struct nlmsghdr *message, struct net_device *ret_device);

/* By number, or with 0 by name. -ENODEV: there is none, and @err stays as it was. */
int net_find_device(struct net_talk *talk, uint32_t index, const char *name,
                    struct net_device *ret_device, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_NET_H
#define RLXC_NET_NET_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Loopback and questions about a network namespace. The interface types come on top. */

/* Brings lo up in the current network namespace. */
int net_loopback_up(struct err *err);

/* A netlink socket of the current network namespace, or a negative errno. It goes on speaking for
 * that namespace wherever it is sent, so the monitor answers for addresses without entering
 * anything. */
int net_query_open(void);

/* A netlink socket of the current network namespace that becomes readable whenever an interface
 * or an address of it changes. What it delivers comes from the kernel, or from the namespace's
 * root: read it as a mere hint. */
int net_watch_open(void);

struct net_addr {
	char interface[16]; /* chosen inside: any bytes but '/' and blanks */
	char text[46];
	bool ipv6, shown; /* shown: neither of a loopback interface nor link-local IPv6 */
};
/* Addresses of the namespace of @query_fd, in kernel order, IPv4 first; at most @max, the count
 * is returned. Also names interfaces without any address when @with_bare (text "", after the
 * addresses). Waits at most a second for the kernel's answer, then -ETIMEDOUT. The answer is
 * parsed as hostile: -EBADMSG. */
int net_query_addrs(int query_fd, bool with_bare, struct net_addr *addrs, size_t max);

struct net_traffic {
	char interface[16]; /* as above */
	uint64_t rx_bytes, tx_bytes;
};
/* What its interfaces have carried; otherwise as net_query_addrs. */
int net_query_traffic(int query_fd, struct net_traffic *traffic, size_t max);

#endif

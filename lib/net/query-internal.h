/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_QUERY_INTERNAL_H
#define RLXC_NET_QUERY_INTERNAL_H

#include "net/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The pure half of query.c: what rtnetlink's dumps of links and addresses say. See rtnetlink(7). */

#define QUERY_LINKS_MAX 4096 /* more interfaces than this are not named */

struct query_link {
	int32_t index;
	char name[16];
	bool loopback;
	bool has_addr;
	uint64_t rx_bytes, tx_bytes;
};

struct query {
	struct query_link *links; /* owned */
	size_t n_links;

	struct net_addr *addrs; /* the caller's */
	size_t n_addrs, max;

	/* what is being read */
	uint16_t want_type;  /* RTM_NEWLINK or RTM_NEWADDR */
	uint8_t want_family; /* of addresses: AF_INET or AF_INET6 */
	uint32_t seq;
	bool interrupted; /* something changed during the dump: not a consistent picture */
};

/* One datagram of a dump. 1: the dump ended, 0: more will come. The kernel's own error, or
 * -EBADMSG: not the shape of a dump, -ENOMEM. Messages with another sequence number, type or
 * family are passed over. */
int query_parse(struct query *query, const void *data, size_t len);
/* Appends the links without any address. */
void query_add_bare(struct query *query);
void query_done(struct query *query);

#endif

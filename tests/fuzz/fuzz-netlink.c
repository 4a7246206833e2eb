/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of rtnetlink. The first byte says which question was asked; then come datagrams, each
 * after its length in two bytes. */
#include "net/query-internal.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ADDRS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct query *query)
{
	if (query->n_addrs > ADDRS_MAX || query->n_links > QUERY_LINKS_MAX)
		abort();
	for (size_t i = 0; i < query->n_addrs; i++) {
		const struct net_addr *addr = &query->addrs[i];

		if (!memchr(addr->interface, '\0', sizeof(addr->interface)) ||
		    !memchr(addr->text, '\0', sizeof(addr->text)) || !addr->interface[0])
			abort();
	}
}

/* In a buffer of exactly its size: a read past the end is noticed. */
static void parse_one(struct query *query, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct nlmsghdr head;

	if (!copy)
		abort();
	memcpy(copy, data, len);
	if (len >= sizeof(head)) {
		memcpy(&head, copy, sizeof(head));
		query->seq = head.nlmsg_seq; /* the number itself is not worth guessing */
	}
	(void)query_parse(query, copy, len);
	free(copy);
	check(query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net_addr addrs[ADDRS_MAX];
	struct query query = { .addrs = addrs, .max = ADDRS_MAX };
	unsigned int kinds;

	if (size < 1)
		return 0;
	kinds = data[0];
	data++;
	size--;
	for (; size >= 2; kinds >>= 2) {
		size_t len = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		query.want_type = kinds & 1 ? RTM_NEWADDR : RTM_NEWLINK;
		query.want_family = kinds & 2 ? AF_INET6 : AF_INET;
		parse_one(&query, data, len);
		data += len;
		size -= len;
	}
	query_add_bare(&query);
	check(&query);
	query_done(&query);
	return 0;
}

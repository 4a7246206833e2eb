/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/query-internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

/* Lengths in the data are only ever compared with what is left of it, and structs are copied out:
 * no alignment and no length is trusted. */
struct span {
	const uint8_t *data;
	size_t len;
};

struct attr {
	uint16_t type;
	struct span value;
};

/* Drops @n bytes, or all that is left. */
static void skip(struct span *span, size_t n)
{
	if (n > span->len)
		n = span->len;
	span->data += n;
	span->len -= n;
}

/* Copies a struct from the front of @span. */
static bool take(struct span *span, void *out, size_t size)
{
	if (span->len < size)
		return false;
	memcpy(out, span->data, size);
	skip(span, size);
	return true;
}

/* Takes the attribute at the front. 1: there is one, 0: the end, -EBADMSG: a length that lies. */
static int next_attr(struct span *span, struct attr *ret_attr)
{
	struct rtattr head;

	if (span->len < sizeof(head))
		return 0;
	memcpy(&head, span->data, sizeof(head));
	if (head.rta_len < sizeof(head) || head.rta_len > span->len)
		return -EBADMSG;
	ret_attr->type = head.rta_type & (uint16_t)NLA_TYPE_MASK;
	ret_attr->value.data = span->data + sizeof(head);
	ret_attr->value.len = head.rta_len - sizeof(head);
	skip(span, RTA_ALIGN((size_t)head.rta_len));
	return 1;
}

static int add_link(struct query *query, const struct query_link *link)
{
	struct query_link *links;

	if (query->n_links >= QUERY_LINKS_MAX)
		return 0;
	links = reallocarray(query->links, query->n_links + 1, sizeof(*links));
	if (!links)
		return -ENOMEM;
	links[query->n_links++] = *link;
	query->links = links;
	return 0;
}

static int take_name(struct query_link *link, struct span value)
{
	if (value.len == 0 || value.len > sizeof(link->name) || value.data[value.len - 1] != '\0')
		return -EBADMSG;
	memcpy(link->name, value.data, value.len);
	return 0;
}

static void take_traffic(struct query_link *link, struct span value)
{
	struct rtnl_link_stats64 stats = {};

	/* Newer kernels know more counters. */
	memcpy(&stats, value.data, value.len < sizeof(stats) ? value.len : sizeof(stats));
	link->rx_bytes = stats.rx_bytes;
	link->tx_bytes = stats.tx_bytes;
}

static int parse_link(struct query *query, struct span payload)
{
	struct query_link link = {};
	struct ifinfomsg info;
	struct attr attr;
	int r;

	if (!take(&payload, &info, sizeof(info)))
		return -EBADMSG;
	link.index = info.ifi_index;
	link.loopback = info.ifi_flags & IFF_LOOPBACK;
	while ((r = next_attr(&payload, &attr)) > 0) {
		if (attr.type == IFLA_IFNAME)
			r = take_name(&link, attr.value);
		else if (attr.type == IFLA_STATS64)
			take_traffic(&link, attr.value);
		if (r < 0)
			break;
	}
	if (r < 0 || !link.name[0])
		return -EBADMSG;
	return add_link(query, &link);
}

static struct query_link *find_link(const struct query *query, uint32_t index)
{
	for (size_t i = 0; i < query->n_links; i++)
		if ((uint32_t)query->links[i].index == index)
			return &query->links[i];
	return NULL;
}

static void add_addr(struct query *query, struct query_link *link, uint8_t family,
                     const uint8_t *bytes)
{
	struct net_addr *addr;
	bool ipv6 = family == AF_INET6;

	link->has_addr = true;
	if (query->n_addrs >= query->max)
		return;
	addr = &query->addrs[query->n_addrs];
	memcpy(addr->interface, link->name, sizeof(addr->interface));
	addr->ipv6 = ipv6;
	addr->shown = !link->loopback && !(ipv6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
	if (inet_ntop(family, bytes, addr->text, sizeof(addr->text)))
		query->n_addrs++;
}

static int parse_addr(struct query *query, struct span payload)
{
	uint8_t bytes[16] = {};
	struct ifaddrmsg info;
	struct query_link *link;
	struct attr attr;
	bool found = false, local = false;
	size_t size;
	int r;

	if (!take(&payload, &info, sizeof(info)))
		return -EBADMSG;
	if (info.ifa_family != query->want_family)
		return 0;
	size = info.ifa_family == AF_INET6 ? 16 : 4;
	/* On a point-to-point link IFA_ADDRESS is the other end. */
	while ((r = next_attr(&payload, &attr)) > 0) {
		if (attr.type != IFA_LOCAL && (attr.type != IFA_ADDRESS || local))
			continue;
		if (attr.value.len != size)
			return -EBADMSG;
		memcpy(bytes, attr.value.data, size);
		local = attr.type == IFA_LOCAL;
		found = true;
	}
	if (r < 0)
		return r;
	/* A link that came after the dump of links has no name here. */
	link = find_link(query, info.ifa_index);
	if (found && link)
		add_addr(query, link, info.ifa_family, bytes);
	return 0;
}

/* The error that ends a dump, 0 for success. */
static int parse_end(struct span payload)
{
	int32_t code = 0;

	if (payload.len && !take(&payload, &code, sizeof(code)))
		return -EBADMSG;
	if (code > 0 || code < -4095)
		return -EBADMSG;
	return code;
}

static int parse_message(struct query *query, const struct nlmsghdr *head, struct span payload)
{
	int r;

	if (head->nlmsg_seq != query->seq)
		return 0;
	if (head->nlmsg_flags & NLM_F_DUMP_INTR)
		query->interrupted = true;
	if (head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR) {
		r = parse_end(payload);
		return r < 0 ? r : 1;
	}
	if (head->nlmsg_type == NLMSG_OVERRUN)
		return -ENOBUFS;
	if (head->nlmsg_type != query->want_type)
		return 0;
	return head->nlmsg_type == RTM_NEWLINK ? parse_link(query, payload)
	                                       : parse_addr(query, payload);
}

int query_parse(struct query *query, const void *data, size_t len)
{
	struct span span = { .data = data, .len = len };

	while (span.len) {
		struct nlmsghdr head;
		int r;

		if (span.len < sizeof(head))
			return -EBADMSG;
		memcpy(&head, span.data, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > span.len)
			return -EBADMSG;
		r = parse_message(query, &head,
		                  (struct span){ .data = span.data + sizeof(head),
		                                 .len = head.nlmsg_len - sizeof(head) });
		if (r != 0)
			return r;
		skip(&span, NLMSG_ALIGN((size_t)head.nlmsg_len));
	}
	return 0;
}

void query_add_bare(struct query *query)
{
	for (size_t i = 0; i < query->n_links && query->n_addrs < query->max; i++) {
		struct net_addr *addr = &query->addrs[query->n_addrs];

		if (query->links[i].has_addr)
			continue;
		*addr = (struct net_addr){ .shown = !query->links[i].loopback };
		memcpy(addr->interface, query->links[i].name, sizeof(addr->interface));
		query->n_addrs++;
	}
}

void query_done(struct query *query)
{
	free(query->links);
	query->links = NULL;
	query->n_links = 0;
}

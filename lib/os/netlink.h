/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_OS_NETLINK_H
#define RLXC_OS_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A conversation with the kernel over netlink(7): requests are queued, sent together and answered
 * in order. Spoken without a library: libnl would cost each monitor 16 KiB of memory of its own and
 * each of our short commands a dozen constructors, for the few requests of lib/net. */

struct netlink {
	int fd;
	uint32_t seq; /* of the first queued request */
	unsigned char *data;
	size_t len, size; /* bytes queued, allocated */
	size_t n;         /* requests queued */
	size_t at;        /* where the last one begins */
	bool failed;      /* out of memory, netlink_run says so */
};
#define NETLINK_NONE ((struct netlink){ .fd = -EBADF })

/* What the kernel said about the first request that failed. */
struct netlink_failure {
	size_t number; /* as netlink_request returned it */
	char why[128]; /* the kernel's own words, often empty */
};

/* A socket of the current network namespace. @protocol: NETLINK_ROUTE. */
int netlink_open(int protocol, struct netlink *ret);
void netlink_done(struct netlink *nl);

/* Begins a request and returns its number, counted from 0 since the last netlink_run. @head: the
 * fixed part that the family has. */
size_t netlink_request(struct netlink *nl, uint16_t type, uint16_t flags, const void *head,
                       size_t len);
/* Attributes of the request that was begun last. */
void netlink_put(struct netlink *nl, uint16_t type, const void *data, size_t len);
void netlink_put_u16(struct netlink *nl, uint16_t type, uint16_t value);
void netlink_put_u32(struct netlink *nl, uint16_t type, uint32_t value);
void netlink_put_text(struct netlink *nl, uint16_t type, const char *text);
/* Attributes within one, up to netlink_nest_end of what this returns; @head: as above, or NULL. */
size_t netlink_nest(struct netlink *nl, uint16_t type, const void *head, size_t len);
void netlink_nest_end(struct netlink *nl, size_t nest);

typedef void (*netlink_fn)(void *arg, size_t number, const struct nlmsghdr *message);

/* The end of a request that was carried out, a last message without content. */
bool netlink_is_success(const struct nlmsghdr *message);

/* Sends what is queued, hands each message of the answers to @fn (may be NULL), and empties the
 * queue. The error of the first request that failed (*@ret_failure, may be NULL,
 * is about it), or of the conversation itself. Requests that were sent together with a failing
 * one are carried out all the same: each must be harmless without those before it. */
int netlink_run(struct netlink *nl, netlink_fn fn, void *arg, struct netlink_failure *ret_failure);

/* Walks over attributes; *@data and *@len move on. NULL: the end, or a length that lies. */
const struct nlattr *netlink_next_attr(const void **data, size_t *len);
static inline const void *netlink_attr_data(const struct nlattr *attr)
{
	return (const char *)attr + sizeof(*attr);
}
static inline size_t netlink_attr_len(const struct nlattr *attr)
{
	return (size_t)attr->nla_len - sizeof(*attr);
}
/* 0 when it is of another size */
uint32_t netlink_attr_u32(const struct nlattr *attr);
uint16_t netlink_attr_u16(const struct nlattr *attr);

#endif

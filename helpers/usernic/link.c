/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link.h"

#include "priv/auth.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNED(len) (((size_t)(len) + 3) & ~(size_t)3) /* messages and attributes alike */

union message {
	struct nlmsghdr head;
	unsigned char bytes[512];
};

/* ---- building ---- */

static void *append(union message *m, const void *data, size_t len)
{
	void *at = m->bytes + m->head.nlmsg_len;

	if (m->head.nlmsg_len + ALIGNED(len) > sizeof(m->bytes))
		abort(); /* all that we put in has a size known here */
	if (data)
		(void)memcpy(at, data, len);
	m->head.nlmsg_len += (uint32_t)ALIGNED(len);
	return at;
}

static void put(union message *m, uint16_t type, const void *data, size_t len)
{
	const struct nlattr attr = { .nla_len = (uint16_t)(sizeof(struct nlattr) + len),
		                     .nla_type = type };

	(void)append(m, &attr, sizeof(attr));
	(void)append(m, data, len);
}

static void put_u32(union message *m, uint16_t type, uint32_t value)
{
	put(m, type, &value, sizeof(value));
}

static void put_text(union message *m, uint16_t type, const char *text)
{
	put(m, type, text, strlen(text) + 1);
}

static struct nlattr *nest(union message *m, uint16_t type)
{
	const struct nlattr attr = { .nla_type = type };

	return append(m, &attr, sizeof(attr));
}

static void nest_end(const union message *m, struct nlattr *attr)
{
	attr->nla_len = (uint16_t)(m->bytes + m->head.nlmsg_len - (unsigned char *)attr);
}

static union message request(uint16_t type, uint16_t flags, const void *family_head, size_t len)
{
	union message m = { .head = { .nlmsg_len = NLMSG_HDRLEN,
		                      .nlmsg_type = type,
		                      .nlmsg_flags = NLM_F_REQUEST | flags } };

	(void)append(&m, family_head, len);
	return m;
}

/* ---- answers ---- */

/* The next attribute of what is left, NULL at the end or when it does not fit. */
static const struct nlattr *next(const unsigned char **at, size_t *left)
{
	const struct nlattr *attr = (const void *)*at;
	size_t size;

	if (*left < sizeof(*attr) || attr->nla_len < sizeof(*attr) || attr->nla_len > *left)
		return NULL;
	size = ALIGNED(attr->nla_len) < *left ? ALIGNED(attr->nla_len) : *left;
	*at += size;
	*left -= size;
	return attr;
}

/* What we keep of a link; what is of another size, or too long, is as if it were not there. */
static const struct field {
	int type;
	bool in_info, is_text;
	size_t offset;
} fields[] = {
	{ IFLA_IFNAME, false, true, offsetof(struct link, name) },
	{ IFLA_MTU, false, false, offsetof(struct link, mtu) },
	{ IFLA_MASTER, false, false, offsetof(struct link, master) },
	{ IFLA_LINK, false, false, offsetof(struct link, peer) },
	{ IFLA_LINK_NETNSID, false, false, offsetof(struct link, peer_nsid) },
	{ IFLA_INFO_KIND, true, true, offsetof(struct link, kind) },
};

static void read_field(const struct nlattr *attr, const struct field *field, struct link *link)
{
	const unsigned char *data = (const unsigned char *)attr + sizeof(struct nlattr);
	const size_t size = attr->nla_len - sizeof(struct nlattr);
	const size_t len = field->is_text ? strnlen((const char *)data, size) : size;

	if (field->is_text ? len < NAME_SIZE : len == sizeof(uint32_t))
		(void)memcpy((char *)link + field->offset, data, len);
}

static void read_attributes(const unsigned char *at, size_t left, bool in_info, struct link *link)
{
	const struct nlattr *attr;

	while ((attr = next(&at, &left))) {
		const int type = attr->nla_type & NLA_TYPE_MASK;

		if (type == IFLA_LINKINFO && !in_info)
			read_attributes((const unsigned char *)attr + sizeof(struct nlattr),
			                attr->nla_len - sizeof(struct nlattr), true, link);
		for (size_t i = 0; i < PRIV_COUNT(fields); i++)
			if (fields[i].in_info == in_info && fields[i].type == type)
				read_field(attr, &fields[i], link);
	}
}

static void read_link(const struct nlmsghdr *head, link_fn fn, void *arg)
{
	const struct ifinfomsg *info = NLMSG_DATA(head);
	struct link link = { .peer_nsid = LINK_HERE };

	if (head->nlmsg_len < NLMSG_SPACE(sizeof(*info)) || info->ifi_index <= 0)
		return;
	link.ifindex = (uint32_t)info->ifi_index;
	read_attributes((const unsigned char *)head + NLMSG_SPACE(sizeof(*info)),
	                head->nlmsg_len - NLMSG_SPACE(sizeof(*info)), false, &link);
	fn(arg, &link);
}

static int read_end(const struct nlmsghdr *head)
{
	int error;

	if (head->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
		return -EBADMSG;
	(void)memcpy(&error, NLMSG_DATA(head), sizeof(error));
	if (error != 0)
		return error < 0 && error > -4096 ? error : -EBADMSG;
	return head->nlmsg_type == NLMSG_DONE && head->nlmsg_flags & NLM_F_DUMP_INTR ? -EAGAIN : 1;
}

int link_parse(const void *data, size_t len, uint32_t seq, link_fn fn, void *arg)
{
	const struct nlmsghdr *head = data;

	while (len >= sizeof(*head) && head->nlmsg_len >= sizeof(*head) && head->nlmsg_len <= len) {
		const size_t size = ALIGNED(head->nlmsg_len);

		if (AUTH(head->nlmsg_seq == seq)) {
			if (head->nlmsg_type == NLMSG_ERROR || head->nlmsg_type == NLMSG_DONE)
				return read_end(head);
			if (head->nlmsg_type == RTM_NEWLINK)
				read_link(head, fn, arg);
		}
		len -= size < len ? size : len;
		head = (const void *)((const unsigned char *)head + size);
	}
	return len == 0 ? 0 : -EBADMSG;
}

bool link_is_from_kernel(const struct sockaddr_nl *from, socklen_t len)
{
	return AUTH(len == sizeof(*from)) && AUTH(from->nl_family == AF_NETLINK) &&
	       AUTH(from->nl_pid == 0);
}

static int talk(struct link_socket *s, union message *m, link_fn fn, void *arg)
{
	static union {
		struct nlmsghdr align;
		unsigned char bytes[32768];
	} answer;
	int r = 0;

	m->head.nlmsg_seq = ++s->seq;
	if (send(s->fd, m, m->head.nlmsg_len, 0) != (ssize_t)m->head.nlmsg_len)
		return errno ? -errno : -EIO;
	while (r == 0) {
		struct sockaddr_nl from;
		socklen_t from_len = sizeof(from);
		const ssize_t n = recvfrom(s->fd, &answer, sizeof(answer), MSG_TRUNC,
		                           (struct sockaddr *)&from, &from_len);

		if (n <= 0 || n > (ssize_t)sizeof(answer))
			return -EIO;
		if (link_is_from_kernel(&from, from_len))
			r = link_parse(&answer, (size_t)n, s->seq, fn, arg);
	}
	return r < 0 ? r : 0;
}

/* ---- requests ---- */

int link_open(struct link_socket *ret_socket)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct timeval limit = { .tv_sec = 10 };

	ret_socket->seq = 0;
	ret_socket->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (ret_socket->fd < 0 ||
	    setsockopt(ret_socket->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(ret_socket->fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

static void keep(void *arg, const struct link *link)
{
	*(struct link *)arg = *link;
}

int link_get(struct link_socket *s, uint32_t ifindex, const char *name, int32_t nsid,
             struct link *ret_link)
{
	const struct ifinfomsg info = { .ifi_index = (int)ifindex };
	union message m = request(RTM_GETLINK, NLM_F_ACK, &info, sizeof(info));
	struct link link = {};
	int r;

	put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (!ifindex)
		put_text(&m, IFLA_IFNAME, name);
	if (nsid != LINK_HERE)
		put(&m, IFLA_TARGET_NETNSID, &nsid, sizeof(nsid));
	r = talk(s, &m, keep, &link);
	if (r < 0)
		return r;
	if (link.ifindex == 0 || (ifindex ? link.ifindex != ifindex : strcmp(link.name, name) != 0))
		return -ENODEV; /* it is another one's second name */
	*ret_link = link;
	return 0;
}

int link_list(struct link_socket *s, uint32_t master, link_fn fn, void *arg)
{
	const struct ifinfomsg info = {};
	union message m = request(RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	struct nlattr *kind;

	put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (master)
		put_u32(&m, IFLA_MASTER, master);
	kind = nest(&m, IFLA_LINKINFO);
	put_text(&m, IFLA_INFO_KIND, "veth");
	nest_end(&m, kind);
	return talk(s, &m, fn, arg);
}

int link_create_pair(struct link_socket *s, const struct link_pair *pair)
{
	const struct ifinfomsg up = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP }, plain = {};
	union message m =
		request(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &up, sizeof(up));
	struct nlattr *info, *data, *peer;

	put_text(&m, IFLA_IFNAME, pair->host);
	put(&m, IFLA_ADDRESS, pair->host_address, sizeof(pair->host_address));
	put_u32(&m, IFLA_MTU, pair->mtu);
	if (pair->master)
		put_u32(&m, IFLA_MASTER, pair->master);
	info = nest(&m, IFLA_LINKINFO);
	put_text(&m, IFLA_INFO_KIND, "veth");
	data = nest(&m, IFLA_INFO_DATA);
	peer = nest(&m, VETH_INFO_PEER);
	(void)append(&m, &plain, sizeof(plain));
	put_text(&m, IFLA_IFNAME, pair->peer);
	put_u32(&m, IFLA_MTU, pair->mtu);
	put_u32(&m, IFLA_NET_NS_FD, (uint32_t)pair->netns_fd);
	nest_end(&m, peer);
	nest_end(&m, data);
	nest_end(&m, info);
	return talk(s, &m, keep, &(struct link){});
}

int link_delete(struct link_socket *s, uint32_t ifindex)
{
	const struct ifinfomsg info = { .ifi_index = (int)ifindex };
	union message m = request(RTM_DELLINK, NLM_F_ACK, &info, sizeof(info));

	return talk(s, &m, keep, &(struct link){});
}

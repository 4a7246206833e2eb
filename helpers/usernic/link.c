/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic.h"

#include "priv/auth.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNED(len) (((size_t)(len) + 3) & ~(size_t)3) /* messages and attributes alike */

/* ---- building ---- */

union message {
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	};
	unsigned char bytes[512];
};

static union message request(uint16_t type, uint16_t flags, uint32_t ifindex)
{
	return (union message){ .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
		                          .nlmsg_type = type,
		                          .nlmsg_flags = NLM_F_REQUEST | flags },
		                .info = { .ifi_index = (int)ifindex } };
}

static struct nlattr *put(union message *m, uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr = (void *)(m->bytes + m->head.nlmsg_len);
	const size_t size = sizeof(*attr) + ALIGNED(len);

	if (m->head.nlmsg_len + size > sizeof(m->bytes))
		abort(); /* all that we put in has a size known here */
	*attr = (struct nlattr){ .nla_len = (uint16_t)(sizeof(*attr) + len), .nla_type = type };
	if (len)
		(void)memcpy(attr + 1, data, len);
	m->head.nlmsg_len += (uint32_t)size;
	return attr;
}

static void put_u32(union message *m, uint16_t type, uint32_t value)
{
	(void)put(m, type, &value, sizeof(value));
}

static void put_text(union message *m, uint16_t type, const char *text)
{
	(void)put(m, type, text, strlen(text) + 1);
}

/* Everything since is inside of @attr. */
static void nest_end(const union message *m, struct nlattr *attr)
{
	attr->nla_len = (uint16_t)(m->bytes + m->head.nlmsg_len - (unsigned char *)attr);
}

/* ---- answers ---- */

struct span {
	const unsigned char *at;
	size_t len;
};

/* What is in the attribute of that type. Empty: there is none, or it does not fit. */
static struct span find(struct span in, int type)
{
	while (in.len >= sizeof(struct nlattr)) {
		const struct nlattr *attr = (const void *)in.at;
		const size_t size = ALIGNED(attr->nla_len);

		if (attr->nla_len < sizeof(*attr) || attr->nla_len > in.len)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return (struct span){ in.at + sizeof(*attr),
				              attr->nla_len - sizeof(*attr) };
		in.at += size < in.len ? size : in.len;
		in.len -= size < in.len ? size : in.len;
	}
	return (struct span){};
}

/* What is of another size, or too long, is as if it were not there. */
static void get_u32(struct span in, int type, void *ret_value)
{
	const struct span value = find(in, type);

	if (value.len == sizeof(uint32_t))
		(void)memcpy(ret_value, value.at, value.len);
}

static void get_text(struct span in, int type, char ret_text[NAME_SIZE])
{
	const struct span text = find(in, type);
	const size_t len = text.len ? strnlen((const char *)text.at, text.len) : 0;

	if (len > 0 && len < NAME_SIZE)
		(void)memcpy(ret_text, text.at, len);
}

static void read_link(const struct nlmsghdr *head, link_fn fn, void *arg)
{
	const struct ifinfomsg *info = NLMSG_DATA(head);
	struct span all = { (const unsigned char *)(info + 1), 0 };
	struct link link = { .peer_nsid = LINK_HERE };

	if (head->nlmsg_len < NLMSG_SPACE(sizeof(*info)) || info->ifi_index <= 0)
		return;
	all.len = head->nlmsg_len - NLMSG_SPACE(sizeof(*info));
	link.ifindex = (uint32_t)info->ifi_index;
	get_text(all, IFLA_IFNAME, link.name);
	get_u32(all, IFLA_MTU, &link.mtu);
	get_u32(all, IFLA_MASTER, &link.master);
	get_u32(all, IFLA_LINK, &link.peer);
	get_u32(all, IFLA_LINK_NETNSID, &link.peer_nsid);
	get_text(find(all, IFLA_LINKINFO), IFLA_INFO_KIND, link.kind);
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

static void keep(void *arg, const struct link *link)
{
	*(struct link *)arg = *link;
}

static int talk(struct link_socket *s, union message *m, link_fn fn, void *arg)
{
	static union {
		struct nlmsghdr align;
		unsigned char bytes[32768];
	} answer;
	int r = 0;

	m->head.nlmsg_seq = ++s->seq;
	if (send(s->fd, m, m->head.nlmsg_len, 0) < 0)
		return -errno;
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

int link_get(struct link_socket *s, uint32_t ifindex, const char *name, int32_t nsid,
             struct link *ret_link)
{
	union message m = request(RTM_GETLINK, NLM_F_ACK, ifindex);
	struct link link = {};
	int r;

	put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (!ifindex)
		put_text(&m, IFLA_IFNAME, name);
	if (nsid != LINK_HERE)
		put_u32(&m, IFLA_TARGET_NETNSID, (uint32_t)nsid);
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
	union message m = request(RTM_GETLINK, NLM_F_DUMP, 0);
	struct nlattr *info;

	put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (master)
		put_u32(&m, IFLA_MASTER, master);
	info = put(&m, IFLA_LINKINFO, NULL, 0);
	put_text(&m, IFLA_INFO_KIND, "veth");
	nest_end(&m, info);
	return talk(s, &m, fn, arg);
}

int link_create_pair(struct link_socket *s, const struct link_pair *pair)
{
	static const struct ifinfomsg plain;
	union message m = request(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info, *data, *peer;

	m.info.ifi_flags = m.info.ifi_change = IFF_UP;
	put_text(&m, IFLA_IFNAME, pair->host);
	(void)put(&m, IFLA_ADDRESS, pair->host_address, sizeof(pair->host_address));
	put_u32(&m, IFLA_MTU, pair->mtu);
	if (pair->master)
		put_u32(&m, IFLA_MASTER, pair->master);
	info = put(&m, IFLA_LINKINFO, NULL, 0);
	put_text(&m, IFLA_INFO_KIND, "veth");
	data = put(&m, IFLA_INFO_DATA, NULL, 0);
	peer = put(&m, VETH_INFO_PEER, &plain, sizeof(plain));
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
	union message m = request(RTM_DELLINK, NLM_F_ACK, ifindex);

	return talk(s, &m, keep, &(struct link){});
}

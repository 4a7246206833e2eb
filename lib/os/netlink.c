/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/netlink.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SOL_NETLINK_LEVEL 270 /* SOL_NETLINK is missing in older headers */
#define PATIENCE_S 10
#define ANSWER_SIZE 32768 /* the kernel fills at most this much at once */
#define TOGETHER_MAX 16   /* the answers to so many fit into a socket's buffer */

int netlink_open(int protocol, struct netlink *ret)
{
	static const int options[] = { NETLINK_CAP_ACK, NETLINK_EXT_ACK };
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct timeval limit = { .tv_sec = PATIENCE_S };
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	const int on = 1;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	/* The failing request back in each answer, and no words: an old kernel works, too. */
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		(void)setsockopt(fd, SOL_NETLINK_LEVEL, options[i], &on, sizeof(on));
	*ret = (struct netlink){ .fd = take_fd(&fd), .seq = 1 };
	return 0;
}

void netlink_done(struct netlink *nl)
{
	cleanup_close(&nl->fd);
	free(nl->data);
	*nl = NETLINK_NONE;
}

/* ---- building ---- */

/* Room at the end, zeroed; NULL without memory, which netlink_run reports. */
static void *append(struct netlink *nl, size_t len)
{
	size_t padded = NLMSG_ALIGN(len);
	void *at;

	if (nl->failed)
		return NULL;
	if (nl->len + padded > nl->size) {
		size_t size = (nl->len + padded) * 2;
		unsigned char *data = realloc(nl->data, size);

		if (!data) {
			nl->failed = true;
			return NULL;
		}
		nl->data = data;
		nl->size = size;
	}
	at = memset(nl->data + nl->len, 0, padded);
	nl->len += padded;
	if (nl->n)
		((struct nlmsghdr *)(nl->data + nl->at))->nlmsg_len = (uint32_t)(nl->len - nl->at);
	return at;
}

static void append_copy(struct netlink *nl, const void *data, size_t len)
{
	void *at = len ? append(nl, len) : NULL;

	if (at)
		memcpy(at, data, len);
}

size_t netlink_request(struct netlink *nl, uint16_t type, uint16_t flags, const void *head,
                       size_t len)
{
	const struct nlmsghdr message = { .nlmsg_len = NLMSG_HDRLEN,
		                          .nlmsg_type = type,
		                          .nlmsg_flags = NLM_F_REQUEST | flags,
		                          .nlmsg_seq = nl->seq + (uint32_t)nl->n };

	nl->at = nl->len;
	nl->n++;
	append_copy(nl, &message, sizeof(message));
	append_copy(nl, head, len);
	return nl->n - 1;
}

void netlink_put(struct netlink *nl, uint16_t type, const void *data, size_t len)
{
	const struct nlattr attr = { .nla_type = type,
		                     .nla_len = (uint16_t)(sizeof(struct nlattr) + len) };

	append_copy(nl, &attr, sizeof(attr));
	append_copy(nl, data, len);
}

void netlink_put_u16(struct netlink *nl, uint16_t type, uint16_t value)
{
	netlink_put(nl, type, &value, sizeof(value));
}

void netlink_put_u32(struct netlink *nl, uint16_t type, uint32_t value)
{
	netlink_put(nl, type, &value, sizeof(value));
}

void netlink_put_text(struct netlink *nl, uint16_t type, const char *text)
{
	netlink_put(nl, type, text, strlen(text) + 1);
}

size_t netlink_nest(struct netlink *nl, uint16_t type, const void *head, size_t len)
{
	size_t nest = nl->len;

	netlink_put(nl, type, head, len);
	return nest;
}

void netlink_nest_end(struct netlink *nl, size_t nest)
{
	if (!nl->failed)
		((struct nlattr *)(nl->data + nest))->nla_len = (uint16_t)(nl->len - nest);
}

/* ---- answers ---- */

const struct nlattr *netlink_next_attr(const void **data, size_t *len)
{
	const struct nlattr *attr = *data;
	size_t step;

	if (*len < sizeof(*attr) || attr->nla_len < sizeof(*attr) || attr->nla_len > *len)
		return NULL;
	step = ((size_t)attr->nla_len + 3) & ~(size_t)3;
	if (step > *len)
		step = *len;
	*data = (const char *)*data + step;
	*len -= step;
	return attr;
}

uint32_t netlink_attr_u32(const struct nlattr *attr)
{
	uint32_t value = 0;

	if (netlink_attr_len(attr) == sizeof(value))
		memcpy(&value, netlink_attr_data(attr), sizeof(value));
	return value;
}

uint16_t netlink_attr_u16(const struct nlattr *attr)
{
	uint16_t value = 0;

	if (netlink_attr_len(attr) == sizeof(value))
		memcpy(&value, netlink_attr_data(attr), sizeof(value));
	return value;
}

bool netlink_is_success(const struct nlmsghdr *message)
{
	int32_t code;

	if (message->nlmsg_type != NLMSG_ERROR || message->nlmsg_len < NLMSG_LENGTH(sizeof(code)))
		return false;
	memcpy(&code, NLMSG_DATA(message), sizeof(code));
	return code == 0;
}

struct run {
	const struct netlink *nl;
	netlink_fn fn;
	void *arg;
	size_t pending; /* requests of this round without an end */
	int code;       /* of the first failure */
	struct netlink_failure failure;
};

static void take_words(struct run *run, const struct nlmsghdr *head)
{
	const void *data = (const char *)NLMSG_DATA(head) + sizeof(struct nlmsgerr);
	size_t used = NLMSG_LENGTH(sizeof(struct nlmsgerr));
	size_t len = head->nlmsg_len > used ? head->nlmsg_len - used : 0;
	const struct nlattr *attr;

	if (!(head->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	while ((attr = netlink_next_attr(&data, &len)))
		if ((attr->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			(void)snprintf(run->failure.why, sizeof(run->failure.why), "%.*s",
			               (int)netlink_attr_len(attr),
			               (const char *)netlink_attr_data(attr));
}

/* The end of a request, well or not. */
static int take_end(struct run *run, const struct nlmsghdr *head, size_t number)
{
	int32_t code = 0;

	if (head->nlmsg_len < NLMSG_LENGTH(sizeof(code)))
		return -EBADMSG;
	memcpy(&code, NLMSG_DATA(head), sizeof(code));
	if (head->nlmsg_flags & NLM_F_DUMP_INTR && code == 0)
		code = -EAGAIN;
	run->pending--;
	if (code < 0 && run->code == 0) {
		run->code = code;
		run->failure.number = number;
		if (head->nlmsg_type == NLMSG_ERROR)
			take_words(run, head);
	}
	return 0;
}

static int take_messages(struct run *run, const char *data, size_t len)
{
	while (len >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *head = (const struct nlmsghdr *)data;
		size_t number = head->nlmsg_seq - run->nl->seq;
		size_t step = NLMSG_ALIGN((size_t)head->nlmsg_len);
		int r = 0;

		if (head->nlmsg_len < sizeof(*head) || head->nlmsg_len > len)
			return -EBADMSG;
		/* Other numbers are of a conversation that was given up. */
		if (number < run->nl->n &&
		    (head->nlmsg_type == NLMSG_ERROR || head->nlmsg_type == NLMSG_DONE))
			r = take_end(run, head, number);
		if (r == 0 && run->fn && number < run->nl->n)
			run->fn(run->arg, number, head);
		if (r < 0)
			return r;
		data += step < len ? step : len;
		len -= step < len ? step : len;
	}
	return 0;
}

static int receive(struct run *run, char *buffer)
{
	while (run->pending) {
		struct sockaddr_nl from = {};
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(run->nl->fd, buffer, ANSWER_SIZE, MSG_TRUNC,
		                     (struct sockaddr *)&from, &from_len);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n > ANSWER_SIZE || from_len != sizeof(from))
			return -EBADMSG;
		if (from.nl_pid != 0)
			continue; /* not the kernel's */
		r = take_messages(run, buffer, (size_t)n);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Some requests from offset @from on; returns where the next ones begin. */
static ssize_t send_some(const struct netlink *nl, size_t from, struct run *run)
{
	size_t to = from;
	ssize_t n;

	for (run->pending = 0; run->pending < TOGETHER_MAX && to < nl->len; run->pending++) {
		struct nlmsghdr *head = (struct nlmsghdr *)(nl->data + to);

		if ((head->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
			head->nlmsg_flags |= NLM_F_ACK;
		to += head->nlmsg_len;
	}
	do
		n = send(nl->fd, nl->data + from, to - from, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == (ssize_t)(to - from) ? (ssize_t)to : -EIO;
}

static int converse(struct run *run)
{
	_cleanup_free_ char *buffer = malloc(ANSWER_SIZE);
	const struct netlink *nl = run->nl;
	size_t at = 0;

	if (!buffer || nl->failed)
		return -ENOMEM;
	while (at < nl->len && run->code == 0) {
		ssize_t next = send_some(nl, at, run);
		int r = next < 0 ? (int)next : receive(run, buffer);

		if (r < 0)
			return r;
		at = (size_t)next;
	}
	return run->code;
}

int netlink_run(struct netlink *nl, netlink_fn fn, void *arg, struct netlink_failure *ret_failure)
{
	struct run run = { .nl = nl, .fn = fn, .arg = arg, .failure.number = SIZE_MAX };
	int r = nl->n ? converse(&run) : 0;

	if (r < 0 && ret_failure)
		*ret_failure = run.failure;
	nl->seq += (uint32_t)nl->n;
	nl->n = nl->len = 0;
	nl->failed = false;
	return r;
}

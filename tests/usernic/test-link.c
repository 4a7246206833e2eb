/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic/usernic.h"

#include "priv/auth.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SEQ 5

static union {
	struct nlmsghdr align;
	unsigned char bytes[4096];
} data;
static size_t length;

static struct nlmsghdr *add_message(uint16_t type, const void *head, size_t len)
{
	struct nlmsghdr *message = (void *)(data.bytes + length);

	*message = (struct nlmsghdr){ .nlmsg_len = (uint32_t)(sizeof(*message) + len),
		                      .nlmsg_type = type,
		                      .nlmsg_seq = SEQ };
	(void)memcpy(message + 1, head, len);
	length += (message->nlmsg_len + 3) & ~3U;
	return message;
}

static void add_attribute(struct nlmsghdr *message, uint16_t type, const void *value, size_t len)
{
	struct nlattr *attr = (void *)(data.bytes + length);

	*attr = (struct nlattr){ .nla_len = (uint16_t)(sizeof(*attr) + len), .nla_type = type };
	(void)memcpy(attr + 1, value, len);
	length += (attr->nla_len + 3U) & ~3U;
	message->nlmsg_len = (uint32_t)(data.bytes + length - (unsigned char *)message);
}

static struct nlmsghdr *add_link(int ifindex)
{
	const struct ifinfomsg info = { .ifi_index = ifindex };

	return add_message(RTM_NEWLINK, &info, sizeof(info));
}

static void add_end(uint16_t type, int error)
{
	(void)add_message(type, &error, sizeof(error));
}

static void clear(void)
{
	(void)memset(&data, 0, sizeof(data));
	length = 0;
}

struct seen {
	int n;
	struct link last;
};

static void see(void *arg, const struct link *link)
{
	struct seen *seen = arg;

	seen->n++;
	seen->last = *link;
}

static int parse(struct seen *seen)
{
	*seen = (struct seen){};
	return link_parse(&data, length, SEQ, see, seen);
}

static void test_link(void **state)
{
	const uint32_t mtu = 1400, master = 3, peer = 9, nsid = 2;
	struct {
		struct nlattr attr;
		char kind[8];
	} info = { { 9, IFLA_INFO_KIND }, "veth" };
	struct nlmsghdr *message;
	struct seen seen;

	(void)state;
	clear();
	message = add_link(7);
	add_attribute(message, IFLA_IFNAME, "veth1000_AAAA", 14);
	add_attribute(message, IFLA_MTU, &mtu, 4);
	add_attribute(message, IFLA_MASTER, &master, 4);
	add_attribute(message, IFLA_LINK, &peer, 4);
	add_attribute(message, IFLA_LINK_NETNSID, &nsid, 4);
	add_attribute(message, IFLA_LINKINFO | NLA_F_NESTED, &info, sizeof(info));
	assert_int_equal(parse(&seen), 0);
	add_end(NLMSG_ERROR, 0);
	assert_int_equal(parse(&seen), 1);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last.ifindex, 7);
	assert_string_equal(seen.last.name, "veth1000_AAAA");
	assert_string_equal(seen.last.kind, "veth");
	assert_int_equal(seen.last.mtu, 1400);
	assert_int_equal(seen.last.master, 3);
	assert_int_equal(seen.last.peer, 9);
	assert_int_equal(seen.last.peer_nsid, 2);
	/* An answer to something else is no answer. */
	message->nlmsg_seq = SEQ + 1;
	assert_int_equal(parse(&seen), 1);
	assert_int_equal(seen.n, 0);
}

static void test_wrong_sizes(void **state)
{
	struct nlmsghdr *message;
	struct seen seen;

	(void)state;
	clear();
	message = add_link(7);
	add_attribute(message, IFLA_IFNAME, "1234567890123456", 16); /* no NUL */
	add_attribute(message, IFLA_MTU, "12345678", 8);
	add_attribute(message, IFLA_MASTER, "12", 2);
	add_attribute(message, IFLA_INFO_KIND, "veth", 5); /* not below LINKINFO */
	add_attribute(message, IFLA_LINKINFO, "", 0);
	assert_int_equal(parse(&seen), 0);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.last.name, "");
	assert_string_equal(seen.last.kind, "");
	assert_int_equal(seen.last.mtu, 0);
	assert_int_equal(seen.last.master, 0);
	assert_int_equal(seen.last.peer_nsid, LINK_HERE);
	/* An attribute that goes beyond its message, or is shorter than its head, ends them. */
	clear();
	message = add_link(7);
	add_attribute(message, IFLA_IFNAME, "eth0", 5);
	((struct nlattr *)(data.bytes + length - 12))->nla_len = 13;
	assert_int_equal(parse(&seen), 0);
	assert_string_equal(seen.last.name, "");
	((struct nlattr *)(data.bytes + length - 12))->nla_len = 3;
	assert_int_equal(parse(&seen), 0);
	assert_string_equal(seen.last.name, "");
	clear();
	(void)add_link(0);
	(void)add_link(-1);
	(void)add_message(RTM_NEWLINK, "1234567", 8);
	(void)add_message(RTM_NEWADDR, "1234567", 8);
	assert_int_equal(parse(&seen), 0);
	assert_int_equal(seen.n, 0);
}

static void test_ends(void **state)
{
	static const struct {
		uint16_t type;
		int error, want;
	} cases[] = {
		{ NLMSG_ERROR, 0, 1 },
		{ NLMSG_DONE, 0, 1 },
		{ NLMSG_ERROR, -EPERM, -EPERM },
		{ NLMSG_ERROR, -ENODEV, -ENODEV },
		{ NLMSG_DONE, -ENOMEM, -ENOMEM },
		{ NLMSG_ERROR, 1, -EBADMSG },
		{ NLMSG_ERROR, INT32_MIN, -EBADMSG },
	};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		clear();
		add_end(cases[i].type, cases[i].error);
		assert_int_equal(parse(&seen), cases[i].want);
	}
	clear();
	add_end(NLMSG_DONE, 0);
	data.align.nlmsg_flags = NLM_F_DUMP_INTR;
	assert_int_equal(parse(&seen), -EAGAIN);
	clear();
	(void)add_message(NLMSG_ERROR, "", 1);
	assert_int_equal(parse(&seen), -EBADMSG);
	clear();
	add_end(NLMSG_ERROR, 0);
	for (size_t i = 1; i < 20; i++) {
		length = i;
		assert_int_equal(parse(&seen), -EBADMSG);
	}
	data.align.nlmsg_len = 15;
	length = 20;
	assert_int_equal(parse(&seen), -EBADMSG);
	/* What is behind a message without the bytes that align it. */
	clear();
	(void)add_message(RTM_NEWADDR, "1", 1);
	length = 17;
	assert_int_equal(parse(&seen), 0);
}

static void test_sender(void **state)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct sockaddr_nl other = kernel;

	(void)state;
	assert_true(link_is_from_kernel(&kernel, sizeof(kernel)));
	assert_false(link_is_from_kernel(&kernel, sizeof(kernel) - 1));
	other.nl_pid = 1;
	assert_false(link_is_from_kernel(&other, sizeof(other)));
	other = kernel;
	other.nl_family = AF_UNIX;
	assert_false(link_is_from_kernel(&other, sizeof(other)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_wrong_sizes),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

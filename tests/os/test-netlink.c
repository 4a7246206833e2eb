/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/netlink.h"

#include "base/cleanup.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Both ends are ours: what is sent is what was built, and answers can be anything. */
struct pair {
	struct netlink nl;
	int peer;
};

static struct pair open_pair(void)
{
	struct pair pair = { .nl = NETLINK_NONE };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
	pair.nl.fd = fds[0];
	pair.nl.seq = 1;
	pair.peer = fds[1];
	return pair;
}

static void close_pair(struct pair *pair)
{
	cleanup_close(&pair->peer);
	netlink_done(&pair->nl);
}

static void test_building(void **state)
{
	const struct ifinfomsg info = { .ifi_index = 7 };
	struct pair pair = open_pair();
	const struct nlmsghdr *head;
	const struct nlattr *attr;
	const void *at;
	size_t nest, len;

	(void)state;
	assert_int_equal(netlink_request(&pair.nl, RTM_NEWLINK, NLM_F_CREATE, &info, sizeof(info)),
	                 0);
	netlink_put_text(&pair.nl, IFLA_IFNAME, "abcd"); /* 5 bytes, padded to 8 */
	nest = netlink_nest(&pair.nl, IFLA_LINKINFO, NULL, 0);
	netlink_put_u16(&pair.nl, 1, 0x1234);
	netlink_nest_end(&pair.nl, nest);
	assert_int_equal(netlink_request(&pair.nl, RTM_GETLINK, 0, NULL, 0), 1);

	head = (const void *)pair.nl.data;
	assert_int_equal(head->nlmsg_len, 16 + sizeof(info) + 12 + 4 + 8);
	assert_int_equal(head->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE);
	assert_int_equal(head->nlmsg_seq, 1);
	at = (const char *)head + NLMSG_SPACE(sizeof(info));
	len = head->nlmsg_len - NLMSG_SPACE(sizeof(info));
	attr = netlink_next_attr(&at, &len);
	assert_int_equal(attr->nla_type, IFLA_IFNAME);
	assert_int_equal(netlink_attr_len(attr), 5);
	attr = netlink_next_attr(&at, &len);
	assert_int_equal(attr->nla_type, IFLA_LINKINFO);
	assert_int_equal(attr->nla_len, 12);
	assert_null(netlink_next_attr(&at, &len));

	head = (const void *)((const char *)head + head->nlmsg_len);
	assert_int_equal(head->nlmsg_len, 16);
	assert_int_equal(head->nlmsg_seq, 2);
	close_pair(&pair);
}

static void test_lying_attributes(void **state)
{
	static const struct {
		struct nlattr attr;
		size_t len;
	} cases[] = {
		{ { .nla_len = 3 }, 8 }, /* shorter than itself */
		{ { .nla_len = 9 }, 8 }, /* past the end */
		{ { .nla_len = 8 }, 3 }, /* no room for one */
		{ { .nla_len = 0 }, 8 }, /* no end */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const void *at = &cases[i].attr;
		size_t len = cases[i].len;

		assert_null(netlink_next_attr(&at, &len));
	}
}

struct seen {
	size_t n, ends, last;
};

static void see(void *arg, size_t number, const struct nlmsghdr *message)
{
	struct seen *seen = arg;

	seen->n++;
	seen->ends += netlink_is_success(message);
	seen->last = number;
}

/* The kernel, for real. */
static void test_conversation(void **state)
{
	const struct ifinfomsg all = {}, none = { .ifi_index = 0x7ffffff0 };
	struct netlink_failure failure = {};
	struct seen seen = {};
	struct netlink nl;

	(void)state;
	assert_int_equal(netlink_open(NETLINK_ROUTE, &nl), 0);
	assert_int_equal(netlink_run(&nl, see, &seen, NULL), 0);
	assert_int_equal(seen.n, 0);

	(void)netlink_request(&nl, RTM_GETLINK, NLM_F_DUMP, &all, sizeof(all));
	assert_int_equal(netlink_run(&nl, see, &seen, NULL), 0);
	assert_true(seen.n >= 1);

	/* More than go together, and the failure of one in the middle of the rounds. */
	for (int i = 0; i < 50; i++)
		(void)netlink_request(&nl, RTM_GETLINK, 0,
		                      i == 20 ? &none : &(struct ifinfomsg){ .ifi_index = 1 },
		                      sizeof(none));
	seen = (struct seen){};
	assert_int_equal(netlink_run(&nl, see, &seen, &failure), -ENODEV);
	assert_int_equal(failure.number, 20);
	assert_true(seen.last < 49); /* nothing of a later round was sent */
	assert_int_equal(nl.n, 0);

	(void)netlink_request(&nl, RTM_GETLINK, 0, &(struct ifinfomsg){ .ifi_index = 1 },
	                      sizeof(none));
	seen = (struct seen){};
	assert_int_equal(netlink_run(&nl, see, &seen, NULL), 0);
	assert_int_equal(seen.ends, 1);
	netlink_done(&nl);
	assert_int_equal(nl.fd, -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_building),
		cmocka_unit_test(test_lying_attributes),
		cmocka_unit_test(test_conversation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

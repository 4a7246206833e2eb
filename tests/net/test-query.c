/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/net.h"

#include "base/cleanup.h"
#include "net/query-internal.h"
#include "os/proc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SEQ 7
#define UP 0
#define LOOPBACK IFF_LOOPBACK

/* ---- datagrams made by hand ------------------------------------------------------------------ */

struct datagram {
	uint8_t data[4096];
	size_t len, message; /* where the last message begins */
};

static void put(struct datagram *gram, const void *data, size_t len)
{
	struct nlmsghdr head;

	memcpy(gram->data + gram->len, data, len);
	gram->len += len;
	memcpy(&head, gram->data + gram->message, sizeof(head));
	head.nlmsg_len = (uint32_t)(gram->len - gram->message);
	memcpy(gram->data + gram->message, &head, sizeof(head));
	gram->len = gram->message + NLMSG_ALIGN((size_t)head.nlmsg_len);
}

static void begin(struct datagram *gram, uint16_t type, const void *data, size_t len)
{
	struct nlmsghdr head = { .nlmsg_type = type, .nlmsg_seq = SEQ };

	gram->message = gram->len;
	memcpy(gram->data + gram->len, &head, sizeof(head));
	gram->len += sizeof(head);
	put(gram, data, len);
}

static void attr(struct datagram *gram, uint16_t type, const void *data, size_t len)
{
	struct rtattr head = { .rta_type = type, .rta_len = (uint16_t)(sizeof(head) + len) };

	put(gram, &head, sizeof(head));
	put(gram, data, len);
}

static void link_msg(struct datagram *gram, int index, const char *name, unsigned int flags)
{
	struct ifinfomsg info = { .ifi_index = index, .ifi_flags = flags };

	begin(gram, RTM_NEWLINK, &info, sizeof(info));
	attr(gram, IFLA_MTU, &(uint32_t){ 1500 }, 4);
	attr(gram, IFLA_IFNAME, name, strlen(name) + 1);
}

static void addr_msg(struct datagram *gram, unsigned int index, const char *address,
                     const char *local)
{
	bool ipv6 = strchr(address, ':');
	struct ifaddrmsg info = { .ifa_family = ipv6 ? AF_INET6 : AF_INET, .ifa_index = index };
	uint8_t bytes[16];

	begin(gram, RTM_NEWADDR, &info, sizeof(info));
	assert_int_equal(inet_pton(info.ifa_family, address, bytes), 1);
	attr(gram, IFA_ADDRESS, bytes, ipv6 ? 16 : 4);
	if (!local)
		return;
	assert_int_equal(inet_pton(info.ifa_family, local, bytes), 1);
	attr(gram, IFA_LOCAL, bytes, ipv6 ? 16 : 4);
}

static void done_msg(struct datagram *gram, int32_t code)
{
	begin(gram, NLMSG_DONE, &code, sizeof(code));
}

static int parse(struct query *query, uint16_t type, uint8_t family, const struct datagram *gram)
{
	query->want_type = type;
	query->want_family = family;
	query->seq = SEQ;
	return query_parse(query, gram->data, gram->len);
}

static void test_whole_answer(void **state)
{
	static const struct net_addr want[] = {
		{ "lo", "127.0.0.1", false, false },    { "eth0", "10.0.0.5", false, true },
		{ "ppp0", "10.9.0.1", false, true },    { "lo", "::1", true, false },
		{ "eth0", "fd00::5", true, true },      { "eth0", "fe80::1", true, false },
		{ "eth0", "febf::1", true, false },     { "eth0", "fec0::1", true, true },
		{ "a234567890-2345", "", false, true },
	};
	struct datagram links = {}, more = {}, v4 = {}, v6 = {};
	struct net_addr addrs[16] = {};
	struct query query = { .addrs = addrs, .max = ARRAY_SIZE(addrs) };

	(void)state;
	link_msg(&links, 1, "lo", LOOPBACK);
	link_msg(&links, 2, "eth0", UP);
	link_msg(&more, 3, "ppp0", UP);
	link_msg(&more, 4, "a234567890-2345", UP); /* 15 bytes: the longest name */
	done_msg(&more, 0);
	addr_msg(&v4, 1, "127.0.0.1", "127.0.0.1");
	addr_msg(&v4, 2, "10.0.0.5", "10.0.0.5");
	addr_msg(&v4, 3, "10.9.0.2", "10.9.0.1"); /* point to point */
	addr_msg(&v4, 2, "fd00::99", NULL);       /* of another family than asked for */
	addr_msg(&v4, 9, "10.8.0.1", NULL);       /* of an interface we have not seen */
	done_msg(&v4, 0);
	addr_msg(&v6, 1, "::1", NULL);
	addr_msg(&v6, 2, "fd00::5", NULL);
	addr_msg(&v6, 2, "fe80::1", NULL);
	addr_msg(&v6, 2, "febf::1", NULL);
	addr_msg(&v6, 2, "fec0::1", NULL);
	done_msg(&v6, 0);

	assert_int_equal(parse(&query, RTM_NEWLINK, AF_UNSPEC, &links), 0);
	assert_int_equal(parse(&query, RTM_NEWLINK, AF_UNSPEC, &more), 1);
	assert_int_equal(parse(&query, RTM_NEWADDR, AF_INET, &v4), 1);
	assert_int_equal(parse(&query, RTM_NEWADDR, AF_INET6, &v6), 1);
	query_add_bare(&query);
	assert_int_equal(query.n_addrs, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_string_equal(addrs[i].interface, want[i].interface);
		assert_string_equal(addrs[i].text, want[i].text);
		assert_int_equal(addrs[i].ipv6, want[i].ipv6);
		assert_int_equal(addrs[i].shown, want[i].shown);
	}
	query_done(&query);
}

static void test_room(void **state)
{
	struct datagram links = {}, v4 = {};
	struct net_addr addrs[2] = {};
	struct query query = { .addrs = addrs, .max = 1 };

	(void)state;
	link_msg(&links, 1, "a", UP);
	link_msg(&links, 2, "b", UP);
	addr_msg(&v4, 1, "10.0.0.1", NULL);
	addr_msg(&v4, 1, "10.0.0.2", NULL);
	assert_int_equal(parse(&query, RTM_NEWLINK, 0, &links), 0);
	assert_int_equal(parse(&query, RTM_NEWADDR, AF_INET, &v4), 0);
	query_add_bare(&query);
	assert_int_equal(query.n_addrs, 1);
	assert_string_equal(addrs[1].interface, ""); /* not written to */
	query_done(&query);
}

static void test_links_are_limited(void **state)
{
	struct query query = {};

	(void)state;
	for (int i = 0; i < QUERY_LINKS_MAX + 10; i++) {
		struct datagram gram = {};

		link_msg(&gram, i, "x", UP);
		assert_int_equal(parse(&query, RTM_NEWLINK, 0, &gram), 0);
	}
	assert_int_equal(query.n_links, QUERY_LINKS_MAX);
	query_done(&query);
}

static void test_ends(void **state)
{
	static const struct {
		uint16_t type;
		int32_t code;
		int want;
	} cases[] = {
		{ NLMSG_DONE, 0, 1 },
		{ NLMSG_DONE, -EMSGSIZE, -EMSGSIZE },
		{ NLMSG_DONE, 5, -EBADMSG },
		{ NLMSG_DONE, INT32_MIN, -EBADMSG },
		{ NLMSG_ERROR, -EBUSY, -EBUSY },
		{ NLMSG_ERROR, -EPERM, -EPERM },
		{ NLMSG_OVERRUN, 0, -ENOBUFS },
		{ NLMSG_NOOP, 0, 0 },
		{ RTM_NEWROUTE, 0, 0 },
	};
	struct datagram other = {}, changed = {}, bare = {};
	struct nlmsghdr head;
	struct query query = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct datagram gram = {};

		begin(&gram, cases[i].type, &cases[i].code, sizeof(cases[i].code));
		assert_int_equal(parse(&query, RTM_NEWLINK, 0, &gram), cases[i].want);
	}
	begin(&bare, NLMSG_DONE, "", 0);
	assert_int_equal(parse(&query, RTM_NEWLINK, 0, &bare), 1);

	/* The answer to another question ends nothing. */
	done_msg(&other, -EPERM);
	memcpy(&head, other.data, sizeof(head));
	head.nlmsg_seq = SEQ + 1;
	memcpy(other.data, &head, sizeof(head));
	assert_int_equal(parse(&query, RTM_NEWLINK, 0, &other), 0);

	link_msg(&changed, 1, "a", UP);
	memcpy(&head, changed.data, sizeof(head));
	head.nlmsg_flags = NLM_F_DUMP_INTR;
	memcpy(changed.data, &head, sizeof(head));
	assert_false(query.interrupted);
	assert_int_equal(parse(&query, RTM_NEWLINK, 0, &changed), 0);
	assert_true(query.interrupted);
	query_done(&query);
}

static void test_malformed_fields(void **state)
{
	static const struct {
		uint16_t type;
		const char *data;
		size_t len;
	} names[] = {
		{ IFLA_IFNAME, "", 0 },
		{ IFLA_IFNAME, "", 1 },                   /* empty */
		{ IFLA_IFNAME, "abc", 3 },                /* no NUL */
		{ IFLA_IFNAME, "a23456789012345\0", 17 }, /* longer than a name can be */
		{ IFLA_MTU, "1234", 4 },                  /* no name at all */
	};
	static const size_t sizes[] = { 0, 1, 3, 5, 15, 16, 17 };
	struct ifinfomsg info = { .ifi_index = 1 };
	struct ifaddrmsg addr = { .ifa_family = AF_INET, .ifa_index = 1 };
	struct query query = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct datagram gram = {};

		begin(&gram, RTM_NEWLINK, &info, sizeof(info));
		attr(&gram, names[i].type, names[i].data, names[i].len);
		assert_int_equal(parse(&query, RTM_NEWLINK, 0, &gram), -EBADMSG);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint8_t bytes[32] = {};
		struct datagram gram = {};

		begin(&gram, RTM_NEWADDR, &addr, sizeof(addr));
		attr(&gram, IFA_ADDRESS, bytes, sizes[i]);
		assert_int_equal(parse(&query, RTM_NEWADDR, AF_INET, &gram), -EBADMSG);
	}
	assert_int_equal(query.n_links, 0);
	query_done(&query);
}

/* Counters of a kernel that knows fewer or more of them than we do */
static void test_traffic(void **state)
{
	static const uint64_t counters[40] = { 1, 2, 3000000000000, 4 }; /* packets, bytes */
	static const size_t sizes[] = { 16, 24, 32, sizeof(counters) };
	struct query query = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct datagram gram = {};

		link_msg(&gram, 1, "eth0", UP);
		attr(&gram, IFLA_STATS64, counters, sizes[i]);
		assert_int_equal(parse(&query, RTM_NEWLINK, 0, &gram), 0);
		assert_int_equal(query.links[i].rx_bytes, sizes[i] < 24 ? 0 : counters[2]);
		assert_int_equal(query.links[i].tx_bytes, sizes[i] < 32 ? 0 : counters[3]);
	}
	query_done(&query);
}

/* Cut off at every byte, in a buffer of just that size so that a read past it is noticed. */
static void test_truncated(void **state)
{
	struct datagram gram = {};
	struct net_addr addrs[4];
	struct nlmsghdr head;

	(void)state;
	link_msg(&gram, 1, "eth0", UP);
	link_msg(&gram, 2, "eth1", UP);
	memcpy(&head, gram.data, sizeof(head));
	for (size_t len = 0; len < gram.len; len++) {
		struct query query = {
			.addrs = addrs, .max = 4, .want_type = RTM_NEWLINK, .seq = SEQ
		};
		_cleanup_free_ uint8_t *copy = malloc(len ? len : 1);
		/* Only the padding at the end may be missing. */
		bool whole = len == 0 || (len >= head.nlmsg_len && len <= gram.message) ||
		             len >= gram.message + head.nlmsg_len;

		memcpy(copy, gram.data, len);
		assert_int_equal(query_parse(&query, copy, len), whole ? 0 : -EBADMSG);
		query_done(&query);
	}
}

/* Every 16-bit length in turn replaced by numbers that lie. */
static void test_lying_lengths(void **state)
{
	static const uint16_t lies[] = { 0, 1, 3, 4, 5, 15, 16, 17, 100, 0x7fff, 0xffff };
	struct datagram gram = {};
	struct net_addr addrs[4];

	(void)state;
	link_msg(&gram, 1, "eth0", UP);
	link_msg(&gram, 2, "eth1", UP);
	for (size_t at = 0; at + 2 <= gram.len; at++) {
		for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
			struct query query = {
				.addrs = addrs, .max = 4, .want_type = RTM_NEWLINK, .seq = SEQ
			};
			_cleanup_free_ uint8_t *copy = malloc(gram.len);

			memcpy(copy, gram.data, gram.len);
			memcpy(copy + at, &lies[i], sizeof(lies[i]));
			(void)query_parse(&query, copy, gram.len);
			assert_true(query.n_links <= 2);
			query_done(&query);
		}
	}
}

/* ---- the kernel ------------------------------------------------------------------------------ */

enum { NO_NAMESPACE = 77 };

/* From another socket of the same namespace, by its root. */
static int forge(int query_fd)
{
	struct sockaddr_nl victim;
	socklen_t len = sizeof(victim);
	struct datagram gram = {};
	_cleanup_close_ int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	done_msg(&gram, -EPERM);
	if (getsockname(query_fd, (struct sockaddr *)&victim, &len) < 0)
		return -errno;
	if (sendto(sock, gram.data, gram.len, 0, (struct sockaddr *)&victim, len) < 0)
		return -errno;
	return 0;
}

static int new_namespace(void *arg, struct err *err)
{
	struct net_traffic traffic[8];
	struct net_addr addrs[8];
	_cleanup_close_ int old = net_query_open(), fd = -EBADF;
	int before, n;

	(void)arg;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return NO_NAMESPACE;
	fd = net_query_open();
	if (fd < 0)
		return 1;
	before = net_query_addrs(old, true, addrs, 8);
	n = net_query_addrs(fd, true, addrs, 8);
	if (n < 1 || strcmp(addrs[0].interface, "lo") != 0 || addrs[0].text[0] || addrs[0].shown)
		return 2;
	if (net_query_addrs(fd, false, addrs, 8) != 0)
		return 3;
	for (int i = 0; i < 2; i++)
		if (net_loopback_up(err) < 0)
			return 4;
	n = net_query_addrs(fd, false, addrs, 8);
	if (n < 1 || strcmp(addrs[0].text, "127.0.0.1") != 0 || addrs[0].shown)
		return 5;
	if (net_query_addrs(fd, false, addrs, 0) != 0 || net_query_traffic(fd, traffic, 0) != 0 ||
	    net_query_traffic(fd, traffic, 8) < 1 || strcmp(traffic[0].interface, "lo") != 0)
		return 6;
	if (forge(fd) != -ECONNREFUSED || net_query_addrs(fd, false, addrs, 8) != n)
		return 7;
	/* The first socket still speaks for the namespace where it was opened. */
	return net_query_addrs(old, true, addrs, 8) == before ? 0 : 8;
}

static void test_new_namespace(void **state)
{
	int r = proc_run_child(new_namespace, NULL, NULL);

	(void)state;
	if (r == NO_NAMESPACE)
		skip();
	assert_int_equal(r, 0);
}

/* Answers nobody read do not disturb the next question. */
static void test_stale_answers(void **state)
{
	static const struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} request = {
		.head.nlmsg_len = sizeof(request),
		.head.nlmsg_type = RTM_GETLINK,
		.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.head.nlmsg_seq = 1,
	};
	struct net_addr addrs[16];
	_cleanup_close_ int fd = net_query_open();
	int n;

	(void)state;
	assert_true(fd >= 0);
	n = net_query_addrs(fd, true, addrs, ARRAY_SIZE(addrs));
	assert_true(n >= 0);
	for (int i = 0; i < 3; i++)
		assert_true(send(fd, &request, sizeof(request), 0) > 0);
	assert_int_equal(net_query_addrs(fd, true, addrs, ARRAY_SIZE(addrs)), n);
	assert_int_equal(net_query_addrs(-1, true, addrs, 1), -EBADF);
}

static int no_permission(void *arg, struct err *err)
{
	(void)arg;
	if (geteuid() == 0)
		return NO_NAMESPACE;
	return net_loopback_up(err);
}

static void test_loopback_needs_rights(void **state)
{
	struct err err = {};
	int r = proc_run_child(no_permission, NULL, &err);

	(void)state;
	if (r == NO_NAMESPACE)
		skip();
	assert_int_equal(r, -EPERM);
	assert_string_equal(err.msg, "cannot bring the loopback interface 'lo' up: "
	                             "Operation not permitted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_answer),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_links_are_limited),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_malformed_fields),
		cmocka_unit_test(test_traffic),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_lying_lengths),
		cmocka_unit_test(test_new_namespace),
		cmocka_unit_test(test_stale_answers),
		cmocka_unit_test(test_loopback_needs_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/talk.h"

#include "base/cleanup.h"
#include "net/types.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int net_talk_open(struct net_talk *ret, struct err *err)
{
	struct net_talk talk = NET_TALK_NONE;
	int r = netlink_open(NETLINK_ROUTE, &talk.nl);

	if (r < 0)
		return err_set(err, r, "cannot talk to the kernel about networks");
	*ret = talk;
	return 0;
}

/* The socket stays with the namespace it was made in. Nothing else runs in this process. */
int net_talk_open_in(int netns_fd, struct net_talk *ret, struct err *err)
{
	_cleanup_close_ int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int r;

	if (own < 0 || setns(netns_fd, CLONE_NEWNET) < 0)
		return err_set(err, -errno, "cannot enter the container's network namespace");
	r = net_talk_open(ret, err);
	if (setns(own, CLONE_NEWNET) < 0)
		abort(); /* what follows would be done to the wrong network */
	return r;
}

void net_talk_done(struct net_talk *talk)
{
	netlink_done(&talk->nl);
	free(talk->steps);
	*talk = NET_TALK_NONE;
}

/* ---- what a failure means ---- */

static const struct {
	char key[20]; /* "": the interface itself */
	int code;
	char hint[96];
} hints[] = {
	{ "", -EOPNOTSUPP, "this kernel has no interfaces of that type: modprobe may load them" },
	{ "", -EEXIST, "the host has an interface of that name already, see lxc.net.N.veth.pair" },
	{ "", -EBUSY, "another interface has the link for itself" },
	{ "hwaddr", -EADDRNOTAVAIL,
	  "it must be the address of a single interface, the second "
	  "digit even" },
	{ "ipv4.address", -EEXIST, "the address is there twice" },
	{ "ipv6.address", -EEXIST, "the address is there twice" },
	{ "ipv6.address", -EACCES,
	  "IPv6 is switched off: see sysctl net.ipv6.conf.all.disable_ipv6" },
	{ "link", -EINVAL,
	  "the kernel does not move this interface: wireless ones and the ends of "
	  "tunnels stay" },
	{ "mtu", -EINVAL, "the kernel does not take it; at most what the link has is possible" },
	{ "mtu", -ERANGE, "the kernel does not take it; at most what the link has is possible" },
	{ "name", -EEXIST, "there is an interface of that name inside already" },
	{ "veth.ipv4.route", -EEXIST, "the host has such a route already: ip route" },
	{ "veth.ipv6.route", -EEXIST, "the host has such a route already: ip -6 route" },
};

static void hint_failure(const struct net_step *step, int code, struct err *err)
{
	const char *key = step->key ? step->key : "";

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (hints[i].code == code && strcmp(hints[i].key, key) == 0)
			err_hint(err, "%s", hints[i].hint);
}

static int explain(const struct net_step *step, int code, const char *why, struct err *err)
{
	const struct net_link *link = step->link;
	const char *reason = *why ? why : strerror(-code);

	if (!link)
		return err_say(err, code, "cannot change the network: %s", reason);
	if (step->key)
		err_say(err, code, "cannot set 'lxc.net.%u.%s = %s' of interface '%s': %s",
		        link->conf->index, step->key, step->value, link->name, reason);
	else
		err_say(err, code, "cannot make 'lxc.net.%u' (%s '%s'%s%s%s): %s",
		        link->conf->index, link->type->name, link->name,
		        link->conf->link ? " on '" : "", link->conf->link ? link->conf->link : "",
		        link->conf->link ? "'" : "", reason);
	if (!step->key && code == -EEXIST && link->conf->veth_pair)
		err_hint(err, "the host has an interface '%s', choose another lxc.net.%u.veth.pair",
		         link->conf->veth_pair, link->conf->index);
	hint_failure(step, code, err);
	return code;
}

int net_talk_run(struct net_talk *talk, netlink_fn fn, void *arg, struct err *err)
{
	struct netlink_failure failure = {};
	size_t n = talk->n;
	int r;

	if (talk->nl.failed)
		return err_oom(err);
	r = netlink_run(&talk->nl, fn, arg, &failure);
	talk->n = 0;
	if (r == 0)
		return 0;
	if (failure.number >= n)
		return err_set(err, r, "the kernel does not answer about networks");
	return explain(&talk->steps[failure.number], r, failure.why, err);
}

/* ---- requests ---- */

static void begin(struct net_talk *talk, uint16_t type, uint16_t flags, const void *head,
                  size_t len, const struct net_step *step)
{
	struct net_step *steps =
		reallocarray(talk->steps, talk->n + 1, sizeof(*talk->steps)); /* kept for later */

	if (!steps) {
		talk->nl.failed = true;
		return;
	}
	talk->steps = steps;
	talk->steps[talk->n++] = *step;
	(void)netlink_request(&talk->nl, type, flags, head, len);
}

void net_ask_link(struct net_talk *talk, const struct net_request *request)
{
	const struct ifinfomsg info = {
		.ifi_family = request->family,
		.ifi_index = (int)request->index,
		.ifi_flags = request->up ? IFF_UP : 0,
		.ifi_change = request->up || request->down ? IFF_UP : 0,
	};
	struct net_step step = { .link = request->link, .key = request->key };

	if (request->value)
		(void)snprintf(step.value, sizeof(step.value), "%s", request->value);
	begin(talk, request->type, request->flags, &info, sizeof(info), &step);
	if (request->name)
		netlink_put_text(&talk->nl, IFLA_IFNAME, request->name);
}

void net_format_addr(int family, const uint8_t *addr, uint8_t prefix, char text[64])
{
	char ip[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(family, addr, ip, sizeof(ip));
	if (prefix == net_addr_size(family) * 8)
		(void)snprintf(text, 64, "%s", ip);
	else
		(void)snprintf(text, 64, "%s/%u", ip, prefix);
}

static struct net_step step_of(const struct net_target *target, const uint8_t *addr, uint8_t prefix)
{
	struct net_step step = { .link = target->link, .key = target->key };

	net_format_addr(target->family, addr, prefix, step.value);
	return step;
}

void net_ask_addr(struct net_talk *talk, const struct net_target *target)
{
	const struct ifaddrmsg info = { .ifa_family = (uint8_t)target->family,
		                        .ifa_prefixlen = target->prefix,
		                        .ifa_scope = target->host_scope ? RT_SCOPE_HOST
		                                                        : RT_SCOPE_UNIVERSE,
		                        .ifa_index = target->index };
	const struct net_step step = step_of(target, target->addr, target->prefix);
	size_t size = net_addr_size(target->family);

	begin(talk, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info), &step);
	netlink_put(&talk->nl, IFA_LOCAL, target->addr, size);
	netlink_put(&talk->nl, IFA_ADDRESS, target->addr, size);
	if (target->broadcast)
		netlink_put(&talk->nl, IFA_BROADCAST, target->broadcast, size);
}

void net_ask_addr_list(struct net_talk *talk, int family)
{
	const struct ifaddrmsg info = { .ifa_family = (uint8_t)family };

	begin(talk, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info), &(struct net_step){});
}

void net_ask_forwarding(struct net_talk *talk)
{
	const struct ndmsg info = { .ndm_family = AF_BRIDGE };

	begin(talk, RTM_GETNEIGH, NLM_F_DUMP, &info, sizeof(info), &(struct net_step){});
}

void net_ask_route(struct net_talk *talk, uint16_t type, const struct net_target *target)
{
	static const uint8_t any[16];
	const struct rtmsg info = { .rtm_family = (uint8_t)target->family,
		                    .rtm_dst_len = target->prefix,
		                    .rtm_table = RT_TABLE_MAIN,
		                    .rtm_protocol = RTPROT_BOOT,
		                    .rtm_scope = target->gateway || target->family == AF_INET6
		                                         ? RT_SCOPE_UNIVERSE
		                                         : RT_SCOPE_LINK,
		                    .rtm_type = RTN_UNICAST };
	const struct net_step step =
		target->gateway
			? step_of(target, target->gateway, UINT8_MAX)
			: step_of(target, target->addr ? target->addr : any, target->prefix);
	uint16_t flags = type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0;
	size_t size = net_addr_size(target->family);

	begin(talk, type, flags, &info, sizeof(info), &step);
	if (target->addr)
		netlink_put(&talk->nl, RTA_DST, target->addr, size);
	if (target->gateway)
		netlink_put(&talk->nl, RTA_GATEWAY, target->gateway, size);
	netlink_put_u32(&talk->nl, RTA_OIF, target->index);
}

void net_ask_proxy(struct net_talk *talk, uint16_t type, const struct net_target *target)
{
	const struct ndmsg info = { .ndm_family = (uint8_t)target->family,
		                    .ndm_ifindex = (int)target->index,
		                    .ndm_state = NUD_PERMANENT,
		                    .ndm_flags = NTF_PROXY,
		                    .ndm_type = RTN_UNICAST };
	const struct net_step step = step_of(target, target->addr, target->prefix);

	begin(talk, type, type == RTM_NEWNEIGH ? NLM_F_CREATE : 0, &info, sizeof(info), &step);
	netlink_put(&talk->nl, NDA_DST, target->addr, net_addr_size(target->family));
}

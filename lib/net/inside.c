/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/inside.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "net/types.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct inside {
	struct net_talk talk;
	const struct net_link *link;
	uint32_t index;
};

static bool same_bits(const uint8_t *a, const uint8_t *b, uint8_t n)
{
	uint8_t mask = (uint8_t)(0xff00 >> (n % 8));

	return memcmp(a, b, n / 8) == 0 && (n % 8 == 0 || ((a[n / 8] ^ b[n / 8]) & mask) == 0);
}

bool net_addrs_cover(const struct conf_addrs *addrs, int family, const uint8_t *addr)
{
	for (size_t i = 0; i < addrs->n; i++)
		if (addrs->items[i].family == family &&
		    same_bits(addrs->items[i].addr, addr, addrs->items[i].prefix))
			return true;
	return false;
}

/* ---- the interface ---- */

static void ask_change(struct inside *in, const char *key, const char *value,
                       const struct net_request *change)
{
	struct net_request request = *change;

	request.type = RTM_NEWLINK;
	request.index = in->index;
	request.link = in->link;
	request.key = key;
	request.value = value;
	net_ask_link(&in->talk, &request);
}

static void ask_hwaddr(struct inside *in, const char *text)
{
	uint8_t address[6] = {};

	for (size_t i = 0; i < sizeof(address); i++)
		address[i] = (uint8_t)strtoul(text + i * 3, NULL, 16);
	ask_change(in, "hwaddr", text, &(struct net_request){});
	netlink_put(&in->talk.nl, IFLA_ADDRESS, address, sizeof(address));
}

static void ask_interface(struct inside *in)
{
	const struct net_link *link = in->link;
	char mtu[NUM_TEXT_MAX];

	if (link->temp[0])
		ask_change(in, "name", link->name, &(struct net_request){ .name = link->name });
	if (link->conf->hwaddr)
		ask_hwaddr(in, link->conf->hwaddr);
	if (link->mtu &&
	    (link->by_helper || !link->type->has_host_end)) { /* a pair is born with it */
		ask_change(in, "mtu", num_format(mtu, link->mtu), &(struct net_request){});
		netlink_put_u32(&in->talk.nl, IFLA_MTU, link->mtu);
	}
	if (link->conf->up)
		ask_change(in, "flags", "up", &(struct net_request){ .up = true });
}

/* ---- addresses and routes ---- */

static void ask_addrs(struct inside *in, const struct conf_addrs *addrs)
{
	bool is_lo = in->link->type->kind == CONF_NET_EMPTY;

	for (size_t i = 0; i < addrs->n; i++) {
		const struct conf_addr *addr = &addrs->items[i];
		bool v4 = addr->family == AF_INET;

		net_ask_addr(&in->talk,
		             &(struct net_target){ .index = in->index,
		                                   .family = addr->family,
		                                   .addr = addr->addr,
		                                   .prefix = addr->prefix,
		                                   .broadcast = v4 ? addr->broadcast : NULL,
		                                   .host_scope = is_lo,
		                                   .link = in->link,
		                                   .key = v4 ? "ipv4.address" : "ipv6.address" });
	}
}

/* A gateway that no network of the interface has is reached through the interface all the same. */
static void ask_gateway(struct inside *in, int family, const struct conf_gateway *gateway,
                        const uint8_t *addr, const struct conf_addrs *addrs)
{
	bool direct = gateway->kind == CONF_GATEWAY_DEV;
	bool link_local = family == AF_INET6 && addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80;
	struct net_target target = { .index = in->index,
		                     .family = family,
		                     .link = in->link,
		                     .key = family == AF_INET ? "ipv4.gateway" : "ipv6.gateway" };

	if (gateway->kind == CONF_GATEWAY_NONE)
		return;
	if (!direct && !link_local && !net_addrs_cover(addrs, family, addr)) {
		target.addr = addr;
		target.prefix = (uint8_t)(net_addr_size(family) * 8);
		net_ask_route(&in->talk, RTM_NEWROUTE, &target);
		target.addr = NULL;
		target.prefix = 0;
	}
	target.gateway = direct ? NULL : addr;
	net_ask_route(&in->talk, RTM_NEWROUTE, &target);
}

static int set_up(struct inside *in, const struct net_gateways *gateways, struct err *err)
{
	const struct net_link *link = in->link;
	const struct conf_net *conf = link->conf;
	struct net_device device;
	int r;

	r = net_find_device(&in->talk, 0, link->temp[0] ? link->temp : link->name, &device, err);
	if (r == -ENODEV) {
		err_say(err, r, "'lxc.net.%u' (%s '%s') is not in the container's network",
		        conf->index, link->type->name, link->name);
		err_hint(err,
		         "somebody has removed it since it was made: lxc.net.%u.script.up, or "
		         "a program that manages the host's interfaces",
		         conf->index);
		return r;
	}
	if (r < 0)
		return r;
	in->index = device.index;
	ask_interface(in);
	ask_addrs(in, &conf->ipv4);
	ask_addrs(in, &conf->ipv6);
	ask_gateway(in, AF_INET, &conf->ipv4_gateway, gateways->ipv4, &conf->ipv4);
	ask_gateway(in, AF_INET6, &conf->ipv6_gateway, gateways->ipv6, &conf->ipv6);
	return net_talk_run(&in->talk, NULL, NULL, err);
}

int net_inside_setup(const struct net_plan *plan, const struct net_gateways *gateways,
                     struct err *err)
{
	struct inside in = { .talk = NET_TALK_NONE };
	int r = net_talk_open(&in.talk, err);

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		in.link = &plan->links[i];
		if (!in.link->type->by_program)
			r = set_up(&in, &gateways[i], err);
	}
	net_talk_done(&in.talk);
	return r;
}

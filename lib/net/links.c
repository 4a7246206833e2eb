/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/links.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "net/talk.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* ---- prefixes ---- */

struct prefix_search {
	const char *prefix;
	size_t len;
	char name[NET_NAME_SIZE];
};

static void take_name(void *arg, size_t number, const struct nlmsghdr *message)
{
	struct prefix_search *search = arg;
	struct net_device device = {};

	(void)number;
	net_device_read(message, &device);
	if (strncmp(device.name, search->prefix, search->len) == 0)
		memcpy(search->name, device.name, sizeof(search->name));
}

static void ask_links(struct net_talk *talk)
{
	net_ask_link(talk, &(struct net_request){ .type = RTM_GETLINK, .flags = NLM_F_DUMP });
}

static int find_prefix(struct net_talk *talk, struct conf_net *net, struct err *err)
{
	struct prefix_search search = { .prefix = net->link, .len = strlen(net->link) - 1 };
	char *name;
	int r;

	ask_links(talk);
	r = net_talk_run(talk, take_name, &search, err);
	if (r < 0)
		return r;
	if (!search.name[0]) {
		err_say(err, -ENODEV,
		        "'lxc.net.%u.link = %s': the host has no interface of such a name",
		        net->index, net->link);
		err_hint(err, "'ip link' lists them");
		return -ENODEV;
	}
	name = strdup(search.name);
	if (!name)
		return err_oom(err);
	free(net->link);
	net->link = name;
	return 0;
}

int net_find_prefixes(struct conf_nets *nets, struct err *err)
{
	_cleanup_(net_talk_done) struct net_talk talk = NET_TALK_NONE;
	int r = 0;

	for (size_t i = 0; i < nets->n && r == 0; i++) {
		struct conf_net *net = &nets->items[i];

		if (net->type != CONF_NET_PHYS || !net->link || !str_ends_with(net->link, "+"))
			continue;
		if (talk.nl.fd < 0)
			r = net_talk_open(&talk, err);
		if (r == 0)
			r = find_prefix(&talk, net, err);
	}
	return r;
}

/* ---- hardware addresses ---- */

struct address_search {
	const struct conf_nets *nets;
	bool found;
};

static void compare(struct address_search *search, const uint8_t *address, size_t len)
{
	char text[sizeof("00:00:00:00:00:00")];

	if (len != 6)
		return;
	(void)snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", address[0], address[1],
	               address[2], address[3], address[4], address[5]);
	for (size_t i = 0; i < search->nets->n; i++)
		if (search->nets->items[i].hwaddr &&
		    strcasecmp(search->nets->items[i].hwaddr, text) == 0)
			search->found = true;
}

static void take_address(void *arg, size_t number, const struct nlmsghdr *message)
{
	struct net_device device = {};
	const struct nlattr *attr;
	const void *at = (const char *)message + NLMSG_SPACE(sizeof(struct ndmsg));
	size_t len;

	(void)number;
	net_device_read(message, &device);
	compare(arg, device.address, device.address_len);
	if (message->nlmsg_type != RTM_NEWNEIGH ||
	    message->nlmsg_len < NLMSG_SPACE(sizeof(struct ndmsg)))
		return;
	len = message->nlmsg_len - NLMSG_SPACE(sizeof(struct ndmsg));
	while ((attr = netlink_next_attr(&at, &len)))
		if (attr->nla_type == NDA_LLADDR)
			compare(arg, netlink_attr_data(attr), netlink_attr_len(attr));
}

static bool has_address(const struct conf_nets *nets)
{
	for (size_t i = 0; i < nets->n; i++)
		if (nets->items[i].hwaddr)
			return true;
	return false;
}

bool net_has_used_address(const struct conf_nets *nets)
{
	_cleanup_(net_talk_done) struct net_talk talk = NET_TALK_NONE;
	struct address_search search = { .nets = nets };

	if (!has_address(nets) || net_talk_open(&talk, NULL) < 0)
		return false;
	ask_links(&talk);
	(void)net_talk_run(&talk, take_address, &search, NULL);
	net_ask_forwarding(&talk);
	(void)net_talk_run(&talk, take_address, &search, NULL);
	return search.found;
}

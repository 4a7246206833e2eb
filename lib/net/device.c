/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links as the kernel tells them. */
#include "net/talk.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

static void read_text(const struct nlattr *attr, char text[NET_NAME_SIZE])
{
	size_t len = strnlen(netlink_attr_data(attr), netlink_attr_len(attr));

	if (len >= NET_NAME_SIZE)
		return;
	memcpy(text, netlink_attr_data(attr), len);
	text[len] = '\0';
}

static void read_bridge(const struct nlattr *data, struct net_device *device)
{
	const void *at = netlink_attr_data(data);
	size_t len = netlink_attr_len(data);
	const struct nlattr *attr;

	while ((attr = netlink_next_attr(&at, &len))) {
		if (attr->nla_type == IFLA_BR_VLAN_FILTERING && netlink_attr_len(attr) == 1)
			device->vlan_filtering = *(const uint8_t *)netlink_attr_data(attr);
		else if (attr->nla_type == IFLA_BR_VLAN_DEFAULT_PVID)
			device->default_vlan = netlink_attr_u16(attr);
	}
}

static void read_info(const struct nlattr *info, struct net_device *device)
{
	const void *at = netlink_attr_data(info);
	size_t len = netlink_attr_len(info);
	const struct nlattr *attr;

	while ((attr = netlink_next_attr(&at, &len))) {
		int type = attr->nla_type & NLA_TYPE_MASK;

		if (type == IFLA_INFO_KIND)
			read_text(attr, device->kind);
		else if (type == IFLA_INFO_DATA && strcmp(device->kind, "bridge") == 0)
			read_bridge(attr, device);
	}
}

static void read_stats(const struct nlattr *attr, struct net_device *device)
{
	struct rtnl_link_stats64 stats = {};
	size_t len = netlink_attr_len(attr);

	memcpy(&stats, netlink_attr_data(attr), len < sizeof(stats) ? len : sizeof(stats));
	device->rx_bytes = stats.rx_bytes;
	device->tx_bytes = stats.tx_bytes;
}

static void read_attr(const struct nlattr *attr, struct net_device *device)
{
	switch (attr->nla_type & NLA_TYPE_MASK) {
	case IFLA_IFNAME:
		read_text(attr, device->name);
		break;
	case IFLA_MTU:
		device->mtu = netlink_attr_u32(attr);
		break;
	case IFLA_MASTER:
		device->master = netlink_attr_u32(attr);
		break;
	case IFLA_ADDRESS:
		if (netlink_attr_len(attr) > sizeof(device->address))
			break;
		device->address_len = (uint8_t)netlink_attr_len(attr);
		memcpy(device->address, netlink_attr_data(attr), device->address_len);
		break;
	case IFLA_STATS64:
		read_stats(attr, device);
		break;
	case IFLA_LINKINFO:
		read_info(attr, device);
		break;
	default:
		break;
	}
}

void net_device_read(const struct nlmsghdr *message, struct net_device *ret_device)
{
	struct net_device device = {};
	const struct nlattr *attr;
	struct ifinfomsg info;
	const void *at;
	size_t len;

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_SPACE(sizeof(info)))
		return;
	memcpy(&info, NLMSG_DATA(message), sizeof(info));
	device.index = (uint32_t)info.ifi_index;
	at = (const char *)message + NLMSG_SPACE(sizeof(info));
	len = message->nlmsg_len - NLMSG_SPACE(sizeof(info));
	while ((attr = netlink_next_attr(&at, &len)))
		read_attr(attr, &device);
	*ret_device = device;
}

struct search {
	const char *name; /* NULL: any */
	struct net_device *device;
};

static void take_device(void *arg, size_t number, const struct nlmsghdr *message)
{
	const struct search *search = arg;
	struct net_device device = {};

	(void)number;
	net_device_read(message, &device);
	/* An interface may answer to further names, which another one can take at any time. */
	if (device.index && (!search->name || strcmp(device.name, search->name) == 0))
		*search->device = device;
}

int net_find_device(struct net_talk *talk, uint32_t index, const char *name,
                    struct net_device *ret_device, struct err *err)
{
	struct net_device device = {};
	struct search search = { .name = index ? NULL : name, .device = &device };
	struct err why = {};
	int r;

	net_ask_link(talk, &(struct net_request){
				   .type = RTM_GETLINK, .index = index, .name = search.name });
	r = net_talk_run(talk, take_device, &search, &why);
	if (r == 0 && !device.index)
		r = -ENODEV;
	if (r == 0)
		*ret_device = device;
	else if (r != -ENODEV && err)
		*err = why;
	return r;
}

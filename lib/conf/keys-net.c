/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"

#include <string.h>
#include <sys/socket.h>

#define KEY(key_name, kind, member, ...)                                                           \
	{                                                                                          \
		.name = key_name, .type = &kind, .field = offsetof(struct conf_net, member),       \
		__VA_ARGS__                                                                        \
	}
#define OF(type) .net_types = CONF_NET_BIT(type)

/* What may follow "lxc.net.N.", in the order in which they are listed; type stays in front. */
static const struct conf_key keys[] = {
	KEY("type", conf_net_kind, type),
	KEY("script.up", conf_str, script_up),
	KEY("script.down", conf_str, script_down),
	KEY("flags", conf_net_flags, up),
	KEY("link", conf_ifname, link),
	KEY("name", conf_ifname, name),
	KEY("hwaddr", conf_hwaddr, hwaddr),
	KEY("mtu", conf_mtu, mtu),
	KEY("ipv6.address", conf_address, ipv6, .arg = AF_INET6),
	KEY("ipv6.gateway", conf_gateway, ipv6_gateway, .arg = AF_INET6),
	KEY("ipv4.address", conf_address, ipv4, .arg = AF_INET),
	KEY("ipv4.gateway", conf_gateway, ipv4_gateway, .arg = AF_INET),
	KEY("l2proxy", conf_bool, l2proxy),
	KEY("veth.mode", conf_veth_mode, veth_mode, OF(CONF_NET_VETH)),
	KEY("veth.pair", conf_ifname, veth_pair, OF(CONF_NET_VETH)),
	KEY("veth.ipv4.route", conf_route, veth_ipv4_route, OF(CONF_NET_VETH), .arg = AF_INET),
	KEY("veth.ipv6.route", conf_route, veth_ipv6_route, OF(CONF_NET_VETH), .arg = AF_INET6),
	KEY("veth.vlan.id", conf_veth_vlan, veth_vlan_id, OF(CONF_NET_VETH),
	    .arg = CONF_VLAN_UNSET),
	KEY("veth.vlan.tagged.id", conf_veth_vlan_tagged, veth_vlan_tagged, OF(CONF_NET_VETH)),
	KEY("veth.n_rxqueues", conf_count, veth_rxqueues, OF(CONF_NET_VETH)),
	KEY("veth.n_txqueues", conf_count, veth_txqueues, OF(CONF_NET_VETH)),
	KEY("macvlan.mode", conf_macvlan_mode, macvlan_mode, OF(CONF_NET_MACVLAN)),
	KEY("ipvlan.mode", conf_ipvlan_mode, ipvlan_mode, OF(CONF_NET_IPVLAN)),
	KEY("ipvlan.isolation", conf_ipvlan_isolation, ipvlan_isolation, OF(CONF_NET_IPVLAN)),
	KEY("vlan.id", conf_vlan_id, vlan_id, OF(CONF_NET_VLAN)),
	KEY("publish", conf_publish, publish, OF(CONF_NET_USER)),
};

const struct conf_key *conf_net_key_at(size_t i)
{
	return i < ARRAY_SIZE(keys) ? &keys[i] : NULL;
}

const struct conf_key *conf_net_key_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

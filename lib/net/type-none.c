/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* No interface. When all are of this type, the network is that of the host, see lib/ns. */
#include "net/types.h"

static int plan_none(struct net_link *link, struct err *err)
{
	const struct conf_net *conf = link->conf;
	const struct net_foreign foreign[] = {
		{ "link", conf->link != NULL },
		{ "hwaddr", conf->hwaddr != NULL },
		{ "mtu", conf->mtu != NULL },
		{ "ipv4.address", conf->ipv4.n > 0 },
		{ "ipv6.address", conf->ipv6.n > 0 },
		{ "ipv4.gateway", conf->ipv4_gateway.kind != CONF_GATEWAY_NONE },
		{ "ipv6.gateway", conf->ipv6_gateway.kind != CONF_GATEWAY_NONE },
		{ "l2proxy", conf->l2proxy },
		{ "script.up", conf->script_up != NULL },
		{ "script.down", conf->script_down != NULL },
		{},
	};

	return net_refuse_foreign(link, foreign, err);
}

const struct net_type net_type_none = {
	.kind = CONF_NET_NONE,
	.name = "none",
	.is_no_link = true,
	.plan = plan_none,
};

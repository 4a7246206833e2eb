/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nothing but the loopback interface, which may get addresses and scripts. */
#include "net/types.h"

static int plan_empty(struct net_link *link, struct err *err)
{
	const struct conf_net *conf = link->conf;
	const struct net_foreign foreign[] = {
		{ "link", conf->link != NULL },
		{ "hwaddr", conf->hwaddr != NULL },
		{ "l2proxy", conf->l2proxy },
		{},
	};

	return net_refuse_foreign(link, foreign, err);
}

const struct net_type net_type_empty = {
	.kind = CONF_NET_EMPTY,
	.name = "empty",
	.plan = plan_empty,
};

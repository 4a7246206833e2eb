/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network that needs nobody's leave: a program makes the interface and all that it has, see
 * usernet.h. It runs beside the container, so that there is nothing to create here. */
#include "net/types.h"

#include "conf/item.h"

static int plan_user(struct net_link *link, struct err *err)
{
	const struct conf_net *conf = link->conf;
	const struct net_foreign foreign[] = {
		{ "link", conf->link != NULL },
		{ "ipv4.address", conf->ipv4.n > 0 },
		{ "ipv6.address", conf->ipv6.n > 0 },
		{ "ipv4.gateway", conf->ipv4_gateway.kind != CONF_GATEWAY_NONE },
		{ "ipv6.gateway", conf->ipv6_gateway.kind != CONF_GATEWAY_NONE },
		{ "l2proxy", conf->l2proxy },
		{},
	};

	return net_refuse_foreign(link, foreign, err);
}

static void json_user(const struct net_link *link, struct text *text)
{
	const struct conf_publishes *list = &link->conf->publish;

	if (link->optional)
		text_add(text, ", \"optional\": true");
	for (size_t i = 0; i < list->n; i++) {
		text_add(text, i ? ", \"" : ", \"publish\": [\"");
		conf_publish_format(&list->items[i], text);
		text_add(text, i + 1 < list->n ? "\"" : "\"]");
	}
}

const struct net_type net_type_user = {
	.kind = CONF_NET_USER,
	.name = "user",
	.by_program = true,
	.plan = plan_user,
	.json = json_user,
};

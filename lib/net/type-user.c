/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network that needs nobody's leave: a program makes the interface and all that it has, see
 * usernet.h. It runs beside the container, so that there is nothing to create here. */
#include "net/types.h"

#include "conf/item.h"

#include <errno.h>
#include <string.h>

static bool is_same_port(const struct conf_publish *a, const struct conf_publish *b)
{
	return a->host_port == b->host_port && a->udp == b->udp &&
	       (!a->family || !b->family ||
	        (a->family == b->family && memcmp(a->addr, b->addr, sizeof(a->addr)) == 0));
}

static int check_publish(const struct net_link *link, struct err *err)
{
	const struct conf_publishes *list = &link->conf->publish;

	for (size_t i = 1; i < list->n; i++)
		for (size_t k = 0; k < i; k++)
			if (is_same_port(&list->items[i], &list->items[k]))
				return err_say(err, -EEXIST,
				               "'lxc.net.%u.publish' has port %u of the host twice",
				               link->conf->index, list->items[i].host_port);
	return 0;
}

/* The programs leave out an address that the kernel refuses, without a word. */
static int check_hwaddr(const struct net_link *link, struct err *err)
{
	const char *hwaddr = link->conf->hwaddr;

	if (!hwaddr || !hwaddr[0] || !strchr("13579bdfBDF", hwaddr[1]))
		return 0;
	err_say(err, -EINVAL, "'lxc.net.%u.hwaddr = %s' is an address of many interfaces",
	        link->conf->index, hwaddr);
	err_hint(err, "it must be that of a single one, the second digit even");
	return -EINVAL;
}

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

	int r = net_refuse_foreign(link, foreign, err);

	if (r == 0)
		r = check_hwaddr(link, err);
	return r < 0 ? r : check_publish(link, err);
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

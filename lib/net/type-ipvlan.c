/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/host.h"
#include "net/upper.h"

#include <errno.h>
#include <linux/if_link.h>

static const struct net_word modes[] = {
	{ "l3", IPVLAN_MODE_L3 },
	{ "l3s", IPVLAN_MODE_L3S },
	{ "l2", IPVLAN_MODE_L2 },
	{},
};
static const struct net_word isolations[] = {
	{ "bridge", 0 },
	{ "private", IPVLAN_F_PRIVATE },
	{ "vepa", IPVLAN_F_VEPA },
	{},
};

static int plan_ipvlan(struct net_link *link, struct err *err)
{
	const struct conf_net *conf = link->conf;
	int mode = net_word_find(modes, conf->ipvlan_mode);
	int isolation = net_word_find(isolations, conf->ipvlan_isolation);

	if (mode < 0 || isolation < 0)
		return err_set(err, -EINVAL, "'lxc.net.%u.ipvlan.%s'", conf->index,
		               mode < 0 ? "mode" : "isolation");
	link->mode = (uint16_t)mode;
	link->flags = (uint16_t)isolation;
	if (!conf->l2proxy || mode == IPVLAN_MODE_L3S)
		return 0;
	err_say(err, -EINVAL, "'lxc.net.%u.l2proxy = 1' needs an ipvlan of mode l3s", conf->index);
	err_hint(err, "add 'lxc.net.%u.ipvlan.mode = l3s'", conf->index);
	return -EINVAL;
}

static void json_ipvlan(const struct net_link *link, struct text *text)
{
	net_json_member(text, "mode", net_word_of(modes, link->mode));
	net_json_member(text, "isolation", net_word_of(isolations, link->flags));
}

static int create_ipvlan(const struct net_job *job, struct net_made_link *made, struct err *err)
{
	const struct net_upper upper = net_upper_begin(job, made);

	(void)err;
	netlink_put_u16(&job->talk->nl, IFLA_IPVLAN_MODE, made->link->mode);
	netlink_put_u16(&job->talk->nl, IFLA_IPVLAN_FLAGS, made->link->flags);
	net_upper_end(job, &upper);
	return 0;
}

const struct net_type net_type_ipvlan = {
	.kind = CONF_NET_IPVLAN,
	.name = "ipvlan",
	.needs_link = true,
	.routes_proxied = true,
	.temp = "ipvlan",
	.plan = plan_ipvlan,
	.json = json_ipvlan,
	.create = create_ipvlan,
};

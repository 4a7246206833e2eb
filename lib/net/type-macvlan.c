/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/host.h"
#include "net/upper.h"

#include <linux/if_link.h>

static const struct net_word modes[] = {
	{ "private", MACVLAN_MODE_PRIVATE },
	{ "vepa", MACVLAN_MODE_VEPA },
	{ "bridge", MACVLAN_MODE_BRIDGE },
	{ "passthru", MACVLAN_MODE_PASSTHRU },
	{},
};

static int plan_macvlan(struct net_link *link, struct err *err)
{
	int mode = net_word_find(modes, link->conf->macvlan_mode);

	link->mode = (uint16_t)mode;
	return mode < 0 ? err_set(err, mode, "'lxc.net.%u.macvlan.mode'", link->conf->index) : 0;
}

static void json_macvlan(const struct net_link *link, struct text *text)
{
	net_json_member(text, "mode", net_word_of(modes, link->mode));
}

static int create_macvlan(const struct net_job *job, struct net_made_link *made, struct err *err)
{
	const struct net_upper upper = net_upper_begin(job, made);

	(void)err;
	netlink_put_u32(&job->talk->nl, IFLA_MACVLAN_MODE, made->link->mode);
	net_upper_end(job, &upper);
	return 0;
}

const struct net_type net_type_macvlan = {
	.kind = CONF_NET_MACVLAN,
	.name = "macvlan",
	.needs_link = true,
	.may_auto = true,
	.temp = "macvlan",
	.plan = plan_macvlan,
	.json = json_macvlan,
	.create = create_macvlan,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/host.h"
#include "net/upper.h"

#include <errno.h>
#include <linux/if_link.h>

#define VLAN_MAX 4094

static int plan_vlan(struct net_link *link, struct err *err)
{
	const struct conf_net *conf = link->conf;

	link->vlan_id = conf->vlan_id;
	if (link->vlan_id <= VLAN_MAX)
		return 0;
	return err_say(err, -ERANGE, "'lxc.net.%u.vlan.id = %u': the last VLAN is %d", conf->index,
	               link->vlan_id, VLAN_MAX);
}

static void json_vlan(const struct net_link *link, struct text *text)
{
	text_addf(text, ", \"vlan\": %u", link->vlan_id);
}

static int create_vlan(const struct net_job *job, struct net_made_link *made, struct err *err)
{
	const struct net_upper upper = net_upper_begin(job, made);

	(void)err;
	netlink_put_u16(&job->talk->nl, IFLA_VLAN_ID, (uint16_t)made->link->vlan_id);
	net_upper_end(job, &upper);
	return 0;
}

const struct net_type net_type_vlan = {
	.kind = CONF_NET_VLAN,
	.name = "vlan",
	.needs_link = true,
	.temp = "vlan",
	.plan = plan_vlan,
	.json = json_vlan,
	.create = create_vlan,
};

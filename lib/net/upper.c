/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/upper.h"

#include "net/host.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

struct net_upper net_upper_begin(const struct net_job *job, const struct net_made_link *made)
{
	struct netlink *nl = &job->talk->nl;
	struct net_upper upper;

	net_ask_link(job->talk, &(struct net_request){ .type = RTM_NEWLINK,
	                                               .flags = NLM_F_CREATE | NLM_F_EXCL,
	                                               .name = made->link->temp,
	                                               .link = made->link });
	netlink_put_u32(nl, IFLA_LINK, made->lower.index);
	netlink_put_u32(nl, IFLA_NET_NS_FD, (uint32_t)job->netns_fd);
	upper.info = netlink_nest(nl, IFLA_LINKINFO, NULL, 0);
	netlink_put_text(nl, IFLA_INFO_KIND, made->link->type->name);
	upper.data = netlink_nest(nl, IFLA_INFO_DATA, NULL, 0);
	return upper;
}

void net_upper_end(const struct net_job *job, const struct net_upper *upper)
{
	netlink_nest_end(&job->talk->nl, upper->data);
	netlink_nest_end(&job->talk->nl, upper->info);
}

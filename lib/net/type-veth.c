/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pair: one end inside, the other one at a bridge of the host (or alone, or the container's
 * router). The inner end is born in the container's namespace under its final name. */
#include "net/host.h"
#include "net/types.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "net/ovs.h"
#include "net/usernic.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define MTU_DEFAULT 1500
#define MTU_MIN 68
#define MTU_MAX 65535

/* ---- deciding ---- */

static bool has_port_vlan(const struct conf_net *conf)
{
	return conf->veth_vlan_id != CONF_VLAN_UNSET || conf->veth_vlan_tagged.n;
}

static int check_port_vlan(const struct net_link *link, struct err *err)
{
	const struct conf_net *conf = link->conf;
	char id[NUM_TEXT_MAX];

	if (!has_port_vlan(conf))
		return 0;
	if (link->router || !conf->link) {
		err_say(err, -EINVAL, "'lxc.net.%u.veth.vlan.*' is about the port of a bridge",
		        conf->index);
		err_hint(err, "it needs lxc.net.%u.link, and veth.mode = bridge", conf->index);
		return -EINVAL;
	}
	if (strv_has(&conf->veth_vlan_tagged, num_format(id, conf->veth_vlan_id)))
		return err_say(err, -EINVAL,
		               "'lxc.net.%u.veth.vlan.tagged.id = %s' is veth.vlan.id, too",
		               conf->index, id);
	return 0;
}

static int plan_veth(struct net_link *link, struct err *err)
{
	const char *mode = link->conf->veth_mode;

	/* Of one that is refused the kernel says no more than "invalid". */
	if (link->mtu && (link->mtu < MTU_MIN || link->mtu > MTU_MAX)) {
		err_say(err, -ERANGE, "'lxc.net.%u.mtu = %s' must be from %d to %d",
		        link->conf->index, link->conf->mtu, MTU_MIN, MTU_MAX);
		err_hint(err, "without that line it is the one of the bridge");
		return -ERANGE;
	}
	link->router = mode && strcmp(mode, "router") == 0;
	return check_port_vlan(link, err);
}

static void json_veth(const struct net_link *link, struct text *text)
{
	const struct conf_net *conf = link->conf;

	net_json_member(text, "mode", link->router ? "router" : "bridge");
	net_json_member(text, "pair", conf->veth_pair ? conf->veth_pair : "vethXXXXXX");
	if (conf->veth_vlan_id >= 0)
		text_addf(text, ", \"vlan\": %d", conf->veth_vlan_id);
	else if (conf->veth_vlan_id == CONF_VLAN_NONE)
		net_json_member(text, "vlan", "none");
	for (size_t i = 0; i < conf->veth_vlan_tagged.n; i++)
		text_addf(text, "%s%s%s", i ? ", " : ", \"tagged_vlans\": [",
		          conf->veth_vlan_tagged.items[i],
		          i + 1 == conf->veth_vlan_tagged.n ? "]" : "");
}

/* ---- making ---- */

/* Six letters and digits, as LXC's: scripts know its interfaces by "veth". */
static int name_host_end(struct net_made_link *made)
{
	static const char letters[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const char *pair = made->link->conf->veth_pair;
	uint16_t random[6];
	size_t len;

	if (pair) {
		(void)snprintf(made->host_name, sizeof(made->host_name), "%s", pair);
		return 0;
	}
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	len = strlen(strcpy(made->host_name, "veth"));
	for (size_t i = 0; i < ARRAY_SIZE(random); i++)
		made->host_name[len++] = letters[random[i] % (sizeof(letters) - 1)];
	made->host_name[len] = '\0';
	return 0;
}

/* Of Open vSwitch, when the kernel knows of no bridge */
static int check_bridge(struct net_made_link *made, struct err *err)
{
	const struct conf_net *conf = made->link->conf;

	if (!conf->link || made->link->router || strcmp(made->lower.kind, "bridge") == 0)
		return 0;
	made->by_ovs = ovs_has_bridge(conf->link);
	if (made->by_ovs)
		return 0;
	err_say(err, -EINVAL, "'lxc.net.%u.link = %s' is not a bridge", conf->index, conf->link);
	err_hint(err, "%s",
	         strcmp(made->lower.kind, "openvswitch") == 0
	                 ? "Open vSwitch's program ovs-vsctl does not know it, or is not there"
	                 : "type veth needs a bridge, see ip-link(8); macvlan stands on an "
	                   "interface of any kind");
	return -EINVAL;
}

static int prepare_veth(struct net_made_link *made, struct err *err)
{
	if (name_host_end(made) < 0)
		return err_set(err, -EIO, "cannot draw random numbers");
	return check_bridge(made, err);
}

static void put_peer(struct netlink *nl, const struct net_job *job, const struct net_link *link,
                     uint32_t mtu)
{
	const struct ifinfomsg plain = {};
	const struct conf_net *conf = link->conf;
	size_t peer = netlink_nest(nl, VETH_INFO_PEER, &plain, sizeof(plain));

	netlink_put_text(nl, IFLA_IFNAME, link->name);
	netlink_put_u32(nl, IFLA_MTU, mtu);
	netlink_put_u32(nl, IFLA_NET_NS_FD, (uint32_t)job->netns_fd);
	if (conf->veth_rxqueues > 0)
		netlink_put_u32(nl, IFLA_NUM_RX_QUEUES, (uint32_t)conf->veth_rxqueues);
	if (conf->veth_txqueues > 0)
		netlink_put_u32(nl, IFLA_NUM_TX_QUEUES, (uint32_t)conf->veth_txqueues);
	netlink_nest_end(nl, peer);
}

static int create_veth(const struct net_job *job, struct net_made_link *made, struct err *err)
{
	/* A bridge takes on the lowest address of its ports: this one it does not want. */
	uint8_t address[6];
	const struct net_link *link = made->link;
	struct netlink *nl = &job->talk->nl;
	uint32_t mtu = link->mtu;
	size_t info, data;

	if (getrandom(address, sizeof(address), 0) != sizeof(address))
		return err_set(err, -EIO, "cannot draw random numbers");
	address[0] = 0xfe;
	if (!mtu)
		mtu = made->lower.index ? made->lower.mtu : MTU_DEFAULT;
	net_ask_link(job->talk, &(struct net_request){ .type = RTM_NEWLINK,
	                                               .flags = NLM_F_CREATE | NLM_F_EXCL,
	                                               .name = made->host_name,
	                                               .up = true,
	                                               .link = link });
	netlink_put(nl, IFLA_ADDRESS, address, sizeof(address));
	netlink_put_u32(nl, IFLA_MTU, mtu);
	if (link->conf->link && !link->router && !made->by_ovs)
		netlink_put_u32(nl, IFLA_MASTER, made->lower.index);
	info = netlink_nest(nl, IFLA_LINKINFO, NULL, 0);
	netlink_put_text(nl, IFLA_INFO_KIND, "veth");
	data = netlink_nest(nl, IFLA_INFO_DATA, NULL, 0);
	put_peer(nl, job, link, mtu);
	netlink_nest_end(nl, data);
	netlink_nest_end(nl, info);
	return 0;
}

/* ---- the port of a bridge ---- */

/* @type: RTM_SETLINK adds, RTM_DELLINK removes. */
static void ask_port_vlan(const struct net_job *job, const struct net_made_link *made,
                          uint16_t type, uint16_t id, uint16_t flags, const char *key)
{
	const struct bridge_vlan_info vlan = { .flags = flags, .vid = id };
	char text[NUM_TEXT_MAX];
	size_t spec;

	net_ask_link(job->talk, &(struct net_request){ .type = type,
	                                               .family = AF_BRIDGE,
	                                               .index = made->host_index,
	                                               .link = made->link,
	                                               .key = key,
	                                               .value = num_format(text, id) });
	spec = netlink_nest(&job->talk->nl, IFLA_AF_SPEC, NULL, 0);
	netlink_put(&job->talk->nl, IFLA_BRIDGE_VLAN_INFO, &vlan, sizeof(vlan));
	netlink_nest_end(&job->talk->nl, spec);
}

static int ask_port_vlans(const struct net_job *job, const struct net_made_link *made,
                          struct err *err)
{
	const struct conf_net *conf = made->link->conf;
	uint16_t old = made->lower.default_vlan;

	if (!made->lower.vlan_filtering) {
		err_say(err, -EINVAL,
		        "'lxc.net.%u.veth.vlan.*' has no effect: bridge '%s' does not look at "
		        "VLANs",
		        conf->index, conf->link);
		err_hint(err, "switch it on: ip link set %s type bridge vlan_filtering 1",
		         conf->link);
		return -EINVAL;
	}
	if (conf->veth_vlan_id != CONF_VLAN_UNSET && old && conf->veth_vlan_id != old)
		ask_port_vlan(job, made, RTM_DELLINK, old, 0, "veth.vlan.id");
	if (conf->veth_vlan_id >= 0)
		ask_port_vlan(job, made, RTM_SETLINK, (uint16_t)conf->veth_vlan_id,
		              BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED, "veth.vlan.id");
	for (size_t i = 0; i < conf->veth_vlan_tagged.n; i++)
		ask_port_vlan(job, made, RTM_SETLINK,
		              (uint16_t)strtoul(conf->veth_vlan_tagged.items[i], NULL, 10), 0,
		              "veth.vlan.tagged.id");
	return 0;
}

/* ---- the container's router ---- */

static void ask_route(const struct net_job *job, const struct net_made_link *made,
                      const struct conf_addr *addr, uint8_t prefix, const char *key)
{
	net_ask_route(job->talk, RTM_NEWROUTE,
	              &(struct net_target){ .index = made->host_index,
	                                    .family = addr->family,
	                                    .addr = addr->addr,
	                                    .prefix = prefix,
	                                    .link = made->link,
	                                    .key = key });
}

/* The gateway that the container thinks it has is us. */
static void ask_gateway_proxy(const struct net_job *job, const struct net_made_link *made,
                              int family, const struct conf_gateway *gateway, const char *key)
{
	if (gateway->kind == CONF_GATEWAY_ADDR)
		net_ask_proxy(job->talk, RTM_NEWNEIGH,
		              &(struct net_target){ .index = made->host_index,
		                                    .family = family,
		                                    .addr = gateway->addr,
		                                    .prefix = (uint8_t)(net_addr_size(family) * 8),
		                                    .link = made->link,
		                                    .key = key });
}

static int set_up_router(const struct net_job *job, const struct net_made_link *made,
                         struct err *err)
{
	const struct conf_net *conf = made->link->conf;
	const struct conf_addrs *families[] = { &conf->ipv4, &conf->ipv6 };
	bool v6 = conf->ipv6.n || conf->ipv6_gateway.kind;
	int r = 0;

	if (v6)
		r = net_need_sysctl(made->link, "veth.mode = router", "ipv6", "all", "forwarding",
		                    err);
	if (r == 0 && v6)
		r = net_set_sysctl("ipv6", made->host_name, "proxy_ndp", "1", err);
	if (r == 0 && v6)
		r = net_set_sysctl("ipv6", made->host_name, "forwarding", "1", err);
	if (r == 0)
		r = net_set_sysctl("ipv4", made->host_name, "forwarding", "1", err);
	for (size_t f = 0; f < ARRAY_SIZE(families) && r == 0; f++)
		for (size_t i = 0; i < families[f]->n; i++)
			ask_route(job, made, &families[f]->items[i],
			          (uint8_t)(net_addr_size(families[f]->items[i].family) * 8),
			          f ? "ipv6.address" : "ipv4.address");
	ask_gateway_proxy(job, made, AF_INET, &conf->ipv4_gateway, "ipv4.gateway");
	ask_gateway_proxy(job, made, AF_INET6, &conf->ipv6_gateway, "ipv6.gateway");
	return r;
}

static int finish_veth(const struct net_job *job, struct net_made_link *made, struct err *err)
{
	const struct conf_net *conf = made->link->conf;
	int r = 0;

	if (made->link->router) {
		r = set_up_router(job, made, err);
	} else if (conf->link) {
		/* A port has no address; the host is reached by that of the bridge. */
		(void)net_set_sysctl("ipv6", made->host_name, "disable_ipv6", "1", NULL);
		if (made->by_ovs)
			r = ovs_add_port(made, err);
		else if (has_port_vlan(conf))
			r = ask_port_vlans(job, made, err);
	}
	for (size_t i = 0; i < conf->veth_ipv4_route.n && r == 0; i++)
		ask_route(job, made, &conf->veth_ipv4_route.items[i],
		          conf->veth_ipv4_route.items[i].prefix, "veth.ipv4.route");
	for (size_t i = 0; i < conf->veth_ipv6_route.n && r == 0; i++)
		ask_route(job, made, &conf->veth_ipv6_route.items[i],
		          conf->veth_ipv6_route.items[i].prefix, "veth.ipv6.route");
	return r;
}

const struct net_type net_type_veth = {
	.kind = CONF_NET_VETH,
	.name = "veth",
	.may_auto = true,
	.has_host_end = true,
	.plan = plan_veth,
	.json = json_veth,
	.prepare = prepare_veth,
	.create = create_veth,
	.finish = finish_veth,
	.ask = usernic_create,
	.unask = usernic_delete,
	.check_user = usernic_check,
};

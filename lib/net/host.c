/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One conversation with the kernel for all interfaces of a container:
 *
 *   look    at the links of the host that they stand on, and their addresses for "auto"
 *   prepare what special types have to look at
 *   record  what would not vanish with the container
 *   create  each in its final namespace, all at once
 *   finish  what needs the number of a host end: VLANs, routes, neighbours
 *   script  lxc.net.N.script.up
 *   move    interfaces of the host itself, which go last and are on record until they are back
 *
 * A request names links by number wherever it changes one, or makes it exclusively: a failure of
 * one never lets a later one hit an interface that is not ours. */
#include "net/host.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "net/proxy.h"
#include "net/types.h"
#include "net/undo.h"
#include "os/fd.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#ifndef RLXC_LIBEXEC_DIR
#define RLXC_LIBEXEC_DIR "/usr/local/libexec/lxc"
#endif
#define SERVICE_BRIDGE "lxcbr0" /* of lxc-net */
#define GROUP_HIGH 0x80000000U  /* people begin with small ones */

struct make {
	const struct net_host_request *request;
	struct net_made *made;
	struct net_talk talk;
	struct net_job job;
};

struct net_made *net_made_free(struct net_made *made)
{
	if (!made)
		return NULL;
	free(made->links);
	strv_done(&made->undo);
	cleanup_close(&made->netns_fd);
	free(made);
	return NULL;
}

static struct net_made *made_new(const struct net_plan *plan)
{
	struct net_made *made = calloc(1, sizeof(*made));

	if (!made)
		return NULL;
	made->netns_fd = -EBADF;
	made->links = calloc(plan->n + 1, sizeof(*made->links));
	if (!made->links)
		return net_made_free(made);
	made->n = plan->n;
	for (size_t i = 0; i < plan->n; i++)
		made->links[i].link = &plan->links[i];
	return made;
}

int net_made_again(const struct net_plan *plan, const struct strv *undo, int netns_fd,
                   struct net_made **ret_made, struct err *err)
{
	struct net_made *made = made_new(plan);
	int r = made ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < plan->n; i++)
		made->links[i].is_made = true;
	for (size_t i = 0; r == 0 && i < undo->n; i++)
		r = strv_add(&made->undo, undo->items[i]);
	if (r == 0 && undo->n && netns_fd >= 0) {
		made->netns_fd = fd_dup(netns_fd);
		r = made->netns_fd < 0 ? made->netns_fd : 0;
	}
	if (r < 0) {
		(void)net_made_free(made);
		return err_set(err, r, "cannot take the container's network over");
	}
	*ret_made = made;
	return 0;
}

/* ---- look ---- */

static int say_no_link(const struct net_link *link, struct err *err)
{
	const struct conf_net *conf = link->conf;

	err_say(err, -ENODEV, "'lxc.net.%u.link = %s': the host has no such interface", conf->index,
	        conf->link);
	if (strcmp(conf->link, SERVICE_BRIDGE) == 0)
		err_hint(err, "as root, the bridge service makes it: %s/lxc-net start",
		         RLXC_LIBEXEC_DIR);
	else if (conf->type == CONF_NET_VETH && !link->router)
		err_hint(err,
		         "'ip link' lists them; this makes a bridge: ip link add %s up type bridge",
		         conf->link);
	else
		err_hint(err, "'ip link' lists them");
	return -ENODEV;
}

static int look_up(struct make *make, struct err *err)
{
	for (size_t i = 0; i < make->made->n; i++) {
		struct net_made_link *made = &make->made->links[i], *before = i ? made - 1 : NULL;
		const char *name = made->link->conf->link;
		int r;

		if (!name)
			continue;
		if (before && strcmp(before->lower.name, name) == 0) {
			made->lower = before->lower; /* the same bridge most of the time */
			continue;
		}
		r = net_find_device(&make->talk, 0, name, &made->lower, err);
		if (r < 0)
			return r == -ENODEV ? say_no_link(made->link, err) : r;
	}
	return 0;
}

struct addr_search {
	uint32_t index;
	int family;
	uint8_t *addr;
	bool found, link_local;
};

static void take_addr(void *arg, size_t number, const struct nlmsghdr *message)
{
	struct addr_search *search = arg;
	const struct nlattr *attr;
	struct ifaddrmsg info;
	const void *at;
	size_t len;

	(void)number;
	if (message->nlmsg_type != RTM_NEWADDR || message->nlmsg_len < NLMSG_SPACE(sizeof(info)))
		return;
	memcpy(&info, NLMSG_DATA(message), sizeof(info));
	if (info.ifa_index != search->index || info.ifa_family != search->family)
		return;
	if (search->found && (!search->link_local || info.ifa_scope == RT_SCOPE_LINK))
		return; /* the first one, but one of more than the link is better */
	at = (const char *)message + NLMSG_SPACE(sizeof(info));
	len = message->nlmsg_len - NLMSG_SPACE(sizeof(info));
	while ((attr = netlink_next_attr(&at, &len))) {
		if ((attr->nla_type != IFA_LOCAL && attr->nla_type != IFA_ADDRESS) ||
		    netlink_attr_len(attr) != net_addr_size(search->family))
			continue;
		memcpy(search->addr, netlink_attr_data(attr), netlink_attr_len(attr));
		search->found = true;
		search->link_local = info.ifa_scope == RT_SCOPE_LINK;
		if (attr->nla_type == IFA_LOCAL)
			return;
	}
}

static int find_gateway(struct make *make, const struct net_made_link *made, int family,
                        const struct conf_gateway *gateway, uint8_t *ret_addr, struct err *err)
{
	struct addr_search search = { .index = made->lower.index,
		                      .family = family,
		                      .addr = ret_addr };
	const struct conf_net *conf = made->link->conf;
	int version = family == AF_INET ? 4 : 6, r;

	if (gateway->kind == CONF_GATEWAY_ADDR)
		memcpy(ret_addr, gateway->addr, net_addr_size(family));
	if (gateway->kind != CONF_GATEWAY_AUTO)
		return 0;
	net_ask_addr_list(&make->talk, family);
	r = net_talk_run(&make->talk, take_addr, &search, err);
	if (r < 0 || search.found)
		return r;
	err_say(err, -EADDRNOTAVAIL, "'lxc.net.%u.ipv%d.gateway = auto': '%s' has no IPv%d address",
	        conf->index, version, conf->link, version);
	err_hint(err, "give it one: ip addr add ADDRESS/PREFIX dev %s", conf->link);
	return -EADDRNOTAVAIL;
}

static int find_gateways(struct make *make, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < make->made->n && r == 0; i++) {
		struct net_made_link *made = &make->made->links[i];
		const struct conf_net *conf = made->link->conf;

		r = find_gateway(make, made, AF_INET, &conf->ipv4_gateway, made->gateways.ipv4,
		                 err);
		if (r == 0)
			r = find_gateway(make, made, AF_INET6, &conf->ipv6_gateway,
			                 made->gateways.ipv6, err);
	}
	return r;
}

static int prepare_all(struct make *make, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < make->made->n && r == 0; i++)
		if (make->made->links[i].link->type->prepare)
			r = make->made->links[i].link->type->prepare(&make->made->links[i], err);
	return r;
}

/* ---- record ---- */

static int record(const struct make *make, struct err *err)
{
	int r;

	if (!make->made->undo.n)
		return 0;
	r = make->request->record(make->request->arg, &make->made->undo);
	return r < 0 ? err_set(err, r, "cannot record what is done to the host's network") : 0;
}

/* What the container changes of it comes back as it was. */
static int add_phys_line(const struct net_made_link *made, uint32_t inner, struct strv *undo)
{
	const struct net_device *device = &made->lower;
	char address[sizeof(device->address) * 2 + 1] = "-";

	for (size_t i = 0; made->link->conf->hwaddr && i < device->address_len; i++)
		(void)snprintf(address + i * 2, 3, "%02x", device->address[i]);
	return net_undo_add_phys(undo, device, address, made->link->name, inner);
}

static int plan_undo(struct make *make, struct err *err)
{
	struct net_made *made = make->made;
	bool keep = false;
	int r = 0;

	for (size_t i = 0; i < made->n && r == 0; i++) {
		const struct net_link *link = made->links[i].link;

		r = net_proxy_plan(&made->links[i], &made->undo, err);
		if (r == 0 && link->type->is_moved &&
		    add_phys_line(&made->links[i], 0, &made->undo))
			r = err_oom(err);
		if (r == 0 && made->links[i].by_ovs &&
		    strv_addf(&made->undo, "ovs %s %s", link->conf->link,
		              made->links[i].host_name) < 0)
			r = err_oom(err);
		keep |= link->type->is_moved || link->conf->script_down;
	}
	if (r == 0 && keep) {
		made->netns_fd = fd_dup(make->request->netns_fd);
		r = made->netns_fd < 0 ? err_set(err, made->netns_fd, "cannot keep a descriptor")
		                       : 0;
	}
	return r < 0 ? r : record(make, err);
}

/* ---- create and finish ---- */

struct creation {
	struct net_made *made;
	size_t *order; /* which of the links each request is about */
};

static void take_creation(void *arg, size_t number, const struct nlmsghdr *message)
{
	const struct creation *creation = arg;

	if (netlink_is_success(message))
		creation->made->links[creation->order[number]].is_made = true;
}

static int create_all(struct make *make, struct err *err)
{
	_cleanup_free_ size_t *order = calloc(make->made->n, sizeof(*order));
	struct creation creation = { .made = make->made, .order = order };
	size_t n = 0;

	if (!order)
		return err_oom(err);
	for (size_t i = 0; i < make->made->n; i++) {
		struct net_made_link *made = &make->made->links[i];
		int r;

		if (!made->link->type->create)
			continue;
		order[n++] = i;
		r = made->link->type->create(&make->job, made, err);
		if (r < 0)
			return r;
	}
	return net_talk_run(&make->talk, take_creation, &creation, err);
}

static int finish_all(struct make *make, struct err *err)
{
	for (size_t i = 0; i < make->made->n; i++) {
		struct net_made_link *made = &make->made->links[i];
		struct net_device end;
		int r = 0;

		if (made->link->type->has_host_end) {
			r = net_find_device(&make->talk, 0, made->host_name, &end, err);
			if (r == -ENODEV)
				err_say(err, r, "interface '%s' has vanished", made->host_name);
			made->host_index = r == 0 ? end.index : 0;
		}
		if (r == 0 && made->link->type->finish)
			r = made->link->type->finish(&make->job, made, err);
		if (r == 0) {
			net_proxy_ask(&make->talk, made);
			r = net_talk_run(&make->talk, NULL, NULL, err);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int run_scripts(struct make *make, struct err *err)
{
	const struct net_host_request *request = make->request;
	int r = 0;

	for (size_t i = 0; i < make->made->n && r == 0; i++)
		if (make->made->links[i].link->conf->script_up)
			r = request->script(request->arg, make->made, &make->made->links[i],
			                    /* up= */ true, err);
	return r;
}

/* ---- move ---- */

static void ask_move(struct make *make, const struct net_made_link *made)
{
	net_ask_link(&make->talk, &(struct net_request){ .type = RTM_NEWLINK,
	                                                 .index = made->lower.index,
	                                                 .name = made->link->name,
	                                                 .link = made->link,
	                                                 .key = "link",
	                                                 .value = made->lower.name });
	netlink_put_u32(&make->talk.nl, IFLA_NET_NS_FD, (uint32_t)make->request->netns_fd);
}

/* Their numbers inside, which stay when the container renames them. */
static int note_moved(struct make *make, struct err *err)
{
	_cleanup_(net_talk_done) struct net_talk inside = NET_TALK_NONE;
	_cleanup_(strv_done) struct strv undo = {};
	int r = net_talk_open_in(make->request->netns_fd, &inside, err);

	for (size_t i = 0; i < make->made->undo.n && r == 0; i++)
		if (!str_starts_with(make->made->undo.items[i], "phys "))
			r = strv_add(&undo, make->made->undo.items[i]) < 0 ? err_oom(err) : 0;
	for (size_t i = 0; i < make->made->n && r == 0; i++) {
		const struct net_made_link *made = &make->made->links[i];
		struct net_device device;

		if (!made->link->type->is_moved)
			continue;
		r = net_find_device(&inside, 0, made->link->name, &device, err);
		if (r == 0 && add_phys_line(made, device.index, &undo) < 0)
			r = err_oom(err);
	}
	if (r < 0)
		return r;
	strv_done(&make->made->undo);
	make->made->undo = undo;
	undo = (struct strv){};
	return record(make, err);
}

static int move_all(struct make *make, struct err *err)
{
	size_t n = 0;
	int r;

	for (size_t i = 0; i < make->made->n; i++) {
		if (!make->made->links[i].link->type->is_moved)
			continue;
		ask_move(make, &make->made->links[i]);
		n++;
	}
	r = net_talk_run(&make->talk, NULL, NULL, err);
	return r < 0 || n == 0 ? r : note_moved(make, err);
}

/* ---- by somebody else's rights ---- */

static struct net_job job_of(const struct net_host_request *request, struct net_talk *talk)
{
	return (struct net_job){ .talk = talk,
		                 .netns_fd = request->netns_fd,
		                 .user = request->user,
		                 .container = request->container,
		                 .init_pid = request->init_pid };
}

static void unask_all(const struct net_host_request *request, struct net_made *made)
{
	const struct net_job job = job_of(request, NULL);

	for (size_t i = 0; i < made->n; i++)
		if (made->links[i].link->type->unask)
			made->links[i].link->type->unask(&job, &made->links[i]);
}

static int ask_all(struct make *make, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < make->made->n && r == 0; i++)
		if (make->made->links[i].link->type->ask)
			r = make->made->links[i].link->type->ask(&make->job, &make->made->links[i],
			                                         err);
	return r;
}

/* ---- the whole ---- */

static int run_steps(struct make *make, struct err *err)
{
	typedef int (*step)(struct make * make, struct err * err);
	static const step as_root[] = { look_up,     find_gateways, prepare_all,
		                        plan_undo,   create_all,    finish_all,
		                        run_scripts, move_all,      NULL };
	static const step as_user[] = { look_up, find_gateways, ask_all, run_scripts, NULL };
	int r = 0;

	for (const step *s = make->request->is_root ? as_root : as_user; *s && r == 0; s++)
		r = (*s)(make, err);
	return r;
}

int net_host_make(const struct net_host_request *request, struct net_made **ret_made,
                  struct err *err)
{
	struct make make = { .request = request,
		             .made = made_new(request->plan),
		             .talk = NET_TALK_NONE };
	int r;

	if (!make.made)
		return err_oom(err);
	r = net_talk_open(&make.talk, err);
	make.job = job_of(request, &make.talk);
	if (r == 0)
		r = run_steps(&make, err);
	net_talk_done(&make.talk);
	if (r < 0) {
		net_host_unmake(request, make.made);
		(void)net_made_free(make.made);
		return r;
	}
	*ret_made = make.made;
	return 0;
}

/* ---- and back ---- */

/* They would go with the namespace, but some time later: not before the next boot wants the same
 * name, or somebody looks. Each removal takes the kernel 20 ms, that of a whole group no longer, so
 * they are gathered in one that nobody else has. */
static void delete_host_ends(const struct net_made *made)
{
	_cleanup_(net_talk_done) struct net_talk talk = NET_TALK_NONE;
	struct err why = {};
	uint32_t group;
	size_t n = 0;

	if (net_talk_open(&talk, NULL) < 0 || getrandom(&group, sizeof(group), 0) != sizeof(group))
		return;
	group |= GROUP_HIGH;
	for (size_t i = 0; i < made->n; i++) {
		const struct net_made_link *link = &made->links[i];
		uint32_t index = link->host_index;

		if (!link->is_made || !link->link->type->has_host_end || !link->host_name[0])
			continue;
		net_ask_link(&talk,
		             &(struct net_request){ .type = RTM_NEWLINK,
		                                    .index = index,
		                                    .name = index ? NULL : link->host_name });
		netlink_put_u32(&talk.nl, IFLA_GROUP, group);
		n += net_talk_run(&talk, NULL, NULL, NULL) == 0;
	}
	if (!n)
		return;
	net_ask_link(&talk, &(struct net_request){ .type = RTM_DELLINK });
	netlink_put_u32(&talk.nl, IFLA_GROUP, group);
	if (net_talk_run(&talk, NULL, NULL, &why) < 0)
		log_warn("%s, continuing without removing the host ends of the interfaces",
		         why.msg);
}

void net_host_unmake(const struct net_host_request *request, struct net_made *made)
{
	net_undo(&made->undo, made->netns_fd);
	for (size_t i = 0; i < made->n; i++) {
		const struct net_made_link *link = &made->links[i];
		struct err why = {};

		/* One that never came up is not taken down. */
		if (!link->link->conf->script_down || (link->link->type->create && !link->is_made))
			continue;
		if (request->script(request->arg, made, link, /* up= */ false, &why) < 0)
			log_warn("%s, continuing", why.msg);
	}
	if (request->is_root)
		delete_host_ends(made);
	else
		unask_all(request, made);
	strv_done(&made->undo);
}

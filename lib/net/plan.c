/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/plan.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "net/talk.h"
#include "net/types.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void net_plan_done(struct net_plan *plan)
{
	free(plan->links);
	strv_done(&plan->notes);
	*plan = (struct net_plan){};
}

const char *net_link_type_name(const struct net_link *link)
{
	return link->type->name;
}

/* ---- one interface ---- */

static int needs(const struct net_link *link, const char *key, const char *value, const char *what,
                 struct err *err)
{
	return err_say(err, -EINVAL, "'lxc.net.%u.%s = %s' needs %s", link->conf->index, key, value,
	               what);
}

static int check_gateway(const struct net_link *link, const struct conf_gateway *gateway,
                         const char *family, size_t n_addrs, struct err *err)
{
	static const char *const words[] = { [CONF_GATEWAY_ADDR] = "ADDRESS",
		                             [CONF_GATEWAY_AUTO] = "auto",
		                             [CONF_GATEWAY_DEV] = "dev" };
	bool link_local = family[3] == '6' && gateway->kind == CONF_GATEWAY_ADDR &&
	                  gateway->addr[0] == 0xfe && (gateway->addr[1] & 0xc0) == 0x80;
	bool is_auto = gateway->kind == CONF_GATEWAY_AUTO;
	const char *value = words[gateway->kind];
	char key[16];

	if (gateway->kind == CONF_GATEWAY_NONE)
		return 0;
	(void)snprintf(key, sizeof(key), "%s.gateway", family);
	if (!link->conf->up) {
		(void)needs(link, key, value, "an interface that is up", err);
		err_hint(err, "add 'lxc.net.%u.flags = up'", link->conf->index);
		return -EINVAL;
	}
	if (n_addrs == 0 && !link_local) {
		(void)needs(link, key, value, "an address of that family", err);
		err_hint(err, "add 'lxc.net.%u.%s.address = ADDRESS/PREFIX'", link->conf->index,
		         family);
		return -EINVAL;
	}
	if (is_auto && !link->type->may_auto)
		return needs(link, key, value, "a device of type veth or macvlan", err);
	if (is_auto && !link->conf->link) {
		(void)needs(link, key, value, "the interface whose address is the gateway", err);
		err_hint(err, "add 'lxc.net.%u.link = INTERFACE'", link->conf->index);
		return -EINVAL;
	}
	return 0;
}

static int check_link(const struct net_link *link, struct err *err)
{
	uint32_t index = link->conf->index;

	if (link->conf->link)
		return 0;
	if (link->type->needs_link) {
		err_say(err, -EINVAL, "'lxc.net.%u.type = %s' needs an interface of the host",
		        index, link->type->name);
		err_hint(err, "add 'lxc.net.%u.link = INTERFACE'", index);
		return -EINVAL;
	}
	if (link->conf->l2proxy) {
		(void)needs(link, "l2proxy", "1", "the interface that answers for the container",
		            err);
		err_hint(err, "add 'lxc.net.%u.link = INTERFACE'", index);
		return -EINVAL;
	}
	return 0;
}

static int take_mtu(struct net_link *link, struct err *err)
{
	const char *mtu = link->conf->mtu;

	if (!mtu || (num_parse_c32(mtu, &link->mtu) == 0 && link->mtu > 0))
		return 0;
	return err_say(err, -EINVAL, "'lxc.net.%u.mtu = %s' is no size of a packet",
	               link->conf->index, mtu);
}

static int check_one(struct net_link *link, struct err *err)
{
	const struct conf_net *conf = link->conf;
	int r;

	r = check_link(link, err);
	if (r == 0)
		r = take_mtu(link, err);
	if (r == 0)
		r = check_gateway(link, &conf->ipv4_gateway, "ipv4", conf->ipv4.n, err);
	if (r == 0)
		r = check_gateway(link, &conf->ipv6_gateway, "ipv6", conf->ipv6.n, err);
	if (r == 0 && link->type->plan)
		r = link->type->plan(link, err);
	return r;
}

/* ---- names inside ---- */

static struct net_link *find_name(const struct net_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n; i++)
		if (strcmp(plan->links[i].name, name) == 0)
			return &plan->links[i];
	return NULL;
}

/* Of these the kernel says no more than "invalid". */
static int check_name(const struct net_link *link, const char *name, struct err *err)
{
	const char *why = NULL;

	if (strchr(name, '%'))
		why = "a '%' can only begin a single '%d'";
	else if (strcmp(name, "all") == 0 || strcmp(name, "default") == 0)
		why = "the kernel means something else by that name";
	if (!why)
		return 0;
	err_say(err, -EINVAL, "'lxc.net.%u.name = %s': %s", link->conf->index, link->conf->name,
	        why);
	err_hint(err, "choose another lxc.net.%u.name, such as eth%%d", link->conf->index);
	return -EINVAL;
}

static int take_name(const struct net_plan *plan, struct net_link *link, const char *name,
                     struct err *err)
{
	const struct net_link *other = find_name(plan, name);
	bool is_lo = strcmp(name, "lo") == 0;
	int r = link->conf->name ? check_name(link, name, err) : 0;

	if (r < 0)
		return r;
	if (is_lo != (link->type->kind == CONF_NET_EMPTY) || strlen(name) >= NET_NAME_SIZE) {
		err_say(err, -EINVAL,
		        is_lo ? "'lxc.net.%u.name = %s': that is the loopback interface"
		              : "'lxc.net.%u.name = %s': a device of type empty is always 'lo'",
		        link->conf->index, name);
		err_hint(err, "remove it, or choose another lxc.net.%u.%s", link->conf->index,
		         is_lo ? "name" : "type");
		return -EINVAL;
	}
	if (other && !is_lo) {
		err_say(err, -EEXIST, "lxc.net.%u and lxc.net.%u would both be called '%s' inside",
		        other->conf->index, link->conf->index, name);
		err_hint(err, "set lxc.net.%u.name", link->conf->index);
		return -EEXIST;
	}
	(void)snprintf(link->name, sizeof(link->name), "%s", name);
	return 0;
}

/* "eth%d": the first number that is free. */
static int number_name(const struct net_plan *plan, struct net_link *link, const char *pattern,
                       struct err *err)
{
	const char *at = strstr(pattern, "%d");

	for (unsigned int i = 0; i <= plan->n; i++) {
		char name[NET_NAME_SIZE * 2];

		(void)snprintf(name, sizeof(name), "%.*s%u%s", (int)(at - pattern), pattern, i,
		               at + 2);
		if (!find_name(plan, name))
			return take_name(plan, link, name, err);
	}
	return -EEXIST;
}

/* What a link without a name is called: a moved one keeps its own. */
static const char *wanted_name(const struct net_link *link)
{
	if (link->conf->name)
		return link->conf->name;
	return link->type->is_moved ? link->conf->link : "eth%d";
}

/* Those with a name first, so that it is not taken by one that is happy with any. */
static int take_names(struct net_plan *plan, struct err *err)
{
	int r = 0;

	for (int numbered = 0; numbered <= 1; numbered++) {
		for (size_t i = 0; i < plan->n && r == 0; i++) {
			struct net_link *link = &plan->links[i];
			const char *name = wanted_name(link);

			if ((strstr(name, "%d") != NULL) != numbered)
				continue;
			r = numbered ? number_name(plan, link, name, err)
			             : take_name(plan, link, name, err);
		}
	}
	for (size_t i = 0; i < plan->n && r == 0; i++)
		if (plan->links[i].type->temp)
			(void)snprintf(plan->links[i].temp, sizeof(plan->links[i].temp), "%s-%u",
			               plan->links[i].type->temp, plan->links[i].conf->index);
	return r;
}

/* ---- all of them ---- */

static int check_caller(struct net_link *link, const struct net_facts *facts, struct err *err)
{
	const struct net_type *type = link->type;

	if (facts->is_root || (!type->create && !type->is_moved))
		return 0;
	if (type->check_user)
		return type->check_user(link, err);
	err_say(err, -EPERM, "'lxc.net.%u.type = %s' is for containers of root only",
	        link->conf->index, type->name);
	err_hint(err, "ordinary users can have the types user, veth, empty and none");
	return -EPERM;
}

/* One that only says that there is a network namespace of its own, which is so without it. */
static bool is_nothing(const struct conf_net *net)
{
	return net->type == CONF_NET_EMPTY && !net->mtu && !net->ipv4.n && !net->ipv6.n &&
	       !net->script_up && !net->script_down;
}

static int say_untyped(const struct conf_net *net, struct err *err)
{
	err_say(err, -EINVAL, "'lxc.net.%u' has no type", net->index);
	err_hint(err,
	         "write 'lxc.net.%u.type = veth' (or another type) in front of its other lines, "
	         "or 'lxc.net.%u =' to remove it",
	         net->index, net->index);
	return -EINVAL;
}

static int add_link(struct net_plan *plan, const struct conf_net *net,
                    const struct net_facts *facts, struct err *err)
{
	/* Setting the type "empty" gives that name; without it no type was set. */
	bool untyped = net->type == CONF_NET_CLEARED || (net->type == CONF_NET_EMPTY && !net->name);
	struct net_link link = { .conf = net, .type = net_type_of(net->type) };
	struct net_link *links;
	int r;

	if (untyped)
		return say_untyped(net, err);
	if (link.type->is_no_link)
		return link.type->plan(&link, err);
	if (net->type == CONF_NET_EMPTY && strcmp(net->name, "lo") != 0)
		return take_name(plan, &link, net->name, err);
	r = check_caller(&link, facts, err);
	if (r == 0)
		r = check_one(&link, err);
	if (r < 0 || is_nothing(net))
		return r;
	if (plan->n == NET_LINKS_MAX)
		return err_say(err, -E2BIG, "more than %d network interfaces", NET_LINKS_MAX);
	links = reallocarray(plan->links, plan->n + 1, sizeof(*links));
	if (!links)
		return err_oom(err);
	links[plan->n++] = link;
	plan->links = links;
	return 0;
}

/* As LXC does it: a container that shares a namespace shares what is in there. */
static int leave_out(struct net_plan *plan, const struct net_facts *facts, struct err *err)
{
	size_t n = plan->n;

	free(take_ptr(plan->links));
	plan->n = 0;
	if (n == 0 || strv_addf(&plan->notes,
	                        "lxc.net makes no interfaces: the network namespace is not the "
	                        "container's own (%s)",
	                        facts->other_netns ? facts->other_netns : "it is shared") == 0)
		return 0;
	return err_oom(err);
}

const struct net_link *net_plan_user(const struct net_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->links[i].type->kind == CONF_NET_USER)
			return &plan->links[i];
	return NULL;
}

/* A program gives a namespace one default route and one resolver. */
static int check_user(const struct net_plan *plan, struct err *err)
{
	const struct net_link *first = net_plan_user(plan);
	size_t i;

	for (i = 0; i < plan->n; i++)
		if (plan->links[i].type->by_program && &plan->links[i] != first)
			break;
	if (i == plan->n)
		return 0;
	err_say(err, -EINVAL,
	        "lxc.net.%u and lxc.net.%u are both of type user, a container can have one of them",
	        first->conf->index, plan->links[i].conf->index);
	err_hint(err, "remove 'lxc.net.%u.type'", plan->links[i].conf->index);
	return -EINVAL;
}

/* What an ordinary user has without any line about it. */
static int add_default(struct net_plan *plan, const struct net_facts *facts, struct err *err)
{
	static const struct conf_net user = { .type = CONF_NET_USER };
	int r;

	if (facts->is_root || !facts->new_netns)
		return 0;
	plan->why_no_user = facts->why_no_user;
	if (plan->why_no_user)
		return 0;
	r = add_link(plan, &user, facts, err);
	if (r == 0)
		plan->links[0].optional = true;
	return r;
}

int net_plan_make(const struct conf_nets *conf, const struct net_facts *facts,
                  struct net_plan *ret_plan, struct err *err)
{
	_cleanup_(net_plan_done) struct net_plan plan = {};
	int r = 0;

	for (size_t i = 0; i < conf->n && r == 0; i++)
		r = add_link(&plan, &conf->items[i], facts, err);
	if (r == 0 && !conf->n)
		r = add_default(&plan, facts, err);
	if (r == 0)
		r = check_user(&plan, err);
	if (r == 0)
		r = take_names(&plan, err);
	if (r == 0 && !facts->new_netns)
		r = leave_out(&plan, facts, err);
	if (r < 0)
		return r;
	*ret_plan = plan;
	plan = (struct net_plan){};
	return 0;
}

/* ---- the plan as JSON ---- */

void net_json_member(struct text *text, const char *name, const char *value)
{
	if (!value)
		return;
	text_addf(text, ", \"%s\": ", name);
	text_add_json(text, value);
}

static void json_addrs(struct text *text, const char *name, const struct conf_addrs *addrs)
{
	if (!addrs->n)
		return;
	text_addf(text, ", \"%s\": [", name);
	for (size_t i = 0; i < addrs->n; i++) {
		const struct conf_addr *addr = &addrs->items[i];
		char ip[64];

		net_format_addr(addr->family, addr->addr, addr->prefix, ip);
		text_addf(text, "%s\"%s\"", i ? ", " : "", ip);
	}
	text_add(text, "]");
}

static void json_gateway(struct text *text, const char *name, int family,
                         const struct conf_gateway *gateway)
{
	char ip[64];

	if (gateway->kind == CONF_GATEWAY_NONE)
		return;
	net_format_addr(family, gateway->addr, (uint8_t)(net_addr_size(family) * 8), ip);
	net_json_member(text, name,
	                gateway->kind == CONF_GATEWAY_AUTO  ? "auto"
	                : gateway->kind == CONF_GATEWAY_DEV ? "dev"
	                                                    : ip);
}

static void json_link(const struct net_link *link, struct text *text)
{
	const struct conf_net *conf = link->conf;

	text_addf(text, "{\"index\": %u, \"type\": \"%s\"", conf->index, link->type->name);
	net_json_member(text, "name", link->name);
	net_json_member(text, "link", conf->link);
	if (link->type->json)
		link->type->json(link, text);
	net_json_member(text, "hwaddr", conf->hwaddr);
	if (link->mtu)
		text_addf(text, ", \"mtu\": %u", link->mtu);
	text_addf(text, ", \"up\": %s", conf->up ? "true" : "false");
	json_addrs(text, "ipv4", &conf->ipv4);
	json_gateway(text, "ipv4_gateway", AF_INET, &conf->ipv4_gateway);
	json_addrs(text, "ipv6", &conf->ipv6);
	json_gateway(text, "ipv6_gateway", AF_INET6, &conf->ipv6_gateway);
	if (conf->l2proxy)
		text_add(text, ", \"l2proxy\": true");
	net_json_member(text, "script_up", conf->script_up);
	net_json_member(text, "script_down", conf->script_down);
	text_add(text, "}");
}

void net_plan_json(const struct net_plan *plan, struct text *text)
{
	text_add(text, "[");
	for (size_t i = 0; i < plan->n; i++) {
		text_add(text, i ? ",\n    " : "\n    ");
		json_link(&plan->links[i], text);
	}
	text_add(text, plan->n ? "\n  ]" : "]");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_PLAN_H
#define RLXC_NET_PLAN_H

#include "base/err.h"
#include "base/strv.h"
#include "base/text.h"
#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which interfaces a container gets. Pure: lxc.net.* and a few facts in, a list out. Nothing here
 * depends on the links that the host has; those are looked at anew for each boot (host.h). */

#define NET_NAME_SIZE 16 /* IFNAMSIZ */
#define NET_LINKS_MAX 4096

struct net_type;

struct net_link {
	const struct conf_net *conf; /* borrowed */
	const struct net_type *type;
	char name[NET_NAME_SIZE]; /* inside */
	char temp[NET_NAME_SIZE]; /* inside until it is renamed to .name, "": made with that */
	uint32_t mtu;             /* 0: the kernel's choice, for veth that of its bridge */
	uint32_t vlan_id;
	uint16_t mode, flags; /* of macvlan and ipvlan, as linux/if_link.h has them */
	bool router;          /* veth.mode */
	bool optional;        /* nobody asked for it */
	bool by_helper;       /* made by lxc-user-nic */
};

struct net_plan {
	struct net_link *links; /* in the order of their indices */
	size_t n;
	/* A user is on the network without asking, but for this: what is missing, or NULL. */
	const char *why_no_user;
	struct strv notes; /* sentences */
};

struct net_facts {
	bool is_root;            /* else: an ordinary user */
	bool new_netns;          /* without one, there is nothing to make */
	const char *why_no_user; /* what the type user lacks here, or NULL */
	/* What names the namespace in use instead, such as lxc.namespace.share.net; may be NULL. */
	const char *other_netns;
};

/* Refuses by key what cannot be, or what this caller cannot have. @conf is borrowed for the life
 * of the plan. */
int net_plan_make(const struct conf_nets *conf, const struct net_facts *facts,
                  struct net_plan *ret_plan, struct err *err);
void net_plan_done(struct net_plan *plan);
void net_plan_json(const struct net_plan *plan, struct text *text);

/* The one of type user, or NULL. */
const struct net_link *net_plan_user(const struct net_plan *plan);
/* Arguments of script.up and script.down, after those that every hook has: type, link, host end. */
const char *net_link_type_name(const struct net_link *link);

#endif

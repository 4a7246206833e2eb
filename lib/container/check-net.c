/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each type of interface is made by the code that makes it for a container, between two network
 * namespaces that end with this process; nothing is done to the host's own. */
#include "container/check-internal.h"

#include "base/cleanup.h"
#include "conf/item.h"
#include "net/host.h"
#include "net/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define LOWER "lower0"
#define BRIDGE "bridge0"

/* Lines of a configuration, and the kernel's module. */
static const struct net_try {
	const char *type, *link, *key, *value, *module;
} tries[] = {
	{ "veth", BRIDGE, NULL, NULL, "veth" },
	{ "macvlan", LOWER, "lxc.net.0.macvlan.mode", "bridge", "macvlan" },
	{ "ipvlan", LOWER, "lxc.net.0.ipvlan.mode", "l2", "ipvlan" },
	{ "vlan", LOWER, "lxc.net.0.vlan.id", "5", "8021q" },
	{ "phys", LOWER, NULL, NULL, NULL },
};
enum { TRY_VETH, TRY_MACVLAN, TRY_IPVLAN, TRY_VLAN, TRY_PHYS };

/* ---- the two namespaces ---- */

/* Returns the inner one; this process is in the other. */
static int open_pair(const struct check_job *job, struct err *err)
{
	_cleanup_close_ int inside = -EBADF;
	int r = check_unshare(job, CLONE_NEWNET, err);

	if (r < 0)
		return r;
	inside = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (inside < 0 || unshare(CLONE_NEWNET) < 0)
		return err_set(err, -errno, "cannot make a second network namespace");
	return take_fd(&inside);
}

static int make_link(const char *kind, const char *name, struct err *err)
{
	_cleanup_(net_talk_done) struct net_talk talk = NET_TALK_NONE;
	int r = net_talk_open(&talk, err);
	size_t info;

	if (r < 0)
		return r;
	net_ask_link(&talk, &(struct net_request){ .type = RTM_NEWLINK,
	                                           .flags = NLM_F_CREATE | NLM_F_EXCL,
	                                           .name = name,
	                                           .up = true });
	info = netlink_nest(&talk.nl, IFLA_LINKINFO, NULL, 0);
	netlink_put_text(&talk.nl, IFLA_INFO_KIND, kind);
	netlink_nest_end(&talk.nl, info);
	r = net_talk_run(&talk, NULL, NULL, err);
	if (r == -EOPNOTSUPP)
		err_hint(err, "as root: modprobe %s", kind);
	return r;
}

/* ---- one type ---- */

static int configure(const struct net_try *try, struct conf *conf, struct err *err)
{
	int r = conf_set(conf, "lxc.net.0.type", try->type, err);

	if (r == 0)
		r = conf_set(conf, "lxc.net.0.link", try->link, err);
	if (r == 0)
		r = conf_set(conf, "lxc.net.0.flags", "up", err);
	return r < 0 || !try->key ? r : conf_set(conf, try->key, try->value, err);
}

static int record_nothing(void *arg, const struct strv *undo)
{
	(void)arg;
	(void)undo;
	return 0;
}

/* What the container's first process does. */
static int finish_inside(const struct net_plan *plan, int inside, struct err *err)
{
	static const struct net_gateways none[1];

	if (setns(inside, CLONE_NEWNET) < 0)
		return err_set(err, -errno, "cannot enter a network namespace");
	return net_inside_setup(plan, none, err);
}

static int make(const struct conf *conf, int inside, struct err *err)
{
	const struct net_facts facts = { .is_root = true, .new_netns = true };
	_cleanup_close_ int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct net_host_request request = { .is_root = true,
		                            .netns_fd = inside,
		                            .record = record_nothing };
	struct net_plan plan = {};
	struct net_made *made = NULL;
	int r = net_plan_make(&conf->nets, &facts, &plan, err);

	if (r < 0)
		return r;
	request.plan = &plan;
	r = net_host_make(&request, &made, err);
	if (r == 0)
		r = finish_inside(&plan, inside, err);
	if (made && setns(own, CLONE_NEWNET) == 0)
		net_host_unmake(&request, made);
	(void)net_made_free(made);
	net_plan_done(&plan);
	return r;
}

static int check_type(struct check_job *job, struct err *err)
{
	const struct net_try *try = &tries[job->row->what];
	_cleanup_(conf_freep) struct conf *conf = conf_new();
	_cleanup_close_ int inside = -EBADF;
	int r = conf ? configure(try, conf, err) : err_oom(err);

	if (r == 0)
		r = inside = open_pair(job, err);
	if (r < 0)
		return r;
	r = strcmp(try->link, BRIDGE) == 0 ? make_link("bridge", BRIDGE, err)
	                                   : make_link("veth", LOWER, err);
	if (r < 0)
		return r;
	check_note(job, "lxc.net.N.type = %s", try->type);
	r = make(conf, inside, err);
	if (r == -EOPNOTSUPP && try->module && err) {
		err->hint[0] = '\0';
		err_hint(err, "as root: modprobe %s", try->module);
	}
	return r;
}

static int check_bridge(struct check_job *job, struct err *err)
{
	int r = check_unshare(job, CLONE_NEWNET, err);

	return r < 0 ? r : make_link("bridge", BRIDGE, err);
}

#define NET "Network namespace"

const struct check_row check_rows_net[] = {
	{ .label = "Bridges", .in_userns = true, .needs = NET, .run = check_bridge },
	{ .label = "Veth pair device",
	  .in_userns = true,
	  .needs = NET,
	  .run = check_type,
	  .what = TRY_VETH },
	{ .label = "Macvlan",
	  .in_userns = true,
	  .needs = NET,
	  .run = check_type,
	  .what = TRY_MACVLAN },
	{ .label = "Ipvlan",
	  .in_userns = true,
	  .needs = NET,
	  .run = check_type,
	  .what = TRY_IPVLAN },
	{ .label = "Vlan", .in_userns = true, .needs = NET, .run = check_type, .what = TRY_VLAN },
	{ .label = "Moved interfaces",
	  .in_userns = true,
	  .needs = NET,
	  .run = check_type,
	  .what = TRY_PHYS },
	{ .label = "User-mode network", .in_userns = true, .needs = NET, .run = check_usernet },
	{},
};

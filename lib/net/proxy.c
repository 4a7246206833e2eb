/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/proxy.h"

#include "base/cleanup.h"
#include "net/types.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define LO_INDEX 1 /* in every network namespace */

/* ---- sysctls ---- */

static void sysctl_path(char path[128], const char *family, const char *link, const char *name)
{
	(void)snprintf(path, 128, "/proc/sys/net/%s/conf/%s/%s", family, link, name);
}

int net_set_sysctl(const char *family, const char *link, const char *name, const char *value,
                   struct err *err)
{
	char path[128];
	int r;

	sysctl_path(path, family, link, name);
	r = fd_write_at(AT_FDCWD, path, value);
	return r < 0 ? err_set(err, r, "cannot write '%s' to '%s'", value, path) : 0;
}

int net_need_sysctl(const struct net_link *link, const char *key, const char *family,
                    const char *device, const char *name, struct err *err)
{
	char path[128], value[8];

	sysctl_path(path, family, device, name);
	if (fd_read_short(AT_FDCWD, path, value, sizeof(value)) > 0 && value[0] != '0')
		return 0;
	err_say(err, -EPERM, "'lxc.net.%u.%s' needs the sysctl net.%s.conf.%s.%s of the host",
	        link->conf->index, key, family, device, name);
	err_hint(err, "the administrator can set it: sysctl -w net/%s/conf/%s/%s=1", family, device,
	         name);
	return -EPERM;
}

/* ---- neighbours and routes ---- */

static int check_sysctls(const struct net_made_link *made, struct err *err)
{
	static const struct {
		const char *family, *name;
	} needed[] = {
		{ "ipv4", "forwarding" },
		{ "ipv6", "proxy_ndp" },
		{ "ipv6", "forwarding" },
	};
	const struct conf_net *conf = made->link->conf;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needed) && r == 0; i++)
		if (needed[i].family[3] == '4' ? conf->ipv4.n : conf->ipv6.n)
			r = net_need_sysctl(made->link, "l2proxy = 1", needed[i].family, conf->link,
			                    needed[i].name, err);
	return r;
}

static int plan_lines(const struct net_made_link *made, const struct conf_addrs *addrs,
                      struct strv *undo)
{
	int r = 0;

	for (size_t i = 0; i < addrs->n && r == 0; i++) {
		const struct conf_addr *addr = &addrs->items[i];
		char text[64];

		net_format_addr(addr->family, addr->addr,
		                (uint8_t)(net_addr_size(addr->family) * 8), text);
		r = strv_addf(undo, "proxy %s %s", made->link->conf->link, text);
		if (r == 0 && made->link->type->routes_proxied)
			r = strv_addf(undo, "route lo %s", text);
	}
	return r;
}

int net_proxy_plan(const struct net_made_link *made, struct strv *undo, struct err *err)
{
	const struct conf_net *conf = made->link->conf;
	int r;

	if (!conf->l2proxy)
		return 0;
	r = check_sysctls(made, err);
	if (r < 0)
		return r;
	return plan_lines(made, &conf->ipv4, undo) < 0 || plan_lines(made, &conf->ipv6, undo) < 0
	               ? err_oom(err)
	               : 0;
}

static void ask(struct net_talk *talk, const struct net_made_link *made,
                const struct conf_addrs *addrs)
{
	for (size_t i = 0; i < addrs->n; i++) {
		const struct conf_addr *addr = &addrs->items[i];
		struct net_target target = { .index = made->lower.index,
			                     .family = addr->family,
			                     .addr = addr->addr,
			                     .prefix = (uint8_t)(net_addr_size(addr->family) * 8),
			                     .link = made->link,
			                     .key = "l2proxy" };

		net_ask_proxy(talk, RTM_NEWNEIGH, &target);
		target.index = LO_INDEX;
		if (made->link->type->routes_proxied)
			net_ask_route(talk, RTM_NEWROUTE, &target);
	}
}

void net_proxy_ask(struct net_talk *talk, const struct net_made_link *made)
{
	if (!made->link->conf->l2proxy)
		return;
	ask(talk, made, &made->link->conf->ipv4);
	ask(talk, made, &made->link->conf->ipv6);
}

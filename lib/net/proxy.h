/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_PROXY_H
#define RLXC_NET_PROXY_H

#include "net/host.h"

/* lxc.net.N.l2proxy: the host answers on the link for the container's addresses. What it needs
 * stays on the host's own interfaces, so that it is on record before it is done. */

/* Lines for net_undo; refuses where a sysctl forbids it. */
int net_proxy_plan(const struct net_made_link *made, struct strv *undo, struct err *err);
void net_proxy_ask(struct net_talk *talk, const struct net_made_link *made);

#endif

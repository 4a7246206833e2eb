/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_OVS_H
#define RLXC_NET_OVS_H

#include "base/err.h"
#include "base/strv.h"
#include "net/host.h"

/* Bridges of Open vSwitch, for containers of root, by its own program ovs-vsctl(8). Its database
 * keeps a port until it is told otherwise: longer than the interface, and longer than the host
 * runs. */

/* Is @bridge one? 1: yes. 0: no, or the program is not installed. */
int ovs_has_bridge(const char *bridge);
/* The host end of @made becomes a port, with its VLANs. */
int ovs_add_port(const struct net_made_link *made, struct err *err);
/* One that is not there is fine. */
void ovs_remove_port(const char *bridge, const char *port);

/* What is special about the port, as ovs-vsctl has it: "tag=5". Pure. -EINVAL, -ENOMEM. */
int ovs_port_words(const struct conf_net *conf, struct strv *words, struct err *err);

#endif

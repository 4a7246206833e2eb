/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERNIC_OVS_H
#define RLXC_USERNIC_OVS_H

#include "link.h"

/* Bridges of Open vSwitch, with configure --enable-ovs; otherwise there are none. */

#ifdef USERNIC_OVS
/* Forks the child that runs ovs-vsctl later: the system call filter lets nothing be run. */
void ovs_prepare(void);
bool ovs_is_bridge(const struct link *bridge);
/* Makes @nic a port of the bridge, or no port any more. Once in a process. */
bool ovs_change(const char *bridge, const char *nic, bool remove);
#else
#define ovs_prepare() ((void)0)
#define ovs_is_bridge(bridge) false
#define ovs_change(bridge, nic, remove) false
#endif

#endif

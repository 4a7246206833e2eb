/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_INSIDE_H
#define RLXC_NET_INSIDE_H

#include "net/host.h"

/* Names, addresses and routes, by the container's first process as root of its network namespace,
 * before init. @gateways: one for each link of @plan. */
int net_inside_setup(const struct net_plan *plan, const struct net_gateways *gateways,
                     struct err *err);

/* Is @addr in one of the networks of @addrs? */
bool net_addrs_cover(const struct conf_addrs *addrs, int family, const uint8_t *addr);

#endif

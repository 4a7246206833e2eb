/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_UPPER_H
#define RLXC_NET_UPPER_H

#include "net/types.h"

/* Interfaces on top of one of the host: macvlan, ipvlan, vlan. They are born in the container's
 * namespace, under a name of their own: until Linux 6.15 the kernel also looks at the names of the
 * host, which has an eth0 most of the time. */

struct net_upper {
	size_t info, data; /* attributes that are open */
};

/* Between the two come the attributes of the type. */
struct net_upper net_upper_begin(const struct net_job *job, const struct net_made_link *made);
void net_upper_end(const struct net_job *job, const struct net_upper *upper);

#endif

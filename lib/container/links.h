/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_LINKS_H
#define RLXC_CONTAINER_LINKS_H

#include "api/rlxc.h"
#include "base/text.h"
#include "container/rundir.h"
#include "net/host.h"

/* What others ask about the interfaces of a running container. */

/* CONTROL_LINKS, the monitor's side: the names of their ends on the host, one a line; of those that
 * have none the link they stand on, or the name inside, and the bytes received and sent, which
 * the namespace of @query_fd is asked for. */
void links_list(const struct net_made *made, int query_fd, struct text *text);
/* The name that lxc.net.N.veth.pair (@key) has got; NULL: @key is another one, or has none. */
const char *links_pair(const struct net_made *made, const char *key);

/* The other side: fills @info's links, with what they have carried. A failure leaves them out. */
void links_ask(const struct rundir *dir, const struct caller *caller, struct rlxc_info *info);

#endif

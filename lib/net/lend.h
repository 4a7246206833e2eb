/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_LEND_H
#define RLXC_NET_LEND_H

#include "base/err.h"
#include "base/strv.h"

/* Interfaces of the host that go into a running container, and back. Like those of type phys they
 * are on record while they are inside, in lines that net_undo understands: they come back with
 * their name, MTU and address at the container's end, whoever sees to that. */

struct net_lending {
	int netns_fd;      /* the container's */
	struct strv *undo; /* the lines of its interfaces; changed */
	/* As in struct net_host_request. */
	int (*record)(void *arg, const struct strv *undo);
	void *arg;
};

/* Moves @name inside, where it is called @inner and is down. A failure leaves it where it was.
 * -EINVAL: no name of an interface. -ENODEV: the host has none of that name. */
int net_lend(const struct net_lending *lending, const char *name, const char *inner,
             struct err *err);
/* Brings back what is called @name inside, or was on the host, under the name that it had or as
 * @home (may be NULL). -ENODEV: no interface of the host's is in there under that name. -EEXIST:
 * the host has another one of that name by now. */
int net_take_back(const struct net_lending *lending, const char *name, const char *home,
                  struct err *err);

#endif

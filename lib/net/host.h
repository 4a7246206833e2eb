/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_HOST_H
#define RLXC_NET_HOST_H

#include "base/err.h"
#include "base/strv.h"
#include "net/plan.h"
#include "net/talk.h"

#include <stdbool.h>
#include <stdint.h>

/* The host's side of a container's interfaces: made once its network namespace exists, before its
 * init runs, and taken away at its end, for each boot anew. */

/* Where the default routes lead: what "auto" has become, addresses as they are. */
struct net_gateways {
	uint8_t ipv4[4], ipv6[16];
};

struct net_made_link {
	const struct net_link *link;
	struct net_device lower; /* lxc.net.N.link */
	char host_name[NET_NAME_SIZE];
	uint32_t host_index; /* of the host's end, 0: there is none */
	bool is_made;
	bool by_ovs; /* its end on the host is a port of Open vSwitch */
	struct net_gateways gateways;
};

struct net_made {
	struct net_made_link *links;
	size_t n;
	/* What does not vanish with the container, in lines that net_undo understands. */
	struct strv undo;
	int netns_fd; /* -EBADF: nothing has to come back from there */
};

struct net_host_request {
	const struct net_plan *plan;
	bool is_root;
	int netns_fd;                 /* the container's */
	const char *user, *container; /* names */
	int init_pid;
	/* Writes @undo to where it outlives us; called before what it describes is done. */
	int (*record)(void *arg, const struct strv *undo);
	/* Runs lxc.net.N.script.up or .down, which is there. */
	int (*script)(void *arg, const struct net_made *made, const struct net_made_link *link,
	              bool up, struct err *err);
	void *arg;
};

/* A failure leaves nothing behind. */
int net_host_make(const struct net_host_request *request, struct net_made **ret_made,
                  struct err *err);
/* What another monitor has made: the plan and its record in @undo say what, but not the names of
 * ends on the host. @netns_fd: the container's, -EBADF when it is gone. */
int net_made_again(const struct net_plan *plan, const struct strv *undo, int netns_fd,
                   struct net_made **ret_made, struct err *err);
/* Everything back as it was. */
void net_host_unmake(const struct net_host_request *request, struct net_made *made);
struct net_made *net_made_free(struct net_made *made);

/* Does what the lines of a container whose monitor was killed say. @netns_fd: of its network, or
 * -EBADF when that is gone; interfaces are then looked for where the kernel puts them. */
void net_undo(const struct strv *undo, int netns_fd);

/* ---- for the types ---- */

/* /proc/sys/net/FAMILY/conf/LINK/NAME. @err may be NULL. */
int net_set_sysctl(const char *family, const char *link, const char *name, const char *value,
                   struct err *err);
/* Refuses @key of @link unless that sysctl is on; the administrator decides about it. */
int net_need_sysctl(const struct net_link *link, const char *key, const char *family,
                    const char *device, const char *name, struct err *err);

#endif

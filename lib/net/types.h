/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_TYPES_H
#define RLXC_NET_TYPES_H

#include "net/plan.h"
#include "net/talk.h"

/* The table of interface types. A type is a row in types.c and a file type-<name>.c. */

struct net_made_link;

/* The host's side of making one interface, see host.c for the order. */
struct net_job {
	struct net_talk *talk; /* with the host */
	int netns_fd;          /* the container's network namespace */
	const char *user, *container;
	int init_pid;
};

struct net_type {
	enum conf_net_type kind;
	const char *name;
	bool is_no_link; /* nothing at all */
	bool needs_link;
	bool may_auto; /* gateways "auto": the address of the link */
	bool is_moved; /* the link itself goes inside, and comes back */
	bool has_host_end;
	bool by_program;     /* one that runs beside the container makes all of it */
	bool routes_proxied; /* l2proxy: packets for the container find the way by a route */
	const char *temp;    /* prefix of the name it is made with; NULL: made with the final one */

	/* Decides what is special to the type. Pure. */
	int (*plan)(struct net_link *link, struct err *err);
	void (*json)(const struct net_link *link, struct text *text);

	/* For root, in one conversation with those of the other interfaces. NULL: nothing to do.
	 * prepare: looks at what it will stand on, changes nothing. create: queues the request that
	 * makes it, in its final namespace. finish: queues, and does, what needs the number of its
	 * host end. */
	int (*prepare)(struct net_made_link *made, struct err *err);
	int (*create)(const struct net_job *job, struct net_made_link *made, struct err *err);
	int (*finish)(const struct net_job *job, struct net_made_link *made, struct err *err);
	/* For an ordinary user: by a program that has the right to. NULL: only root can have this
	 * type (one that needs nothing of the host has neither). */
	int (*ask)(const struct net_job *job, struct net_made_link *made, struct err *err);
	void (*unask)(const struct net_job *job, struct net_made_link *made);
	/* What only root can have of it; pure. */
	int (*check_user)(struct net_link *link, struct err *err);
};

/* NULL: its type was cleared. */
const struct net_type *net_type_of(enum conf_net_type kind);

extern const struct net_type net_type_none, net_type_empty, net_type_veth, net_type_macvlan,
	net_type_ipvlan, net_type_vlan, net_type_phys, net_type_user;

/* Keys that mean nothing for a type, and whether they are there; the last one has no name. */
struct net_foreign {
	const char *key;
	bool is_set;
};
int net_refuse_foreign(const struct net_link *link, const struct net_foreign *foreign,
                       struct err *err);

/* Words of a key and their values for the kernel; the default first, one without a word last. */
struct net_word {
	char word[14]; /* "" ends a table */
	uint16_t value;
};
/* NULL: the default. -EINVAL. */
int net_word_find(const struct net_word *words, const char *word);
const char *net_word_of(const struct net_word *words, uint16_t value);
/* A member ", "NAME": "VALUE"" of the plan's JSON, nothing for NULL. */
void net_json_member(struct text *text, const char *name, const char *value);

#endif

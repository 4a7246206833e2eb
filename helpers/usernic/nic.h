/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERNIC_NIC_H
#define RLXC_USERNIC_NIC_H

#include "link.h"
#include "request.h"
#include "state.h"

/* Making and removing an interface within the quota.
 *
 * MUSTs: 1. The kernel's links decide what counts; records say which are whose. 2. A record is on
 * disk before its link is made, and goes after it: killed anywhere, the program leaves no link that
 * nobody counts. 3. What is removed is removed by ifindex, after record and link were compared in
 * full. 4. One lock at a time. */

struct nic_job {
	uint32_t uid; /* of the caller */
	struct request request;
	struct policy policy;
	int netns_fd; /* who gets it; -1 for delete of what has none */
	int dir_fd;   /* of the records */
	struct link_socket link;
	struct link bridge; /* ifindex 0: none */
	bool is_ovs;        /* it is Open vSwitch's */
	uint64_t deadline_ms;

	const struct grant *owner; /* who is charged, and what they have */
	struct state state;
	struct link host, inside; /* create: the result */
};

/* Both end the program when it cannot be done. */
void nic_create(struct nic_job *job);
void nic_remove(struct nic_job *job);

/* Pure: is @link the one that @record is about, and is it where we put it? */
bool nic_is_recorded(const struct link *link, const struct record *record);
bool nic_is_placed(const struct link *host, uint32_t master);

#endif

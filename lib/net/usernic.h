/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_USERNIC_H
#define RLXC_NET_USERNIC_H

#include "net/types.h"

/* Pairs of interfaces for ordinary users, by the set-user-ID program lxc-user-nic(1). */

/* Refuses what the program does not do for them. Pure. */
int usernic_check(struct net_link *link, struct err *err);
int usernic_create(const struct net_job *job, struct net_made_link *made, struct err *err);
/* Before the next boot, which would go beyond the quota: the kernel takes its time. */
void usernic_delete(const struct net_job *job, struct net_made_link *made);

/* "NIC:INDEX:HOST-NIC:INDEX" with a newline behind; -EBADMSG: anything else. Pure. */
int usernic_parse(const char *answer, struct net_made_link *made);

#endif

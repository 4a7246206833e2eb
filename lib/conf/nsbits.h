/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONF_NSBITS_H
#define RLXC_CONF_NSBITS_H

/* The namespaces in the order in which LXC lists them. See namespaces(7). */
enum ns_kind { NS_USER, NS_MNT, NS_PID, NS_UTS, NS_IPC, NS_NET, NS_CGROUP, NS_TIME, NS_MAX };

#define NS_BIT(kind) (1U << (kind))
#define NS_ALL ((1U << NS_MAX) - 1)

/* "user", "mnt", ... as in /proc/PID/ns. */
const char *ns_name(enum ns_kind kind);
/* Any case; -EINVAL when it is none of them. */
int ns_parse(const char *name);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERNIC_NAMES_H
#define RLXC_USERNIC_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* Names of interfaces; stricter than the kernel's rules. */

#define NAME_SIZE 16             /* IFNAMSIZ */
#define NAME_NO_BRIDGE "none"    /* an interface that is attached to nothing */
#define NAME_NIC_DEFAULT "eth%d" /* the kernel puts the next free number in */
#define NAME_RANDOM 4

bool name_is_bridge(const char *name);
/* What the container calls it; may end in one %d. */
bool name_is_nic(const char *name);

/* Host ends carry their owner: "veth<uid>_XXXX" for 1..65536, as in LXC, "veth", the id in base 32
 * (7 places) and XXXX for others. */
void name_host_nic(uint32_t uid, const uint8_t random[NAME_RANDOM], char ret_name[NAME_SIZE]);
/* -1: no name of ours. */
int name_owner(const char *name, uint32_t *ret_uid);

#endif

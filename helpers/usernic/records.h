/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERNIC_RECORDS_H
#define RLXC_USERNIC_RECORDS_H

#include "names.h"

#include <stddef.h>

/* The interfaces charged to one user, or to one group. Text, a line for each:
 *
 *	1 UID veth BRIDGE NIC IFINDEX BRIDGE-IFINDEX TIME
 *
 * 1 is the version; with an ifindex of 0 it is a reservation, made at TIME (seconds since the host
 * was booted). Only what we would write ourselves is read. */

#define RECORDS_MAX 2048 /* a Linux bridge has 1023 ports at most */
#define RECORD_LINE_MAX 100
#define RECORDS_TEXT_MAX (RECORDS_MAX * RECORD_LINE_MAX + 1)

struct record {
	uint32_t uid; /* who made it, also when a group is charged */
	uint32_t ifindex, bridge_ifindex;
	char bridge[NAME_SIZE], nic[NAME_SIZE];
	uint64_t time_s;
};

struct records {
	size_t n;
	struct record list[RECORDS_MAX];
};

/* -1: damaged, @ret_records is empty then. */
int records_parse(const char *text, struct records *ret_records);
/* Length of the text, which always fits. */
size_t records_format(const struct records *records, char text[RECORDS_TEXT_MAX]);
/* The record of exactly this interface, or NULL. */
struct record *records_find(struct records *records, uint32_t uid, const char *bridge,
                            const char *nic);
void records_remove(struct records *records, size_t i);
size_t records_count(const struct records *records, const char *bridge);

#endif

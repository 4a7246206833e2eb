/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERIDMAP_ORDER_H
#define RLXC_USERIDMAP_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is asked for, from the command line. Pure. */

#define ORDER_USAGE                                                                                \
	"usage: lxc-user-idmap {own|image} UIDS GIDS {-|ro,nosuid,noexec} <DIRECTORY >SOCKET"
#define ORDER_EXTENTS_MAX 16
#define ORDER_IDS_MAX 4194304

/* Ids as they are on the disk against ids as they are seen through the mount. */
struct extent {
	uint32_t disk, seen, count; /* at least 1; neither end passes UINT32_MAX - 1 */
};

/* No id is in two extents, on either side. */
struct map {
	size_t n; /* at least 1 */
	struct extent list[ORDER_EXTENTS_MAX];
};

struct order {
	bool image; /* published by the administrator, or else the caller's own tree */
	struct map uids, gids;
	uint64_t attr; /* MOUNT_ATTR_RDONLY (an image has it), _NOSUID, _NOEXEC; always _NODEV */
};

/* As many words as there must be, none too long? */
bool order_is_usable(int argc, char *const argv[]);
/* 0, or the number of the argument that is not of its form. */
int order_parse(char *const argv[], struct order *ret_order);

/* "DISK:SEEN:COUNT[,...]" */
bool order_parse_map(const char *word, struct map *ret_map);

#endif

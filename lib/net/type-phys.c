/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An interface of the host itself. See undo.c for its way back. */
#include "net/types.h"

const struct net_type net_type_phys = {
	.kind = CONF_NET_PHYS,
	.name = "phys",
	.needs_link = true,
	.is_moved = true,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERNIC_TARGET_H
#define RLXC_USERNIC_TARGET_H

#include "request.h"

#include "priv/caller.h"

/* The network namespace that gets the other end. It is looked up once, with the caller's rights;
 * from then on the descriptor is what counts, whatever becomes of the process. */

struct target_facts {
	uint64_t fs_type;
	int ns_type;
	ino_t netns, own_netns;
	uid_t owner;              /* of the user namespace that owns it */
	ino_t parent, own_userns; /* where that one was made */
};

bool target_allowed(const struct target_facts *facts, uid_t caller);

/* -1: there is none, or it is not the caller's. */
int target_open(const struct request *request, const struct priv_caller *caller);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/state.h"

#include <errno.h>
#include <string.h>

static const char names[RLXC_STATE_MAX][10] = { "STOPPED",  "STARTING", "RUNNING",
	                                        "STOPPING", "ABORTING", "FREEZING",
	                                        "FROZEN",   "THAWED",   "ERROR" };

const char *state_name(enum rlxc_state state)
{
	return (unsigned int)state < RLXC_STATE_MAX ? names[state] : "UNKNOWN";
}

int state_parse(const char *name)
{
	for (int i = 0; i < RLXC_STATE_MAX; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	return -EINVAL;
}

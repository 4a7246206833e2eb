/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_STATE_H
#define RLXC_CONTAINER_STATE_H

#include "api/rlxc.h"

/* Names of states, as LXC writes them. */
const char *state_name(enum rlxc_state state);
int state_parse(const char *name);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_OPEN_H
#define RLXC_RUNNER_OPEN_H

#include "base/cleanup.h"
#include "options.h"

#include <rlxc.h>

/* The directory of containers that -P names, and the log that -o, -l and -q ask for. */
int open_store(const struct request *req, struct rlxc **ret_rlxc, struct rlxc_err *err);

static inline void rlxc_closep(struct rlxc **rlxc)
{
	if (*rlxc)
		rlxc_close(*rlxc);
}

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_EVENTS_H
#define RLXC_RUNNER_EVENTS_H

#include "base/strv.h"
#include "base/text.h"
#include "options.h"

#include <rlxc.h>

/* What lxc-monitor and rlxc events share: events of containers whose whole name is one of some
 * regular expressions are printed as they come. */

struct events {
	const struct strv *patterns; /* and the words of the request; none: every name */
	bool present;                /* begin with what runs */
	void (*add)(struct text *text, const struct rlxc_event *event);
};
/* Until interrupted, or stdout is closed; returns the exit code. */
int events_print(const struct request *req, const struct events *events);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_EVENTS_PRINT_H
#define RLXC_RUNNER_EVENTS_PRINT_H

#include "base/text.h"

#include <rlxc.h>

/* An event as lxc-monitor of LXC prints it; as a line for people; as a JSON object on a line. */
void events_add_lxc(struct text *text, const struct rlxc_event *event);
void events_add_line(struct text *text, const struct rlxc_event *event);
void events_add_json(struct text *text, const struct rlxc_event *event);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_EVENT_H
#define RLXC_CONTAINER_EVENT_H

#include "api/rlxc.h"
#include "base/text.h"

/* A change of state as a monitor tells it, and the line that carries it:
 *
 *     TIME MONITOR-PID INIT-PID STATUS STATE NAME[ WHY]
 *
 * Shorter than PIPE_BUF: on a pipe it arrives whole, whoever else writes. */
struct event {
	int64_t time_ns; /* CLOCK_REALTIME */
	pid_t monitor_pid, init_pid;
	int status; /* wait status of init once it has ended, -1: not known */
	enum rlxc_state state;
	const char *name;
	const char *why; /* the start failed, or NULL */
};

int64_t event_now_ns(void);
void event_add(struct text *text, const struct event *event);
/* Cuts @line up; the texts of *@ret_event are parts of it. -EBADMSG. */
int event_parse(char *line, struct event *ret_event);

#endif

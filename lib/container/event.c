/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/event.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "container/state.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

int64_t event_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void add_why(struct text *text, const char *why)
{
	text_add(text, " ");
	for (const char *s = why; *s; s++)
		text_add_len(text, *s == '\n' ? " " : s, 1);
}

void event_add(struct text *text, const struct event *event)
{
	text_addf(text, "%lld %d %d %d %s %s", (long long)event->time_ns, (int)event->monitor_pid,
	          (int)event->init_pid, event->status, state_name(event->state), event->name);
	if (event->why)
		add_why(text, event->why);
	text_add(text, "\n");
}

static int parse_pid(const char *text, pid_t *ret_pid)
{
	uint32_t number;

	if (num_parse_u32(text, &number) < 0 || number > INT_MAX)
		return -EBADMSG;
	*ret_pid = (pid_t)number;
	return 0;
}

int event_parse(char *line, struct event *ret_event)
{
	struct event event = {};
	char *fields[6];
	int state;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fields[i] = strsep(&line, " ");
		if (!fields[i] || !*fields[i])
			return -EBADMSG;
	}
	state = state_parse(fields[4]);
	if (state < 0 || num_parse_cint64(fields[0], &event.time_ns) < 0 ||
	    parse_pid(fields[1], &event.monitor_pid) < 0 ||
	    parse_pid(fields[2], &event.init_pid) < 0 ||
	    num_parse_cint(fields[3], &event.status) < 0)
		return -EBADMSG;
	event.state = (enum rlxc_state)state;
	event.name = fields[5];
	event.why = line;
	*ret_event = event;
	return 0;
}

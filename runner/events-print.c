/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events-print.h"

#include <sys/wait.h>
#include <time.h>

/* The exit code is what was in init's wait status, 0 for one that was killed. */
void events_add_lxc(struct text *text, const struct rlxc_event *event)
{
	if (event->state == RLXC_STOPPING && event->status >= 0)
		text_addf(text, "'%s' exited with status [%d]\n", event->name,
		          WEXITSTATUS(event->status));
	text_addf(text, "'%s' changed state to [%s]\n", event->name, rlxc_state_name(event->state));
}

/* ISO 8601, UTC. */
static void add_time(struct text *text, int64_t time_ns)
{
	const time_t seconds = (time_t)(time_ns / 1000000000);
	char date[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	text_addf(text, "%s.%06dZ", date, (int)(time_ns % 1000000000 / 1000));
}

static bool has_ended(const struct rlxc_event *event)
{
	return event->status >= 0 && (WIFEXITED(event->status) || WIFSIGNALED(event->status));
}

void events_add_line(struct text *text, const struct rlxc_event *event)
{
	add_time(text, event->time_ns);
	text_add(text, " ");
	text_add_printable(text, event->name);
	text_addf(text, " %s", rlxc_state_name(event->state));
	if (event->init_pid)
		text_addf(text, " pid=%d", (int)event->init_pid);
	if (has_ended(event) && WIFEXITED(event->status))
		text_addf(text, " status=%d", WEXITSTATUS(event->status));
	else if (has_ended(event))
		text_addf(text, " signal=%d", WTERMSIG(event->status));
	if (event->why) {
		text_add(text, " reason=");
		text_add_printable(text, event->why);
	}
	text_add(text, "\n");
}

/* A number that is known, or null. */
static void add_number(struct text *text, const char *key, bool known, int number)
{
	text_addf(text, ",\"%s\":", key);
	if (known)
		text_addf(text, "%d", number);
	else
		text_add(text, "null");
}

void events_add_json(struct text *text, const struct rlxc_event *event)
{
	const bool ended = has_ended(event);

	text_add(text, "{\"time\":\"");
	add_time(text, event->time_ns);
	text_add(text, "\",\"name\":");
	text_add_json(text, event->name);
	text_addf(text, ",\"state\":\"%s\"", rlxc_state_name(event->state));
	add_number(text, "pid", event->init_pid > 0, (int)event->init_pid);
	add_number(text, "exit_status", ended && WIFEXITED(event->status),
	           WEXITSTATUS(event->status));
	add_number(text, "signal", ended && WIFSIGNALED(event->status), WTERMSIG(event->status));
	text_add(text, ",\"reason\":");
	if (event->why)
		text_add_json(text, event->why);
	else
		text_add(text, "null");
	text_addf(text, ",\"present\":%s}\n", event->present ? "true" : "false");
}

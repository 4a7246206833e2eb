/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rlxc events and lxc-monitor print; programs read it. */
/* The program itself is no library: its files are part of this test. */
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "../../runner/events-print.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* 2026-11-22 10:53:33.000045 UTC */
#define TIME_NS 1795344813000045678

static const struct {
	struct rlxc_event event;
	const char *lxc, *line, *json;
} cases[] = {
	{ { TIME_NS, "web", RLXC_RUNNING, 12, -1, NULL, true },
	  "'web' changed state to [RUNNING]\n",
	  "2026-11-22T10:53:33.000045Z web RUNNING pid=12\n",
	  "{\"time\":\"2026-11-22T10:53:33.000045Z\",\"name\":\"web\",\"state\":\"RUNNING\","
	  "\"pid\":12,\"exit_status\":null,\"signal\":null,\"reason\":null,\"present\":true}\n" },
	{ { TIME_NS, "web", RLXC_STOPPING, 12, 3 << 8, NULL, false },
	  "'web' exited with status [3]\n'web' changed state to [STOPPING]\n",
	  "2026-11-22T10:53:33.000045Z web STOPPING pid=12 status=3\n",
	  "{\"time\":\"2026-11-22T10:53:33.000045Z\",\"name\":\"web\",\"state\":\"STOPPING\","
	  "\"pid\":12,\"exit_status\":3,\"signal\":null,\"reason\":null,\"present\":false}\n" },
	{ { TIME_NS, "web", RLXC_STOPPED, 0, 9, NULL, false },
	  "'web' changed state to [STOPPED]\n",
	  "2026-11-22T10:53:33.000045Z web STOPPED signal=9\n",
	  "{\"time\":\"2026-11-22T10:53:33.000045Z\",\"name\":\"web\",\"state\":\"STOPPED\","
	  "\"pid\":null,\"exit_status\":null,\"signal\":9,\"reason\":null,\"present\":false}\n" },
	{ { TIME_NS, "web", RLXC_ABORTING, 0, -1, "a \"b\"\033", false },
	  "'web' changed state to [ABORTING]\n",
	  "2026-11-22T10:53:33.000045Z web ABORTING reason=a \"b\"\\x1b\n",
	  "{\"time\":\"2026-11-22T10:53:33.000045Z\",\"name\":\"web\",\"state\":\"ABORTING\","
	  "\"pid\":null,\"exit_status\":null,\"signal\":null,\"reason\":\"a \\\"b\\\"\\u001b\","
	  "\"present\":false}\n" },
};

static void check(void (*add)(struct text *text, const struct rlxc_event *event),
                  const struct rlxc_event *event, const char *want)
{
	_cleanup_(text_done) struct text text = {};

	add(&text, event);
	assert_string_equal(text.data, want);
}

static void events_are_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check(events_add_lxc, &cases[i].event, cases[i].lxc);
		check(events_add_line, &cases[i].event, cases[i].line);
		check(events_add_json, &cases[i].event, cases[i].json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(events_are_printed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

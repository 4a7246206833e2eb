/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines that monitors tell watchers. */
#include "container/event.h"

#include "base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void bad_lines_are_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"1 2 3 0 RUNNING",
		"1 2 3 0 RUNNING ",
		"1 2 3 0 SLEEPING c",
		"1 -2 3 0 RUNNING c",
		"1 2 4294967295 0 RUNNING c",
		"1 2 3 x RUNNING c",
		"x 2 3 0 RUNNING c",
		"1  3 0 RUNNING c",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *line = strdup(lines[i]);
		struct event event = { .init_pid = 7 };

		assert_int_equal(event_parse(line, &event), -EBADMSG);
		assert_int_equal(event.init_pid, 7);
	}
}

/* As the other side reads it: without the newline. */
static void pass(const struct event *event, char **ret_line, struct event *ret_event)
{
	struct text text = {};
	size_t len;

	event_add(&text, event);
	assert_int_equal(text_finish(&text, ret_line), 0);
	len = strlen(*ret_line);
	assert_true(len < PIPE_BUF);
	assert_ptr_equal(strchr(*ret_line, '\n'), *ret_line + len - 1);
	(*ret_line)[len - 1] = '\0';
	assert_int_equal(event_parse(*ret_line, ret_event), 0);
}

static void lines_come_back(void **state)
{
	static const struct event events[] = {
		{ 1763808813123456789, 12, 34, -1, RLXC_RUNNING, "web", NULL },
		{ 1, 12, 0, 0x0300, RLXC_STOPPED, "b", NULL },
		{ 1, 12, 0, 9, RLXC_STOPPING, "b:c", NULL },
		{ 1, 12, 0, -1, RLXC_ABORTING, "b", "cannot mount '/proc': why" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		_cleanup_free_ char *line = NULL;
		struct event event = {};

		pass(&events[i], &line, &event);
		assert_int_equal(event.time_ns, events[i].time_ns);
		assert_int_equal(event.monitor_pid, events[i].monitor_pid);
		assert_int_equal(event.init_pid, events[i].init_pid);
		assert_int_equal(event.status, events[i].status);
		assert_int_equal(event.state, events[i].state);
		assert_string_equal(event.name, events[i].name);
		if (events[i].why)
			assert_string_equal(event.why, events[i].why);
		else
			assert_null(event.why);
	}
}

/* The longest name there is, the longest reason, and a reason of two lines. */
static void reasons_stay_on_the_line(void **state)
{
	_cleanup_free_ char *line = NULL;
	char name[201] = "", why[768] = "";
	struct event event = { .state = RLXC_ABORTING, .name = name, .why = why }, back = {};

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	memset(why, 'w', sizeof(why) - 1);
	why[5] = '\n';
	pass(&event, &line, &back);
	why[5] = ' ';
	assert_string_equal(back.why, why);
	assert_string_equal(back.name, name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(lines_come_back),
		cmocka_unit_test(reasons_stay_on_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "events-print.h"
#include "events.h"

#include "base/cleanup.h"

struct events_args {
	struct strv patterns;
	bool present;
};

const struct option_row cmd_events_options[] = {
	OPTION("name", 'n', "NAME|REGEX", option_list, offsetof(struct events_args, patterns),
	       "@names",
	       "only containers with such a name, as a word on its own;\ncan be given several "
	       "times"),
	OPTION("running", 0, "", option_true, offsetof(struct events_args, present), "",
	       "begin with the states of the containers that run"),
	{},
};

static void events_args_done(struct events_args *args)
{
	strv_done(&args->patterns);
}

int cmd_events(struct request *req)
{
	_cleanup_(events_args_done) struct events_args args = {};
	struct events events = { .patterns = &args.patterns };
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	events.present = args.present;
	events.add = req->json ? events_add_json : events_add_line;
	return events_print(req, &events);
}

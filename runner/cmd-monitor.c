/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "events-print.h"
#include "events.h"
#include "output.h"

#include "base/cleanup.h"

struct monitor_args {
	struct strv patterns;
	bool quit;
};

const struct option_row cmd_monitor_options[] = {
	OPTION("name", 'n', "NAME|REGEX", option_list, offsetof(struct monitor_args, patterns),
	       "@names",
	       "only containers with such a name (default all);\ncan be given several times"),
	OPTION("quit", 'Q', "", option_true, offsetof(struct monitor_args, quit), "",
	       "does nothing: there is no lxc-monitord to end"),
	{},
};

static void monitor_args_done(struct monitor_args *args)
{
	strv_done(&args->patterns);
}

int cmd_monitor(struct request *req)
{
	_cleanup_(monitor_args_done) struct monitor_args args = {};
	struct events events = { .patterns = &args.patterns };
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	if (args.quit) {
		output_note(req, "there is no lxc-monitord to end: containers are watched without");
		return EXIT_SUCCESS;
	}
	events.add = req->json ? events_add_json : events_add_lxc;
	return events_print(req, &events);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

#define TIMEOUT_UNSET (-2)
#define TIMEOUT_DEFAULT 60
#define EXIT_NOT_RUNNING 2 /* what LXC's scripts test for */

struct stop_args {
	struct rlxc_stop_options options;
	bool no_wait, no_lock;
};

#define FIELD(member) offsetof(struct stop_args, member)

const struct option_row cmd_stop_options[] = {
	OPTION("reboot", 'r', "", option_true, FIELD(options.reboot), "",
	       "reboot instead of shutting down"),
	OPTION("nowait", 'W', "", option_true, FIELD(no_wait), "",
	       "send the request and return at once"),
	OPTION("timeout", 't', "SECONDS", option_seconds, FIELD(options.timeout_s), "",
	       "wait so long before killing (default 60, -1: for ever)"),
	OPTION("kill", 'k', "", option_true, FIELD(options.kill), "",
	       "kill at once, without a clean shutdown"),
	OPTION("nolock", 0, "", option_true, FIELD(no_lock), "",
	       "with --kill: take no lock (killing never takes one)"),
	OPTION("nokill", 0, "", option_true, FIELD(options.no_kill), "",
	       "do not kill when the time is over"),
	OPTION("rcfile", 0, "FILE", option_text, FIELD(options.rcfile), "@files",
	       "take the halt and reboot signals from FILE"),
	{},
};

/* What makes no sense together, NULL when all is well. */
static const char *conflict(const struct stop_args *args)
{
	const struct rlxc_stop_options *o = &args->options;

	if (o->kill && o->no_kill)
		return "--kill and --nokill exclude each other";
	if (o->kill && o->reboot)
		return "--kill and --reboot exclude each other";
	if (o->kill && o->timeout_s != TIMEOUT_UNSET && o->timeout_s != 0)
		return "--kill does not wait: it excludes --timeout";
	if (args->no_lock && !o->kill)
		return "--nolock needs --kill";
	return NULL;
}

static int run(const struct request *req, struct stop_args *args, struct rlxc_err *err)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	int r;

	if (args->no_wait || (args->options.kill && args->options.timeout_s == TIMEOUT_UNSET))
		args->options.timeout_s = 0;
	if (args->options.timeout_s == TIMEOUT_UNSET)
		args->options.timeout_s = TIMEOUT_DEFAULT;
	r = open_store(req, &rlxc, err);
	if (r < 0)
		return r;
	return rlxc_stop(rlxc, req->name, &args->options, err);
}

int cmd_stop(struct request *req)
{
	struct stop_args args = { .options.timeout_s = TIMEOUT_UNSET };
	struct rlxc_err err = {};
	const char *text;
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	text = conflict(&args);
	if (text)
		return output_usage(req, "%s", text);
	r = run(req, &args, &err);
	if (r >= 0)
		return EXIT_SUCCESS;
	(void)output_failed(req, &err);
	return r == -ESRCH || r == -ENOENT ? EXIT_NOT_RUNNING : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

struct checkpoint_args {
	struct rlxc_checkpoint_options options;
	bool restore, daemon, foreground;
};

#define FIELD(member) offsetof(struct checkpoint_args, member)

const struct option_row cmd_checkpoint_options[] = {
	OPTION("checkpoint-dir", 'D', "DIR", option_text, FIELD(options.dir), "@dirs",
	       "the files are in DIR, which is made when it is missing"),
	OPTION("stop", 's', "", option_true, FIELD(options.stop), "",
	       "stop the container once all is written"),
	OPTION("pre-dump", 'p', "", option_true, FIELD(options.pre_dump), "",
	       "write only the memory, for a later checkpoint that adds\nwhat has changed since"),
	OPTION("predump-dir", 0, "DIR", option_text, FIELD(options.predump_dir), "@dirs",
	       "add to the pre-dump in DIR, as seen from --checkpoint-dir"),
	OPTION("restore", 'r', "", option_true, FIELD(restore), "",
	       "start the container as it was when it was written"),
	OPTION("daemon", 'd', "", option_true, FIELD(daemon), "",
	       "restore in the background (default)"),
	OPTION("foreground", 'F', "", option_true, FIELD(foreground), "",
	       "restore, and return when the container has ended"),
	OPTION("action-script", 'A', "FILE", option_text, FIELD(options.action_script), "@files",
	       "a program that criu runs at its steps"),
	OPTION("verbose", 'v', "", option_true, FIELD(options.verbose), "",
	       "more lines in criu's log, which is in DIR"),
	{},
};

/* What is wrong with the options, or NULL. */
static const char *check(const struct checkpoint_args *args)
{
	const struct rlxc_checkpoint_options *options = &args->options;

	if (!options->dir || !*options->dir)
		return "the directory is missing: -D DIR";
	if (args->restore && (options->stop || options->pre_dump || options->predump_dir))
		return "'--restore' goes with none of --stop, --pre-dump and --predump-dir";
	if (!args->restore && (args->daemon || args->foreground))
		return "'--daemon' and '--foreground' need --restore";
	if (args->daemon && args->foreground)
		return "'--daemon' and '--foreground' exclude each other";
	return options->stop && options->pre_dump ? "'--pre-dump' stops nothing: leave --stop out"
	                                          : NULL;
}

static int run(const struct request *req, const struct checkpoint_args *args, struct rlxc_err *err)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	const struct rlxc_start_options start = { .name = req->name,
		                                  .foreground = args->foreground,
		                                  .restore = &args->options };
	int r = open_store(req, &rlxc, err);

	if (r < 0)
		return r;
	return args->restore ? rlxc_start(rlxc, &start, err)
	                     : rlxc_checkpoint(rlxc, req->name, &args->options, err);
}

int cmd_checkpoint(struct request *req)
{
	struct checkpoint_args args = {};
	struct rlxc_err err = {};
	const char *wrong;
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	wrong = check(&args);
	if (wrong)
		return output_usage(req, "%s", wrong);
	r = run(req, &args, &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

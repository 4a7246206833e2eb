/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "output.h"
#include "start-args.h"

#include "base/cleanup.h"

struct execute_args {
	struct start_args start; /* first: the common rows count from here */
	int64_t uid, gid;
};

#define FIELD(member) offsetof(struct execute_args, member)

const struct option_row cmd_execute_options[] = {
	OPTION("daemon", 'd', "", option_false, START_FIELD(foreground), "",
	       "run in the background"),
	START_COMMON_ROWS,
	OPTION("uid", 'u', "UID", option_id, FIELD(uid), "", "user id of the program, inside"),
	OPTION("gid", 'g', "GID", option_id, FIELD(gid), "", "group id of the program, inside"),
	{},
};

static void done(struct execute_args *args)
{
	start_args_done(&args->start);
}

static int define_ids(struct execute_args *args, struct rlxc_err *err)
{
	int r = 0;

	if (args->uid >= 0)
		r = strv_addf(&args->start.defines, "lxc.init.uid=%lld", (long long)args->uid);
	if (r >= 0 && args->gid >= 0)
		r = strv_addf(&args->start.defines, "lxc.init.gid=%lld", (long long)args->gid);
	return r < 0 ? output_set(err, r, "out of memory") : 0;
}

int cmd_execute(struct request *req)
{
	_cleanup_(done) struct execute_args args = {
		.start.foreground = true,
		.uid = -1,
		.gid = -1,
	};
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	r = define_ids(&args, &err);
	if (r >= 0)
		r = start_args_run(req, &args.start, /* execute= */ true, &err);
	return r < 0 ? output_failed(req, &err) : r;
}

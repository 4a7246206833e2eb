/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

struct destroy_args {
	bool force, snapshots;
};

const struct option_row cmd_destroy_options[] = {
	OPTION("force", 'f', "", option_true, offsetof(struct destroy_args, force), "",
	       "kill the container first when it runs"),
	OPTION("snapshots", 's', "", option_true, offsetof(struct destroy_args, snapshots), "",
	       "delete its snapshots and clones as well"),
	{},
};

int cmd_destroy(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct destroy_args args = {};
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	r = open_store(req, &rlxc, &err);
	if (r >= 0)
		r = rlxc_destroy(rlxc, req->name, args.force, args.snapshots, &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

/* lxc-freeze and lxc-unfreeze. */

#define FREEZE_TIMEOUT_S 10

struct freeze_args {
	int timeout_s;
};

const struct option_row cmd_freeze_options[] = {
	OPTION("timeout", 't', "SECONDS", option_seconds, offsetof(struct freeze_args, timeout_s),
	       "", "give up after so long (default 10, -1: never)"),
	{},
};

typedef int (*freeze_fn)(struct rlxc *rlxc, const char *name, int timeout_s, struct rlxc_err *err);

static int call(const struct request *req, freeze_fn fn, int timeout_s, struct rlxc_err *err)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	int r;

	r = open_store(req, &rlxc, err);
	if (r < 0)
		return r;
	return fn(rlxc, req->name, timeout_s, err);
}

int cmd_freeze(struct request *req)
{
	struct freeze_args args = { .timeout_s = FREEZE_TIMEOUT_S };
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	r = call(req, rlxc_freeze, args.timeout_s, &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

int cmd_unfreeze(struct request *req)
{
	struct freeze_args args = { .timeout_s = FREEZE_TIMEOUT_S };
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	r = call(req, rlxc_unfreeze, args.timeout_s, &err);
	/* A stopped container has nothing frozen: LXC calls that success. */
	if (r < 0 && r != -ESRCH)
		return output_failed(req, &err);
	return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"
#include "base/strv.h"

struct wait_args {
	unsigned int states; /* bits 1 << enum rlxc_state */
	int timeout_s;
};

static int add_state(unsigned int *states, const char *name, struct rlxc_err *err)
{
	int state = rlxc_state_parse(name);

	/* A broken configuration is no state that anybody reaches. */
	if (state < 0 || state == RLXC_ERROR) {
		output_set(err, -EINVAL, "'%s' is not a state", name);
		(void)snprintf(err->hint, sizeof(err->hint),
		               "STOPPED STARTING RUNNING STOPPING ABORTING FREEZING FROZEN "
		               "THAWED, joined with '|'");
		return -EINVAL;
	}
	*states |= 1U << state;
	return 0;
}

static int option_states(const struct option_row *row, void *args, const char *value,
                         struct rlxc_err *err)
{
	_cleanup_(strv_done) struct strv names = {};
	unsigned int *states = (void *)((char *)args + row->field);
	int r;

	r = strv_split_at(&names, value, '|');
	if (r < 0)
		return output_set(err, r, "out of memory");
	*states = 0;
	for (size_t i = 0; i < names.n; i++) {
		r = add_state(states, names.items[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct option_row cmd_wait_options[] = {
	OPTION("state", 's', "STATE[|STATE]...", option_states, offsetof(struct wait_args, states),
	       "|STOPPED STARTING RUNNING STOPPING ABORTING FREEZING FROZEN THAWED",
	       "states to wait for"),
	OPTION("timeout", 't', "SECONDS", option_seconds, offsetof(struct wait_args, timeout_s), "",
	       "give up after so long (default -1: never, 0: look once)"),
	{},
};

int cmd_wait(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct wait_args args = { .timeout_s = -1 };
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	if (!args.states)
		return output_usage(req, "no state to wait for: --state is missing");
	r = open_store(req, &rlxc, &err);
	if (r >= 0)
		r = rlxc_wait(rlxc, req->name, args.states, args.timeout_s, &err);
	/* What does not exist has stopped; scripts rely on it after lxc-destroy. */
	if (r == -ENOENT && args.states & (1U << RLXC_STOPPED))
		return EXIT_SUCCESS;
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

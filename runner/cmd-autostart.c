/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot-order.h"
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT 60

/* Exit codes beside 0 and 1: some of several failed. */
#define EXIT_SOME_FAILED 2

struct autostart_args {
	bool reboot, shutdown, kill, list;
	struct boot_choice choice;
	int timeout_s;
};

#define FIELD(member) offsetof(struct autostart_args, member)

static int option_groups(const struct option_row *row, void *args, const char *value,
                         struct rlxc_err *err)
{
	struct autostart_args *autostart = args;

	(void)row;
	return boot_add_groups(&autostart->choice.groups, value) < 0
	               ? output_set(err, -ENOMEM, "out of memory")
	               : 0;
}

const struct option_row cmd_autostart_options[] = {
	{ "reboot", 'r', NULL, option_true, FIELD(reboot), NULL, "reboot those that run" },
	{ "shutdown", 's', NULL, option_true, FIELD(shutdown), NULL,
	  "shut down those that run, and kill them after the timeout" },
	{ "kill", 'k', NULL, option_true, FIELD(kill), NULL, "kill those that run" },
	{ "list", 'L', NULL, option_true, FIELD(list), NULL, "only print what would be done" },
	{ "all", 'a', NULL, option_true, FIELD(choice.all), NULL, "whatever their groups" },
	{ "ignore-auto", 'A', NULL, option_true, FIELD(choice.ignore_auto), NULL,
	  "also those without lxc.start.auto = 1" },
	{ "groups", 'g', "GROUPS", option_groups, 0, NULL,
	  "members of these groups, joined with ',', in that order; an empty\n"
	  "word means containers in no group (default: only those)" },
	{ "timeout", 't', "SECONDS", option_seconds, FIELD(timeout_s), NULL,
	  "wait so long for a shutdown (default 60, -1: for ever)" },
	{},
};

static int stop(struct rlxc *rlxc, const struct rlxc_boot *boot, const struct autostart_args *args,
                struct rlxc_err *err)
{
	struct rlxc_stop_options options = { .timeout_s = args->timeout_s };
	int r;

	if (!args->shutdown) {
		options.kill = args->kill;
		options.reboot = !args->kill;
		options.timeout_s = 0;
	}
	r = rlxc_stop(rlxc, boot->name, &options, err);
	return r == -ESRCH ? 0 : r; /* it has stopped by itself */
}

static int start(struct rlxc *rlxc, const struct rlxc_boot *boot, struct rlxc_err *err)
{
	const struct rlxc_start_options options = { .name = boot->name };
	int r = rlxc_start(rlxc, &options, err);

	return r == -EALREADY ? 0 : r;
}

static int act(struct rlxc *rlxc, const struct rlxc_boot *boot, const struct autostart_args *args,
               struct rlxc_err *err)
{
	int r = args->choice.running ? stop(rlxc, boot, args, err) : start(rlxc, boot, err);

	if (r >= 0 && !args->shutdown && !args->kill)
		(void)sleep(boot->delay_s);
	return r;
}

/* Exit code. */
static int act_on_all(struct request *req, struct rlxc *rlxc, const struct autostart_args *args,
                      const struct rlxc_boot *const *chosen, size_t n)
{
	size_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		struct rlxc_err err = {};

		if (act(rlxc, chosen[i], args, &err) >= 0)
			continue;
		failed++;
		req->name = chosen[i]->name;
		(void)output_failed(req, &err);
		req->name = NULL;
	}
	if (!failed)
		return EXIT_SUCCESS;
	return failed == n ? EXIT_FAILURE : EXIT_SOME_FAILED;
}

static int print(const struct request *req, const struct autostart_args *args,
                 const struct rlxc_boot *const *chosen, size_t n)
{
	_cleanup_(text_done) struct text text = {};

	for (size_t i = 0; i < n; i++) {
		text_add(&text, chosen[i]->name);
		if (!args->shutdown && !args->kill)
			text_addf(&text, " %u", chosen[i]->delay_s);
		text_add(&text, "\n");
	}
	return output_answer(req, &text);
}

static int run(struct request *req, struct autostart_args *args)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	const struct rlxc_boot **chosen;
	struct rlxc_boot *boots;
	struct rlxc_err err = {};
	size_t n_boots, n;
	int r;

	r = open_store(req, &rlxc, &err);
	if (r == 0)
		r = rlxc_boots(rlxc, &boots, &n_boots, &err);
	if (r < 0)
		return output_failed(req, &err);
	chosen = calloc(n_boots + 1, sizeof(void *));
	n = chosen ? boot_choose(boots, n_boots, &args->choice, chosen) : 0;
	r = !chosen      ? EXIT_FAILURE
	    : args->list ? print(req, args, chosen, n)
	                 : act_on_all(req, rlxc, args, chosen, n);
	free(chosen);
	rlxc_boots_free(boots, n_boots);
	return r;
}

int cmd_autostart(struct request *req)
{
	struct autostart_args args = { .timeout_s = TIMEOUT_DEFAULT };
	int r = options_parse(req, &args);

	/* Several actions: as in LXC the strongest but one counts. */
	args.kill = args.kill && !args.shutdown;
	args.reboot = args.reboot && !args.shutdown && !args.kill;
	args.choice.running = args.shutdown || args.kill || args.reboot;
	if (r == OPTIONS_GO)
		r = run(req, &args);
	strv_done(&args.choice.groups);
	return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot-order.h"
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT 60
#define TOGETHER_MAX 64 /* processes at a time */

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
	OPTION("reboot", 'r', "", option_true, FIELD(reboot), "", "reboot those that run"),
	OPTION("shutdown", 's', "", option_true, FIELD(shutdown), "",
	       "shut down those that run, and kill them after the timeout"),
	OPTION("kill", 'k', "", option_true, FIELD(kill), "", "kill those that run"),
	OPTION("list", 'L', "", option_true, FIELD(list), "", "only print what would be done"),
	OPTION("all", 'a', "", option_true, FIELD(choice.all), "", "whatever their groups"),
	OPTION("ignore-auto", 'A', "", option_true, FIELD(choice.ignore_auto), "",
	       "also those without lxc.start.auto = 1"),
	OPTION("groups", 'g', "GROUPS", option_groups, 0, "@groups",
	       "members of these groups, joined with ',', in that order; an empty\n"
	       "word means containers in no group (default: only those)"),
	OPTION("timeout", 't', "SECONDS", option_seconds, FIELD(timeout_s), "",
	       "wait so long for a shutdown (default 60, -1: for ever)"),
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

/* As the command for this one container alone: warnings and log have its name. */
static int act(const struct request *req, const struct rlxc_boot *boot,
               const struct autostart_args *args, struct rlxc_err *err)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	int r = open_store(req, &rlxc, err);

	if (r == 0)
		r = args->choice.running ? stop(rlxc, boot, args, err) : start(rlxc, boot, err);
	if (r >= 0 && !args->shutdown && !args->kill)
		(void)sleep(boot->delay_s);
	return r;
}

/* Exit code. */
static int act_and_say(struct request *req, const struct rlxc_boot *boot,
                       const struct autostart_args *args)
{
	struct rlxc_err err = {};
	int code = EXIT_SUCCESS;

	req->name = boot->name;
	if (act(req, boot, args, &err) < 0)
		code = output_failed(req, &err);
	req->name = NULL;
	return code;
}

/* How many of the first ones end at the same time: one that hangs keeps no other waiting. */
static size_t count_together(const struct autostart_args *args,
                             const struct rlxc_boot *const *chosen, size_t n)
{
	size_t k = 1;

	if (!(args->shutdown || args->kill) || !args->choice.all)
		return 1;
	while (k < n && k < TOGETHER_MAX && chosen[k]->order == chosen[0]->order)
		k++;
	return k;
}

/* How many failed. */
static size_t act_together(struct request *req, const struct autostart_args *args,
                           const struct rlxc_boot *const *chosen, size_t n)
{
	pid_t pids[TOGETHER_MAX];
	size_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		pids[i] = n > 1 ? fork() : -1;
		if (pids[i] == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
			_exit(act_and_say(req, chosen[i], args));
		}
		if (pids[i] < 0)
			failed += act_and_say(req, chosen[i], args) != EXIT_SUCCESS;
	}
	for (size_t i = 0; i < n; i++) {
		int status = 0;

		if (pids[i] > 0)
			failed += waitpid(pids[i], &status, 0) < 0 || status != 0;
	}
	return failed;
}

/* Exit code. */
static int act_on_all(struct request *req, const struct autostart_args *args,
                      const struct rlxc_boot *const *chosen, size_t n)
{
	size_t failed = 0, k;

	for (size_t i = 0; i < n; i += k) {
		k = count_together(args, chosen + i, n - i);
		failed += act_together(req, args, chosen + i, k);
	}
	if (!failed)
		return EXIT_SUCCESS;
	return failed == n ? EXIT_FAILURE : EXIT_SOME_FAILED;
}

static void add_line(struct text *text, const struct rlxc_boot *boot, bool waits)
{
	text_add(text, boot->name);
	if (waits)
		text_addf(text, " %u", boot->delay_s);
	text_add(text, "\n");
}

static void add_json(struct text *text, const struct rlxc_boot *boot, bool waits)
{
	text_add(text, "{\"name\":");
	text_add_json(text, boot->name);
	if (waits)
		text_addf(text, ",\"delay\":%u", boot->delay_s);
	text_add(text, "}");
}

static int print(const struct request *req, bool waits, const struct rlxc_boot *const *chosen,
                 size_t n)
{
	_cleanup_(text_done) struct text text = {};

	for (size_t i = 0; i < n; i++) {
		if (req->json)
			text_add(&text, i ? "," : "[");
		(req->json ? add_json : add_line)(&text, chosen[i], waits);
	}
	if (req->json)
		text_add(&text, n ? "]\n" : "[]\n");
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
	    : args->list ? print(req, !args->shutdown && !args->kill, chosen, n)
	                 : act_on_all(req, args, chosen, n);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "info-print.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

#include <stdio.h>

#define FIELD(member) offsetof(struct info_args, member)

const struct option_row cmd_info_options[] = {
	OPTION("config", 'c', "KEY", option_list, FIELD(keys), "@keys",
	       "print a configuration key (repeatable)"),
	OPTION("ips", 'i', "", option_true, FIELD(ips), "", "print the addresses"),
	OPTION("pid", 'p', "", option_true, FIELD(pid), "", "print the process id of init"),
	OPTION("state", 's', "", option_true, FIELD(state), "", "print the state"),
	OPTION("stats", 'S', "", option_true, FIELD(stats), "", "print the resource use"),
	OPTION("no-humanize", 'H', "", option_true, FIELD(raw), "",
	       "print raw numbers; a single value without its label"),
	OPTION("live", 0, "", option_true, FIELD(live), "",
	       "with -c: the running container's configuration"),
	{},
};

static void done(struct info_args *args)
{
	strv_done(&args->keys);
}

static void info_freep(struct rlxc_info **info)
{
	if (*info)
		rlxc_info_free(*info);
}

static unsigned int wants(const struct info_args *args)
{
	unsigned int want = 0;

	if (args->state || args->pid)
		want |= RLXC_WANT_STATE;
	if (args->ips)
		want |= RLXC_WANT_STATE | RLXC_WANT_ADDRS;
	if (args->stats)
		want |= RLXC_WANT_STATE | RLXC_WANT_STATS | RLXC_WANT_LINKS;
	return want;
}

/* The values of -c, in order; unknown keys are reported and the others are printed. */
static int get_items(const struct request *req, struct rlxc *rlxc, const struct info_args *args,
                     struct strv *ret_values, bool *ret_unknown, struct rlxc_err *err)
{
	for (size_t i = 0; i < args->keys.n; i++) {
		char *value = NULL;
		int r;

		r = rlxc_item(rlxc, req->name, args->keys.items[i], args->live, &value, err);
		if (r == -ENOENT) {
			*ret_unknown = true;
			(void)output_failed(req, err);
			r = strv_add(ret_values, INFO_UNKNOWN);
		} else if (r >= 0) {
			r = strv_take(ret_values, value);
		} else {
			return r;
		}
		if (r < 0)
			return output_set(err, r, "out of memory");
	}
	return 0;
}

/* A broken configuration is no reason to hide the rest. JSON has it in the object. */
static void warn_about_config(const struct request *req, const struct rlxc_info *info)
{
	if (info->config_error && !req->json)
		output_note(req, "the configuration of '%s' cannot be read: %s", req->name,
		            info->config_error);
}

static int run(const struct request *req, const struct info_args *args, struct rlxc_err *err)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	_cleanup_(info_freep) struct rlxc_info *info = NULL;
	_cleanup_(strv_done) struct strv values = {};
	struct text text = {};
	bool unknown = false;
	int r, code;

	r = open_store(req, &rlxc, err);
	if (r >= 0)
		r = rlxc_info(rlxc, req->name, wants(args), &info, err);
	if (r < 0)
		return r;
	warn_about_config(req, info);
	r = get_items(req, rlxc, args, &values, &unknown, err);
	if (r < 0)
		return r;
	if (req->json)
		info_add_json(&text, info, args, &values);
	else
		info_add_text(&text, info, args, &values);
	code = output_answer(req, &text);
	return unknown ? EXIT_FAILURE : code;
}

int cmd_info(struct request *req)
{
	_cleanup_(done) struct info_args args = {};
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	if (args.live && !args.keys.n)
		return output_usage(req, "--live needs --config");
	args.all = !args.state && !args.pid && !args.ips && !args.stats && !args.keys.n;
	if (args.all)
		args.state = args.pid = args.ips = args.stats = true;
	r = run(req, &args, &err);
	if (r == -ENOENT && !err.hint[0])
		(void)snprintf(err.hint, sizeof(err.hint), "'%s -1' lists what exists",
		               str_starts_with(req->prog, "lxc-") ? "lxc-ls" : "rlxc ls");
	return r < 0 ? output_failed(req, &err) : r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "start-args.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "open.h"
#include "output.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void start_args_done(struct start_args *args)
{
	strv_done(&args->defines);
	strv_done(&args->publish);
}

int start_args_share(const struct option_row *row, void *args, const char *value,
                     struct rlxc_err *err)
{
	struct strv *defines = (void *)((char *)args + row->field);
	int r;

	if (!*value)
		return output_set(err, -EINVAL, "'--%s' needs a container or process id",
		                  row->name);
	r = strv_addf(defines, "lxc.namespace.share.%s=%s", row->name + strlen("share-"), value);
	return r < 0 ? output_set(err, r, "out of memory") : 0;
}

/* The process that writes the file has left the caller's directory by then. */
static int absolute(const char **path, char **ret_path, struct rlxc_err *err)
{
	_cleanup_free_ char *cwd = NULL;
	struct text text = {};

	if (!*path || **path == '/')
		return 0;
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return output_set(err, -errno, "cannot find the working directory: %s",
		                  strerror(errno));
	text_addf(&text, "%s/%s", cwd, *path);
	if (text_finish(&text, ret_path) < 0)
		return output_set(err, -ENOMEM, "out of memory");
	*path = *ret_path;
	return 0;
}

static int print_plan(const struct request *req, struct rlxc *rlxc,
                      const struct rlxc_start_options *options, struct rlxc_err *err)
{
	_cleanup_free_ char *json = NULL;
	struct text text = {};
	int r;

	r = rlxc_start_plan(rlxc, options, &json, err);
	if (r < 0)
		return r;
	text_add(&text, json);
	if (!str_ends_with(json, "\n"))
		text_add(&text, "\n");
	return output_answer(req, &text);
}

int start_args_run(const struct request *req, struct start_args *args, bool execute,
                   struct rlxc_err *err)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	_cleanup_free_ char *pidfile = NULL, *console_log = NULL;
	struct rlxc_start_options options = {
		.name = req->name,
		.rcfile = args->rcfile,
		.foreground = args->foreground,
		.execute = execute,
		.close_all_fds = args->close_all_fds,
		.supervised = args->supervised,
		.ready_fd = args->ready_fd,
		.strict_limits = args->strict_limits,
		.console = args->console,
		.defines = (const char *const *)args->defines.items,
		.n_defines = args->defines.n,
		.publish = (const char *const *)args->publish.items,
		.n_publish = args->publish.n,
		.argv = req->n_words ? req->words : NULL,
	};
	int r;

	r = absolute(&args->pidfile, &pidfile, err);
	if (r >= 0)
		r = absolute(&args->console_log, &console_log, err);
	if (r >= 0)
		r = open_store(req, &rlxc, err);
	if (r < 0)
		return r;
	options.pidfile = args->pidfile;
	options.console_log = args->console_log;
	if (args->dry_run)
		return print_plan(req, rlxc, &options, err);
	return rlxc_start(rlxc, &options, err);
}

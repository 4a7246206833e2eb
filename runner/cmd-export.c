/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct export_args {
	struct rlxc_export_options options;
	const char *logfile;
};

static int option_compression(const struct option_row *row, void *args, const char *value,
                              struct rlxc_err *err)
{
	static const char *const names[] = { "none", "gzip", "xz", "zstd" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], value) == 0)
			return option_text(row, args, value, err);
	return output_set(err, -EINVAL, "'--%s' takes none, gzip, xz or zstd, not '%s'", row->name,
	                  value);
}

#define FIELD(member) offsetof(struct export_args, member)

const struct option_row cmd_export_options[] = {
	OPTION("output", 'o', "FILE", option_text, FIELD(options.file), "@files",
	       "write FILE, which is there when it is complete, instead\nof stdout"),
	OPTION("compress", 'z', "HOW", option_compression, FIELD(options.compression),
	       "none gzip xz zstd",
	       "none, gzip, xz or zstd (default: by the suffix of FILE,\nelse zstd)"),
	OPTION("freeze", 0, "", option_true, FIELD(options.freeze), "",
	       "suspend the container meanwhile when it runs"),
	OPTION("snapshots", 0, "", option_true, FIELD(options.snapshots), "",
	       "with the snapshots of the container"),
	OPTION("logfile", 0, "FILE", option_text, FIELD(logfile), "@files",
	       "append the log to FILE, \"none\" for no log"),
	{},
};

int cmd_export(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct export_args args = {};
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	req->logfile = args.logfile;
	args.options.name = req->name;
	if (args.options.file && strcmp(args.options.file, "-") == 0)
		args.options.file = NULL;
	if (!args.options.file && isatty(STDOUT_FILENO))
		return output_usage(req,
		                    "an archive is nothing for a terminal: name a file with -o, "
		                    "or redirect the output");
	r = open_store(req, &rlxc, &err);
	if (r >= 0)
		r = rlxc_export(rlxc, &args.options, &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

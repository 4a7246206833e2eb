/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "output.h"

#include <stdlib.h>

struct update_args {
	const char *file;
};

const struct option_row cmd_update_config_options[] = {
	OPTION("config", 'c', "FILE", option_text, offsetof(struct update_args, file), "@files",
	       "the configuration to rewrite; FILE.backup keeps the old one"),
	{},
};

int cmd_update_config(struct request *req)
{
	struct update_args args = {};
	struct rlxc_err err = {};
	bool changed;
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	if (!args.file)
		return output_usage(req, "no configuration given: -c FILE");
	r = rlxc_update_config(args.file, &changed, &err);
	if (r < 0)
		return output_failed(req, &err);
	if (!changed)
		output_note(req, "'%s' has no old keys, nothing was changed", args.file);
	return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "output.h"

#include "base/cleanup.h"
#include "base/strv.h"

struct usernsexec_args {
	struct rlxc_userns_options options;
	struct strv maps;
};

static void done(struct usernsexec_args *args)
{
	strv_done(&args->maps);
}

#define FIELD(member) offsetof(struct usernsexec_args, member)

const struct option_row cmd_usernsexec_options[] = {
	OPTION("map", 'm', "TYPE:INSIDE:OUTSIDE:COUNT", option_list, FIELD(maps), "",
	       "map ids, TYPE is u, g or b for both (repeatable);\n"
	       "default: the caller's ranges in /etc/subuid and /etc/subgid"),
	OPTION("map-self", 's', "", option_true, FIELD(options.map_self), "",
	       "map the caller's own ids behind the others"),
	OPTION("uid", 'u', "UID", option_id, FIELD(options.uid), "",
	       "user id to switch to, inside (default 0)"),
	OPTION("gid", 'g', "GID", option_id, FIELD(options.gid), "",
	       "group id to switch to, inside (default 0)"),
	{},
};

int cmd_usernsexec(struct request *req)
{
	_cleanup_(done) struct usernsexec_args args = {
		.options.uid = -1,
		.options.gid = -1,
	};
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	args.options.maps = (const char *const *)args.maps.items;
	args.options.n_maps = args.maps.n;
	args.options.argv = req->n_words ? req->words : NULL;
	r = rlxc_usernsexec(&args.options, &err);
	return output_exit_code(req, r, &err);
}

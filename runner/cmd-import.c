/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

#include <string.h>
#include <unistd.h>

#define FIELD(member) offsetof(struct rlxc_import_options, member)

const struct option_row cmd_import_options[] = {
	OPTION("name", 'n', "NAME", option_text, FIELD(name), "",
	       "name of the container, instead of that in the archive"),
	OPTION("config", 'f', "FILE", option_text, FIELD(config), "@files",
	       "initial configuration whose lxc.idmap counts, instead of\nlxc.default_config"),
	OPTION("privileged", 0, "", option_true, FIELD(privileged), "",
	       "root: without ids of its own, though it had some"),
	OPTION("trust", 0, "", option_true, FIELD(trust), "",
	       "its configuration may run programs on the host, and use\nother files of it"),
	{},
};

int cmd_import(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct rlxc_import_options options = {};
	_cleanup_free_ char *name = NULL;
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &options);
	if (r != OPTIONS_GO)
		return r;
	if (req->n_words > 1)
		return output_usage(req, "one archive at a time, not '%s' as well", req->words[1]);
	if (req->n_words && strcmp(req->words[0], "-") != 0)
		options.file = req->words[0];
	if (!options.file && isatty(STDIN_FILENO))
		return output_usage(req, "no archive given: name a file, or redirect the input");
	req->name = options.name;
	r = open_store(req, &rlxc, &err);
	if (r >= 0)
		r = rlxc_import(rlxc, &options, &name, &err);
	return r < 0 ? output_failed(req, &err) : output_created(req, rlxc, name);
}

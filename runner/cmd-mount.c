/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

struct mount_args {
	const char *options;
};

const struct option_row cmd_mount_options[] = {
	OPTION("options", 0, "OPTIONS", option_text, offsetof(struct mount_args, options),
	       "ro nosuid nodev noexec noatime", "options of the mount, such as ro,nosuid"),
	{},
};

static int check_words(struct request *req, size_t wanted, const char *what)
{
	if (req->n_words < wanted)
		return output_usage(req, "%s", what);
	return req->n_words > wanted
	               ? output_usage(req, "'%s' is one word too many", req->words[wanted])
	               : 0;
}

int cmd_mount(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct mount_args args = {};
	struct rlxc_err err = {};
	int r = options_parse(req, &args);

	if (r != OPTIONS_GO)
		return r;
	r = check_words(req, 2, "name what to mount, and where in the container");
	if (r)
		return r;
	r = open_store(req, &rlxc, &err);
	if (r == 0)
		r = rlxc_mount(rlxc, req->name, req->words[0], req->words[1], args.options, &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

int cmd_umount(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct rlxc_err err = {};
	int r = options_parse(req, NULL);

	if (r != OPTIONS_GO)
		return r;
	r = check_words(req, 1, "name what to unmount in the container");
	if (r)
		return r;
	r = open_store(req, &rlxc, &err);
	if (r == 0)
		r = rlxc_umount(rlxc, req->name, req->words[0], &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

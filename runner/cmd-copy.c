/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "ephemeral.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"

#include <string.h>

enum mode { MODE_COPY, MODE_RENAME, MODE_SNAPSHOT, MODE_EPHEMERAL };

struct copy_args {
	struct rlxc_copy_options options;
	enum mode mode;
	struct strv mounts;
	struct ephemeral how;
	bool keep_data;
};

/* The last of -R, -s and -e decides. */
static int option_mode(const struct option_row *row, void *args, const char *value,
                       struct rlxc_err *err)
{
	struct copy_args *copy = args;

	(void)value;
	(void)err;
	copy->mode = row->letter == 'R'   ? MODE_RENAME
	             : row->letter == 's' ? MODE_SNAPSHOT
	                                  : MODE_EPHEMERAL;
	return 0;
}

static int option_mounts(const struct option_row *row, void *args, const char *value,
                         struct rlxc_err *err)
{
	struct copy_args *copy = args;

	(void)row;
	return ephemeral_add_mounts(value, &copy->mounts, err);
}

#define FIELD(member) offsetof(struct copy_args, member)
#define BACKENDS "dir btrfs loop lvm overlay zfs"

const struct option_row cmd_copy_options[] = {
	OPTION("newname", 'N', "NAME", option_text, FIELD(options.new_name), "",
	       "name of the copy (required, but with --ephemeral)"),
	OPTION("newpath", 'p', "PATH", option_text, FIELD(options.new_path), "@dirs",
	       "directory of containers for the copy"),
	OPTION("rename", 'R', "", option_mode, 0, "", "rename the container"),
	OPTION("snapshot", 's', "", option_mode, 0, "",
	       "share what neither of the two changes (copy-on-write)"),
	OPTION("allowrunning", 'a', "", option_true, FIELD(options.allow_running), "",
	       "copy a running container, as it is found"),
	OPTION("foreground", 'F', "", option_true, FIELD(how.foreground), "",
	       "with --ephemeral: stay, with the terminal as its console"),
	OPTION("daemon", 'd', "", option_false, FIELD(how.foreground), "",
	       "with --ephemeral: run in the background (default)"),
	OPTION("ephemeral", 'e', "", option_mode, 0, "",
	       "start a snapshot that goes when it stops; with a COMMAND\n"
	       "run that inside, stop it, and exit with its code"),
	OPTION("keepdata", 'D', "", option_true, FIELD(keep_data), "",
	       "with --ephemeral: it stays when it stops"),
	OPTION("mount", 'm', "LIST", option_mounts, 0, "",
	       "with --ephemeral: bind=SOURCE[:TARGET][:ro, rw or idmap],\n"
	       "overlay=SOURCE[:TARGET][:idmap] (copy-on-write),..."),
	OPTION("backingstorage", 'B', "BACKEND", option_text, FIELD(options.bdev), BACKENDS,
	       "storage of the copy, instead of that of the source"),
	OPTION("tmpfs", 't', "", option_true, FIELD(options.tmpfs), "",
	       "with --ephemeral: keep what it writes in memory"),
	OPTION("fssize", 'L', "SIZE", option_size, FIELD(options.fssize), "",
	       "size of the copy's file system (backends lvm and loop)"),
	OPTION("keepname", 'K', "", option_true, FIELD(options.keep_name), "",
	       "leave the host name inside as it is"),
	OPTION("keepmac", 'M', "", option_true, FIELD(options.keep_mac), "",
	       "leave the hardware addresses as they are"),
	{},
};

static void done(struct copy_args *args)
{
	strv_done(&args->mounts);
}

static int run_rename(const struct request *req, const struct copy_args *args)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct rlxc_err err = {};
	int r = open_store(req, &rlxc, &err);

	if (r >= 0)
		r = rlxc_rename(rlxc, req->name, args->options.new_name, &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

static int run(const struct request *req, struct copy_args *args)
{
	struct rlxc_copy_options *options = &args->options;
	_cleanup_free_ char *name = NULL;

	options->name = req->name;
	if (args->mode == MODE_RENAME)
		return run_rename(req, args);
	if (args->mode == MODE_EPHEMERAL) {
		options->ephemeral = !args->keep_data;
		options->mounts = (const char *const *)args->mounts.items;
		options->n_mounts = args->mounts.n;
		return ephemeral_run(req, options, &args->how);
	}
	options->snapshot = args->mode == MODE_SNAPSHOT;
	options->hook_argv = req->words;
	return copy_run(req, options, NULL, &name);
}

int cmd_copy(struct request *req)
{
	_cleanup_(done) struct copy_args args = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	if (!args.options.new_name && args.mode != MODE_EPHEMERAL)
		return output_usage(req, "the new container needs a name: -N NAME");
	if (args.mode != MODE_EPHEMERAL &&
	    (args.mounts.n || args.keep_data || args.how.foreground || args.options.tmpfs))
		return output_usage(req, "-F, -D, -m and -t belong to --ephemeral");
	if (args.options.tmpfs && args.keep_data)
		return output_usage(req, "-t and -D exclude each other: what is in memory goes");
	return run(req, &args);
}

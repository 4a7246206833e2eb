/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names that lxc-copy had before LXC 3.0, with the options of that time. */
#include "commands.h"
#include "ephemeral.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

/* ---- lxc-clone ---- */

struct clone_args {
	struct rlxc_copy_options options;
	const char *lxcpath, *logfile; /* -o is the original here */
	bool snapshot, rename, ignored;
};

#define FIELD(member) offsetof(struct clone_args, member)
#define BACKENDS "dir btrfs loop lvm overlay zfs"

const struct option_row cmd_clone_options[] = {
	OPTION("orig", 'o', "NAME", option_text, FIELD(options.name), "@names",
	       "the container to copy, instead of the first word"),
	OPTION("new", 'n', "NAME", option_text, FIELD(options.new_name), "",
	       "name of the copy, instead of the second word"),
	OPTION("snapshot", 's', "", option_true, FIELD(snapshot), "",
	       "share what neither of the two changes (copy-on-write)"),
	OPTION("backingstore", 'B', "BACKEND", option_text, FIELD(options.bdev), BACKENDS,
	       "storage of the copy, instead of that of the original"),
	OPTION("size", 'L', "SIZE", option_size, FIELD(options.fssize), "",
	       "size of the copy's file system (backends lvm and loop)"),
	OPTION("keepname", 'K', "", option_true, FIELD(options.keep_name), "",
	       "leave the host name inside as it is"),
	OPTION("keepmac", 'M', "", option_true, FIELD(options.keep_mac), "",
	       "leave the hardware addresses as they are"),
	OPTION("copyhome", 'H', "", option_true, FIELD(ignored), "", "nothing; LXC took it too"),
	OPTION("rename", 'R', "", option_true, FIELD(rename), "", "rename the original"),
	OPTION("lxcpath", 'p', "PATH", option_text, FIELD(lxcpath), "@dirs",
	       "directory of the original"),
	OPTION("newpath", 'P', "PATH", option_text, FIELD(options.new_path), "@dirs",
	       "directory of containers for the copy"),
	OPTION("logfile", 0, "FILE", option_text, FIELD(logfile), "@files",
	       "append the log to FILE, \"none\" for no log"),
	{},
};

/* Names that no option gave are the first words. */
static void take_words(struct request *req, const char **name, const char **new_name)
{
	const char **names[] = { name, new_name };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (*names[i] || !req->n_words)
			continue;
		*names[i] = *req->words++;
		req->n_words--;
	}
}

static int run_clone(const struct request *req, struct clone_args *args)
{
	_cleanup_free_ char *name = NULL;
	struct text text = {};
	int code;

	args->options.snapshot = args->snapshot;
	args->options.hook_argv = req->words;
	code = copy_run(req, &args->options, NULL, &name);
	if (code == EXIT_SUCCESS && !req->json)
		text_addf(&text, "Created container %s as %s of %s\n", name,
		          args->snapshot ? "snapshot" : "copy", args->options.name);
	return code == EXIT_SUCCESS ? output_answer(req, &text) : code;
}

static int run_rename(const struct request *req, const struct clone_args *args)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct rlxc_err err = {};
	int r = open_store(req, &rlxc, &err);

	if (r >= 0)
		r = rlxc_rename(rlxc, args->options.name, args->options.new_name, &err);
	return r < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

int cmd_clone(struct request *req)
{
	struct clone_args args = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	take_words(req, &args.options.name, &args.options.new_name);
	if (!args.options.name || !args.options.new_name)
		return output_usage(req, "two names are needed: of the original and of the copy");
	req->name = args.options.name;
	req->lxcpath = args.lxcpath;
	req->logfile = args.logfile;
	return args.rename ? run_rename(req, &args) : run_clone(req, &args);
}

/* ---- lxc-start-ephemeral ---- */

struct start_ephemeral_args {
	struct rlxc_copy_options options;
	const char *logfile, *storage;
	struct ephemeral how;
	struct strv mounts;
	bool keep_data, daemon;
};
#undef FIELD
#define FIELD(member) offsetof(struct start_ephemeral_args, member)

/* -b and -c. */
static int option_dir(const struct option_row *row, void *args, const char *value,
                      struct rlxc_err *err)
{
	struct start_ephemeral_args *ephemeral = args;
	_cleanup_(text_done) struct text text = {};

	text_addf(&text, "%s=%s", row->letter == 'b' ? "bind" : "overlay", value);
	return text.failed ? output_set(err, -ENOMEM, "out of memory")
	                   : ephemeral_add_mount(text.data, &ephemeral->mounts, err);
}

static int option_storage(const struct option_row *row, void *args, const char *value,
                          struct rlxc_err *err)
{
	struct start_ephemeral_args *ephemeral = args;

	ephemeral->storage = value;
	return strcmp(value, "dir") == 0 || strcmp(value, "tmpfs") == 0
	               ? 0
	               : output_set(err, -EINVAL, "'--%s' takes tmpfs or dir, not '%s'", row->name,
	                            value);
}

static int option_union(const struct option_row *row, void *args, const char *value,
                        struct rlxc_err *err)
{
	(void)args;
	return strcmp(value, "overlay") == 0 || strcmp(value, "overlayfs") == 0
	               ? 0
	               : output_set(err, -EOPNOTSUPP,
	                            "'--%s=%s': Linux has one union file system, overlayfs",
	                            row->name, value);
}

const struct option_row cmd_start_ephemeral_options[] = {
	OPTION("orig", 'o', "NAME", option_text, FIELD(options.name), "@names",
	       "the container to start a copy of (required)"),
	OPTION("name", 'n', "NAME", option_text, FIELD(options.new_name), "", "name of the copy"),
	OPTION("bdir", 'b', "DIR", option_dir, 0, "@dirs",
	       "mount a directory of the host, SOURCE[:TARGET]"),
	OPTION("cdir", 'c', "DIR", option_dir, 0, "@dirs", "the same, copy-on-write"),
	OPTION("user", 'u', "USER", option_text, FIELD(how.user), "",
	       "user of the container to run the command as"),
	OPTION("ssh-key", 'S', "FILE", option_text, FIELD(how.ssh_key), "@files",
	       "run the command by ssh, with this key"),
	OPTION("daemon", 'd', "", option_true, FIELD(daemon), "", "run in the background"),
	OPTION("storage-type", 's', "TYPE", option_storage, 0, "tmpfs dir",
	       "keep what it writes in memory (tmpfs, default), or dir:\n"
	       "on the disk (default with --keep-data)"),
	OPTION("union-type", 'U', "TYPE", option_union, 0, "overlayfs",
	       "kind of union file system: overlayfs"),
	OPTION("keep-data", 'k', "", option_true, FIELD(keep_data), "", "it stays when it stops"),
	OPTION("logfile", 0, "FILE", option_text, FIELD(logfile), "@files",
	       "append the log to FILE, \"none\" for no log"),
	{},
};

static void done(struct start_ephemeral_args *args)
{
	strv_done(&args->mounts);
}

int cmd_start_ephemeral(struct request *req)
{
	_cleanup_(done) struct start_ephemeral_args args = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	if (!args.options.name)
		return output_usage(req, "the container to start a copy of is needed: -o NAME");
	if (args.daemon && req->n_words)
		return output_usage(req, "--daemon and a command exclude each other");
	if ((args.how.user || args.how.ssh_key) && !req->n_words)
		return output_usage(req, "--user and --ssh-key need a command");
	if (args.keep_data && args.storage && strcmp(args.storage, "tmpfs") == 0)
		return output_usage(req, "--keep-data and --storage-type=tmpfs exclude each other");
	req->name = args.options.name;
	req->logfile = args.logfile;
	args.options.ephemeral = !args.keep_data;
	args.options.mounts = (const char *const *)args.mounts.items;
	args.options.n_mounts = args.mounts.n;
	args.options.tmpfs = !args.keep_data && (!args.storage || strcmp(args.storage, "dir") != 0);
	args.how.foreground = !args.daemon;
	return ephemeral_run(req, &args.options, &args.how);
}

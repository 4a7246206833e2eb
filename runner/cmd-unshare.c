/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"
#include "base/strv.h"

struct unshare_args {
	struct rlxc_unshare_options options;
	struct strv interfaces;
	const char *log_name;
};

static void done(struct unshare_args *args)
{
	strv_done(&args->interfaces);
}

static int option_namespaces(const struct option_row *row, void *data, const char *value,
                             struct rlxc_err *err)
{
	struct unshare_args *args = data;

	(void)row;
	return rlxc_namespaces_parse(value, &args->options.namespaces, err);
}

#define FIELD(member) offsetof(struct unshare_args, member)

const struct option_row cmd_unshare_options[] = {
	OPTION("namespaces", 's', "NAMESPACES", option_namespaces, 0,
	       "|MOUNT PID UTSNAME IPC USER NETWORK CGROUP TIME",
	       "new namespaces, joined with '|' (required)"),
	OPTION("user", 'u', "USER", option_text, FIELD(options.user), "",
	       "name or id of the user to become"),
	OPTION("hostname", 'H', "NAME", option_text, FIELD(options.hostname), "",
	       "host name to set (needs UTSNAME)"),
	OPTION("ifname", 'i', "INTERFACE", option_list, FIELD(interfaces), "",
	       "network interface to move inside (needs NETWORK, repeatable)"),
	OPTION("daemon", 'd', "", option_true, FIELD(options.daemon), "",
	       "do not wait for the program"),
	OPTION("remount", 'M', "", option_true, FIELD(options.remount), "",
	       "mount fresh /proc, /dev/shm and /dev/mqueue (needs MOUNT)"),
	OPTION("name", 'n', "NAME", option_text, FIELD(log_name), "",
	       "name in the lines of the log"),
	{},
};

/* Is the namespace of that name among those asked for? */
static bool has_namespace(const struct unshare_args *args, const char *name)
{
	unsigned int bits = 0;

	return rlxc_namespaces_parse(name, &bits, NULL) >= 0 && args->options.namespaces & bits;
}

/* The first option that lacks its namespace, NULL when all is well. */
static const char *missing(const struct unshare_args *args)
{
	if (!args->options.namespaces)
		return "no namespaces given: --namespaces is missing";
	if (args->options.hostname && !has_namespace(args, "UTSNAME"))
		return "--hostname needs the namespace UTSNAME";
	if (args->interfaces.n && !has_namespace(args, "NETWORK"))
		return "--ifname needs the namespace NETWORK";
	if (args->options.remount && !has_namespace(args, "MOUNT"))
		return "--remount needs the namespace MOUNT";
	return NULL;
}

int cmd_unshare(struct request *req)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	_cleanup_(done) struct unshare_args args = {};
	struct rlxc_err err = {};
	const char *text;
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	text = missing(&args);
	if (!text && !req->n_words)
		text = "no command given";
	if (text)
		return output_usage(req, "%s", text);
	req->name = args.log_name;
	args.options.interfaces = (const char *const *)args.interfaces.items;
	args.options.n_interfaces = args.interfaces.n;
	args.options.argv = req->words;
	r = open_store(req, &rlxc, &err);
	if (r >= 0)
		r = rlxc_unshare(&args.options, &err);
	return output_exit_code(req, r, &err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "open.h"
#include "output.h"

#include "base/cleanup.h"
#include "base/strv.h"

#include <string.h>

#define ELEVATE_ALL (RLXC_ELEVATE_CGROUP | RLXC_ELEVATE_CAP | RLXC_ELEVATE_LSM)

struct attach_args {
	struct rlxc_attach_options options;
	struct strv keep_vars, set_vars;
	bool elevate_bare; /* -e without an argument */
};

static void done(struct attach_args *args)
{
	strv_done(&args->keep_vars);
	strv_done(&args->set_vars);
}

/* Privileges of a list such as "CAP|LSM"; 0: some word is none. */
static unsigned int parse_privileges(const char *list)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} names[] = {
		{ "CAP", RLXC_ELEVATE_CAP },
		{ "CGROUP", RLXC_ELEVATE_CGROUP },
		{ "LSM", RLXC_ELEVATE_LSM },
	};
	unsigned int bits = 0;

	for (;;) {
		size_t len = strcspn(list, "|");
		unsigned int bit = 0;

		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (strlen(names[i].name) == len && strncmp(list, names[i].name, len) == 0)
				bit = names[i].bit;
		if (!bit)
			return 0;
		bits |= bit;
		if (!list[len])
			return bits;
		list += len + 1;
	}
}

static int option_elevate(const struct option_row *row, void *data, const char *value,
                          struct rlxc_err *err)
{
	struct attach_args *args = data;
	unsigned int bits = value ? parse_privileges(value) : ELEVATE_ALL;

	if (!bits)
		return output_set(err, -EINVAL,
		                  "'--%s' takes CAP, CGROUP and LSM joined with '|', not '%s'",
		                  row->name, value);
	args->elevate_bare = !value;
	args->options.elevate |= bits;
	return 0;
}

static int option_namespaces(const struct option_row *row, void *data, const char *value,
                             struct rlxc_err *err)
{
	struct attach_args *args = data;

	(void)row;
	/* A process of mixed namespaces cannot be confined as the container is. */
	args->options.elevate = ELEVATE_ALL;
	return rlxc_namespaces_parse(value, &args->options.namespaces, err);
}

#define FIELD(member) offsetof(struct attach_args, member)

const struct option_row cmd_attach_options[] = {
	OPTION("elevated-privileges", 'e', "[PRIVILEGES]", option_elevate, 0, "|CAP CGROUP LSM",
	       "keep privileges of the host: CAP, CGROUP and LSM\n"
	       "joined with '|' and glued to -e (default: all)"),
	OPTION("arch", 'a', "ARCH", option_text, FIELD(options.arch),
	       "i686 x86_64 armhf aarch64 mips mips64 powerpc ppc64le riscv64 s390x loongarch64",
	       "machine that the program sees"),
	OPTION("namespaces", 's', "NAMESPACES", option_namespaces, 0,
	       "|MOUNT PID UTSNAME IPC USER NETWORK CGROUP TIME",
	       "enter only these, joined with '|' (implies -e)"),
	OPTION("remount-sys-proc", 'R', "", option_true, FIELD(options.remount_sys_proc), "",
	       "with -s lacking MOUNT: mount fresh /proc and /sys"),
	OPTION("clear-env", 0, "", option_false, FIELD(options.keep_env), "",
	       "start from a clean environment (default)"),
	OPTION("keep-env", 0, "", option_true, FIELD(options.keep_env), "",
	       "start from the caller's environment"),
	OPTION("keep-var", 0, "NAME", option_list, FIELD(keep_vars), "",
	       "keep this variable of the caller (repeatable)"),
	OPTION("set-var", 'v', "NAME=VALUE", option_define, FIELD(set_vars), "",
	       "set a variable (repeatable)"),
	OPTION("pty-log", 'L', "FILE", option_text, FIELD(options.pty_log), "@files",
	       "append what passes through the terminal to FILE"),
	OPTION("rcfile", 'f', "FILE", option_text, FIELD(options.rcfile), "@files",
	       "use FILE instead of the container's configuration"),
	OPTION("uid", 'u', "UID", option_id, FIELD(options.uid), "",
	       "user id of the program, inside"),
	OPTION("gid", 'g', "GID", option_id, FIELD(options.gid), "",
	       "group id of the program, inside"),
	OPTION("login", 0, "", option_true, FIELD(options.login), "",
	       "log in: the user's shell as a login shell, at home"),
	OPTION("context", 'c', "LABEL", option_text, FIELD(options.context), "",
	       "security label of the program"),
	{},
};

/* "-e CAP" looks like an argument of -e and is a command. */
static void warn_about_command(const struct request *req, const struct attach_args *args)
{
	const char *word = req->n_words ? req->words[0] : NULL;

	if (!word || !args->elevate_bare || !parse_privileges(word))
		return;
	output_note(req, "'%s' is run as a command; to keep only that privilege write -e%s", word,
	            word);
}

/* The container's own mount namespace has them already. */
static void warn_about_remount(const struct request *req, const struct attach_args *args)
{
	unsigned int bits = 0;

	if (!args->options.remount_sys_proc || rlxc_namespaces_parse("MOUNT", &bits, NULL) < 0)
		return;
	if (!args->options.namespaces || args->options.namespaces & bits)
		output_note(req, "--remount-sys-proc has no effect when the container's mount "
		                 "namespace is entered");
}

static int run(const struct request *req, struct attach_args *args, struct rlxc_err *err)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct rlxc_attach_options *o = &args->options;
	int r;

	o->keep_vars = (const char *const *)args->keep_vars.items;
	o->n_keep_vars = args->keep_vars.n;
	o->set_vars = (const char *const *)args->set_vars.items;
	o->n_set_vars = args->set_vars.n;
	o->argv = req->n_words ? req->words : NULL;
	r = open_store(req, &rlxc, err);
	if (r < 0)
		return r;
	return rlxc_attach(rlxc, req->name, o, err);
}

int cmd_attach(struct request *req)
{
	_cleanup_(done) struct attach_args args = {
		.options.uid = -1,
		.options.gid = -1,
	};
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	if (args.options.context && args.options.elevate & RLXC_ELEVATE_LSM)
		return output_usage(req, "--context and the elevated privilege LSM exclude each "
		                         "other");
	if (args.options.login && req->n_words)
		return output_usage(req, "--login runs the user's shell and no other program");
	warn_about_command(req, &args);
	warn_about_remount(req, &args);
	r = run(req, &args, &err);
	return output_exit_code(req, r, &err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_START_ARGS_H
#define RLXC_RUNNER_START_ARGS_H

#include "base/strv.h"
#include "options.h"

#include <rlxc.h>

/* The options that lxc-start and lxc-execute have in common. */

struct start_args {
	bool foreground, close_all_fds, supervised, strict_limits, dry_run;
	int ready_fd;
	const char *rcfile, *pidfile, *console, *console_log;
	struct strv defines; /* KEY=VALUE */
	struct strv publish; /* ports */
};

void start_args_done(struct start_args *args);

/* --share-NAMESPACE=VALUE becomes the definition of lxc.namespace.share.NAMESPACE. */
int start_args_share(const struct option_row *row, void *args, const char *value,
                     struct rlxc_err *err);

/* Starts the container of @req, or prints the plan with --dry-run. The exit code, or a negative
 * errno with @err. */
int start_args_run(const struct request *req, struct start_args *args, bool execute,
                   struct rlxc_err *err);

#define START_FIELD(member) offsetof(struct start_args, member)

/* Rows of both tables. */
/* clang-format off */
#define START_SHARE_ROW(ns, what)                                                          \
	OPTION("share-" ns, 0, "NAME", start_args_share, START_FIELD(defines), "@names",        \
	  "share the " what " namespace of a container or process id")

#define START_COMMON_ROWS                                                                  \
	OPTION("rcfile", 'f', "FILE", option_text, START_FIELD(rcfile), "@files",               \
	  "use FILE instead of the container's configuration"),                           \
	OPTION("define", 's', "KEY=VALUE", option_define, START_FIELD(defines), "@keys",      \
	  "set a configuration key for this start (repeatable)"),                         \
	OPTION("publish", 0, "PORTS", option_list, START_FIELD(publish), "",                  \
	  "lead [ADDRESS:]PORT of the host to the container's PORT, as 8080:80[/udp]"),   \
	START_SHARE_ROW("net", "network"),                                                 \
	START_SHARE_ROW("ipc", "IPC"),                                                     \
	START_SHARE_ROW("uts", "host name"),                                               \
	START_SHARE_ROW("pid", "process id"),                                              \
	OPTION("strict-limits", 0, "", option_true, START_FIELD(strict_limits), "",         \
	  "fail when a configured limit cannot be enforced"),                             \
	OPTION("dry-run", 0, "", option_true, START_FIELD(dry_run), "",                     \
	  "print what would be done as JSON and touch nothing")
/* clang-format on */

#endif

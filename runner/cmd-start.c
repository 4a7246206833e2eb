/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "output.h"
#include "start-args.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <fcntl.h>

static int option_supervised(const struct option_row *row, void *data, const char *value,
                             struct rlxc_err *err)
{
	struct start_args *args = data;
	int32_t fd = 0;

	if (value && (num_parse_cint(value, &fd) < 0 || fd < 1))
		return output_set(err, -EINVAL, "'--%s' takes the number of a descriptor, not '%s'",
		                  row->name, value);
	/* It is for us, not for init. */
	if (value && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return output_set(err, -errno, "'--%s': descriptor %d is not open", row->name, fd);
	args->foreground = args->supervised = true;
	args->ready_fd = fd;
	return 0;
}

const struct option_row cmd_start_options[] = {
	OPTION("daemon", 'd', "", option_false, START_FIELD(foreground), "",
	       "run in the background (default)"),
	OPTION("foreground", 'F', "", option_true, START_FIELD(foreground), "",
	       "stay, with the terminal as the container's console"),
	OPTION("supervised", 0, "[FD]", option_supervised, 0, "",
	       "stay, for a supervisor: SIGTERM shuts the container down, init's exit\n"
	       "code is returned, descriptor FD gets a line break once it runs"),
	OPTION("pidfile", 'p', "FILE", option_text, START_FIELD(pidfile), "@files",
	       "write the process id of the monitor to FILE"),
	OPTION("console", 'c', "PATH", option_text, START_FIELD(console), "@files",
	       "terminal to use as console, \"none\" for no console"),
	OPTION("console-log", 'L', "FILE", option_text, START_FIELD(console_log), "@files",
	       "append the console's output to FILE"),
	OPTION("close-all-fds", 'C', "", option_true, START_FIELD(close_all_fds), "",
	       "close inherited descriptors (always with --daemon)"),
	START_COMMON_ROWS,
	{},
};

int cmd_start(struct request *req)
{
	_cleanup_(start_args_done) struct start_args args = {};
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	r = start_args_run(req, &args, /* execute= */ false, &err);
	if (r == -EALREADY) {
		/* Boot scripts count on success here. */
		output_note(req, "%s", err.msg);
		return EXIT_SUCCESS;
	}
	return r < 0 ? output_failed(req, &err) : r;
}

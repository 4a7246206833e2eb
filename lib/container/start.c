/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/start.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/num.h"
#include "base/text.h"
#include "cgroup/cgroup.h"
#include "conf/item.h"
#include "conf/read.h"
#include "container/create.h"
#include "container/logfile.h"
#include "container/monitor.h"
#include "container/plan.h"
#include "container/recover.h"
#include "container/rundir.h"
#include "host/subid.h"
#include "os/fd.h"
#include "os/path.h"
#include "os/proc.h"
#include "os/sock.h"
#include "term/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Everything a start gathers before it acts. */
struct start {
	const struct store *store;
	const struct rlxc_start_options *options;
	struct conf *conf;
	struct cgroup_host cgroups;
	struct start_plan plan;
	struct rundir dir;
	struct cgroup cgroup;
	int log_fd;    /* of lxc.log.file */
	bool dry_run;  /* nothing may be touched */
	char *pidfile; /* absolute */
	int pidfile_fd;
};

static void start_done(struct start *start)
{
	log_drop(start->log_fd);
	cleanup_close(&start->log_fd);
	start->conf = conf_free(start->conf);
	cgroup_host_done(&start->cgroups);
	start_plan_done(&start->plan);
	rundir_done(&start->dir);
	cgroup_done(&start->cgroup);
	free(start->pidfile);
	cleanup_close(&start->pidfile_fd);
}

/* ---- deciding ---- */

static int apply_options(struct start *start, struct err *err)
{
	const struct rlxc_start_options *options = start->options;
	int r = 0;

	for (size_t i = 0; i < options->n_defines && r == 0; i++)
		r = conf_define(start->conf, "-s", options->defines[i], err);
	if (r == 0 && options->console)
		r = conf_set(start->conf, "lxc.console.path", options->console, err);
	if (r == 0 && options->console_log)
		r = conf_set(start->conf, "lxc.console.logfile", options->console_log, err);
	return r;
}

/* A configuration with a map of one id was meant like that; this one was not. */
static void warn_single_id(const struct caller *caller)
{
	struct err advice = {};

	subid_hint_none(caller, &advice);
	log_warn("user '%s' has no subordinate ids (/etc/subuid, /etc/subgid): root is the only "
	         "user of the container, continuing with that (for more, %s)",
	         caller->name, advice.hint);
}

/* Is the program that will be init a link to systemd? Unsure is no. */
static bool init_is_systemd(const struct start *start)
{
	static const char *const paths[] = { "sbin/init", "usr/sbin/init" };
	const struct conf *conf = start->conf;
	_cleanup_close_ int root = -EBADF;

	if (!conf->rootfs_path || conf->init_cmd || start->options->argv || start->plan.execute)
		return false;
	root = open(conf->rootfs_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; root >= 0 && i < ARRAY_SIZE(paths); i++) {
		_cleanup_close_ int fd = path_open_beneath(root, paths[i], O_PATH | O_NOFOLLOW);
		char target[256];
		ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);

		if (n < 0)
			continue;
		target[n] = '\0';
		return str_ends_with(target, "/systemd");
	}
	return false;
}

static void warn_of_missing_cgroup(const struct start *start)
{
	if (start->plan.use_cgroup || !start->cgroups.why_no_base || !init_is_systemd(start))
		return;
	log_warn("%s: systemd as init ends at once without a cgroup of its own (with a systemd "
	         "session: systemd-run --user --scope -p Delegate=yes lxc-start ...), continuing "
	         "without it",
	         start->cgroups.why_no_base);
}

static int open_log(struct start *start, struct err *err)
{
	const struct conf *conf = start->conf;
	int r = 0;

	if (start->dry_run)
		return 0;
	if (conf->log_file && log_fd() < 0)
		r = logfile_open(start->store, start->options->name, conf->log_file, false,
		                 &start->log_fd, err);
	log_configure(start->log_fd, (enum log_level)conf->log_level);
	return r < 0 ? err_wrap(err, r, "lxc.log.file") : 0;
}

static int decide(struct start *start, struct err *err)
{
	const struct rlxc_start_options *options = start->options;
	struct start_request request = { .name = options->name,
		                         .foreground = options->foreground,
		                         .execute = options->execute,
		                         .strict_limits = options->strict_limits,
		                         .argv = options->argv };
	int r;

	r = store_check_name(options->name, err);
	if (r == 0)
		r = store_load_conf(start->store, options->name, options->rcfile, false,
		                    &start->conf, err);
	if (r == 0)
		r = apply_options(start, err);
	if (r == 0)
		r = open_log(start, err);
	if (r == 0)
		r = conf_check_supported(start->conf, err);
	if (r == 0)
		r = cgroup_host_load(&start->store->caller, &start->cgroups, err);
	if (r == 0)
		r = start_plan_make(start->store, start->conf, &request, &start->cgroups,
		                    &start->plan, err);
	if (r == 0 && start->plan.single_id && start->conf->idmaps.n == 0)
		warn_single_id(&start->store->caller);
	for (size_t i = 0; r == 0 && i < start->plan.notes.n; i++)
		log_info("%s", start->plan.notes.items[i]);
	if (r == 0)
		warn_of_missing_cgroup(start);
	return r;
}

/* ---- acting ---- */

/* Holds the lock now, so whatever a killed monitor left is ours to take away. */
static int take_run_dir(struct start *start, struct err *err)
{
	int r = rundir_take(start->store, start->options->name, &start->dir, err);

	if (r < 0)
		return r;
	r = recover_left_over(start->store, start->options->name, &start->dir, err);
	if (r < 0)
		rundir_done(&start->dir); /* what it holds is still needed to end the container */
	return r;
}

/* Nothing but an ordinary file with this one name is emptied, or waited for. */
static int create_pidfile(const char *path)
{
	_cleanup_close_ int fd = open(
		path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
		return -EEXIST;
	return ftruncate(fd, 0) < 0 ? -errno : take_fd(&fd);
}

static int open_pidfile(struct start *start, struct err *err)
{
	const char *path = start->options->pidfile;

	if (!path)
		return 0;
	if (path[0] == '/') {
		start->pidfile = strdup(path);
	} else {
		_cleanup_free_ char *cwd = getcwd(NULL, 0);

		if (!cwd || asprintf(&start->pidfile, "%s/%s", cwd, path) < 0)
			start->pidfile = NULL;
	}
	if (!start->pidfile)
		return err_oom(err);
	start->pidfile_fd = create_pidfile(start->pidfile);
	if (start->pidfile_fd >= 0)
		return 0;
	free(take_ptr(start->pidfile)); /* not ours to remove */
	return err_set(err, start->pidfile_fd, "cannot make pid file '%s'", path);
}

static void write_pidfile(struct start *start)
{
	char text[NUM_TEXT_MAX];

	if (start->pidfile_fd < 0)
		return;
	num_format(text, getpid());
	(void)fd_write(start->pidfile_fd, text, strlen(text));
	cleanup_close(&start->pidfile_fd);
}

static void remove_pidfile(const struct start *start)
{
	if (start->pidfile)
		(void)unlink(start->pidfile);
}

/* Nothing of a start that failed stays. */
static void undo(struct start *start)
{
	remove_pidfile(start);
	cleanup_close(&start->cgroup.payload_fd); /* and with them the locks */
	cleanup_close(&start->cgroup.monitor_fd);
	cgroup_remove_stale(start->cgroup.monitor_path, start->cgroup.payload_path);
	if (start->dir.lock_fd >= 0)
		rundir_remove(&start->dir);
}

/* From now on a killed start leaves cgroups that the next command on the container finds. */
static void record_cgroup(const struct start *start)
{
	const struct run_state state = { .monitor_cgroup = start->cgroup.monitor_path,
		                         .payload_cgroup = start->cgroup.payload_path };

	if (start->cgroup.payload_path)
		(void)run_state_write(&start->dir, &state);
}

static int prepare(struct start *start, bool with_monitor, struct err *err)
{
	int r;

	r = take_run_dir(start, err);
	if (r == 0)
		r = open_pidfile(start, err);
	if (r == 0 && start->plan.use_cgroup)
		r = cgroup_make(&start->cgroups, start->options->name, with_monitor, &start->cgroup,
		                err);
	if (r == 0)
		record_cgroup(start);
	if (r < 0)
		undo(start);
	return r;
}

/* In the process that will be the monitor. */
static int watch(struct start *start, struct monitor_request *request, struct err *err)
{
	char title[512];
	int status;

	if (request->daemon || start->options->close_all_fds)
		fd_close_inherited(3);
	request->store = start->store;
	request->conf = start->conf;
	request->plan = &start->plan;
	request->cgroup = &start->cgroup;
	request->dir = &start->dir;
	(void)snprintf(title, sizeof(title), "[lxc monitor] %s %s", start->store->path,
	               start->options->name);
	if (request->daemon)
		proc_title_set(title); /* over argv: what the options point to is gone */
	write_pidfile(start);
	status = monitor_run(request, err);
	remove_pidfile(start);
	if (status >= 0 && start->conf->ephemeral &&
	    store_is_defined(start->store, start->plan.name) &&
	    container_destroy(start->store, start->plan.name, false, false, err) < 0)
		log_error("cannot remove the ephemeral container: %s", err ? err->msg : "");
	if (status < 0)
		return status;
	return start->options->execute ? proc_exit_code(status) : 0;
}

static int run_here(struct start *start, struct err *err)
{
	struct monitor_request request = { .report_fd = -EBADF, .console_fd = -EBADF };
	int r;

	r = prepare(start, false, err);
	return r < 0 ? r : watch(start, &request, err);
}

/* The fork that becomes the monitor; returns in the starter only. */
static pid_t fork_monitor(struct start *start, struct monitor_request *request, int *ret_pidfd,
                          struct err *err)
{
	pid_t pid = proc_clone(0, start->cgroup.monitor_fd, ret_pidfd);

	if (pid == -EACCES || pid == -EBUSY || pid == -EOPNOTSUPP) {
		log_info("cannot start the monitor in its own cgroup: %s, continuing in ours",
		         strerror(-pid));
		pid = proc_clone(0, -EBADF, ret_pidfd);
	}
	if (pid < 0)
		return err_set(err, pid, "cannot start the monitor");
	if (pid == 0) {
		struct err why = {};
		int r;

		(void)setsid();
		r = watch(start, request, &why);
		_exit(r < 0 ? 1 : r);
	}
	return pid;
}

/* What the monitor says once init runs, or why it does not. */
static int wait_report(int fd, int *ret_console, struct err *err)
{
	struct err theirs = {};
	ssize_t n = sock_recv(fd, &theirs, sizeof(theirs), ret_console, 1);

	if (n != (ssize_t)sizeof(theirs))
		return err_say(err, -EPIPE, "the container's monitor ended during the start");
	if (theirs.code < 0 && err)
		*err = theirs;
	return theirs.code;
}

static int run_daemon(struct start *start, struct err *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF, none = -EBADF;
	struct monitor_request request = { .daemon = true, .console_fd = -EBADF };
	int pair[2], r, status;
	pid_t pid;

	r = prepare(start, true, err);
	if (r < 0)
		return r;
	r = sock_pair(pair);
	if (r < 0) {
		undo(start);
		return err_set(err, r, "cannot make a socket pair");
	}
	ours = pair[0];
	theirs = pair[1];
	request.report_fd = theirs;
	pid = fork_monitor(start, &request, &pidfd, err);
	if (pid < 0) {
		undo(start);
		return pid;
	}
	cleanup_close(&theirs);
	r = wait_report(ours, &none, err);
	if (r < 0)
		(void)pidfd_wait(pidfd, &status); /* it has cleaned up when it is gone */
	return r;
}

/* On a terminal: the monitor has the container, we have the terminal. */
static int run_on_terminal(struct start *start, struct err *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF, master = -EBADF;
	_cleanup_close_ int console = -EBADF, output = -EBADF;
	struct monitor_request request = { .tied = true };
	int pair[2], stream[2], r, status = 0;
	pid_t pid;

	r = prepare(start, true, err);
	if (r < 0)
		return r;
	r = sock_pair(pair);
	if (r == 0) {
		ours = pair[0];
		theirs = pair[1];
		r = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream) < 0 ? -errno : 0;
	}
	if (r < 0) {
		undo(start);
		return err_set(err, r, "cannot make a socket pair");
	}
	output = stream[0];
	console = stream[1];
	request.report_fd = theirs;
	request.console_fd = console;
	pid = fork_monitor(start, &request, &pidfd, err);
	if (pid < 0) {
		undo(start);
		return pid;
	}
	cleanup_close(&theirs);
	cleanup_close(&console);
	rundir_done(&start->dir);
	/* One report for each boot, with the console of that boot; the last one is end-of-file. */
	r = wait_report(ours, &master, err);
	while (r == 0 && master >= 0) {
		struct term_relay relay = { .in_fd = 0,
			                    .out_fd = 1,
			                    .from_fd = output,
			                    .to_fd = master,
			                    .end_fd = ours,
			                    .log_fd = -EBADF };

		r = term_relay_run(&relay, err);
		cleanup_close(&master);
		if (r == 0 && wait_report(ours, &master, NULL) < 0)
			break;
	}
	if (pidfd_wait(pidfd, &status) < 0)
		status = 0;
	return r < 0 ? r : proc_exit_code(status);
}

int container_start(const struct store *store, const struct rlxc_start_options *options,
                    struct err *err)
{
	_cleanup_(start_done) struct start start = { .store = store,
		                                     .options = options,
		                                     .dir = RUNDIR_NONE,
		                                     .cgroup = CGROUP_NONE,
		                                     .log_fd = -EBADF,
		                                     .pidfile_fd = -EBADF };
	int r;

	r = decide(&start, err);
	if (r < 0)
		return r;
	if (!options->foreground)
		return run_daemon(&start, err);
	return isatty(0) && start.plan.mounts.console && start.plan.mounts.has_rootfs
	               ? run_on_terminal(&start, err)
	               : run_here(&start, err);
}

int container_start_plan(const struct store *store, const struct rlxc_start_options *options,
                         char **ret_json, struct err *err)
{
	_cleanup_(start_done) struct start start = { .store = store,
		                                     .options = options,
		                                     .dir = RUNDIR_NONE,
		                                     .cgroup = CGROUP_NONE,
		                                     .log_fd = -EBADF,
		                                     .dry_run = true,
		                                     .pidfile_fd = -EBADF };
	int r = decide(&start, err);

	if (r < 0)
		return r;
	return start_plan_json(&start.plan, start.conf, &start.cgroups, ret_json) < 0 ? err_oom(err)
	                                                                              : 0;
}

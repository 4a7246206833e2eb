/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/criu.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cgroup/cgroup.h"
#include "host/tools.h"
#include "os/fd.h"
#include "os/path.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MAX ((size_t)64 << 20)
#define NOT_FOUND 127

/* In lines such as "(00.1) Error (criu/files.c:12): Can't lookup": what was in the way comes first,
 * the rest follows from it. It may have names from inside. */
static int add_first_error(struct text *out, char *words)
{
	char *error = strstr(words, "Error (");
	char *line = error ? strstr(error, "): ") : NULL;

	line = line ? line + strlen("): ") : words;
	line[strcspn(line, "\n")] = '\0';
	text_add_printable(out, *line ? line : "it does not say why");
	return out->failed ? -ENOMEM : 0;
}

static int explain(int code, const char *what, char *words, struct err *err)
{
	_cleanup_(text_done) struct text text = {};

	if (add_first_error(&text, words) < 0)
		return err_oom(err);
	return err_say(err, code, "%s: %s", what, text.data);
}

int criu_check(const struct caller *caller, struct err *err)
{
	char *const argv[] = { "criu", "check", NULL };
	_cleanup_free_ char *words = NULL;
	int r;

	if (!caller->is_root || caller->in_userns) {
		err_say(err, -EPERM,
		        "criu needs the capability CAP_SYS_ADMIN on the host, which user '%s' "
		        "does not have",
		        caller->name);
		err_hint(err, "root can do this, with root's containers");
		return -EPERM;
	}
	r = tools_ask_host(argv, &words, err);
	if (r <= 0)
		return r;
	if (r == NOT_FOUND) {
		err_say(err, -ENOENT, "criu is not installed: PATH has no such program");
		err_hint(err, "install the package criu");
		return -ENOENT;
	}
	(void)explain(-EOPNOTSUPP, "criu does not work with this kernel", words, err);
	err_hint(err, "all it says is shown by: criu check");
	return -EOPNOTSUPP;
}

void criu_done(struct criu *criu)
{
	strv_done(&criu->argv);
	free(criu->dir);
	free(criu->log);
	*criu = (struct criu){};
}

static int add_words(struct strv *argv, const char *const *words, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = strv_add(argv, words[i]);
	return r;
}

int criu_begin(struct criu *ret_criu, const char *verb,
               const struct rlxc_checkpoint_options *options, struct err *err)
{
	/* What comes from the host's mounts is found again by itself; cgroups that are there are
	 * used as they are. */
	static const char *const always[] = { "--ext-mount-map",
		                              "auto",
		                              "--enable-external-sharing",
		                              "--enable-external-masters",
		                              "--file-locks",
		                              "--link-remap",
		                              "--tcp-established",
		                              "--manage-cgroups=soft" };
	const char *const words[] = { "criu", verb, options->verbose ? "-v4" : "-v2" };
	_cleanup_(criu_done) struct criu criu = { .dir = realpath(options->dir, NULL) };
	int r;

	if (!criu.dir)
		return err_set(err, -errno, "cannot open the directory '%s'", options->dir);
	if (asprintf(&criu.log, "%s/%s.log", criu.dir, verb) < 0) {
		criu.log = NULL;
		return err_oom(err);
	}
	r = add_words(&criu.argv, words, ARRAY_SIZE(words));
	if (r == 0)
		r = add_words(&criu.argv, always, ARRAY_SIZE(always));
	if (r == 0)
		r = strv_addf(&criu.argv, "--images-dir=%s", criu.dir);
	if (r == 0)
		r = strv_addf(&criu.argv, "--log-file=%s", criu.log);
	if (r == 0 && options->action_script)
		r = strv_addf(&criu.argv, "--action-script=%s", options->action_script);
	if (r < 0)
		return err_oom(err);
	*ret_criu = criu;
	criu = (struct criu){};
	return 0;
}

static int enter_root(const char *mount, struct err *err)
{
	_cleanup_free_ char *file = path_join(mount, "cgroup.procs");
	int r = file ? fd_write_at(AT_FDCWD, file, "0") : -ENOMEM;

	return r < 0 ? err_set(err, r, "cannot enter the cgroup '%s'", mount) : 0;
}

/* criu mounts cgroup2 without options. From the first cgroup namespace that takes nsdelegate away
 * from the mounts of the host as well; from any other one the kernel takes no options. One that
 * begins at the roots shows criu the same paths. */
static int leave_cgroupns(struct err *err)
{
	_cleanup_(cgroup_host_done) struct cgroup_host host = {};
	int r = cgroup_host_load(&host, err);

	if (r < 0)
		return r;
	if (!host.has_v2 || strcmp(host.v2_root, "/") != 0)
		return err_say(err, -EOPNOTSUPP, "criu needs to see all of cgroup2");
	r = enter_root(host.v2_mount, err);
	for (size_t i = 0; i < host.n_v1 && r == 0; i++)
		if (host.v1[i].mount)
			r = enter_root(host.v1[i].mount, err);
	if (r < 0)
		return r;
	return unshare(CLONE_NEWCGROUP) < 0 ? err_set(err, -errno, "cannot make a cgroup namespace")
	                                    : 0;
}

struct job {
	struct criu *criu;
	int (*before)(struct criu *criu, const void *arg, struct err *err);
	const void *arg;
};

static int be_criu(void *arg, struct err *err)
{
	const struct job *job = arg;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), r;
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return err_set(err, -errno, "cannot open '/dev/null'");
	r = leave_cgroupns(err);
	if (r == 0 && job->before)
		r = job->before(job->criu, job->arg, err);
	if (r < 0)
		return r;
	(void)execvp(job->criu->argv.items[0], job->criu->argv.items);
	return err_set(err, -errno, "cannot run criu");
}

int criu_run(struct criu *criu, int (*before)(struct criu *criu, const void *arg, struct err *err),
             const void *arg, struct err *err)
{
	struct job job = { .criu = criu, .before = before, .arg = arg };
	_cleanup_free_ char *words = NULL;
	int r;

	(void)unlink(criu->log); /* of another run */
	r = proc_run_child(be_criu, &job, err);
	if (r <= 0)
		return r;
	if (fd_read_file(AT_FDCWD, criu->log, LOG_MAX, &words, NULL) < 0)
		return err_say(err, -EIO, "criu failed with exit code %d and wrote no log", r);
	(void)explain(-EIO, "criu failed", words, err);
	err_hint(err, "see '%s'", criu->log);
	return -EIO;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/child-internal.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "caps/caps.h"
#include "container/exec.h"
#include "container/hooks.h"
#include "lsm/lsm.h"
#include "seccomp/program.h"
#include "term/term.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- what it has ---- */

int child_build_environment(struct child *child, struct err *err)
{
	struct strv *env = &child->environment;
	struct text ttys = {};
	_cleanup_free_ char *value = NULL;
	int r = 0;

	for (size_t i = 0; i < child->plan->environment.n && r == 0; i++)
		r = strv_add(env, child->plan->environment.items[i]);
	for (size_t i = 0; i < child->ttys.n; i++)
		text_addf(&ttys, "%spts/%u", i ? " " : "container_ttys=", child->ttys.numbers[i]);
	if (r == 0 && child->ttys.n)
		r = text_finish(&ttys, &value) < 0 ? -ENOMEM : strv_take(env, take_ptr(value));
	text_done(&ttys);
	return r < 0 ? err_oom(err) : 0;
}

/* In the foreground only what is a terminal becomes the console: pipes and files are meant. */
int child_setup_stdio(struct child *child, struct err *err)
{
	int slave = child->ttys.console_slave, r;
	bool console_in = false;

	for (int fd = 0; fd <= 2 && slave >= 0; fd++) {
		if (!child->request->stdio_null && !isatty(fd))
			continue;
		if (dup2(slave, fd) < 0) {
			r = err_set(err, -errno, "cannot set up standard input and output");
			if (r == -EBADF)
				err_hint(err, "lxc.prlimit.nofile has to be 3 at least");
			return r;
		}
		console_in |= fd == 0;
	}
	r = child->plan->mounts.has_rootfs ? exec_replace_null(err) : 0;
	if (r < 0)
		return r;
	if (setsid() < 0 && errno != EPERM)
		return err_set(err, -errno, "cannot start a session");
	/* An init takes its terminal itself; a single program needs it for job control. */
	if (console_in && child->plan->execute)
		(void)pty_make_controlling(slave);
	return 0;
}

/* ---- what it may ---- */

/* What the container's root, and nobody else, is allowed to do from here on. */
static int give_up_rights(const struct child *child, struct err *err)
{
	int r = caps_apply(child->plan->bounding, exec_filter_caps(child->request->filter_fd), err);

	if (r == 0 && child->conf->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_set(err, -errno, "cannot set lxc.no_new_privs");
	return r;
}

static int confine_hook(const void *arg, struct err *err)
{
	const struct child *child = arg;
	int r = give_up_rights(child, err);

	return r == 0 && child->request->filter_fd >= 0
	               ? seccomp_load(child->request->filter_fd, child->request->notify_fd, err)
	               : r;
}

/* A start hook is a program of the container's, and has no more rights than its init. */
int child_run_hooks(const struct child *child, enum conf_hook moment, struct err *err)
{
	const bool inside = moment == CONF_HOOK_START;
	_cleanup_(strv_done) struct strv environment = {};
	const struct hooks hooks = { .conf = child->conf,
		                     .name = child->plan->name,
		                     .moment = moment,
		                     .environment = &environment,
		                     .confine = inside ? confine_hook : NULL,
		                     .arg = child };

	if (!child->conf->hooks[moment].n)
		return 0;
	if (hooks_environment(child->conf, inside, &environment) < 0)
		return err_oom(err);
	return hooks_run(&hooks, err);
}

static int switch_ids(const struct child *child, struct err *err)
{
	const struct start_plan *plan = child->plan;
	gid_t groups[START_GROUPS_MAX];
	size_t n = 0;

	while (n < plan->groups.n) {
		groups[n] = (gid_t)strtoul(plan->groups.items[n], NULL, 10);
		n++;
	}
	if (n && setgroups(n, groups) < 0)
		return err_set(err, -errno, "cannot set lxc.init.groups");
	/* As root without a map nothing was set up: the caller may have come by newgrp(1). */
	if ((plan->gid != getgid() || plan->gid != getegid()) &&
	    setresgid(plan->gid, plan->gid, plan->gid) < 0)
		return err_set(err, -errno, "cannot set lxc.init.gid = %u", plan->gid);
	if (plan->uid == getuid() && plan->uid == geteuid())
		return 0;
	/* Capabilities outlive the switch until caps_apply has cut the bounding set. */
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setresuid(plan->uid, plan->uid, plan->uid) < 0)
		return err_set(err, -errno, "cannot set lxc.init.uid = %u", plan->uid);
	return caps_regain(err);
}

/* lxc.sched.core: shares a core with nobody else. Without threads of a core there is no need. */
static int make_core_domain(const struct child *child, struct err *err)
{
	int r;

	if (!child_is_new(child, NS_PID))
		return err_say(err, -EINVAL,
		               "lxc.sched.core needs a pid namespace of the container's own");
	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_THREAD_GROUP, 0) ==
	            0 ||
	    errno == ENODEV)
		return 0;
	r = err_set(err, -errno, "cannot do as lxc.sched.core says");
	err_hint(err, "it needs a kernel with CONFIG_SCHED_CORE");
	return r;
}

int child_confine(const struct child *child, struct err *err)
{
	int r = child->conf->sched_core ? make_core_domain(child, err) : 0;

	if (r == 0)
		r = switch_ids(child, err);
	exec_hide();
	if (r == 0) /* also without a limit: the caller's inheritable set does not get inside */
		r = give_up_rights(child, err);
	if (r == 0)
		r = lsm_set(child->label_fd, &child->plan->label, err);
	return r < 0 ? r : child_die_with_monitor(child, child->conf->monitor_pdeath, err);
}

/* ---- what it becomes ---- */

int child_run_init(const struct child *child, struct err *err)
{
	char *const *argv = child->plan->argv.items;
	int r = exec_prepare(child->request->filter_fd, child->request->notify_fd, err);

	if (r < 0)
		return r;
	if (child->init_fd < 0) {
		r = exec_program(argv, &child->environment, err);
		if (r == -ENOENT)
			err_hint(err, "is the root file system complete? lxc.init.cmd names "
			              "another init, lxc-execute runs a single program");
		return r;
	}
	(void)syscall(SYS_execveat, child->init_fd, "", argv, child->environment.items,
	              AT_EMPTY_PATH);
	return err_set(err, -errno, "cannot run our small init");
}

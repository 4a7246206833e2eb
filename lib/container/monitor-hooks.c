/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hooks that run in the monitor: before, beside and after the container. */
#include "container/monitor-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "container/hook.h"
#include "container/hooks.h"
#include "container/rundir.h"
#include "ns/ns.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static bool has(const struct monitor *monitor, enum conf_hook moment)
{
	return monitor->request->conf->hooks[moment].n;
}

static struct hooks hooks_at(const struct monitor *monitor, enum conf_hook moment)
{
	return (struct hooks){ .conf = monitor->request->conf,
		               .name = monitor->request->plan->name,
		               .moment = moment };
}

int hooks_pre_start(struct monitor *monitor, struct err *err)
{
	const struct hooks hooks = hooks_at(monitor, CONF_HOOK_PRE_START);

	if (!has(monitor, CONF_HOOK_PRE_START))
		return 0;
	/* Who wants to end one that hangs looks there for us. */
	(void)run_state_record(monitor->request->dir, monitor->request->cgroup, 0);
	return hooks_run(&hooks, err);
}

int hooks_start_host(struct monitor *monitor, pid_t init, struct err *err)
{
	struct hooks hooks = hooks_at(monitor, CONF_HOOK_START_HOST);
	_cleanup_(strv_done) struct strv variables = {};

	if (strv_addf(&variables, "LXC_PID=%d", (int)init) < 0)
		return err_oom(err);
	hooks.variables = &variables;
	return hooks_run(&hooks, err);
}

static int add_variables(const struct monitor *monitor, struct strv *variables)
{
	bool reboot = WIFSIGNALED(monitor->status) && WTERMSIG(monitor->status) == SIGHUP;
	int r = strv_addf(variables, "LXC_TARGET=%s", reboot ? "reboot" : "stop");

	if (r == 0 && monitor->ended_pid > 0)
		r = strv_addf(variables, "LXC_PID=%d", (int)monitor->ended_pid);
	return r;
}

/* @extra: the same as arguments, for hooks of version 0. */
static int add_namespaces(const struct monitor *monitor, struct strv *variables, struct text *extra)
{
	int r = 0;

	for (int kind = 0; kind < NS_MAX && r == 0; kind++) {
		const char *name = ns_name((enum ns_kind)kind);
		int fd = monitor->init.ns_fds[kind];
		char upper[16];
		size_t i = 0;

		if (fd < 0)
			continue;
		for (; name[i]; i++)
			upper[i] = (char)toupper((unsigned char)name[i]);
		upper[i] = '\0';
		r = strv_addf(variables, "LXC_%s_NS=/proc/%d/fd/%d", upper, (int)getpid(), fd);
		text_addf(extra, " %s:/proc/%d/fd/%d", name, (int)getpid(), fd);
	}
	return extra->failed ? -ENOMEM : r;
}

static int run_late(struct monitor *monitor, enum conf_hook moment)
{
	struct hooks hooks = hooks_at(monitor, moment);
	_cleanup_(strv_done) struct strv variables = {};
	_cleanup_(text_done) struct text extra = {};
	struct err err = {};
	int r;

	if (!has(monitor, moment))
		return 0;
	r = add_variables(monitor, &variables);
	if (r == 0)
		r = add_namespaces(monitor, &variables, &extra);
	if (r < 0)
		return r;
	hooks.variables = &variables;
	hooks.extra = monitor->request->conf->hook_version ? NULL : extra.data;
	hooks.timeout_ms = HOOK_END_TIMEOUT_MS;
	r = hooks_run(&hooks, &err);
	if (r < 0)
		log_error("%s", err.msg);
	return r;
}

void hooks_stop(struct monitor *monitor)
{
	monitor->ended_pid = monitor->init.pid;
	(void)run_late(monitor, CONF_HOOK_STOP);
}

int hooks_post_stop(struct monitor *monitor)
{
	return run_late(monitor, CONF_HOOK_POST_STOP);
}

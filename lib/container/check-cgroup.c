/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/check-internal.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cgroup/cgroup.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BASE "Cgroup of one's own"
#define CONTROLLERS_MAX 4096

static int check_mounted(struct check_job *job, struct err *err)
{
	_cleanup_(cgroup_host_done) struct cgroup_host host = {};
	int r = cgroup_host_load(&host, err);

	if (r < 0)
		return r;
	if (!host.has_v2 && !host.n_v1) {
		err_say(err, -ENOENT, "no cgroup file system is mounted");
		err_hint(err, "as root: mount -t cgroup2 none /sys/fs/cgroup");
		return -ENOENT;
	}
	check_note(job, "%s%s%s", host.has_v2 ? "version 2 on " : "version 1",
	           host.has_v2 ? host.v2_mount : "",
	           host.has_v2 && host.n_v1 ? ", and version 1" : "");
	return 0;
}

static bool has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

static int say_no_base(const struct check_job *job, const struct cgroup_host *host, struct err *err)
{
	const char *user = job->caller->name, *mount = host->v2_mount;

	if (!host->has_v2) {
		err_say(err, -ENOENT, "cgroup2 is not mounted");
		err_hint(err, "as root: mount -t cgroup2 none /sys/fs/cgroup");
		return -ENOENT;
	}
	err_say(err, -EACCES, "%s", host->why_no_base ? host->why_no_base : "there is none");
	if (has_systemd())
		err_hint(err, "log in through pam_systemd, or as root: loginctl enable-linger %s",
		         user);
	else
		err_hint(err,
		         "as root: mkdir %s/%s && cd %s/%s && chown %s . cgroup.procs "
		         "cgroup.subtree_control cgroup.threads && echo %d > cgroup.procs",
		         mount, user, mount, user, user, job->shell);
	return -EACCES;
}

/* Climbs the ladder as a start does. A scope takes this process in, and ends with it. */
static int open_base(const struct check_job *job, struct cgroup_host *host, const char **ret_rung,
                     struct err *err)
{
	char name[32];
	int r = cgroup_host_load(host, err);

	if (r == 0)
		r = cgroup_place(job->caller, NULL, host, err);
	if (r < 0)
		return r;
	*ret_rung = "a directory of one's own";
	if (host->rung == CGROUP_RUNG_SCOPE) {
		(void)snprintf(name, sizeof(name), "checkconfig-%d", (int)getpid());
		*ret_rung = "a scope of systemd";
		r = cgroup_place_scope(job->caller, name, host, err);
	}
	if (r < 0 && !host->base)
		err_hint(err, "as root: systemctl status user@%d.service", (int)job->caller->uid);
	if (r < 0 && host->base)
		*ret_rung = "a directory of one's own, since systemd gives no scope";
	if (host->base)
		return 0;
	return r < 0 ? r : say_no_base(job, host, err);
}

static int check_base(struct check_job *job, struct err *err)
{
	_cleanup_(cgroup_host_done) struct cgroup_host host = {};
	const struct cgroup_names names = { .name = "checkconfig" };
	_cleanup_(cgroup_done) struct cgroup cgroup = CGROUP_NONE;
	const char *rung;
	int r = open_base(job, &host, &rung, err);

	if (r == 0)
		r = cgroup_make(&host, &names, /* with_monitor= */ false, &cgroup, err);
	if (r < 0)
		return r;
	check_note(job, "%s, %s", rung, host.base);
	cgroup_unmake(&cgroup);
	return 0;
}

/* ---- controllers ---- */

static const char *const controllers[] = { "cpu", "cpuset", "memory", "pids", "io" };

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (; *text; text += strcspn(text, " \n"), text += strspn(text, " \n"))
		if (strncmp(text, word, len) == 0 && strchr(" \n", text[len]))
			return true;
	return false;
}

static bool is_handed_on(const char *base, const char *controller)
{
	_cleanup_close_ int fd = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char text[CONTROLLERS_MAX];

	return fd >= 0 && fd_read_short(fd, "cgroup.controllers", text, sizeof(text)) > 0 &&
	       has_word(text, controller);
}

static int say_not_here(const char *controller, const struct cgroup_hierarchy *v1, struct err *err)
{
	if (v1) {
		err_say(err, -EACCES, "it is on version 1: %s", v1->why_not);
		err_hint(err, "boot the host with cgroup_no_v1=all on the kernel's command line");
		return -EACCES;
	}
	err_say(err, -ENODEV, "the controller '%s' is not handed on to us", controller);
	if (has_systemd())
		err_hint(err, "as root: mkdir -p /etc/systemd/system/user@.service.d && printf "
		              "'[Service]\\nDelegate=cpu cpuset io memory pids\\n' > "
		              "/etc/systemd/system/user@.service.d/delegate.conf && systemctl "
		              "daemon-reload");
	else
		err_hint(err,
		         "as root, in each cgroup above ours: echo +%s > cgroup.subtree_control",
		         controller);
	return -ENODEV;
}

static int check_controller(struct check_job *job, struct err *err)
{
	_cleanup_(cgroup_host_done) struct cgroup_host host = {};
	const char *controller = controllers[job->row->what], *rung;
	const struct cgroup_hierarchy *v1;
	int r = open_base(job, &host, &rung, NULL);

	if (r == -ENOMEM)
		return err_oom(err);
	if (host.base && is_handed_on(host.base, controller))
		return 0;
	v1 = cgroup_host_v1(&host, strcmp(controller, "io") == 0 ? "blkio" : controller);
	if (!v1 || v1->why_not)
		return say_not_here(controller, v1, err);
	check_note(job, "version 1, %s", v1->dir ? v1->dir : v1->controllers);
	return 0;
}

const struct check_row check_rows_cgroup[] = {
	{ .label = "Cgroups", .run = check_mounted },
	{ .label = BASE, .needs = "Cgroups", .run = check_base },
	{ .label = "Cgroup sched", .needs = "Cgroups", .run = check_controller, .what = 0 },
	{ .label = "Cgroup cpuset", .needs = "Cgroups", .run = check_controller, .what = 1 },
	{ .label = "Cgroup memory controller",
	  .needs = "Cgroups",
	  .run = check_controller,
	  .what = 2 },
	{ .label = "Cgroup pids controller",
	  .needs = "Cgroups",
	  .run = check_controller,
	  .what = 3 },
	{ .label = "Cgroup io controller", .needs = "Cgroups", .run = check_controller, .what = 4 },
	{},
};

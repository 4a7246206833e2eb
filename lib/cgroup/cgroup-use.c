/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lxc.cgroup.use: which of the v1 hierarchies containers get leaves in. */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "cgroup/cgroup-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each part of cgroup2 itself, no name in its cgroup.controllers. */
static bool is_built_in(const char *controller)
{
	static const char *const names[] = { "freezer", "devices", "cpuacct" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(controller, names[i]) == 0)
			return true;
	return false;
}

static bool exists(const struct cgroup_host *host, const char *controller)
{
	_cleanup_close_ int fd = -EBADF;

	if (cgroup_host_v1(host, controller))
		return true;
	if (!host->has_v2)
		return false;
	fd = cgroup_open_dir(AT_FDCWD, host->v2_mount);
	return is_built_in(controller) || cgroup_file_has(fd, "cgroup.controllers", controller);
}

static int leave_out(struct cgroup_hierarchy *hierarchy)
{
	char *why = NULL;

	if (asprintf(&why, "lxc.cgroup.use leaves the hierarchy '%s' out", hierarchy->controllers) <
	    0)
		return -ENOMEM;
	free(hierarchy->why_not);
	hierarchy->why_not = why;
	return 0;
}

int cgroup_use_only(struct cgroup_host *host, const char *list, struct err *err)
{
	_cleanup_free_ char *words = strdup(list);
	_cleanup_free_ bool *used = calloc(host->n_v1 + 1, sizeof(*used));
	char *rest = NULL;

	if (!words || !used)
		return err_oom(err);
	for (char *word = strtok_r(words, ", \t", &rest); word;
	     word = strtok_r(NULL, ", \t", &rest)) {
		const struct cgroup_hierarchy *v1 = cgroup_host_v1(host, word);

		if (!exists(host, word)) {
			err_say(err, -EINVAL, "lxc.cgroup.use names '%s', which this host has not",
			        word);
			err_hint(err, "take it out of lxc.conf, or mount that controller");
			return -EINVAL;
		}
		if (v1)
			used[v1 - host->v1] = true;
	}
	for (size_t i = 0; i < host->n_v1; i++)
		if (!used[i] && leave_out(&host->v1[i]) < 0)
			return err_oom(err);
	return 0;
}

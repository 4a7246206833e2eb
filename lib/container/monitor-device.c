/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lxc-device asks for: an interface of the host goes into the running container, or comes
 * back. The monitor does it, since it answers for the way back. */
#include "container/monitor-internal.h"

#include "base/cleanup.h"
#include "net/lend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int record(void *arg, const struct strv *undo)
{
	const struct monitor *monitor = arg;
	const struct monitor_request *request = monitor->request;

	return run_state_record_net(request->dir, request->cgroup, monitor->init.pid, undo);
}

static int check(const struct monitor *monitor, struct err *err)
{
	const struct start_plan *plan = monitor->request->plan;

	if (!(plan->ns_new & NS_BIT(NS_NET)))
		return err_say(err, -EOPNOTSUPP, "the container has no network of its own");
	if (plan->net_by_root)
		return 0;
	err_say(err, -EPERM, "the host's network interfaces are root's to give away");
	err_hint(err, "a veth is what a user can have, see lxc-usernet(5); a device node is named "
	              "by its path, such as /dev/fuse");
	return -EPERM;
}

/* A container without interfaces of its own has none of these yet. */
static int open_made(struct monitor *monitor, struct err *err)
{
	struct launched *init = &monitor->init;
	char path[64];

	if (!init->net) {
		init->net = calloc(1, sizeof(*init->net));
		if (!init->net)
			return err_oom(err);
		init->net->netns_fd = -EBADF;
	}
	if (init->net->netns_fd >= 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)init->pid); /* not reaped */
	init->net->netns_fd = open(path, O_RDONLY | O_CLOEXEC);
	return init->net->netns_fd < 0
	               ? err_set(err, -errno, "cannot open the container's network namespace")
	               : 0;
}

/* @payload: "NAME" or "NAME/OTHER-NAME" */
static int move(struct monitor *monitor, bool add, const char *payload, struct err *err)
{
	struct net_lending lending = { .record = record, .arg = monitor };
	const char *other = strchr(payload, '/');
	_cleanup_free_ char *name = strndup(payload, strcspn(payload, "/"));
	int r = name ? check(monitor, err) : err_oom(err);

	if (r == 0)
		r = open_made(monitor, err);
	if (r < 0)
		return r;
	other = other ? other + 1 : NULL;
	lending.netns_fd = monitor->init.net->netns_fd;
	lending.undo = &monitor->init.net->undo;
	return add ? net_lend(&lending, name, other ? other : name, err)
	           : net_take_back(&lending, name, other, err);
}

int serve_device(struct request *request)
{
	struct err err = {};

	if (move(request->monitor, request->arg, request->payload, &err) < 0)
		return serve_refuse(request->client, CONTROL_DEVICE, &err);
	return control_send(request->client->fd, CONTROL_DEVICE, 0, NULL, 0, NULL, 0);
}

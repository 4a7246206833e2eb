/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lxc-cgroup asks for: the directory of a file of the container's cgroups, which the client
 * reads and writes with its own rights, and device rules, whose program is ours. */
#include "container/monitor-internal.h"

#include "base/cleanup.h"
#include "cgroup/item.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int copy_rules(const struct cgroup_devices *from, struct cgroup_devices *ret_copy)
{
	*ret_copy = *from;
	ret_copy->items = reallocarray(NULL, from->n + 1, sizeof(*from->items));
	if (!ret_copy->items)
		return -ENOMEM;
	if (from->n)
		memcpy(ret_copy->items, from->items, from->n * sizeof(*from->items));
	return 0;
}

/* As on v1: where nothing was ruled yet, everything is allowed. */
static int add_rule(struct cgroup_devices *rules, bool allow, const char *value, struct err *err)
{
	int r = rules->has_rules ? 0 : cgroup_devices_add(rules, true, "a", err);

	return r < 0 ? r : cgroup_devices_add(rules, allow, value, err);
}

/* The rules in force are those of the plan: the next boot has them as well. */
static int change_rules(struct monitor *monitor, bool allow, const char *value, struct err *err)
{
	struct cgroup_devices *rules = &monitor->request->plan->limits.devices, changed;
	int payload_fd = monitor->request->cgroup->payload_fd, r;

	if (payload_fd < 0)
		return err_say(err, -EOPNOTSUPP, "the container has no cgroup of its own");
	r = copy_rules(rules, &changed);
	if (r < 0)
		return err_oom(err);
	r = add_rule(&changed, allow, value, err);
	if (r >= 0)
		r = cgroup_devices_attach(payload_fd, &changed, &monitor->devices_fd, err);
	if (r == -EPERM)
		err_hint(err, "the kernel takes device rules from the host's root alone");
	cgroup_devices_done(r < 0 ? &changed : rules);
	if (r >= 0)
		*rules = changed;
	return r;
}

static int set_rule(struct request *request)
{
	const char *value = strchr(request->payload, ' ');
	bool allow = strncmp(request->payload, "devices.allow ", 14) == 0;
	struct err err = {};

	if (!allow && strncmp(request->payload, "devices.deny ", 13) != 0)
		return -EBADMSG;
	if (request->arg == 2 && request->monitor->devices_fd < 0)
		return control_send(request->client->fd, CONTROL_CGROUP, 0, NULL, 0, NULL, 0);
	if (change_rules(request->monitor, allow, value + 1, &err) < 0)
		return serve_refuse(request->client, CONTROL_CGROUP, &err);
	return control_send(request->client->fd, CONTROL_CGROUP, 0, NULL, 0, NULL, 0);
}

int serve_cgroup(struct request *request)
{
	struct control_cgroup answer = {};
	struct cgroup_item item;
	struct err err = {};

	if (request->arg)
		return set_rule(request);
	if (cgroup_item_find(request->monitor->request->cgroup, request->payload, &item, &err) < 0)
		return serve_refuse(request->client, CONTROL_CGROUP, &err);
	answer.kind = (int32_t)item.kind;
	memcpy(answer.file, item.file, sizeof(answer.file));
	return control_send(request->client->fd, CONTROL_CGROUP, 0, &answer, sizeof(answer),
	                    &item.dir_fd, 1);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/device.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "container/cgroup-item.h"
#include "container/control.h"
#include "container/device-node.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define RULE_MAX 48

/* ---- interfaces ---- */

static int move_link(int sock, bool add, const char *device, const char *other, struct err *err)
{
	_cleanup_(text_done) struct text names = {};

	text_addf(&names, "%s%s%s", device, other ? "/" : "", other ? other : "");
	if (names.failed)
		return err_oom(err);
	return control_call(sock, CONTROL_DEVICE, add, names.data, NULL, 0, NULL, NULL, 0, err);
}

/* ---- nodes ---- */

static int check_path(const char *path, struct err *err)
{
	if (path[0] == '/' && !str_ends_with(path, "/"))
		return 0;
	err_say(err, -EINVAL, "'%s' is no absolute path of a device node", path);
	err_hint(err, "such as /dev/fuse");
	return -EINVAL;
}

static int set_rule(int sock, bool allow, const struct stat *st, struct err *err)
{
	char rule[RULE_MAX];

	(void)snprintf(rule, sizeof(rule), "%c %u:%u rwm", S_ISCHR(st->st_mode) ? 'c' : 'b',
	               major(st->st_rdev), minor(st->st_rdev));
	return container_cgroup_rule(sock, allow, rule, err);
}

/* A node that the container's device rules forbid is not left behind. */
static int add_node(int sock, const struct entry *entry, const char *device, const char *target,
                    struct err *err)
{
	struct stat st, removed;
	int r = device_node_add(entry, device, target, &st, err);

	if (r < 0)
		return r;
	r = set_rule(sock, /* allow= */ true, &st, err);
	if (r < 0)
		(void)device_node_remove(entry, target, &removed, NULL);
	return r < 0 ? err_wrap(err, r, "the container's device rules forbid it") : 0;
}

static int remove_node(int sock, const struct entry *entry, const char *target, struct err *err)
{
	struct stat st;
	int r = device_node_remove(entry, target, &st, err);

	return r < 0 ? r : set_rule(sock, /* allow= */ false, &st, err);
}

static int change_node(int sock, bool add, const char *device, const char *other, struct err *err)
{
	const char *target = other ? other : device;
	_cleanup_(entry_done) struct entry entry = ENTRY_NONE;
	int r = check_path(device, err);

	if (r == 0)
		r = check_path(target, err);
	if (r == 0)
		r = entry_ask(sock, &entry, err);
	if (r < 0)
		return r;
	if (!(entry.facts.new_namespaces & NS_BIT(NS_MNT)))
		return err_say(err, -EOPNOTSUPP, "the container has no mounts of its own");
	return add ? add_node(sock, &entry, device, target, err)
	           : remove_node(sock, &entry, target, err);
}

/* ---- both ---- */

static int change(const struct store *store, const char *name, bool add, const char *device,
                  const char *other, struct err *err)
{
	_cleanup_close_ int sock = control_connect(store, name, err);
	int r;

	if (sock < 0)
		return sock;
	r = strchr(device, '/') ? change_node(sock, add, device, other, err)
	                        : move_link(sock, add, device, other, err);
	return r < 0 ? err_wrap(err, r,
	                        add ? "cannot add '%s' to container '%s'"
	                            : "cannot take '%s' from container '%s'",
	                        device, name)
	             : 0;
}

int container_device_add(const struct store *store, const char *name, const char *device,
                         const char *other, struct err *err)
{
	return change(store, name, /* add= */ true, device, other, err);
}

int container_device_remove(const struct store *store, const char *name, const char *device,
                            const char *other, struct err *err)
{
	return change(store, name, /* add= */ false, device, other, err);
}

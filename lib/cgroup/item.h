/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CGROUP_ITEM_H
#define RLXC_CGROUP_ITEM_H

#include "base/err.h"
#include "cgroup/cgroup.h"

/* One file of a container's cgroups, as lxc-cgroup reads and writes it. A name of version 1 means
 * its counterpart on cgroup2 where there is no such hierarchy, and the other way round. */

enum cgroup_item_kind {
	CGROUP_ITEM_SAME,    /* the file has the name that was asked for */
	CGROUP_ITEM_ON_V2,   /* a v1 name, found on cgroup2 */
	CGROUP_ITEM_ON_V1,   /* a cgroup2 name, found in a v1 hierarchy */
	CGROUP_ITEM_DEVICES, /* devices.allow or .deny without that hierarchy: a program, no file */
};

#define CGROUP_FILE_MAX 256

struct cgroup_item {
	enum cgroup_item_kind kind;
	int dir_fd; /* in cgroup_item_find the cgroup's own */
	char file[CGROUP_FILE_MAX];
};

/* Where @name is. -EINVAL: no name of a file of any controller. -EOPNOTSUPP: cgroup2 has nothing
 * like it, or there is no cgroup. -ENODEV: the controller is missing. -ENOENT. */
int cgroup_item_find(const struct cgroup *cgroup, const char *name, struct cgroup_item *ret_item,
                     struct err *err);
/* Text of the item as @name's version shows it, owned. */
int cgroup_item_read(const struct cgroup_item *item, const char *name, char **ret_text,
                     struct err *err);
int cgroup_item_write(const struct cgroup_item *item, const char *name, const char *value,
                      struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_MOUNT_INTERNAL_H
#define RLXC_MOUNT_INTERNAL_H

#include "mount/apply.h"

#include <linux/mount.h>

/* What the makers of the plan share. */

#define NO_EXEC_DEV_SUID (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

struct mount_builder {
	const struct conf *conf;
	const struct mount_facts *facts;
	struct mount_plan *plan;
	struct err *err;
};

/* A new step at the end, or NULL without memory. The pointer holds until the next one. */
struct mount_op *mount_plan_add(struct mount_builder *b, enum mount_kind kind, const char *source,
                                const char *target);
/* @value NULL: a flag. */
int mount_plan_add_option(struct mount_op *op, const char *key, const char *value);
/* A new file system on a directory, which is made when missing. */
int mount_plan_add_new(struct mount_builder *b, const char *type, const char *target,
                       uint64_t attr);
int mount_plan_add_tmpfs(struct mount_builder *b, const char *target, uint64_t attr,
                         const char *size);

/* resolver.c. Does a resolv.conf name a server that a container can reach, as far as the text
 * tells? Its own loopback has none. Pure. */
bool mount_resolver_works(const char *text);
/* A file that cannot be covered stays. */
void mount_resolver_apply(const struct mount_op *op, int root_fd);

/* apply.c. Is this the device that the step names? */
bool mount_is_device(const struct mount_op *op, int fd);
/* A detached mount of the host's node of it. -ENODEV: it is something else. */
int mount_open_device(const struct mount_op *op, struct err *err);

/* mask.c. -ENOENT: there is nothing to hide, or something is mounted over it already. */
int mount_mask_apply(const struct mount_op *op, int root_fd, struct err *err);

/* overlay.c. Steps for the layers that the options of an overlay name by absolute paths; these
 * options are taken out. *@ret_n: how many. -ENOMEM. -EINVAL:
 * upper=tmpfs without lower ones. */
int mount_plan_layers(struct mount_builder *b, struct mount_entry *entry, size_t *ret_n);
/* A detached overlay for step @i, whose target is behind @target_fd. */
int mount_overlay_make(const struct mount_plan *plan, size_t i, const struct mount_sources *sources,
                       int target_fd, struct err *err);

/* lxc.mount.auto = cgroup and its kin, see plan-cgroup.c. */
int mount_plan_cgroup(struct mount_builder *b);

#endif

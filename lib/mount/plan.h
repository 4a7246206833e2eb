/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_MOUNT_PLAN_H
#define RLXC_MOUNT_PLAN_H

#include "base/err.h"
#include "base/text.h"
#include "conf/conf.h"
#include "mount/entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What will be mounted, in order. Pure: a configuration and a few facts in, a list out. */

enum mount_kind {
	MOUNT_NEW,         /* a new instance of file system @source */
	MOUNT_BIND_INSIDE, /* @source, a path of the container, again at @target */
	MOUNT_BIND_HOST,   /* @source, a path of the host */
	MOUNT_BIND_CGROUP, /* the container's own cgroup in the hierarchy that the host has at
	                    * @source, at the same place below @target */
	MOUNT_CHANGE,      /* nothing new: the attributes of the mount at @target */
	MOUNT_DEVICE,      /* the device node /dev/@source, checked to be @major:@minor */
	MOUNT_RESOLVER,    /* the text @source as @target, if what is there does not work */
	MOUNT_LINK,        /* a symbolic link @target -> @source, unless something is there */
	MOUNT_LAYER,       /* @source, a directory of the host, is the @target (lowerdir, upperdir,
	                    * workdir) of the overlay that follows */
	MOUNT_OVERLAY,     /* a new overlay of the @n_layers steps before */
	MOUNT_MASK,        /* hides @target of procfs or sysfs: a file by the null device, as
	                    * for MOUNT_DEVICE, a directory by an empty one */
};

struct mount_op {
	enum mount_kind kind;
	char *source;
	char *target;   /* relative to the container's root */
	char **options; /* pairs for fsconfig(2), NULL key ends; NULL: none */
	size_t n_options;
	uint64_t attr_set, attr_clear, propagation;
	unsigned int major, minor;
	bool mknod;       /* MOUNT_DEVICE: made, not bound from the host; MOUNT_MASK: the same
	                   * node is used */
	char *idmap;      /* MOUNT_BIND_HOST: made elsewhere, with a map of ids; see mount_entry */
	size_t n_layers;  /* MOUNT_OVERLAY */
	bool upper_tmpfs; /* the same: what is written is kept in memory */
	bool recursive, propagation_recursive;
	bool create_dir, create_file;
	bool optional;    /* a failure is logged and skipped */
	bool skip_absent; /* a missing source or target (ENOENT) skips the step */
};

struct mount_plan {
	struct mount_op *ops;
	size_t n;
	size_t first_node; /* the step from which on it is about what /dev holds */
	bool has_rootfs;
	struct mount_entry rootfs_options; /* attributes for the root itself */
	bool private_devpts;               /* new devpts on dev/pts */
	bool autodev;
	uint32_t n_ttys, pty_max;
	bool console; /* also without a root file system */
	bool tty_gid_mapped;
	char *tty_dir;
	char *slave_after_pivot; /* shmounts: this path becomes a slave after pivot_root */
	struct strv ignored;     /* sentences about what has no effect */
};

/* One cgroup hierarchy of the host that the container may use. Strings are borrowed. */
struct mount_hierarchy {
	const char *point;       /* where the host has it, such as /sys/fs/cgroup/cpu */
	const char *controllers; /* "cpu,cpuacct" or "name=systemd"; NULL: cgroup2 */
	bool own;                /* the container gets a cgroup of its own in it */
};

/* Facts the plan needs about the rest of the start. */
struct mount_facts {
	bool new_userns, new_pidns, new_netns, new_cgroupns;
	bool may_mknod;                    /* real root without a user namespace */
	bool cap_sys_admin, cap_net_admin; /* kept by cap.drop / cap.keep */
	bool cgroup_pure_v2;               /* the host has no older hierarchies */
	const struct mount_hierarchy *hierarchies;
	size_t n_hierarchies;
	bool tty_gid_mapped; /* gid 5 exists inside */
	bool console;
	const char *resolver;         /* text for a resolv.conf that does not work, or NULL */
	const char *container_rootfs; /* LXCPATH/NAME/rootfs, for absolute targets */
};

int mount_plan_make(const struct conf *conf, const struct mount_facts *facts,
                    struct mount_plan *ret_plan, struct err *err);
void mount_plan_done(struct mount_plan *plan);
void mount_plan_json(const struct mount_plan *plan, struct text *text);

#endif

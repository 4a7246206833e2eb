/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CGROUP_DEVICES_H
#define RLXC_CGROUP_DEVICES_H

#include "base/err.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Device rules (lxc.cgroup2.devices.allow and .deny, the same of lxc.cgroup) as a BPF program of
 * type BPF_PROG_TYPE_CGROUP_DEVICE: which device nodes processes of a cgroup may make and open.
 *
 * Two modes. In allow-list mode, where all begins, what no allow rule covers is refused and deny
 * rules do nothing. In deny-list mode what a deny rule touches is refused and allow rules do
 * nothing. "a" alone forgets the rules before it and chooses: "deny = a" the allow-list,
 * "allow = a" the deny-list. */

#define CGROUP_DEV_ANY UINT32_MAX

enum cgroup_dev_access { CGROUP_DEV_MKNOD = 1, CGROUP_DEV_READ = 2, CGROUP_DEV_WRITE = 4 };

struct cgroup_device {
	bool allow;
	char type;             /* 'a': both, 'b' or 'c' */
	uint32_t major, minor; /* CGROUP_DEV_ANY: all */
	uint32_t access;       /* enum cgroup_dev_access */
};

/* A zeroed struct: no rules, everything is allowed. */
struct cgroup_devices {
	struct cgroup_device *items;
	size_t n;
	bool deny_list; /* the mode */
	bool has_rules; /* something was said: without that nothing is attached */
};

/* Adds one rule. @allow: devices.allow, else devices.deny. @value: "a", "TYPE MAJOR:MINOR ACCESS",
 * or, for allow, "/dev/PATH ACCESS", whose numbers come from the host. A rule that is there already
 * is not added; its opposite is turned around. -EINVAL; of a path: stat's errno. */
int cgroup_devices_add(struct cgroup_devices *devices, bool allow, const char *value,
                       struct err *err);
void cgroup_devices_done(struct cgroup_devices *devices);
/* The rule as the v1 hierarchy takes it; @size of 48 is enough. "a" alone has type 'a', any numbers
 * and all access. */
int cgroup_device_parse(bool allow, const char *value, struct cgroup_device *ret_device,
                        bool *ret_is_all, struct err *err);
char *cgroup_device_format(const struct cgroup_device *device, char *text, size_t size);
#define CGROUP_DEVICE_TEXT_MAX 48

/* Would the rules let it pass? What the program decides, for tests. */
bool cgroup_devices_check(const struct cgroup_devices *devices, char type, uint32_t major,
                          uint32_t minor, uint32_t access);
/* Is there anything that a program would refuse? */
bool cgroup_devices_restrict(const struct cgroup_devices *devices);
/* Owned instructions. -E2BIG: more rules than the kernel takes. -ENOMEM. */
int cgroup_devices_compile(const struct cgroup_devices *devices, struct bpf_insn **ret_insns,
                           size_t *ret_n);

/* Loads the rules' program and attaches it to a cgroup2 directory. @prog_fd: -EBADF at first, the
 * descriptor of the attached program afterwards; a program that is passed in is replaced at once,
 * without a moment in which neither holds. No rule: 0, nothing attached. -EPERM: not as this user.
 */
int cgroup_devices_attach(int payload_fd, const struct cgroup_devices *devices, int *prog_fd,
                          struct err *err);

#endif

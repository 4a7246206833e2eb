/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CGROUP_LIMITS_H
#define RLXC_CGROUP_LIMITS_H

#include "base/err.h"
#include "base/strv.h"
#include "base/text.h"
#include "cgroup/cgroup.h"
#include "cgroup/devices.h"
#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* lxc.cgroup.* and lxc.cgroup2.* -> what is written where.
 *
 * The order of a start: cgroup_limits_make (pure) before anything is made; then, with the leaves
 * made and nobody in them, cgroup_enable_controllers and cgroup_limits_apply;
 * cgroup_limits_apply_devices in the last moment before init's exec. After a reboot that renewed
 * the leaf the last two are called again. */

/* One write. All strings are owned. */
struct cgroup_limit {
	char *key;        /* as it was configured: "lxc.cgroup.memory.limit_in_bytes" */
	char *where;      /* "FILE:LINE" of it, NULL: not known */
	char *controller; /* "memory"; "cgroup" for files that every cgroup2 directory has */
	char *file;       /* "memory.max" */
	char *value;
	bool on_v1; /* written in the v1 hierarchy of .controller, not on cgroup2 */
};

/* A rule of the v1 hierarchy "devices". */
static inline bool cgroup_limit_is_device(const struct cgroup_limit *limit)
{
	return strcmp(limit->controller, "devices") == 0;
}

struct cgroup_limits {
	struct cgroup_limit *items; /* in the order of writing */
	size_t n;
	struct cgroup_devices devices; /* for cgroup2; on v1 the rules are among .items */
	/* Sentences, each said once: what was translated, and what has no place on this host. The
	 * plan's notes and --dry-run show them. */
	struct strv notes;
	/* Limits that no controller of this host can hold: sentences. With --strict-limits each is
	 * an error, else a warning: who makes the plan says them. */
	struct strv unheld;
};

/* Decides; reads nothing. -EINVAL: a name or value that makes no sense; -EOPNOTSUPP: a v1 key that
 * cgroup2 has nothing for. The message names the key as it was written. */
int cgroup_limits_make(const struct conf_pairs *cgroup1, const struct conf_pairs *cgroup2,
                       const struct cgroup_host *host, struct cgroup_limits *ret_limits,
                       struct err *err);
void cgroup_limits_done(struct cgroup_limits *limits);
static inline bool cgroup_limits_empty(const struct cgroup_limits *limits)
{
	return !limits->n && !limits->devices.has_rules && !limits->unheld.n;
}
/* Device rules bind our own first process, too, so they come when it has made the device nodes: its
 * exec waits for them. */
bool cgroup_limits_has_devices(const struct cgroup_limits *limits);
/* As a JSON array of {"key", "file", "value", "v1"} for --dry-run. */
void cgroup_limits_json(const struct cgroup_limits *limits, struct text *out);

/* Passes every controller that the base has on to its children. -EBUSY: one that @limits needs
 * cannot be passed on since the base holds processes; once they are moved it can be called again.
 * Anything else that is missing shows in cgroup_limits_apply. Without a cgroup: 0. */
int cgroup_enable_controllers(const struct cgroup *cgroup, const struct cgroup_limits *limits,
                              struct err *err);

/* Writes the limits to the payload's leaves. First it is checked that every controller is there: a
 * limit without one is named in a warning, with what gives the controller, and left out; with
 * @strict that is -EOPNOTSUPP, before anything was written. A write that the kernel refuses is
 * always an error. Without a cgroup (CGROUP_NONE) no limit can hold. */
int cgroup_limits_apply(const struct cgroup *cgroup, const struct cgroup_limits *limits,
                        bool strict, struct err *err);

/* The device rules: writes them to the v1 hierarchy, or attaches their program to the payload's
 * cgroup2 leaf. Where the kernel lets us not load programs (an ordinary user, a container): a
 * warning, with @strict -EPERM. @prog_fd: -EBADF the first time; afterwards the program's
 * descriptor, which replaces itself when called again, for the caller to close. Unchanged when
 * there is no rule. */
int cgroup_limits_apply_devices(const struct cgroup *cgroup, const struct cgroup_limits *limits,
                                bool strict, int *prog_fd, struct err *err);

/* ---- for lxc-cgroup, which writes one file at a time ---- */

/* What the kernel means by refusing to write @value to @file; sets the error and returns @code.
 * @key: what the user calls it, NULL: as @file. */
int cgroup_report_write(int code, const char *key, const char *file, const char *value,
                        struct err *err);
/* Why @controller is not in the cgroup2 leaf, and what an administrator can do about it, as one
 * sentence each. Reads the cgroups from the base upward. */
struct cgroup_missing {
	char *why;    /* "the controller 'io' is not delegated to '/sys/fs/cgroup/...'" */
	char *remedy; /* may be NULL */
};
int cgroup_explain_missing(const struct cgroup *cgroup, const char *controller,
                           struct cgroup_missing *ret_missing);
void cgroup_missing_done(struct cgroup_missing *missing);

#endif

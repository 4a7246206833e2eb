/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CGROUP_INTERNAL_H
#define RLXC_CGROUP_INTERNAL_H

#include "cgroup/cgroup.h"

#include <stddef.h>
#include <sys/types.h>

/* What only this room shares: decisions and parsers, each a function of its arguments alone. */

/* The cgroup hierarchies of /proc/self/mountinfo. */
struct cgroup_mounts {
	bool has_v1;
	char *point; /* of the cgroup2 mount we use, NULL without one */
	char *root;  /* the cgroup that is seen there: "/" but for bind mounts and namespaces */
};
/* Of several cgroup2 mounts /sys/fs/cgroup is taken, then /sys/fs/cgroup/unified, then the first.
 * Lines that make no sense are skipped. -ENOMEM. */
int cgroup_parse_mounts(const char *text, struct cgroup_mounts *ret_mounts);
void cgroup_mounts_done(struct cgroup_mounts *mounts);
/* The cgroup2 path of a /proc/PID/cgroup. -ENOENT: no such line. -ENOMEM. */
int cgroup_parse_membership(const char *text, char **ret_path);
/* The number behind @key in lines "key number". -ENOENT: no such line or no number. */
int cgroup_parse_key(const char *text, const char *key, uint64_t *ret_value);
/* Sum of rbytes and wbytes over all devices of an io.stat. */
uint64_t cgroup_parse_io(const char *text);
/* One name of /sys/kernel/cgroup/delegate. Returns the text behind it; NULL at the end. Names that
 * are no plain file names are skipped. */
const char *cgroup_parse_name(const char *text, char *ret_name, size_t size);

enum cgroup_leaf { CGROUP_LEAF_MONITOR, CGROUP_LEAF_PAYLOAD };
#define CGROUP_LEAF_MAX 256    /* bytes of a leaf's name with NUL: NAME_MAX + 1 */
#define CGROUP_LEAF_TRIES 1000 /* the plain name, then -1 to -999 */
/* Name of the leaf in try number @n. -ENAMETOOLONG; -EINVAL: cannot be a directory's name. */
int cgroup_plan_leaf(enum cgroup_leaf leaf, const char *name, unsigned int n,
                     char ret_leaf[CGROUP_LEAF_MAX]);
/* Directory of @path below the mount. -EXDEV: it cannot be seen there. -ENOMEM. */
int cgroup_plan_dir(const struct cgroup_mounts *mounts, const char *path, char **ret_dir);
/* In place: systemd's pid 1 moves itself into /init.scope below the root it manages. */
void cgroup_plan_cut_init_scope(char *path);
/* May our containers live in a directory of @owner? He could freeze or kill them. */
bool cgroup_plan_may_use(const struct caller *caller, uid_t owner);

/* Opens a directory of a cgroup2 file system, never through a link at its end.
 * -EMEDIUMTYPE: another file system. */
int cgroup_open_dir(int dir_fd, const char *path);
/* Takes the lock that says "this leaf is in use", held until the fd and its copies are closed.
 * -EWOULDBLOCK: somebody else uses it. -ENODEV: it was removed meanwhile. */
int cgroup_lock_leaf(int leaf_fd);
/* Removes @name of @dir_fd, which is open as @leaf_fd, when it is or becomes empty before
 * @timeout_ms, together with the cgroups below it. */
int cgroup_remove_leaf(int dir_fd, const char *name, int leaf_fd, int timeout_ms);

#endif

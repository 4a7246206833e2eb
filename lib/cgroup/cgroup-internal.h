/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CGROUP_INTERNAL_H
#define RLXC_CGROUP_INTERNAL_H

#include "cgroup/cgroup.h"

#include <stddef.h>
#include <sys/types.h>

/* What only this room shares: decisions and parsers, each a function of its arguments alone. */

struct cgroup_v1_mount {
	char *point, *root;
	char *options; /* of the file system: "rw,xattr,name=systemd" */
};

/* The cgroup hierarchies of /proc/self/mountinfo. */
struct cgroup_mounts {
	struct cgroup_v1_mount *v1; /* every mount of one, in their order */
	size_t n_v1;
	char *point; /* of the cgroup2 mount we use, NULL without one */
	char *root;  /* the cgroup that is seen there: "/" but for bind mounts and namespaces */
};
/* Of several cgroup2 mounts /sys/fs/cgroup is taken, then /sys/fs/cgroup/unified, then the first.
 * Lines that make no sense are skipped. -ENOMEM. */
int cgroup_parse_mounts(const char *text, struct cgroup_mounts *ret_mounts);
void cgroup_mounts_done(struct cgroup_mounts *mounts);
/* The cgroup2 path of a /proc/PID/cgroup. -ENOENT: no such line. -ENOMEM. */
int cgroup_parse_membership(const char *text, char **ret_path);
/* The first v1 line of the /proc/PID/cgroup in *@rest, which is cut up: false when none is left. */
bool cgroup_v1_next_member(char **rest, char **ret_controllers, char **ret_path);
/* Is @word, up to a comma of its own, one of the words of @list, which commas part? */
bool cgroup_v1_has_word(const char *list, const char *word);
/* The mount through which the hierarchy of @controllers is used: below /sys/fs/cgroup rather than
 * elsewhere, whole rather than a part. NULL: it is mounted nowhere. */
const struct cgroup_v1_mount *cgroup_v1_find_mount(const struct cgroup_mounts *mounts,
                                                   const char *controllers);
/* The hierarchies we are in and their mounts: fills .v1 of @host. -ENOMEM */
int cgroup_v1_load(const struct cgroup_mounts *mounts, struct cgroup_host *host);
/* Finds where our leaves go in them: for root below the cgroup of pid 1 unless @own. -ENOMEM */
int cgroup_v1_place(const struct caller *caller, bool own, struct cgroup_host *host);
void cgroup_v1_host_done(struct cgroup_host *host);

/* Makes those anew that were removed. */
int cgroup_v1_renew(struct cgroup *cgroup, const struct cgroup_names *names, struct err *err);
/* Removes the directories of @parent, a path below each hierarchy's own, that are empty. */
void cgroup_v1_prune(const struct cgroup *cgroup, const char *parent);
void cgroup_v1_done(struct cgroup *cgroup);
/* As cgroup_open_dir, of a v1 hierarchy. */
int cgroup_v1_open_dir(int dir_fd, const char *path);
/* A directory of either. */
int cgroup_open_any(const char *path);

#define CGROUP_V1_FREEZER "freezer.state"
struct dirent;
/* Is this entry of a cgroup's directory a cgroup below it? */
bool cgroup_is_child(const struct dirent *entry);
/* Kills what is in @leaf_fd and below by its lists, of either version, but not the caller. -EBUSY:
 * after @timeout_ms somebody was in there still. */
int cgroup_kill_members(int leaf_fd, int timeout_ms);

/* The number behind @key in lines "key number". -ENOENT: no such line or no number. */
int cgroup_parse_key(const char *text, const char *key, uint64_t *ret_value);
/* Sum of the numbers behind each @field, with what stands between them: "rbytes=" for an io.stat,
 * "Read " for the files of blkio. No such field: 0, nothing was read yet. */
int cgroup_parse_sum(const char *text, const char *field, uint64_t *ret_value);
/* Kernel memory in a memory.stat; before Linux 5.18 it is the sum of its parts. -ENOENT. */
int cgroup_parse_kernel(const char *text, const char *key, uint64_t *ret_value);
/* One name of /sys/kernel/cgroup/delegate. Returns the text behind it; NULL at the end. Names that
 * are no plain file names are skipped. */
const char *cgroup_parse_name(const char *text, char *ret_name, size_t size);

enum cgroup_leaf {
	CGROUP_LEAF_MONITOR,
	CGROUP_LEAF_PAYLOAD,
	CGROUP_LEAF_EXACT, /* the name as it is, in try 0 only */
};
#define CGROUP_LEAF_MAX 256    /* bytes of a leaf's name with NUL: NAME_MAX + 1 */
#define CGROUP_LEAF_TRIES 1000 /* the plain name, then -1 to -999 */
/* Name of the leaf in try number @n. -ENAMETOOLONG; -EINVAL: cannot be a directory's name. */
int cgroup_plan_leaf(enum cgroup_leaf leaf, const char *name, unsigned int n,
                     char ret_leaf[CGROUP_LEAF_MAX]);
/* Directory of @path below the mount. -EXDEV: it cannot be seen there. -ENOMEM. */
int cgroup_plan_dir(const struct cgroup_mounts *mounts, const char *path, char **ret_dir);
/* In place: systemd's pid 1 moves itself into /init.scope below the root it manages. */
void cgroup_plan_cut_init_scope(char *path);
/* What decides about the rung. */
struct cgroup_rung_facts {
	bool is_root;
	bool booted;        /* systemd runs this host */
	bool manager;       /* ... and there is one that we could ask */
	bool own_ok;        /* the cgroup we stand in is ours to write */
	bool own_delegated; /* ... and was given to us by systemd, all of it */
	bool init_ok;       /* root: the cgroup of pid 1 is */
	struct cgroup_wishes wishes;
};
enum cgroup_from { CGROUP_FROM_NOWHERE, CGROUP_FROM_OWN, CGROUP_FROM_INIT };
/* @ret_from: which of the cgroups is the base, or takes the place of a scope that is refused. */
enum cgroup_rung cgroup_plan_rung(const struct cgroup_rung_facts *facts,
                                  enum cgroup_from *ret_from);
/* Leaves of ours that only hold processes, so that controllers can be passed on beside them: of who
 * starts containers, and inside one of who came from outside (LXC's name). */
#define CGROUP_SESSION_LEAF "lxc.session"
#define CGROUP_GUESTS_LEAF ".lxc"
/* In place: cuts a last component that is one of the two off. */
void cgroup_plan_cut_session(char *path);
/* The unit's name says that what systemd delegated is a manager of its own: user@1000.service. */
bool cgroup_plan_is_manager(const char *dir);

/* Says why there is nothing; a later reason replaces an earlier one, which is freed. -ENOMEM */
__attribute__((format(printf, 2, 3))) int cgroup_say(char **ret_why, const char *fmt, ...);
#define cgroup_say_why(host, ...) cgroup_say(&(host)->why_no_base, __VA_ARGS__)

/* May our containers live in a directory of @owner? He could freeze or kill them. */
bool cgroup_plan_may_use(const struct caller *caller, uid_t owner);

/* Opens a directory of a cgroup2 file system, never through a link at its end.
 * -EMEDIUMTYPE: another file system. */
int cgroup_open_dir(int dir_fd, const char *path);
/* Makes, opens and locks the first free leaf of @name (see cgroup_make) in @dir_fd, which is @dir.
 */
int cgroup_make_leaf(int dir_fd, const char *dir, enum cgroup_leaf leaf, const char *name,
                     char **ret_path, int *ret_fd, struct err *err);
/* The same where @names want it, below the base. */
int cgroup_make_named(int base_fd, const char *base, enum cgroup_leaf leaf,
                      const struct cgroup_names *names, char **ret_path, int *ret_fd,
                      struct err *err);
/* Passes all controllers of an empty cgroup on to those below it, as far as the kernel lets us. */
void cgroup_pass_all(int dir_fd);
/* Takes the lock that says "this leaf is in use", held until the fd and its copies are closed.
 * -EWOULDBLOCK: somebody else uses it. -ENODEV: it was removed meanwhile. */
int cgroup_lock_leaf(int leaf_fd);
/* Removes @name of @dir_fd, which is open as @leaf_fd, when it is or becomes empty before
 * @timeout_ms, together with the cgroups below it. */
int cgroup_remove_leaf(int dir_fd, const char *name, int leaf_fd, int timeout_ms);

#define CGROUP_SCOPE_MAX 246 /* bytes with NUL; "-999.scope" behind it is systemd's limit */
/* "lxc-NAME" with NAME as systemd-escape(1) writes it, cut where it does not fit. */
void cgroup_scope_stem(const char *name, char ret_stem[CGROUP_SCOPE_MAX]);
/* Does @answer, what rlxc-scope printed, begin with a line that is a cgroup's path? Leaves that. */
bool cgroup_scope_take_path(char *answer);
/* Connects to the socket @path below the directory @run_dir. Both must be @uid's, and so must be
 * who listens: -EPERM. -ESRCH: he counts processes in another pid namespace. -ENOENT, ... */
int cgroup_scope_connect(const char *run_dir, const char *path, uid_t uid);

/* Is @controller in the list that @file (cgroup.controllers) of a cgroup2 directory holds? */
bool cgroup_file_has(int dir_fd, const char *file, const char *controller);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_IDMAP_IDMAP_H
#define RLXC_IDMAP_IDMAP_H

#include "base/err.h"
#include "conf/conf.h"
#include "host/subid.h"

/* Maps of a user namespace: what is allowed, which block a container gets, and writing them.
 * See user_namespaces(7), newuidmap(1). */

/* Checks lines among themselves and against the caller's ranges: an empty line, one past the last
 * id (-ERANGE), overlap on either side, no line for uids or none for gids (-EINVAL), more than the
 * kernel takes (-E2BIG), host id 0 for a user, a line outside the ranges (-EPERM; own id with
 * count 1 is fine, and ranges that follow one another count as one). Root may map anything.
 * Each failure has its own message and hint. */
int idmap_check(const struct conf_idmaps *maps, const struct caller *caller,
                const struct subids *uids, const struct subids *gids, struct err *err);

/* Host id of @ns_id, and id inside of @host_id, or -1. */
int64_t idmap_to_host(const struct conf_idmaps *maps, enum idmap_kind kind, uint32_t ns_id);
int64_t idmap_to_ns(const struct conf_idmaps *maps, enum idmap_kind kind, uint32_t host_id);
/* Smallest id inside that no line of @kind maps; UINT32_MAX, which is no id, when all are. */
uint32_t idmap_first_free(const struct conf_idmaps *maps, enum idmap_kind kind);

int idmap_add(struct conf_idmaps *maps, enum idmap_kind kind, uint32_t ns_first,
              uint32_t host_first, uint32_t count);
void idmap_done(struct conf_idmaps *maps);
/* A copy of @maps that also maps the caller's own uid and gid, at the first free id inside, when
 * they are not mapped yet: for work on storage that both sides own. Root's empty map stays empty
 * (see idmap_run). -ENOMEM; -ENOSPC: every id inside is mapped. */
int idmap_with_self(const struct conf_idmaps *maps, const struct caller *caller,
                    struct conf_idmaps *ret_maps);

/* The map for a new container: a block of 65536 ids that none of @taken uses while the caller's
 * range has one, the whole first range (at most 65536 ids) otherwise, own id as root when there
 * is no range (then *ret_single is true). Host id 0 is never part of a block. @taken holds the
 * blocks of the other containers and may be NULL. Pure: tables in, map out. */
int idmap_choose(const struct caller *caller, const struct subids *uids, const struct subids *gids,
                 const struct conf_idmaps *taken, struct conf_idmaps *ret_maps, bool *ret_single,
                 struct err *err);

/* Writing a map. Three ways, decided by idmap_writer_for:
 * root (CAP_SETUID over the parent namespace): /proc/PID/uid_map directly;
 * a single own id: directly, with setgroups denied;
 * else newuidmap and newgidmap, side by side. */
enum idmap_writer { IDMAP_WRITE_DIRECT, IDMAP_WRITE_SELF, IDMAP_WRITE_TOOLS };
enum idmap_writer idmap_writer_for(const struct conf_idmaps *maps, const struct caller *caller);

/* The tools run as children of ours, by absolute path, with an empty environment and closed
 * descriptors. start: returns as soon as both run; the caller does other work meanwhile.
 * @pid must be an unreaped child of ours (then its number cannot be reused: the tools of Debian
 * 12, shadow 4.13, know no form but the number). Neither we nor the child may have given up being
 * dumpable yet: /proc/PID then belongs to root, and both ways fail.
 * A zeroed job is an empty one. */
struct idmap_job {
	enum idmap_writer writer;
	pid_t pids[2]; /* by enum idmap_kind; 0: not running */
	int pidfds[2];
	int output[2]; /* what the tools print on stderr */
	int go[2];     /* the tools wait here for the pid */
	bool prepared;
};
/* Optional, before the target exists: the tools' processes are made and wait, so that only their
 * exec is left for idmap_write_start. To be ended by idmap_write_finish or idmap_write_abort. */
int idmap_write_prepare(const struct conf_idmaps *maps, enum idmap_writer writer,
                        struct idmap_job *job, struct err *err);
/* @job: zeroed, or prepared. */
int idmap_write_start(const struct conf_idmaps *maps, enum idmap_writer writer, pid_t pid,
                      struct idmap_job *job, struct err *err);
/* Waits for both. Helper missing, not set-uid (or capable), range refused: own message and fix. */
int idmap_write_finish(struct idmap_job *job, const struct caller *caller, struct err *err);
/* Gives up: kills and reaps what runs. Also fine on a zeroed or finished job. */
void idmap_write_abort(struct idmap_job *job);

/* Has process @pid, as seen from here, exactly the map @maps, line by line? */
bool idmap_is_written(const struct conf_idmaps *maps, pid_t pid);

/* Is newuidmap (IDMAP_UID) or newgidmap installed, with the rights that it needs? */
int idmap_check_tool(enum idmap_kind kind, struct err *err);

/* Maps of mounts, as lxc-user-idmap(1) takes them: "DISK:SEEN:COUNT[,...]", where SEEN are ids of
 * the host. own: what belongs to @own on the disk is seen as @ns_id of the container, and the other
 * way round; the container's other ids are on the disk what they are on the host. -EINVAL: it has
 * no @ns_id. inside: on the disk they are what they are inside, up to before @end. */
int idmap_mount_own(const struct conf_idmaps *maps, enum idmap_kind kind, uint32_t own,
                    uint32_t ns_id, char **ret_text, struct err *err);
int idmap_mount_inside(const struct conf_idmaps *maps, enum idmap_kind kind, uint32_t end,
                       char **ret_text, struct err *err);

/* Inside the new user namespace, after the maps are there: groups dropped (where that is allowed)
 * unless @keep_groups, gid and uid switched to the ids given, verified. */
int idmap_become(uint32_t uid, uint32_t gid, bool keep_groups, struct err *err);

/* Sets message and hint for a clone3(2) or unshare(2) with CLONE_NEWUSER that failed with @code:
 * switched off, limit reached, kept from ordinary users, a container's seccomp filter. */
void idmap_explain_clone_failure(int code, struct err *err);

/* Runs @fn as root of a throw-away user (and mount) namespace that has @maps, and hands over its
 * error; returns its result. The caller's cwd and descriptors are kept; mounts made inside stay
 * inside. Root with an empty @maps gets a mount namespace only. The process dies with us; it is
 * not dumpable after its change of ids, which concerns who may look into it and /proc/self files
 * opened for writing. */
int idmap_run(const struct conf_idmaps *maps, const struct caller *caller,
              int (*fn)(void *arg, struct err *err), void *arg, struct err *err);

#endif

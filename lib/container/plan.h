/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_PLAN_H
#define RLXC_CONTAINER_PLAN_H

#include "base/err.h"
#include "base/strv.h"
#include "cgroup/cgroup.h"
#include "cgroup/limits.h"
#include "conf/conf.h"
#include "container/names.h"
#include "container/store.h"
#include "idmap/idmap.h"
#include "lsm/lsm.h"
#include "mount/plan.h"
#include "net/plan.h"
#include "seccomp/choose.h"

#include <stdbool.h>
#include <stdint.h>

/* Everything a start will do, decided before anything is done: a configuration and facts about
 * the host in, plain structs out. lxc-start --dry-run prints it. What was defaulted, left out or
 * worked around is a line in .notes. */

#define START_GROUPS_MAX 64

struct start_request {
	const char *name;
	bool foreground, execute, strict_limits;
	char *const *argv; /* NULL: from the configuration */
};

struct start_plan {
	char *name;
	bool foreground, execute;

	/* ids */
	struct conf_idmaps maps; /* n == 0: no user namespace */
	bool single_id;          /* only the caller's own id is mapped */
	enum idmap_writer writer;
	uint32_t setup_uid,
		setup_gid;  /* who sets up inside: 0, or the init's where 0 is unmapped */
	uint32_t uid, gid;  /* of init */
	struct strv groups; /* decimal, at most START_GROUPS_MAX */
	bool keep_groups;   /* the caller's stay, also in the user namespace */

	uint32_t ns_new; /* NS_BIT: made for this container */
	/* Those of them that the child makes by itself with unshare(2): cgroup because its root is
	 * where its maker stands, time because it takes its offsets before anybody is in it, and
	 * where newuidmap is needed all that does not have to exist before it can start. */
	uint32_t ns_late;
	const char *ns_share[NS_MAX]; /* borrowed from the configuration: path or pid, joined */

	struct net_plan net;
	bool net_by_root; /* its host side needs nobody's help */

	struct mount_plan mounts;
	uint64_t bounding; /* capability bounding set */
	struct seccomp_choice seccomp;
	bool asks_proxy; /* lxc.seccomp.notify.proxy answers for some calls */
	struct lsm_label label, keyring_label;
	char *profile; /* text of the AppArmor profile of that name, to be loaded; or NULL */

	bool use_cgroup;    /* a payload leaf is made */
	bool use_v1;        /* leaves in v1 hierarchies, see cgroup.h */
	bool strict_limits; /* one that cannot hold ends the start */
	struct cgroup_limits limits;
	/* Name of a cgroup below the payload's that the container lives in; borrowed, or NULL. */
	const char *inner_cgroup;
	struct names names;   /* of the cgroups */
	bool delegate_cgroup; /* and given to container root, who will see it */

	struct strv host_sysctls; /* sentences about lxc.sysctl.* that change the host */

	struct strv argv, environment;
	int64_t persona; /* personality(2), -1: leave */
	int signal_halt; /* 0: chosen when needed */
	bool start_host; /* hooks that run on the host before init does */

	struct strv notes; /* sentences */
};

/* @conf is borrowed for the life of the plan. */
int start_plan_make(const struct store *store, const struct conf *conf,
                    const struct start_request *request, const struct cgroup_host *cgroups,
                    struct start_plan *ret_plan, struct err *err);
void start_plan_done(struct start_plan *plan);
int start_plan_json(const struct start_plan *plan, const struct conf *conf,
                    const struct cgroup_host *cgroups, char **ret_json);

#endif

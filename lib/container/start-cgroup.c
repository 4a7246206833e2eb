/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/start-cgroup.h"

#include "base/log.h"

#include <errno.h>

/* The controllers count for statistics even without a limit; processes are moved out of their way
 * for a limit only. */
static int hand_on(struct cgroup *cgroup, const struct start_plan *plan, struct err *err)
{
	int r = cgroup_enable_controllers(cgroup, &plan->limits, err);

	if (r == -EBUSY) {
		r = cgroup_clear_base(cgroup, err);
		if (r == 0)
			r = cgroup_enable_controllers(cgroup, &plan->limits, err);
	}
	if (r == 0 && plan->inner_cgroup)
		r = cgroup_make_inner(cgroup, plan->inner_cgroup, err);
	return r;
}

static int make_leaves(const struct cgroup_host *host, const struct start_plan *plan,
                       const struct rundir *dir, bool with_monitor, struct cgroup *ret_cgroup,
                       struct err *err)
{
	int r = cgroup_make(host, &plan->names.cgroup, with_monitor, ret_cgroup, err);

	if (r == 0 && plan->use_v1)
		r = cgroup_v1_make(host, &plan->names.cgroup, ret_cgroup, err);
	if (r < 0 || (!ret_cgroup->payload_path && !ret_cgroup->n_v1))
		return r;
	r = run_state_record(dir, ret_cgroup, 0);
	return r < 0 ? err_set(err, r, "cannot write the run-time state of the container") : 0;
}

int start_cgroup_make(const struct cgroup_host *host, const struct start_plan *plan,
                      const struct rundir *dir, bool with_monitor, struct cgroup *ret_cgroup,
                      struct err *err)
{
	int r = make_leaves(host, plan, dir, with_monitor, ret_cgroup, err);

	return r < 0 ? r : hand_on(ret_cgroup, plan, err);
}

int start_cgroup_climb(const struct store *store, struct cgroup_host *host,
                       const struct start_plan *plan, const struct rundir *dir,
                       struct cgroup *ret_cgroup, bool *ret_climbed, struct err *err)
{
	struct err why = {};
	int r = cgroup_place_scope(&store->caller, plan->name, host, &why);

	*ret_climbed = r == 0;
	if (r < 0) {
		log_warn("the container gets no systemd scope: %s, continuing %s", why.msg,
		         host->base ? "in the caller's cgroup" : "without a cgroup");
		return 0;
	}
	r = make_leaves(host, plan, dir, /* with_monitor= */ true, ret_cgroup, err);
	if (r == 0)
		r = cgroup_enter_monitor(ret_cgroup, err);
	if (r == 0)
		r = hand_on(ret_cgroup, plan, err);
	return r;
}

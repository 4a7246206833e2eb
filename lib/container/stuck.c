/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/stuck.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cgroup/cgroup.h"
#include "container/rundir.h"

char *stuck_list(const struct store *store, const char *name)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_(run_state_done) struct run_state state = {};
	struct text text = {};
	char *list = NULL;
	size_t n = 0;

	if (rundir_find(store, name, &dir) < 0 || run_state_read(&dir, &state) < 0)
		return NULL;
	text_add(&text, "; in the way: process ");
	if (state.payload_cgroup)
		n = cgroup_name_stuck(state.payload_cgroup, &text);
	for (size_t i = 0; i < state.v1_cgroups.n && !state.payload_cgroup && n == 0; i++)
		n = cgroup_name_stuck(run_state_v1_path(&state, i), &text);
	if (n == 0 || text_finish(&text, &list) < 0)
		text_done(&text);
	return list;
}

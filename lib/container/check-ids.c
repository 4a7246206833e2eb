/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/check-internal.h"

#include "base/cleanup.h"
#include "host/subid.h"
#include "idmap/idmap.h"

#include <errno.h>
#include <unistd.h>

#define SUBIDS "Subordinate ids"
#define PROVEN_ID 1 /* one that comes from the ranges */
#define ROOT_FIRST 100000
#define USUAL_COUNT 65536 /* what a distribution expects to have inside */

static int load(const struct caller *caller, struct subids *uids, struct subids *gids,
                struct err *err)
{
	int r = subid_load(caller, IDMAP_UID, uids, err);

	return r < 0 ? r : subid_load(caller, IDMAP_GID, gids, err);
}

static int check_subids(struct check_job *job, struct err *err)
{
	_cleanup_(subid_done) struct subids uids = {}, gids = {};
	int r = load(job->caller, &uids, &gids, err);

	if (r < 0)
		return r;
	if (!uids.n || !gids.n)
		return subid_say_none(job->caller, &uids, err);
	check_note(job, "uids %u-%u, gids %u-%u%s", uids.items[0].first,
	           uids.items[0].first + uids.items[0].count - 1, gids.items[0].first,
	           gids.items[0].first + gids.items[0].count - 1,
	           uids.n > 1 || gids.n > 1 ? " and more" : "");
	return 0;
}

/* Root needs nobody's leave for an id. */
static int choose(const struct caller *caller, struct conf_idmaps *maps, struct err *err)
{
	_cleanup_(subid_done) struct subids uids = {}, gids = {};
	bool single;
	int r;

	if (caller->is_root)
		return idmap_add(maps, IDMAP_UID, 0, ROOT_FIRST, USUAL_COUNT) < 0 ||
		                       idmap_add(maps, IDMAP_GID, 0, ROOT_FIRST, USUAL_COUNT) < 0
		               ? err_oom(err)
		               : 0;
	r = load(caller, &uids, &gids, err);
	return r < 0 ? r : idmap_choose(caller, &uids, &gids, NULL, maps, &single, err);
}

static int become_mapped(void *arg, struct err *err)
{
	(void)arg;
	if (setresgid(PROVEN_ID, PROVEN_ID, PROVEN_ID) < 0 ||
	    setresuid(PROVEN_ID, PROVEN_ID, PROVEN_ID) < 0)
		return err_set(err, -errno, "cannot become a user of the map");
	return 0;
}

static int check_map(struct check_job *job, struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	int r = choose(job->caller, &maps, err);

	if (r < 0)
		return r;
	check_note(job, "%s", job->caller->is_root ? "written by root" : "by newuidmap, newgidmap");
	return idmap_run(&maps, job->caller, become_mapped, job, err);
}

static uint64_t count(const struct subids *ids)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ids->n; i++)
		sum += ids->items[i].count;
	return sum;
}

/* Containers run with fewer, but "nobody" is 65534, and packages of distributions have it. */
static int check_enough(struct check_job *job, struct err *err)
{
	_cleanup_(subid_done) struct subids uids = {}, gids = {};
	uint64_t n;
	int r = load(job->caller, &uids, &gids, err);

	if (r < 0)
		return r;
	n = count(&uids) < count(&gids) ? count(&uids) : count(&gids);
	if (n >= USUAL_COUNT)
		return 0;
	err_say(err, -ERANGE, "%s has %u of them, and the packages of most distributions need %u",
	        job->caller->name, (unsigned int)n, USUAL_COUNT);
	subid_hint_none(job->caller, err);
	return -ERANGE;
}

const struct check_row check_rows_ids[] = {
	{ .label = SUBIDS, .need = CHECK_BY_USERS, .users_only = true, .run = check_subids },
	{ .label = "Enough for a distribution",
	  .users_only = true,
	  .needs = SUBIDS,
	  .run = check_enough },
	{ .label = "Id maps",
	  .need = CHECK_BY_USERS,
	  .users_only = true,
	  .in_userns = true,
	  .needs = SUBIDS,
	  .run = check_map },
	{ .label = "Id maps of root", .root_only = true, .needs = CHECK_USERNS, .run = check_map },
	{},
};

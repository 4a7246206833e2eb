/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/usernsexec.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"
#include "container/spawn.h"
#include "host/caller.h"
#include "host/subid.h"
#include "idmap/idmap.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/mount.h>

static int bad_map(const char *text, const char *why, struct err *err)
{
	err_say(err, -EINVAL, "'%s' is not an id map: %s", text, why);
	err_hint(err, "write TYPE:INSIDE:OUTSIDE:COUNT with TYPE u, g or b (both), such as "
	              "b:0:100000:65536");
	return -EINVAL;
}

/* "u:0:100000:65536" */
static int parse_map(const char *text, struct conf_idmaps *maps, struct err *err)
{
	_cleanup_(strv_done) struct strv fields = {};
	const char *type;
	uint32_t ids[3];
	int r = 0;

	if (strv_split_at(&fields, text, ':') < 0)
		return err_oom(err);
	if (fields.n != 4)
		return bad_map(text, "it has not four fields", err);
	type = fields.items[0];
	if (strlen(type) != 1 || !strchr("ugb", type[0]))
		return bad_map(text, "the type is neither u nor g nor b", err);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		if (num_parse_u32(fields.items[i + 1], &ids[i]) < 0)
			return bad_map(text, "a field is not a 32-bit number", err);
	}
	if (type[0] != 'g')
		r = idmap_add(maps, IDMAP_UID, ids[0], ids[1], ids[2]);
	if (type[0] != 'u' && r == 0)
		r = idmap_add(maps, IDMAP_GID, ids[0], ids[1], ids[2]);
	return r < 0 ? err_oom(err) : 0;
}

/* The caller's first range of each kind, from id 0 on. */
static int default_maps(const struct caller *caller, const struct subids *uids,
                        const struct subids *gids, struct conf_idmaps *maps, struct err *err)
{
	int r;

	if (!uids->n || !gids->n)
		return subid_say_none(caller, uids, err);
	r = idmap_add(maps, IDMAP_UID, 0, uids->items[0].first, uids->items[0].count);
	if (r == 0)
		r = idmap_add(maps, IDMAP_GID, 0, gids->items[0].first, gids->items[0].count);
	return r < 0 ? err_oom(err) : 0;
}

/* The id behind all others inside; UINT32_MAX when there is none left. */
static uint32_t id_behind(const struct conf_idmaps *maps, enum idmap_kind kind)
{
	uint64_t id = 0;

	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];
		uint64_t end = (uint64_t)range->ns_first + range->count;

		if (range->kind == kind && end > id)
			id = end;
	}
	return id < UINT32_MAX ? (uint32_t)id : UINT32_MAX;
}

static int add_own(struct conf_idmaps *maps, enum idmap_kind kind, uint32_t own_id, struct err *err)
{
	uint32_t ns_id = id_behind(maps, kind);

	if (idmap_to_ns(maps, kind, own_id) >= 0)
		return 0;
	if (ns_id == UINT32_MAX)
		return err_say(err, -ENOSPC, "no id is left behind the maps for the own one");
	return idmap_add(maps, kind, ns_id, own_id, 1) < 0 ? err_oom(err) : 0;
}

static int load_maps(const struct rlxc_userns_options *options, const struct caller *caller,
                     struct conf_idmaps *maps, struct err *err)
{
	_cleanup_(subid_done) struct subids uids = {}, gids = {};
	int r;

	r = subid_load(caller, IDMAP_UID, &uids, err);
	if (r == 0)
		r = subid_load(caller, IDMAP_GID, &gids, err);
	for (size_t i = 0; i < options->n_maps && r == 0; i++)
		r = parse_map(options->maps[i], maps, err);
	if (r == 0 && options->n_maps == 0)
		r = default_maps(caller, &uids, &gids, maps, err);
	if (r == 0 && options->map_self)
		r = add_own(maps, IDMAP_UID, caller->uid, err);
	if (r == 0 && options->map_self)
		r = add_own(maps, IDMAP_GID, caller->gid, err);
	return r < 0 ? r : idmap_check(maps, caller, &uids, &gids, err);
}

/* An id to switch to: @wanted, 0 when that is -1. It must be mapped. */
static int choose_id(int64_t wanted, const struct conf_idmaps *maps, enum idmap_kind kind,
                     uint32_t *ret_id, struct err *err)
{
	const char *name = kind == IDMAP_UID ? "uid" : "gid";

	if (wanted < 0)
		wanted = 0;
	if (wanted >= UINT32_MAX || idmap_to_host(maps, kind, (uint32_t)wanted) < 0) {
		err_say(err, -EINVAL, "%s %lld is not mapped", name, (long long)wanted);
		err_hint(err, "choose an id that the maps have with -%c, or map this one",
		         kind == IDMAP_UID ? 'u' : 'g');
		return -EINVAL;
	}
	*ret_id = (uint32_t)wanted;
	return 0;
}

struct target {
	uint32_t uid, gid;
};

/* The mounts first: a change from mapped root to another id takes the capabilities away. */
static int prepare_inside(void *arg, struct err *err)
{
	const struct target *target = arg;

	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_set(err, -errno, "cannot separate the mounts from the host's");
	return idmap_become(target->uid, target->gid, /* keep_groups= */ false, err);
}

int userns_exec(const struct rlxc_userns_options *options, struct err *err)
{
	static char shell[] = "/bin/sh";
	char *const shell_argv[] = { shell, NULL };
	_cleanup_(caller_done) struct caller caller = {};
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	struct target target;
	struct spawn spawn = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS,
		.maps = &maps,
		.caller = &caller,
		.argv = options->argv ? options->argv : shell_argv,
		.inside = prepare_inside,
		.arg = &target,
	};
	int r;

	r = caller_load(&caller, err);
	if (r == 0)
		r = load_maps(options, &caller, &maps, err);
	if (r == 0)
		r = choose_id(options->uid, &maps, IDMAP_UID, &target.uid, err);
	if (r == 0)
		r = choose_id(options->gid, &maps, IDMAP_GID, &target.gid, err);
	return r < 0 ? r : spawn_run(&spawn, err);
}

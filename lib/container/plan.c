/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/plan.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "caps/caps.h"
#include "container/environment.h"
#include "container/rlimit.h"
#include "host/subid.h"
#include "ns/ns.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

struct planner {
	const struct store *store;
	const struct conf *conf;
	const struct start_request *request;
	const struct cgroup_host *cgroups;
	struct start_plan *plan;
	struct err *err;
};

void start_plan_done(struct start_plan *plan)
{
	free(plan->name);
	idmap_done(&plan->maps);
	strv_done(&plan->groups);
	mount_plan_done(&plan->mounts);
	strv_done(&plan->argv);
	strv_done(&plan->environment);
	strv_done(&plan->notes);
	*plan = (struct start_plan){};
}

/* ---- ids ---- */

static int copy_maps(const struct conf_idmaps *from, struct conf_idmaps *to)
{
	int r = 0;

	for (size_t i = 0; i < from->n && r == 0; i++)
		r = idmap_add(to, from->items[i].kind, from->items[i].ns_first,
		              from->items[i].host_first, from->items[i].count);
	return r;
}

static int load_ranges(const struct planner *p, struct subids *uids, struct subids *gids)
{
	int r = subid_load(&p->store->caller, IDMAP_UID, uids, p->err);

	return r < 0 ? r : subid_load(&p->store->caller, IDMAP_GID, gids, p->err);
}

/* The configuration's lines, or for a user without any the caller's own ranges. */
static int plan_ids(struct planner *p)
{
	const struct caller *caller = &p->store->caller;
	_cleanup_(subid_done) struct subids uids = {};
	_cleanup_(subid_done) struct subids gids = {};
	struct start_plan *plan = p->plan;
	int r;

	plan->uid = p->conf->init_uid;
	plan->gid = p->conf->init_gid;
	if (caller->is_root) {
		r = copy_maps(&p->conf->idmaps, &plan->maps) < 0 ? err_oom(p->err) : 0;
		if (r == 0 && plan->maps.n)
			r = idmap_check(&plan->maps, caller, &uids, &gids, p->err);
	} else {
		r = load_ranges(p, &uids, &gids);
		if (r == 0 && p->conf->idmaps.n) {
			r = copy_maps(&p->conf->idmaps, &plan->maps) < 0 ? err_oom(p->err) : 0;
			if (r == 0)
				r = idmap_check(&plan->maps, caller, &uids, &gids, p->err);
		} else if (r == 0) {
			r = idmap_choose(caller, &uids, &gids, NULL, &plan->maps, &plan->single_id,
			                 p->err);
		}
	}
	if (r < 0)
		return r;
	plan->writer = IDMAP_WRITE_DIRECT;
	if (plan->maps.n)
		plan->writer = idmap_writer_for(&plan->maps, caller);
	plan->single_id |= plan->writer == IDMAP_WRITE_SELF && plan->maps.n;
	if (plan->maps.n && idmap_to_host(&plan->maps, IDMAP_UID, 0) < 0)
		plan->setup_uid = plan->uid;
	if (plan->maps.n && idmap_to_host(&plan->maps, IDMAP_GID, 0) < 0)
		plan->setup_gid = plan->gid;
	return 0;
}

static int say_unmapped(const char *kind, uint32_t id, struct err *err)
{
	err_say(err, -EINVAL, "lxc.init.%s = %u is not mapped by the container's lxc.idmap", kind,
	        id);
	err_hint(err, "choose an id that is mapped, or add 'lxc.idmap = %c %u HOST-ID 1'", kind[0],
	         id);
	return -EINVAL;
}

static int check_init_ids(struct planner *p)
{
	const struct start_plan *plan = p->plan;

	/* For setresuid(2) the last number means "as it is", which is root. */
	if (plan->uid == UINT32_MAX || plan->gid == UINT32_MAX)
		return err_say(p->err, -EINVAL, "lxc.init.%s = %u is no id",
		               plan->uid == UINT32_MAX ? "uid" : "gid", UINT32_MAX);
	if (!plan->maps.n)
		return 0;
	if (idmap_to_host(&plan->maps, IDMAP_UID, plan->uid) < 0)
		return say_unmapped("uid", plan->uid, p->err);
	if (idmap_to_host(&plan->maps, IDMAP_GID, plan->gid) < 0)
		return say_unmapped("gid", plan->gid, p->err);
	return 0;
}

static int plan_groups(struct planner *p)
{
	if (p->conf->init_groups.n > START_GROUPS_MAX)
		return err_say(p->err, -E2BIG,
		               "lxc.init.groups has %zu groups, at most %d are possible",
		               p->conf->init_groups.n, START_GROUPS_MAX);
	for (size_t i = 0; i < p->conf->init_groups.n; i++)
		if (strv_add(&p->plan->groups, p->conf->init_groups.items[i]) < 0)
			return err_oom(p->err);
	if (p->plan->groups.n && p->plan->writer == IDMAP_WRITE_SELF && p->plan->maps.n)
		return err_say(p->err, -EPERM,
		               "lxc.init.groups needs subordinate ids: with a single id the kernel "
		               "does not allow groups");
	return 0;
}

/* ---- namespaces, capabilities, cgroup ---- */

static int plan_namespaces(struct planner *p)
{
	struct ns_choice choice;
	int r;

	r = ns_choose(p->conf, p->plan->maps.n > 0, &choice, p->err);
	if (r < 0)
		return r;
	p->plan->ns_new = choice.fresh;
	p->plan->ns_late = NS_BIT(NS_CGROUP) | NS_BIT(NS_TIME);
	if (p->plan->writer == IDMAP_WRITE_TOOLS)
		p->plan->ns_late |= NS_BIT(NS_NET) | NS_BIT(NS_IPC) | NS_BIT(NS_UTS);
	p->plan->ns_late &= choice.fresh;
	for (int kind = 0; kind < NS_MAX; kind++)
		if (choice.shared & NS_BIT(kind))
			p->plan->ns_share[kind] = p->conf->ns_share[kind];
	if (p->conf->rootfs_path && !(choice.fresh & NS_BIT(NS_MNT)))
		return err_say(
			p->err, -EINVAL,
			"a container with a root file system of its own needs a mount namespace "
			"of its own (lxc.namespace.keep, .clone or .share say otherwise)");
	return 0;
}

static int plan_caps(struct planner *p)
{
	const struct conf *conf = p->conf;

	return caps_plan(&conf->cap_drop, &conf->cap_keep, &p->plan->bounding, p->err);
}

static int note(struct planner *p, const char *text)
{
	return strv_add(&p->plan->notes, text) < 0 ? err_oom(p->err) : 0;
}

static int plan_cgroup(struct planner *p)
{
	struct start_plan *plan = p->plan;

	plan->use_cgroup = p->cgroups->base != NULL;
	plan->delegate_cgroup = plan->use_cgroup && (plan->ns_new & NS_BIT(NS_USER)) &&
	                        !plan->single_id &&
	                        p->conf->mount_auto.cgroup != CONF_CGROUP_NONE &&
	                        p->conf->mount_auto.cgroup != CONF_CGROUP_RO;
	if (!plan->use_cgroup && p->cgroups->why_no_base)
		return note(p, p->cgroups->why_no_base);
	return 0;
}

/* ---- mounts ---- */

static int plan_mounts(struct planner *p)
{
	const struct start_plan *plan = p->plan;
	_cleanup_free_ char *container_rootfs = NULL;
	struct mount_facts facts = {
		.new_userns = (plan->ns_new & NS_BIT(NS_USER)) || plan->ns_share[NS_USER],
		.new_pidns = (plan->ns_new & NS_BIT(NS_PID)) || plan->ns_share[NS_PID],
		.new_netns = (plan->ns_new & NS_BIT(NS_NET)) || plan->ns_share[NS_NET],
		.new_cgroupns = plan->ns_new & NS_BIT(NS_CGROUP),
		.may_mknod =
			!plan->maps.n && !plan->ns_share[NS_USER] && !p->store->caller.in_userns,
		.cap_sys_admin = plan->bounding & (1ULL << CAP_SYS_ADMIN),
		.cap_net_admin = plan->bounding & (1ULL << CAP_NET_ADMIN),
		.cgroup_v2 = p->cgroups->has_v2,
		.cgroup_pure_v2 = p->cgroups->pure_v2,
		.cgroup_own = plan->use_cgroup,
		.tty_gid_mapped = plan->maps.n ? idmap_to_host(&plan->maps, IDMAP_GID, 5) >= 0
		                               : !plan->ns_share[NS_USER],
		.console = !p->conf->console_path || strcmp(p->conf->console_path, "none") != 0,
	};

	if (asprintf(&container_rootfs, "%s/%s/rootfs", p->store->path, plan->name) < 0)
		return err_oom(p->err);
	facts.container_rootfs = container_rootfs;
	if (plan->single_id && facts.new_userns)
		facts.tty_gid_mapped = false;
	return mount_plan_make(p->conf, &facts, &p->plan->mounts, p->err);
}

/* ---- program ---- */

static int take_words(struct planner *p, const char *key, const char *text)
{
	int r = strv_split_words(&p->plan->argv, text);

	if (r == -EINVAL) {
		err_say(p->err, r, "%s = %s: the quotes do not match", key, text);
		err_hint(p->err, "a word that begins with ' or \" must end with the same");
		return r;
	}
	return r < 0 ? err_oom(p->err) : 0;
}

static int plan_argv(struct planner *p)
{
	const struct conf *conf = p->conf;
	struct strv *argv = &p->plan->argv;

	if (p->plan->execute && (strv_add(argv, "init") < 0 || strv_add(argv, "--") < 0))
		return err_oom(p->err);
	if (p->request->argv) {
		for (char *const *word = p->request->argv; *word; word++)
			if (strv_add(argv, *word) < 0)
				return err_oom(p->err);
		return 0;
	}
	if (p->plan->execute && conf->execute_cmd)
		return take_words(p, "lxc.execute.cmd", conf->execute_cmd);
	if (p->plan->execute && !conf->init_cmd) {
		err_say(p->err, -EINVAL, "there is no command to run");
		err_hint(p->err, "give one after '--', or set lxc.execute.cmd");
		return -EINVAL;
	}
	/* Nobody means the host's own init when there is no root file system. */
	if (!conf->init_cmd && !conf->rootfs_path) {
		err_say(p->err, -EINVAL,
		        "the configuration has no lxc.rootfs.path, and names no "
		        "program to run on the host's files");
		err_hint(p->err, "add 'lxc.rootfs.path = dir:PATH', or name a program with "
		                 "lxc.init.cmd or behind '--'");
		return -EINVAL;
	}
	return take_words(p, "lxc.init.cmd", conf->init_cmd ? conf->init_cmd : "/sbin/init");
}

static int plan_environment(struct planner *p)
{
	struct strv *env = &p->plan->environment;
	const char *term = getenv("TERM");
	int r = 0;

	for (size_t i = 0; i < p->conf->environment.n && r == 0; i++)
		r = environment_set(env, p->conf->environment.items[i]);
	for (size_t i = 0; i < p->conf->environment_runtime.n && r == 0; i++)
		r = environment_set(env, p->conf->environment_runtime.items[i]);
	if (r == 0)
		r = environment_set(env, "container=lxc");
	if (r == 0 && !environment_get(env, "PATH"))
		r = strv_add(env, "PATH=" ENVIRONMENT_PATH);
	if (r == 0 && !environment_get(env, "TERM")) {
		bool own = p->plan->foreground && term && *term && isatty(0);

		r = strv_addf(env, "TERM=%s", own ? term : "linux");
	}
	return r < 0 ? err_oom(p->err) : 0;
}

static int plan_rest(struct planner *p)
{
	struct rlimit limit;
	int resource, r = 0;

	p->plan->persona = -1;
	if (p->conf->arch)
		p->plan->persona = conf_arch_is_32bit(p->conf->arch) ? PER_LINUX32 : PER_LINUX;
	p->plan->signal_halt = p->conf->signal_halt;
	for (size_t i = 0; i < p->conf->prlimit.n && r == 0; i++)
		r = rlimit_parse(&p->conf->prlimit.items[i], &resource, &limit, p->err);
	return r;
}

int start_plan_make(const struct store *store, const struct conf *conf,
                    const struct start_request *request, const struct cgroup_host *cgroups,
                    struct start_plan *ret_plan, struct err *err)
{
	static int (*const parts[])(struct planner * p) = {
		plan_ids,    check_init_ids, plan_groups, plan_namespaces,  plan_caps,
		plan_cgroup, plan_mounts,    plan_argv,   plan_environment, plan_rest,
	};
	_cleanup_(start_plan_done) struct start_plan plan = { .foreground = request->foreground,
		                                              .execute = request->execute };
	struct planner planner = { .store = store,
		                   .conf = conf,
		                   .request = request,
		                   .cgroups = cgroups,
		                   .plan = &plan,
		                   .err = err };
	int r = 0;

	plan.name = strdup(request->name);
	if (!plan.name)
		return err_oom(err);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0; i++)
		r = parts[i](&planner);
	if (r < 0)
		return r;
	*ret_plan = plan;
	plan = (struct start_plan){};
	return 0;
}

/* ---- the plan as JSON ---- */

static void json_list(struct text *text, const char *name, const struct strv *list)
{
	text_addf(text, "  \"%s\": [", name);
	for (size_t i = 0; i < list->n; i++) {
		text_add(text, i ? ", " : "");
		text_add_json(text, list->items[i]);
	}
	text_add(text, "],\n");
}

static void json_string(struct text *text, const char *name, const char *value)
{
	text_addf(text, "  \"%s\": ", name);
	if (value)
		text_add_json(text, value);
	else
		text_add(text, "null");
	text_add(text, ",\n");
}

static void json_ids(struct text *text, const struct start_plan *plan)
{
	static const char *const writers[] = { "direct", "self", "newuidmap" };

	text_add(text, "  \"idmap\": [");
	for (size_t i = 0; i < plan->maps.n; i++) {
		const struct idmap_range *range = &plan->maps.items[i];

		text_addf(text, "%s\"%c %u %u %u\"", i ? ", " : "",
		          range->kind == IDMAP_UID ? 'u' : 'g', range->ns_first, range->host_first,
		          range->count);
	}
	text_addf(text, "],\n  \"idmap_writer\": %s%s%s,\n  \"uid\": %u,\n  \"gid\": %u,\n",
	          plan->maps.n ? "\"" : "", plan->maps.n ? writers[plan->writer] : "null",
	          plan->maps.n ? "\"" : "", plan->uid, plan->gid);
}

static void json_namespaces(struct text *text, const struct start_plan *plan)
{
	const char *sep = "";

	text_add(text, "  \"namespaces\": [");
	for (int kind = 0; kind < NS_MAX; kind++) {
		if (!(plan->ns_new & NS_BIT(kind)))
			continue;
		text_addf(text, "%s\"%s\"", sep, ns_name((enum ns_kind)kind));
		sep = ", ";
	}
	text_add(text, "],\n  \"shared_namespaces\": {");
	sep = "";
	for (int kind = 0; kind < NS_MAX; kind++) {
		if (!plan->ns_share[kind])
			continue;
		text_addf(text, "%s\"%s\": ", sep, ns_name((enum ns_kind)kind));
		text_add_json(text, plan->ns_share[kind]);
		sep = ", ";
	}
	text_add(text, "},\n");
}

int start_plan_json(const struct start_plan *plan, const struct conf *conf,
                    const struct cgroup_host *cgroups, char **ret_json)
{
	struct text text = {};

	text_add(&text, "{\n");
	json_string(&text, "name", plan->name);
	text_addf(&text, "  \"foreground\": %s,\n  \"execute\": %s,\n",
	          plan->foreground ? "true" : "false", plan->execute ? "true" : "false");
	json_string(&text, "rootfs", conf->rootfs_path);
	json_string(&text, "hostname", conf->uts_name);
	json_ids(&text, plan);
	json_namespaces(&text, plan);
	json_string(&text, "cgroup_base", plan->use_cgroup ? cgroups->base : NULL);
	text_addf(&text, "  \"cgroup_delegated\": %s,\n", plan->delegate_cgroup ? "true" : "false");
	text_addf(&text, "  \"capability_bounding_set\": \"%016llx\",\n",
	          (unsigned long long)plan->bounding);
	text_addf(&text, "  \"no_new_privs\": %s,\n", conf->no_new_privs ? "true" : "false");
	text_addf(&text, "  \"ttys\": %u,\n  \"console\": %s,\n", plan->mounts.n_ttys,
	          plan->mounts.console ? "true" : "false");
	json_list(&text, "argv", &plan->argv);
	json_list(&text, "environment", &plan->environment);
	json_list(&text, "notes", &plan->notes);
	text_add(&text, "  \"mounts\": ");
	mount_plan_json(&plan->mounts, &text);
	text_add(&text, "\n}\n");
	return text_finish(&text, ret_json);
}

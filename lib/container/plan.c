/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/plan.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "caps/caps.h"
#include "container/environment.h"
#include "container/rlimit.h"
#include "container/sysctl.h"
#include "host/subid.h"
#include "lsm/profile.h"
#include "seccomp/policy.h"
#include "net/usernet.h"
#include "ns/ns.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
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

#define RESOLVER_MAX ((size_t)64 * 1024) /* of the host's resolv.conf */

void start_plan_done(struct start_plan *plan)
{
	free(plan->name);
	idmap_done(&plan->maps);
	strv_done(&plan->groups);
	net_plan_done(&plan->net);
	mount_plan_done(&plan->mounts);
	seccomp_choice_done(&plan->seccomp);
	free(plan->profile);
	cgroup_limits_done(&plan->limits);
	names_done(&plan->names);
	strv_done(&plan->host_sysctls);
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
	if (conf_keeps_groups(p->conf)) {
		p->plan->keep_groups = true;
		return 0;
	}
	if (p->conf->init_groups.n > START_GROUPS_MAX)
		return err_say(p->err, -E2BIG,
		               "lxc.init.groups has %zu groups, at most %d are possible",
		               p->conf->init_groups.n, START_GROUPS_MAX);
	for (size_t i = 0; i < p->conf->init_groups.n; i++) {
		const char *group = p->conf->init_groups.items[i];
		uint32_t gid = (uint32_t)strtoul(group, NULL, 10); /* it was checked when read */

		if (p->plan->maps.n && idmap_to_host(&p->plan->maps, IDMAP_GID, gid) < 0)
			return say_unmapped("groups", gid, p->err);
		if (strv_add(&p->plan->groups, group) < 0)
			return err_oom(p->err);
	}
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

static int note(struct planner *p, const char *text)
{
	return strv_add(&p->plan->notes, text) < 0 ? err_oom(p->err) : 0;
}

/* With a host side the network namespace is there from the beginning: it is made while the child
 * is busy with other things. */
static int plan_net(struct planner *p)
{
	struct start_plan *plan = p->plan;
	const struct net_facts facts = { .is_root = p->store->caller.is_root,
		                         .new_netns = plan->ns_new & NS_BIT(NS_NET),
		                         .why_no_user = usernet_why_not(),
		                         .other_netns = plan->ns_share[NS_NET] };
	int r;

	plan->net_by_root = facts.is_root;
	r = net_plan_make(&p->conf->nets, &facts, &plan->net, p->err);
	if (r == 0 && plan->net.n)
		plan->ns_late &= ~NS_BIT(NS_NET);
	for (size_t i = 0; r == 0 && i < plan->net.notes.n; i++)
		r = note(p, plan->net.notes.items[i]);
	return r;
}

static int plan_caps(struct planner *p)
{
	const struct conf *conf = p->conf;

	return caps_plan(&conf->cap_drop, &conf->cap_keep, &p->plan->bounding, p->err);
}

/* Keys that belong to a generated profile ask for one. */
static const char *wished_profile(const struct conf *conf)
{
	if (conf->apparmor_profile)
		return conf->apparmor_profile;
	return conf->apparmor_allow_nesting || conf->apparmor_raw.n ? "generated" : NULL;
}

static bool in_userns(const struct start_plan *plan)
{
	return (plan->ns_new & NS_BIT(NS_USER)) || plan->ns_share[NS_USER];
}

static int plan_label(struct planner *p)
{
	const struct conf *conf = p->conf;
	const struct caller *caller = &p->store->caller;
	struct start_plan *plan = p->plan;
	char name[LSM_LABEL_MAX];
	const struct lsm_wishes wishes = { .profile = wished_profile(conf),
		                           .generated = name,
		                           .context = conf->selinux_context,
		                           .keyring = conf->selinux_keyring,
		                           .allow_incomplete = conf->apparmor_allow_incomplete };
	struct lsm_facts facts = {};
	const char *text;
	int r;

	if (!wishes.profile && !wishes.context && !wishes.keyring)
		return 0;
	lsm_profile_name(plan->name, p->store->path, name);
	lsm_find(caller->is_root && !caller->in_userns, &facts);
	r = lsm_choose(&wishes, &facts, &plan->label, &text, p->err);
	if (r == 0)
		r = lsm_choose_keyring(&wishes, &facts, &plan->keyring_label, p->err);
	if (r == 0 && plan->label.kind == LSM_APPARMOR && lsm_is_generated(wishes.profile)) {
		plan->profile = lsm_profile_text(
			name, conf->apparmor_allow_nesting || in_userns(plan), &conf->apparmor_raw);
		if (!plan->profile)
			return err_oom(p->err);
	}
	return r == 0 && text ? note(p, text) : r;
}

static int plan_seccomp(struct planner *p)
{
	const struct conf *conf = p->conf;
	const struct seccomp_facts facts = {
		.profile = conf->seccomp_profile,
		.userns = p->plan->maps.n || p->plan->ns_share[NS_USER],
		.has_rootfs = conf->rootfs_path,
		.has_proxy = conf->seccomp_notify_proxy,
	};
	const char *text = NULL;
	int r = seccomp_choose(&facts, &p->plan->seccomp, &text, p->err);

	if (r < 0)
		return r;
	p->plan->asks_proxy =
		p->plan->seccomp.policy && seccomp_policy_notifies(p->plan->seccomp.policy);
	if (facts.has_proxy && !p->plan->asks_proxy)
		text = "lxc.seccomp.notify.proxy is asked nothing: the policy has no rule with the "
		       "action notify";
	return text ? note(p, text) : 0;
}

/* A limit that nothing can hold is named, or with --strict-limits the end. */
/* In a user namespace the kernel refuses what is the host's. */
static int plan_sysctls(struct planner *p)
{
	struct start_plan *plan = p->plan;
	uint32_t inside = plan->ns_new;
	int r = 0;

	for (int kind = 0; kind < NS_MAX; kind++)
		inside |= plan->ns_share[kind] ? NS_BIT(kind) : 0;
	if (!p->store->caller.is_root || p->store->caller.in_userns || inside & NS_BIT(NS_USER))
		return 0;
	for (size_t i = 0; i < p->conf->sysctl.n && r == 0; i++) {
		const char *name = p->conf->sysctl.items[i].name;

		if (!sysctl_is_inside(name, inside))
			r = strv_addf(&plan->host_sysctls,
			              "'lxc.sysctl.%s' belongs to no namespace of the container "
			              "and may change the host",
			              name);
	}
	return r < 0 ? err_oom(p->err) : 0;
}

static int plan_limits(struct planner *p)
{
	struct start_plan *plan = p->plan;
	int r;

	plan->strict_limits = p->request->strict_limits;
	r = cgroup_limits_make(&p->conf->cgroup1, &p->conf->cgroup2, p->cgroups, &plan->limits,
	                       p->err);
	for (size_t i = 0; r == 0 && i < plan->limits.notes.n; i++)
		r = note(p, plan->limits.notes.items[i]);
	if (r == 0 && plan->strict_limits && plan->limits.unheld.n)
		r = err_say(p->err, -EOPNOTSUPP, "%s", plan->limits.unheld.items[0]);
	return r;
}

/* Does lxc.mount.auto ask to see each hierarchy, see lib/mount/plan-cgroup.c? */
static bool shows_v1(const struct planner *p)
{
	const struct conf_mount_auto *shown = &p->conf->mount_auto;

	if (shown->cgroup == CONF_CGROUP_NONE || shown->cgroup2)
		return false;
	return shown->cgroup_force || !(p->plan->ns_new & NS_BIT(NS_CGROUP));
}

/* Moving init into v1 leaves costs a start 10 ms (see cgroup.h). So there are leaves where
 * something needs them: a limit that is held there, what is to be seen inside, or all that a cgroup
 * is for when there is none on cgroup2. One of them needed, the others are free, and count what the
 * container uses. */
static bool needs_v1(const struct planner *p)
{
	const struct cgroup_limits *limits = &p->plan->limits;

	for (size_t i = 0; i < limits->n; i++)
		if (limits->items[i].on_v1)
			return true;
	return p->cgroups->rung == CGROUP_RUNG_NONE || shows_v1(p);
}

static int plan_cgroup(struct planner *p)
{
	struct start_plan *plan = p->plan;
	int r;

	plan->use_cgroup = p->cgroups->rung != CGROUP_RUNG_NONE;
	plan->use_v1 = cgroup_host_has_v1(p->cgroups) && needs_v1(p);
	plan->delegate_cgroup = (plan->use_cgroup || plan->use_v1) &&
	                        (plan->ns_new & NS_BIT(NS_USER)) && !plan->single_id &&
	                        p->conf->mount_auto.cgroup != CONF_CGROUP_NONE &&
	                        p->conf->mount_auto.cgroup != CONF_CGROUP_RO;
	r = names_make(plan->name, p->conf, p->store->sysconf.cgroup_pattern, &plan->names, p->err);
	if (r < 0)
		return r;
	/* With a single id container root is the owner of its own limits. */
	plan->inner_cgroup = p->conf->cgroup_inner;
	if (!plan->inner_cgroup && plan->single_id)
		plan->inner_cgroup = CGROUP_INNER;
	if (!plan->use_cgroup && p->cgroups->why_no_base)
		return note(p, p->cgroups->why_no_base);
	return 0;
}

/* ---- mounts ---- */

/* The unified hierarchy, if there is one, then the others that can be seen. */
static int list_hierarchies(const struct planner *p, struct mount_hierarchy **ret_list,
                            size_t *ret_n)
{
	const struct cgroup_host *host = p->cgroups;
	struct mount_hierarchy *list = calloc(host->n_v1 + 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		return err_oom(p->err);
	if (host->has_v2)
		list[n++] = (struct mount_hierarchy){ .point = host->v2_mount,
			                              .own = p->plan->use_cgroup };
	for (size_t i = 0; i < host->n_v1; i++)
		if (host->v1[i].mount)
			list[n++] = (struct mount_hierarchy){
				.point = host->v1[i].mount,
				.controllers = host->v1[i].controllers,
				.own = p->plan->use_v1 && !host->v1[i].why_not,
			};
	*ret_list = list;
	*ret_n = n;
	return 0;
}

/* Owned; NULL: the container's network is not one that comes with a resolver. */
static int make_resolver(const struct planner *p, char **ret_text)
{
	_cleanup_free_ char *host = NULL;
	struct text text = {};

	*ret_text = NULL;
	if (!net_plan_user(&p->plan->net))
		return 0;
	(void)fd_read_file(AT_FDCWD, "/etc/resolv.conf", RESOLVER_MAX, &host, NULL);
	usernet_resolver(host ? host : "", &text);
	return text_finish(&text, ret_text) < 0 ? err_oom(p->err) : 0;
}

static int plan_mounts(struct planner *p)
{
	const struct start_plan *plan = p->plan;
	_cleanup_free_ char *container_rootfs = NULL, *resolver = NULL;
	_cleanup_free_ struct mount_hierarchy *hierarchies = NULL;
	struct mount_facts facts = {
		.new_userns = in_userns(plan),
		.new_pidns = (plan->ns_new & NS_BIT(NS_PID)) || plan->ns_share[NS_PID],
		.new_netns = (plan->ns_new & NS_BIT(NS_NET)) || plan->ns_share[NS_NET],
		.new_cgroupns = plan->ns_new & NS_BIT(NS_CGROUP),
		.may_mknod =
			!plan->maps.n && !plan->ns_share[NS_USER] && !p->store->caller.in_userns,
		.cap_sys_admin = plan->bounding & (1ULL << CAP_SYS_ADMIN),
		.cap_net_admin = plan->bounding & (1ULL << CAP_NET_ADMIN),
		.cgroup_pure_v2 = p->cgroups->pure_v2,
		.tty_gid_mapped = plan->maps.n ? idmap_to_host(&plan->maps, IDMAP_GID, 5) >= 0
		                               : !plan->ns_share[NS_USER],
		.console = !p->conf->console_path || strcmp(p->conf->console_path, "none") != 0,
	};

	if (asprintf(&container_rootfs, "%s/%s/rootfs", p->store->path, plan->name) < 0)
		return err_oom(p->err);
	facts.container_rootfs = container_rootfs;
	if (list_hierarchies(p, &hierarchies, &facts.n_hierarchies) < 0)
		return -ENOMEM;
	facts.hierarchies = hierarchies;
	if (make_resolver(p, &resolver) < 0)
		return -ENOMEM;
	facts.resolver = resolver;
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
	p->plan->start_host = p->conf->hooks[CONF_HOOK_START_HOST].n;
	for (size_t i = 0; i < p->conf->prlimit.n && r == 0; i++)
		r = rlimit_parse(&p->conf->prlimit.items[i], &resource, &limit, p->err);
	return r;
}

int start_plan_make(const struct store *store, const struct conf *conf,
                    const struct start_request *request, const struct cgroup_host *cgroups,
                    struct start_plan *ret_plan, struct err *err)
{
	static int (*const parts[])(struct planner * p) = {
		plan_ids,    check_init_ids, plan_groups,  plan_namespaces,  plan_net,
		plan_caps,   plan_label,     plan_seccomp, plan_sysctls,     plan_limits,
		plan_cgroup, plan_mounts,    plan_argv,    plan_environment, plan_rest,
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

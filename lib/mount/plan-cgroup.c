/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the container sees of cgroups. A cgroup namespace begins where the container stands, so a
 * new mount in it shows nothing of the host's; there is no such mount outside of one for a user,
 * and for root it would be the host's, so without the namespace only binds are left. */
#include "mount/mount-internal.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP "sys/fs/cgroup"

/* The token as it is written in lxc.mount.auto. */
static void token_text(const struct conf_mount_auto *chosen, char *text, size_t size)
{
	static const char *const kinds[] = {
		[CONF_CGROUP_MIXED] = ":mixed", [CONF_CGROUP_RO] = ":ro", [CONF_CGROUP_RW] = ":rw"
	};
	const char *kind = kinds[chosen->cgroup];

	if (chosen->cgroup2)
		(void)snprintf(text, size, "cgroup2%s",
		               chosen->cgroup == CONF_CGROUP_RO ? ":ro" : "");
	else
		(void)snprintf(text, size, "cgroup%s%s%s", chosen->cgroup_full ? "-full" : "",
		               kind ? kind : "", chosen->cgroup_force ? ":force" : "");
}

static int refuse(const struct mount_builder *b, const char *why, const char *instead)
{
	char token[64];

	token_text(&b->conf->mount_auto, token, sizeof(token));
	err_say(b->err, -EOPNOTSUPP, "cannot carry out lxc.mount.auto = %s: %s", token, why);
	err_hint(b->err, "%s", instead);
	return -EOPNOTSUPP;
}

static enum conf_auto_cgroup kind_of(const struct mount_builder *b)
{
	if (b->conf->mount_auto.cgroup != CONF_CGROUP_NOSPEC)
		return b->conf->mount_auto.cgroup;
	return b->facts->cap_sys_admin ? CONF_CGROUP_RW : CONF_CGROUP_MIXED;
}

/* Is there a hierarchy of that age with a cgroup of the container's own? */
static bool owns(const struct mount_facts *facts, bool old)
{
	for (size_t i = 0; i < facts->n_hierarchies; i++)
		if (facts->hierarchies[i].own && (facts->hierarchies[i].controllers != NULL) == old)
			return true;
	return false;
}

static const struct mount_hierarchy *find_unified(const struct mount_facts *facts)
{
	for (size_t i = 0; i < facts->n_hierarchies; i++)
		if (!facts->hierarchies[i].controllers)
			return &facts->hierarchies[i];
	return NULL;
}

/* sys/fs/cgroup/NAME, NAME as the host calls the hierarchy. */
static char *place(const struct mount_hierarchy *hierarchy)
{
	const char *slash = strrchr(hierarchy->point, '/');
	char *target;

	return asprintf(&target, TOP "/%s", slash ? slash + 1 : hierarchy->point) < 0 ? NULL
	                                                                              : target;
}

/* ---- in a cgroup namespace of the container's own: new mounts ---- */

/* Where the container has nothing of its own the namespace begins at what others stand in. */
static uint64_t new_attr(const struct mount_builder *b, const struct mount_hierarchy *hierarchy)
{
	uint64_t attr = NO_EXEC_DEV_SUID | MOUNT_ATTR_RELATIME;

	if (kind_of(b) == CONF_CGROUP_RO || !hierarchy->own)
		attr |= MOUNT_ATTR_RDONLY;
	return attr;
}

/* A flag for each controller; a hierarchy with a name alone needs the flag that says so. */
static int take_controllers(struct mount_op *op, const char *controllers)
{
	_cleanup_free_ char *copy = strdup(controllers);
	char *rest = copy, *word;
	int r = copy ? 0 : -ENOMEM;

	if (r == 0 && strncmp(controllers, "name=", 5) == 0)
		r = mount_plan_add_option(op, "none", NULL);
	while (r == 0 && (word = strsep(&rest, ","))) {
		char *value = strchr(word, '=');

		if (value)
			*value++ = '\0';
		r = mount_plan_add_option(op, word, value);
	}
	return r;
}

static int plan_new(struct mount_builder *b, const struct mount_hierarchy *hierarchy)
{
	_cleanup_free_ char *target = place(hierarchy);
	int r;

	if (!target)
		return err_oom(b->err);
	r = mount_plan_add_new(b, hierarchy->controllers ? "cgroup" : "cgroup2", target,
	                       new_attr(b, hierarchy));
	if (r < 0 || !hierarchy->controllers)
		return r;
	r = take_controllers(&b->plan->ops[b->plan->n - 1], hierarchy->controllers);
	return r < 0 ? err_set(b->err, r, "cannot plan the mount of '%s'", target) : 0;
}

static int plan_unified(struct mount_builder *b)
{
	const struct mount_hierarchy *unified = find_unified(b->facts);

	if (!unified)
		return refuse(b, "the host has no unified cgroup hierarchy (cgroup2)",
		              "write 'cgroup:rw:force' instead, for the hierarchies that it has");
	if (!b->facts->new_cgroupns)
		return refuse(b,
		              "the unified cgroup hierarchy is shown in a cgroup namespace of the "
		              "container's own only",
		              b->facts->cgroup_pure_v2
		                      ? "lxc.namespace.keep, .clone and .share decide whether it "
		                        "has one; or remove the word"
		                      : "lxc.namespace.keep, .clone and .share decide whether it "
		                        "has one; or write 'cgroup:mixed' instead");
	return mount_plan_add_new(b, "cgroup2", TOP, new_attr(b, unified));
}

/* ---- in the host's cgroup namespace: binds ---- */

/* The container's own cgroup, at its place in the hierarchy. */
static int plan_own(struct mount_builder *b, const struct mount_hierarchy *hierarchy,
                    const char *target)
{
	struct mount_op *op = mount_plan_add(b, MOUNT_BIND_CGROUP, hierarchy->point, target);

	if (!op)
		return err_oom(b->err);
	op->create_dir = true;
	op->attr_set = NO_EXEC_DEV_SUID;
	if (kind_of(b) == CONF_CGROUP_RO)
		op->attr_set |= MOUNT_ATTR_RDONLY;
	return 0;
}

static int plan_bind(struct mount_builder *b, const struct mount_hierarchy *hierarchy)
{
	_cleanup_free_ char *target = place(hierarchy);
	struct mount_op *op;

	if (!target)
		return err_oom(b->err);
	if (b->conf->mount_auto.cgroup_full) {
		op = mount_plan_add(b, MOUNT_BIND_HOST, hierarchy->point, target);
		if (!op)
			return err_oom(b->err);
		op->create_dir = true;
		op->attr_set = NO_EXEC_DEV_SUID;
		if (kind_of(b) != CONF_CGROUP_RW)
			op->attr_set |= MOUNT_ATTR_RDONLY;
		if (kind_of(b) != CONF_CGROUP_MIXED)
			return 0;
	}
	return plan_own(b, hierarchy, target);
}

/* The directories above the container's own cgroup, which are the tmpfs's. */
static int plan_close(struct mount_builder *b)
{
	struct mount_op *op;

	if (b->facts->new_cgroupns || b->conf->mount_auto.cgroup_full ||
	    kind_of(b) == CONF_CGROUP_RW)
		return 0;
	op = mount_plan_add(b, MOUNT_CHANGE, TOP, TOP);
	if (!op)
		return err_oom(b->err);
	op->attr_set = MOUNT_ATTR_RDONLY;
	return 0;
}

/* A directory for each hierarchy, as on the host. */
static int plan_tree(struct mount_builder *b)
{
	const struct mount_facts *facts = b->facts;
	int r;

	r = mount_plan_add_tmpfs(b, TOP, NO_EXEC_DEV_SUID | MOUNT_ATTR_RELATIME, "10240k");
	for (size_t i = 0; r == 0 && i < facts->n_hierarchies; i++) {
		const struct mount_hierarchy *hierarchy = &facts->hierarchies[i];

		/* The unified one is there to be seen at least. */
		if (facts->new_cgroupns && (hierarchy->own || !hierarchy->controllers))
			r = plan_new(b, hierarchy);
		else if (!facts->new_cgroupns && hierarchy->own)
			r = plan_bind(b, hierarchy);
	}
	return r < 0 ? r : plan_close(b);
}

int mount_plan_cgroup(struct mount_builder *b)
{
	const struct conf_mount_auto *chosen = &b->conf->mount_auto;
	const struct mount_facts *facts = b->facts;
	bool unified = facts->cgroup_pure_v2 || chosen->cgroup2;

	if (chosen->cgroup == CONF_CGROUP_NONE)
		return 0;
	/* Beside hierarchies in which it stands with the host's processes an init would take those
	 * for its own: such a container lives on a unified host. */
	if (facts->new_cgroupns && owns(facts, false) && !owns(facts, true))
		unified = true;
	if (unified)
		return plan_unified(b);
	if (facts->new_cgroupns && facts->cap_sys_admin && !chosen->cgroup_force)
		return 0; /* its own init mounts what it wants */
	if (owns(facts, false) || owns(facts, true) || (facts->new_cgroupns && find_unified(facts)))
		return plan_tree(b);
	return refuse(
		b, "the container gets no cgroup of its own on this host",
		"remove the word from lxc.mount.auto, or start it from a cgroup that is yours");
}

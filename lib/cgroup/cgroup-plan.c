/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/path.h"
#include "os/proc.h"

#include <stdio.h>
#include <string.h>

#define INIT_SCOPE "/init.scope"

static bool is_reserved(const char *name)
{
	return strcmp(name, CGROUP_SESSION_LEAF) == 0 || strcmp(name, CGROUP_GUESTS_LEAF) == 0;
}

int cgroup_plan_leaf(enum cgroup_leaf leaf, const char *name, unsigned int n,
                     char ret_leaf[CGROUP_LEAF_MAX])
{
	static const char *const kinds[] = {
		[CGROUP_LEAF_MONITOR] = "monitor",
		[CGROUP_LEAF_PAYLOAD] = "payload",
	};
	char text[CGROUP_LEAF_MAX];
	int len;

	/* A line break is refused by the kernel: it would forge lines of /proc/PID/cgroup. */
	if (!*name || strpbrk(name, "/\n"))
		return -EINVAL;
	/* Others are moved there by us, and would end with the container. */
	if (leaf == CGROUP_LEAF_EXACT && is_reserved(name))
		return -EINVAL;
	if (leaf == CGROUP_LEAF_EXACT)
		len = n ? -1 : snprintf(text, sizeof(text), "%s", name);
	else
		len = n ? snprintf(text, sizeof(text), "lxc.%s.%s-%u", kinds[leaf], name, n)
		        : snprintf(text, sizeof(text), "lxc.%s.%s", kinds[leaf], name);
	if (len < 0)
		return -EEXIST;
	if ((size_t)len >= sizeof(text))
		return -ENAMETOOLONG;
	memcpy(ret_leaf, text, (size_t)len + 1);
	return 0;
}

static bool has_dotdot(const char *path)
{
	for (const char *s = path; (s = strstr(s, "/..")); s += 3)
		if (s[3] == '\0' || s[3] == '/')
			return true;
	return false;
}

int cgroup_plan_dir(const struct cgroup_mounts *mounts, const char *path, char **ret_dir)
{
	size_t len = strcmp(mounts->root, "/") == 0 ? 0 : strlen(mounts->root);
	const char *rest = path + len;
	char *dir;

	if (strncmp(path, mounts->root, len) != 0 || (*rest != '/' && *rest != '\0'))
		return -EXDEV;
	if (has_dotdot(rest)) /* outside of our cgroup namespace */
		return -EXDEV;
	if (asprintf(&dir, "%s%s", mounts->point, rest) < 0)
		return -ENOMEM;
	path_simplify(dir);
	*ret_dir = dir;
	return 0;
}

void cgroup_plan_cut_init_scope(char *path)
{
	size_t len = strlen(path);

	if (!str_ends_with(path, INIT_SCOPE))
		return;
	len -= strlen(INIT_SCOPE);
	path[len ? len : 1] = '\0'; /* "/init.scope" becomes "/" */
}

bool cgroup_plan_may_use(const struct caller *caller, uid_t owner)
{
	/* In a container the owner is whoever runs it, and has that power anyway. */
	if (caller->in_userns && owner == PROC_OVERFLOW_ID)
		return true;
	return owner == caller->uid || owner == 0;
}

void cgroup_plan_cut_session(char *path)
{
	const char *last = path_last(path);

	if (!is_reserved(last))
		return;
	path[last - path > 1 ? last - path - 1 : 1] = '\0'; /* "/lxc.session" becomes "/" */
}

bool cgroup_plan_is_manager(const char *dir)
{
	const char *name = path_last(dir);

	return str_starts_with(name, "user@") && str_ends_with(name, ".service");
}

enum cgroup_rung cgroup_plan_rung(const struct cgroup_rung_facts *facts, enum cgroup_from *ret_from)
{
	bool own = facts->own_ok && (facts->own_delegated || !facts->booted);

	/* Root's containers are not to end with the session or unit they were started from, unless
	 * that unit was made for them. */
	*ret_from = facts->own_ok ? CGROUP_FROM_OWN : CGROUP_FROM_NOWHERE;
	if (facts->is_root && facts->init_ok && !facts->wishes.relative && !facts->own_delegated)
		*ret_from = CGROUP_FROM_INIT;
	if (facts->is_root && (facts->wishes.relative || facts->wishes.named))
		own = *ret_from != CGROUP_FROM_NOWHERE;
	if (!own && facts->manager)
		return CGROUP_RUNG_SCOPE;
	return *ret_from == CGROUP_FROM_NOWHERE ? CGROUP_RUNG_NONE : CGROUP_RUNG_OWN;
}

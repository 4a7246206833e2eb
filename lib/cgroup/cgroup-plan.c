/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/cgroup-internal.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/path.h"

#include <stdio.h>
#include <string.h>

#define INIT_SCOPE "/init.scope"

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
	len = n ? snprintf(text, sizeof(text), "lxc.%s.%s-%u", kinds[leaf], name, n)
	        : snprintf(text, sizeof(text), "lxc.%s.%s", kinds[leaf], name);
	if (len < 0 || (size_t)len >= sizeof(text))
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
	return owner == caller->uid || owner == 0;
}

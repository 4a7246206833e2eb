/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroup room's parsers of kernel texts. Input: a /proc/self/mountinfo, a NUL byte and a
 * /proc/self/cgroup; without NUL the same text is both. Each part goes through the others too. */
#include "cgroup/cgroup-internal.h"

#include "base/cleanup.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_small(const char *text)
{
	char name[CGROUP_LEAF_MAX];
	const char *rest = text;
	uint64_t value;

	(void)cgroup_parse_key(text, "kernel", &value);
	(void)cgroup_parse_sum(text, "rbytes=", &value);
	(void)cgroup_parse_kernel(text, "kernel", &value);
	while ((rest = cgroup_parse_name(rest, name, sizeof(name))))
		if (strchr(name, '/') || name[0] == '.' || !name[0])
			abort();
	if (cgroup_plan_leaf(CGROUP_LEAF_PAYLOAD, text, 999, name) == 0 && strlen(name) > 255)
		abort();
}

/* A directory that is found is below the mount point, whatever the texts say. */
static void check_dir(const struct cgroup_mounts *mounts, const char *path)
{
	_cleanup_free_ char *dir = NULL;

	if (cgroup_plan_dir(mounts, path, &dir) < 0)
		return;
	if (dir[0] != '/')
		abort();
	for (const char *s = path + strlen(mounts->root); s[0] && s[1]; s++)
		if (strcmp(s, "/..") == 0 || strncmp(s, "/../", 4) == 0)
			abort();
}

static void parse_both(const char *mountinfo, const char *membership)
{
	_cleanup_(cgroup_mounts_done) struct cgroup_mounts mounts = {};
	_cleanup_free_ char *path = NULL;

	if (cgroup_parse_mounts(mountinfo, &mounts) < 0 ||
	    cgroup_parse_membership(membership, &path) < 0)
		return;
	if (path[0] != '/' || (mounts.point && mounts.point[0] != '/'))
		abort();
	if (mounts.point)
		check_dir(&mounts, path);
	cgroup_plan_cut_init_scope(path);
	if (path[0] != '/')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *second;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	second = strlen(text) < size ? text + strlen(text) + 1 : text;
	parse_both(text, second);
	parse_small(text);
	parse_small(second);
	free(text);
	return 0;
}

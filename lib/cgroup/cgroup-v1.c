/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The v1 hierarchies of the host: which there are, where they are mounted, where our leaves can go.
 * Names and paths of /proc are hostile here as well, and a directory has to pass the same tests as
 * one of cgroup2 (cgroup-place.c), with its "tasks" in place of what clone3 needs. */
#include "cgroup/cgroup.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "cgroup/cgroup-internal.h"
#include "os/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMBERSHIP_MAX (1U << 20)

bool cgroup_v1_next_member(char **rest, char **ret_controllers, char **ret_path)
{
	char *line;

	while ((line = strsep(rest, "\n"))) {
		char *name = strchr(line, ':');
		char *path = name ? strchr(name + 1, ':') : NULL;

		if (!path || path == name + 1 || path[1] != '/')
			continue; /* of cgroup2, or nonsense */
		*path = '\0';
		*ret_controllers = name + 1;
		*ret_path = path + 1;
		return true;
	}
	return false;
}

bool cgroup_v1_has_word(const char *list, const char *word)
{
	size_t len = strcspn(word, ",");

	for (;;) {
		size_t n = strcspn(list, ",");

		if (n == len && strncmp(list, word, len) == 0)
			return true;
		if (!list[n])
			return false;
		list += n + 1;
	}
}

static int mount_rank(const struct cgroup_v1_mount *mount)
{
	return (str_starts_with(mount->point, "/sys/fs/cgroup/") ? 2 : 0) +
	       (strcmp(mount->root, "/") == 0 ? 1 : 0);
}

const struct cgroup_v1_mount *cgroup_v1_find_mount(const struct cgroup_mounts *mounts,
                                                   const char *controllers)
{
	const struct cgroup_v1_mount *best = NULL;

	for (size_t i = 0; i < mounts->n_v1; i++) {
		const struct cgroup_v1_mount *mount = &mounts->v1[i];

		/* One controller is enough: it is in one hierarchy only. */
		if (!cgroup_v1_has_word(mount->options, controllers))
			continue;
		/* A later mount on the same point covers the earlier one. */
		if (!best || mount_rank(mount) > mount_rank(best) ||
		    strcmp(mount->point, best->point) == 0)
			best = mount;
	}
	return best;
}

#define say_why_not(hierarchy, ...) cgroup_say(&(hierarchy)->why_not, __VA_ARGS__)

static int add_hierarchy(const struct cgroup_mounts *mounts, const char *controllers,
                         struct cgroup_host *host)
{
	const struct cgroup_v1_mount *mount = cgroup_v1_find_mount(mounts, controllers);
	struct cgroup_hierarchy *list, *added;

	list = array_grow(host->v1, host->n_v1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	host->v1 = list;
	added = &list[host->n_v1++];
	*added = (struct cgroup_hierarchy){ .controllers = strdup(controllers) };
	if (!added->controllers ||
	    say_why_not(added, "the v1 hierarchy '%s' was not looked at", controllers) < 0)
		return -ENOMEM;
	if (!mount)
		return 0;
	added->mount = strdup(mount->point);
	added->mount_root = strdup(mount->root);
	return added->mount && added->mount_root ? 0 : -ENOMEM;
}

int cgroup_v1_load(const struct cgroup_mounts *mounts, struct cgroup_host *host)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *controllers, *path;
	int r = fd_read_file(AT_FDCWD, "/proc/self/cgroup", MEMBERSHIP_MAX, &text, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	rest = text;
	while (r == 0 && cgroup_v1_next_member(&rest, &controllers, &path))
		r = add_hierarchy(mounts, controllers, host);
	return r;
}

static bool may_make_leaves(int dir_fd)
{
	return faccessat(dir_fd, ".", W_OK | X_OK, AT_EACCESS) == 0 &&
	       faccessat(dir_fd, "cgroup.procs", W_OK, AT_EACCESS) == 0;
}

static int check_dir(struct cgroup_hierarchy *hierarchy, const struct caller *caller)
{
	_cleanup_close_ int fd = cgroup_v1_open_dir(AT_FDCWD, hierarchy->dir);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return say_why_not(hierarchy, "the cgroup '%s' cannot be opened: %s",
		                   hierarchy->dir, strerror(fd < 0 ? -fd : errno));
	if (!may_make_leaves(fd))
		return say_why_not(hierarchy, "the cgroup '%s' is not delegated to user %s: %s",
		                   hierarchy->dir, caller->name ? caller->name : "?",
		                   strerror(errno));
	if (!cgroup_plan_may_use(caller, st.st_uid))
		return say_why_not(hierarchy,
		                   "the cgroup '%s' belongs to uid %u, who could freeze or limit "
		                   "what we put there",
		                   hierarchy->dir, st.st_uid);
	free(take_ptr(hierarchy->why_not));
	return 0;
}

/* @path: of a process in this hierarchy, as /proc/PID/cgroup has it. */
static int place_at(struct cgroup_hierarchy *hierarchy, const struct caller *caller,
                    const char *path)
{
	const struct cgroup_mounts mounts = { .point = hierarchy->mount,
		                              .root = hierarchy->mount_root };
	char *dir;
	int r;

	if (!hierarchy->mount)
		return say_why_not(hierarchy, "the v1 hierarchy '%s' is not mounted",
		                   hierarchy->controllers);
	r = cgroup_plan_dir(&mounts, path, &dir);
	if (r == -EXDEV)
		return say_why_not(hierarchy,
		                   "the cgroup '%s' is outside of what is mounted at '%s'", path,
		                   hierarchy->mount);
	if (r < 0)
		return r;
	free(hierarchy->dir);
	hierarchy->dir = dir;
	return check_dir(hierarchy, caller);
}

static struct cgroup_hierarchy *find(const struct cgroup_host *host, const char *controller)
{
	for (size_t i = 0; i < host->n_v1; i++)
		if (cgroup_v1_has_word(host->v1[i].controllers, controller))
			return &host->v1[i];
	return NULL;
}

/* Tries the cgroups that @file (/proc/PID/cgroup) names, where there is none yet. */
static int place_by(struct cgroup_host *host, const struct caller *caller, const char *file,
                    bool is_init)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *controllers, *path;
	int r = fd_read_file(AT_FDCWD, file, MEMBERSHIP_MAX, &text, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	rest = text;
	while (r == 0 && cgroup_v1_next_member(&rest, &controllers, &path)) {
		struct cgroup_hierarchy *hierarchy = find(host, controllers);

		if (!hierarchy || !hierarchy->why_not)
			continue;
		if (is_init)
			cgroup_plan_cut_init_scope(path);
		r = place_at(hierarchy, caller, path);
	}
	return r;
}

int cgroup_v1_place(const struct caller *caller, bool own, struct cgroup_host *host)
{
	int r = 0;

	/* Root's containers are not to end with the session or unit they were started from. */
	if (host->n_v1 && caller->is_root && !own)
		r = place_by(host, caller, "/proc/1/cgroup", /* is_init= */ true);
	if (r == 0 && host->n_v1)
		r = place_by(host, caller, "/proc/self/cgroup", /* is_init= */ false);
	return r;
}

const struct cgroup_hierarchy *cgroup_host_v1(const struct cgroup_host *host,
                                              const char *controller)
{
	return find(host, controller);
}

bool cgroup_host_has_v1(const struct cgroup_host *host)
{
	for (size_t i = 0; i < host->n_v1; i++)
		if (!host->v1[i].why_not)
			return true;
	return false;
}

void cgroup_v1_host_done(struct cgroup_host *host)
{
	for (size_t i = 0; i < host->n_v1; i++) {
		free(host->v1[i].controllers);
		free(host->v1[i].mount);
		free(host->v1[i].mount_root);
		free(host->v1[i].dir);
		free(host->v1[i].why_not);
	}
	free(host->v1);
	host->v1 = NULL;
	host->n_v1 = 0;
}

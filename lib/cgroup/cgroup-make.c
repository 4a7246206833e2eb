/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making, opening and giving away the leaves.
 *
 * A name may be there already: a container that runs, one of the same name below another lxcpath,
 * or what a killed monitor left behind. Each leaf in use is locked (flock on its directory, held
 * by the fd in the monitor). A left-over is not locked and not populated: it is removed and made
 * anew, so that no old limit or freezer state comes back. rmdir of a cgroup that holds processes
 * or cgroups fails, so nothing that lives can be hit.
 *
 * Giving the payload leaf to container root (cgroup_delegate) has two ways. Root, and a user whose
 * own id is in the map, change the owner. Else the files' owner has no id in the container's user
 * namespace and the kernel refuses; but an owner may give his files to a group he is in, and with
 * the namespace's CAP_SETGID a process that still has the caller's uid is in the group of
 * container root. The files then keep the caller as owner and get write permission for that
 * group, in this order: never for the caller's own group. */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "cgroup/cgroup-internal.h"
#include "os/fd.h"
#include "os/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#define DELEGATE_LIST "/sys/kernel/cgroup/delegate"
#define DELEGATE_MAX 4096

static const char delegate_default[] =
	"cgroup.procs\ncgroup.threads\ncgroup.subtree_control\nmemory.oom.group\n";

/* Not the limits: they are ours. */
static const char delegate_v1[] = "cgroup.procs\ntasks\n";

int cgroup_lock_leaf(int leaf_fd)
{
	if (flock(leaf_fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	/* It may have been taken for a left-over between being made and being locked. */
	return faccessat(leaf_fd, "cgroup.procs", F_OK, 0) < 0 ? -ENODEV : 0;
}

static int open_leaf(int base_fd, const char *name)
{
	int fd = openat(base_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* 0: @name is free now. -EEXIST: it is in use. */
static int remove_left_over(int base_fd, const char *name)
{
	_cleanup_close_ int fd = open_leaf(base_fd, name);
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0 || cgroup_lock_leaf(fd) < 0)
		return -EEXIST;
	r = unlinkat(base_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
	return r == 0 || r == -ENOENT ? 0 : -EEXIST;
}

/* Makes, opens and locks one leaf. -EEXIST: its name is taken. */
static int make_leaf(int base_fd, const char *name, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	int r = mkdirat(base_fd, name, 0755) < 0 ? -errno : 0;

	if (r == -EEXIST) {
		r = remove_left_over(base_fd, name);
		if (r == 0)
			r = mkdirat(base_fd, name, 0755) < 0 ? -errno : 0;
	}
	if (r < 0)
		return r;
	fd = open_leaf(base_fd, name);
	if (fd == -ENOENT)
		return -EEXIST; /* removed meanwhile: next name */
	if (fd < 0) {
		(void)unlinkat(base_fd, name, AT_REMOVEDIR);
		return fd;
	}
	if (cgroup_lock_leaf(fd) < 0)
		return -EEXIST;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int report_make(int code, const char *base, const char *leaf, struct err *err)
{
	if (code == -EEXIST)
		return err_say(err, code, "the cgroup '%s/%s' is in use", base, leaf);
	if (code == -EAGAIN) {
		err_say(err, code, "cannot make cgroup '%s/%s': there are too many cgroups", base,
		        leaf);
		err_hint(err, "see cgroup.max.descendants and cgroup.max.depth in '%s' and above",
		         base);
		return code;
	}
	return err_set(err, code, "cannot make cgroup '%s/%s'", base, leaf);
}

int cgroup_make_leaf(int dir_fd, const char *dir, enum cgroup_leaf leaf, const char *name,
                     char **ret_path, int *ret_fd, struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	char text[CGROUP_LEAF_MAX];
	int r = -EEXIST;

	for (unsigned int n = 0; n < CGROUP_LEAF_TRIES && r == -EEXIST; n++) {
		r = cgroup_plan_leaf(leaf, name, n, text);
		if (r == -EEXIST) /* one name, and it is taken */
			break;
		if (r < 0)
			return err_set(err, r, "cannot name a cgroup after '%s'", name);
		r = make_leaf(dir_fd, text, &fd);
	}
	if (r < 0)
		return report_make(r, dir, text, err);
	/* Whatever the umask is: software inside reads its own cgroup as any user. */
	if (fchmod(fd, 0755) < 0)
		r = err_set(err, -errno, "cannot open up cgroup '%s/%s'", dir, text);
	else if (!(*ret_path = path_join(dir, text)))
		r = err_oom(err);
	if (r == 0)
		*ret_fd = take_fd(&fd);
	else
		(void)unlinkat(dir_fd, text, AT_REMOVEDIR);
	return r;
}

/* The directory below the base, owned, NULL: the base itself. -ENOMEM */
static int parent_of(const struct cgroup_names *names, enum cgroup_leaf leaf, char **ret_parent)
{
	const char *exact = leaf == CGROUP_LEAF_MONITOR ? names->monitor : names->payload;
	const char *path = exact ? exact : names->dir;
	size_t len = path ? strlen(path) : 0;

	if (exact)
		len = (size_t)(path_last(exact) - exact);
	while (len && path[len - 1] == '/')
		len--;
	*ret_parent = len ? strndup(path, len) : NULL;
	return len && !*ret_parent ? -ENOMEM : 0;
}

/* Passes on what the base passes on, down to where the leaf will be. */
static void pass_down(int base_fd, char *parent)
{
	for (char *slash = parent; slash;) {
		_cleanup_close_ int fd = -EBADF;

		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		fd = cgroup_open_dir(base_fd, parent);
		if (fd >= 0)
			cgroup_pass_all(fd);
		if (slash)
			*slash = '/';
	}
}

int cgroup_make_named(int base_fd, const char *base, enum cgroup_leaf leaf,
                      const struct cgroup_names *names, char **ret_path, int *ret_fd,
                      struct err *err)
{
	const char *exact = leaf == CGROUP_LEAF_MONITOR ? names->monitor : names->payload;
	_cleanup_free_ char *parent = NULL, *dir = NULL;
	_cleanup_close_ int dir_fd = -EBADF;

	if (parent_of(names, leaf, &parent) < 0)
		return err_oom(err);
	dir = parent ? path_join(base, parent) : strdup(base);
	if (!dir)
		return err_oom(err);
	dir_fd = path_make_dir(base_fd, parent ? parent : ".", 0755);
	if (dir_fd < 0)
		return err_set(err, dir_fd, "cannot make cgroup '%s'", dir);
	pass_down(base_fd, parent);
	return cgroup_make_leaf(dir_fd, dir, exact ? CGROUP_LEAF_EXACT : leaf,
	                        exact ? path_last(exact) : names->name, ret_path, ret_fd, err);
}

static int add_wanted(const char *base, enum cgroup_leaf leaf, const struct cgroup_names *names,
                      struct strv *paths)
{
	const char *exact = leaf == CGROUP_LEAF_MONITOR ? names->monitor : names->payload;
	_cleanup_free_ char *parent = NULL;
	char text[CGROUP_LEAF_MAX];
	int r;

	if (exact)
		return strv_addf(paths, "%s/%s", base, exact);
	r = parent_of(names, leaf, &parent);
	if (r == 0)
		r = cgroup_plan_leaf(leaf, names->name, 0, text);
	return r < 0 ? r
	             : strv_addf(paths, "%s/%s%s%s", base, parent ? parent : "", parent ? "/" : "",
	                         text);
}

int cgroup_list_wanted(const struct cgroup_host *host, const struct cgroup_names *names,
                       bool use_v1, struct strv *paths)
{
	int r = 0;

	if (host->base)
		r = add_wanted(host->base, CGROUP_LEAF_PAYLOAD, names, paths);
	if (r == 0 && host->base)
		r = add_wanted(host->base, CGROUP_LEAF_MONITOR, names, paths);
	for (size_t i = 0; i < host->n_v1 && use_v1 && r == 0; i++)
		if (!host->v1[i].why_not)
			r = add_wanted(host->v1[i].dir, CGROUP_LEAF_PAYLOAD, names, paths);
	return r;
}

static int make_payload(struct cgroup *cgroup, const struct cgroup_names *names, struct err *err)
{
	return cgroup_make_named(cgroup->base_fd, cgroup->base, CGROUP_LEAF_PAYLOAD, names,
	                         &cgroup->payload_path, &cgroup->payload_fd, err);
}

/* From the longest path up to the base. */
static void prune_below(int base_fd, char *parent)
{
	while (parent && *parent && unlinkat(base_fd, parent, AT_REMOVEDIR) == 0) {
		char *slash = strrchr(parent, '/');

		*(slash ? slash : parent) = '\0';
	}
}

void cgroup_prune(const struct cgroup *cgroup, const struct cgroup_names *names)
{
	static const enum cgroup_leaf leaves[] = { CGROUP_LEAF_PAYLOAD, CGROUP_LEAF_MONITOR };

	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
		_cleanup_free_ char *parent = NULL;

		if (parent_of(names, leaves[i], &parent) < 0)
			return;
		if (cgroup->base_fd >= 0)
			prune_below(cgroup->base_fd, parent);
		if (leaves[i] == CGROUP_LEAF_PAYLOAD && parent)
			cgroup_v1_prune(cgroup, parent);
	}
}

int cgroup_make_inner(struct cgroup *cgroup, const char *name, struct err *err)
{
	_cleanup_free_ char *path = NULL;

	if (cgroup->payload_fd < 0)
		return 0;
	path = path_join(cgroup->payload_path, name);
	if (!path)
		return err_oom(err);
	if (mkdirat(cgroup->payload_fd, name, 0755) < 0)
		return report_make(-errno, cgroup->payload_path, name, err);
	cgroup->inner_fd = open_leaf(cgroup->payload_fd, name);
	if (cgroup->inner_fd < 0)
		return err_set(err, cgroup->inner_fd, "cannot open cgroup '%s'", path);
	if (fchmod(cgroup->inner_fd, 0755) < 0)
		return err_set(err, -errno, "cannot open up cgroup '%s'", path);
	cgroup->inner_path = take_ptr(path);
	cgroup_pass_all(cgroup->payload_fd);
	return 0;
}

int cgroup_entry_fd(const struct cgroup *cgroup)
{
	return cgroup->inner_fd >= 0 ? cgroup->inner_fd : cgroup->payload_fd;
}

/* As @old_path was, whose cgroup is gone. */
static int renew_inner(struct cgroup *cgroup, struct err *err)
{
	_cleanup_free_ char *old_path = take_ptr(cgroup->inner_path);

	cleanup_close(&cgroup->inner_fd);
	return old_path ? cgroup_make_inner(cgroup, path_last(old_path), err) : 0;
}

static int make_leaves(struct cgroup *cgroup, const struct cgroup_names *names, bool with_monitor,
                       struct err *err)
{
	int r;

	cgroup->base_fd = cgroup_open_dir(AT_FDCWD, cgroup->base);
	if (cgroup->base_fd < 0)
		return err_set(err, cgroup->base_fd, "cannot open cgroup '%s'", cgroup->base);
	r = make_payload(cgroup, names, err);
	if (r < 0 || !with_monitor)
		return r;
	return cgroup_make_named(cgroup->base_fd, cgroup->base, CGROUP_LEAF_MONITOR, names,
	                         &cgroup->monitor_path, &cgroup->monitor_fd, err);
}

int cgroup_renew_payload(struct cgroup *cgroup, const struct cgroup_names *names, int userns_fd,
                         int timeout_ms, struct err *err)
{
	int r;

	if (cgroup->payload_fd < 0 && !cgroup->n_v1)
		return 0;
	(void)cgroup_kill(cgroup); /* who attached and lives on */
	r = cgroup_remove_payload_in_userns(cgroup, userns_fd, timeout_ms);
	if (r < 0)
		return err_set(err, r, "cannot empty the cgroups of the container");
	if (cgroup->base_fd >= 0)
		r = make_payload(cgroup, names, err);
	if (r == 0)
		r = renew_inner(cgroup, err);
	return r < 0 ? r : cgroup_v1_renew(cgroup, names, err);
}

static void unmake(const char *path)
{
	if (path)
		(void)rmdir(path);
}

int cgroup_make(const struct cgroup_host *host, const struct cgroup_names *names, bool with_monitor,
                struct cgroup *ret_cgroup, struct err *err)
{
	struct cgroup cgroup = CGROUP_NONE;
	int r = 0;

	if (host->base) {
		cgroup.base = strdup(host->base);
		r = cgroup.base ? make_leaves(&cgroup, names, with_monitor, err) : err_oom(err);
	}
	if (r < 0) {
		unmake(cgroup.payload_path);
		unmake(cgroup.monitor_path);
		cgroup_prune(&cgroup, names);
		cgroup_done(&cgroup);
		return r;
	}
	*ret_cgroup = cgroup;
	return 0;
}

void cgroup_done(struct cgroup *cgroup)
{
	cleanup_close(&cgroup->base_fd);
	cleanup_close(&cgroup->monitor_fd);
	cleanup_close(&cgroup->payload_fd);
	cleanup_close(&cgroup->inner_fd);
	free(cgroup->inner_path);
	free(cgroup->base);
	free(cgroup->monitor_path);
	free(cgroup->payload_path);
	cgroup_v1_done(cgroup);
	*cgroup = CGROUP_NONE;
}

int cgroup_open_guests(int payload_fd)
{
	if (mkdirat(payload_fd, ".lxc", 0755) < 0 && errno != EEXIST)
		return -errno;
	return cgroup_open_dir(payload_fd, ".lxc");
}

/* The monitor's leaf may be gone while the container runs on. */
static int reopen_leaf(const char *path, bool must_exist, char **ret_path, int *ret_fd,
                       struct err *err)
{
	int fd;

	if (!path)
		return 0;
	fd = cgroup_open_dir(AT_FDCWD, path);
	if (fd == -ENOENT && !must_exist)
		return 0;
	if (fd < 0)
		return err_set(err, fd, "cannot open cgroup '%s'", path);
	(void)cgroup_lock_leaf(fd); /* it was let go with the dead monitor */
	*ret_fd = fd;
	*ret_path = strdup(path);
	return *ret_path ? 0 : err_oom(err);
}

static int reopen_base(struct cgroup *cgroup, const char *leaf, struct err *err)
{
	const char *slash = strrchr(leaf, '/');

	if (!slash || slash == leaf || !slash[1])
		return err_say(err, -EINVAL, "'%s' is no path of a cgroup", leaf);
	cgroup->base = strndup(leaf, (size_t)(slash - leaf));
	if (!cgroup->base)
		return err_oom(err);
	cgroup->base_fd = cgroup_open_dir(AT_FDCWD, cgroup->base);
	if (cgroup->base_fd < 0)
		return err_set(err, cgroup->base_fd, "cannot open cgroup '%s'", cgroup->base);
	return 0;
}

static int reopen_inner(struct cgroup *cgroup, const char *inner, struct err *err)
{
	_cleanup_free_ char *path = NULL;

	if (cgroup->payload_fd < 0 || !inner)
		return 0;
	path = path_join(cgroup->payload_path, inner);
	return path ? reopen_leaf(path, /* must_exist= */ true, &cgroup->inner_path,
	                          &cgroup->inner_fd, err)
	            : err_oom(err);
}

int cgroup_reopen(const char *monitor_path, const char *payload_path, const char *inner,
                  struct cgroup *ret_cgroup, struct err *err)
{
	_cleanup_(cgroup_done) struct cgroup cgroup = CGROUP_NONE;
	const char *leaf = payload_path ? payload_path : monitor_path;
	int r;

	if (leaf) {
		r = reopen_base(&cgroup, leaf, err);
		if (r < 0)
			return r;
	}
	r = reopen_leaf(payload_path, /* must_exist= */ true, &cgroup.payload_path,
	                &cgroup.payload_fd, err);
	if (r == 0)
		r = reopen_inner(&cgroup, inner, err);
	if (r < 0)
		return r;
	r = reopen_leaf(monitor_path, /* must_exist= */ false, &cgroup.monitor_path,
	                &cgroup.monitor_fd, err);
	if (r < 0)
		return r;
	*ret_cgroup = cgroup;
	cgroup = CGROUP_NONE;
	return 0;
}

const char *cgroup_parse_name(const char *text, char *ret_name, size_t size)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *name = text;

		text += len + (text[len] == '\n');
		if (len == 0 || len >= size || name[0] == '.' || memchr(name, '/', len))
			continue;
		memcpy(ret_name, name, len);
		ret_name[len] = '\0';
		return text;
	}
	return NULL;
}

/* Gives one file (the directory itself with "") to container root by way of its group. */
static int give_to_group(int fd, const char *name, gid_t gid)
{
	int flags = *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;
	struct stat st;
	mode_t mode;

	if (fchownat(fd, name, (uid_t)-1, gid, flags) < 0 || fstatat(fd, name, &st, flags) < 0)
		return -errno;
	mode = (st.st_mode & 0777) | ((st.st_mode & 0700) >> 3);
	return (*name ? fchmodat(fd, name, mode, 0) : fchmod(fd, mode)) < 0 ? -errno : 0;
}

static int give_to_user(int fd, const char *name, uid_t uid, gid_t gid)
{
	int flags = *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;

	return fchownat(fd, name, uid, gid, flags) < 0 ? -errno : 0;
}

/* Gives away a leaf and those of the @names in it that are there. */
static int delegate(int leaf_fd, const char *names, uid_t uid, gid_t gid, struct err *err)
{
	char name[CGROUP_LEAF_MAX];
	bool by_group = false;
	int r;

	r = give_to_user(leaf_fd, "", uid, gid);
	if (r == -EPERM) {
		by_group = true;
		(void)setfsgid(gid); /* this thread's only; the next setresgid ends it */
		r = give_to_group(leaf_fd, "", gid);
	}
	if (r < 0)
		return err_set(err, r, "cannot give the cgroup to the container's root");
	while ((names = cgroup_parse_name(names, name, sizeof(name)))) {
		r = by_group ? give_to_group(leaf_fd, name, gid)
		             : give_to_user(leaf_fd, name, uid, gid);
		if (r < 0 && r != -ENOENT)
			return err_set(err, r,
			               "cannot give '%s' of the cgroup to the container's root",
			               name);
	}
	return 0;
}

int cgroup_delegate(int payload_fd, uid_t uid, gid_t gid, struct err *err)
{
	char list[DELEGATE_MAX];
	bool has_list;

	if (payload_fd < 0)
		return 0;
	has_list = fd_read_short(AT_FDCWD, DELEGATE_LIST, list, sizeof(list)) > 0;
	return delegate(payload_fd, has_list ? list : delegate_default, uid, gid, err);
}

int cgroup_v1_delegate(const struct cgroup *cgroup, uid_t uid, gid_t gid, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < cgroup->n_v1 && r == 0; i++) {
		_cleanup_close_ int fd = cgroup_v1_open_dir(AT_FDCWD, cgroup->v1[i].path);

		r = fd < 0 ? err_set(err, fd, "cannot open cgroup '%s'", cgroup->v1[i].path)
		           : delegate(fd, delegate_v1, uid, gid, err);
	}
	return r;
}

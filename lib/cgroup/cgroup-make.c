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

int cgroup_lock_leaf(int leaf_fd)
{
	if (flock(leaf_fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	/* It may have been taken for a left-over between being made and being locked. */
	return faccessat(leaf_fd, "cgroup.procs", F_OK, 0) < 0 ? -ENODEV : 0;
}

/* 0: @name is free now. -EEXIST: it is in use. */
static int remove_left_over(int base_fd, const char *name)
{
	_cleanup_close_ int fd = cgroup_open_dir(base_fd, name);
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
	fd = openat(base_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EEXIST : -errno; /* removed meanwhile: next name */
	if (cgroup_lock_leaf(fd) < 0)
		return -EEXIST;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int report_make(int code, const char *base, const char *leaf, struct err *err)
{
	if (code == -EAGAIN) {
		err_say(err, code, "cannot make cgroup '%s/%s': there are too many cgroups", base,
		        leaf);
		err_hint(err, "see cgroup.max.descendants and cgroup.max.depth in '%s' and above",
		         base);
		return code;
	}
	return err_set(err, code, "cannot make cgroup '%s/%s'", base, leaf);
}

static int make_free_leaf(const struct cgroup *cgroup, enum cgroup_leaf leaf, const char *name,
                          char **ret_path, int *ret_fd, struct err *err)
{
	char text[CGROUP_LEAF_MAX];
	int r = -EEXIST, fd = -EBADF;

	for (unsigned int n = 0; n < CGROUP_LEAF_TRIES && r == -EEXIST; n++) {
		r = cgroup_plan_leaf(leaf, name, n, text);
		if (r < 0)
			return err_set(err, r, "cannot name a cgroup after '%s'", name);
		r = make_leaf(cgroup->base_fd, text, &fd);
	}
	if (r < 0)
		return report_make(r, cgroup->base, text, err);
	*ret_fd = fd; /* from here on cgroup_done closes it */
	if (asprintf(ret_path, "%s/%s", cgroup->base, text) >= 0)
		return 0;
	*ret_path = NULL;
	(void)unlinkat(cgroup->base_fd, text, AT_REMOVEDIR);
	return err_oom(err);
}

/* Whatever the umask is: software inside reads its own cgroup as any user. */
static int make_payload(struct cgroup *cgroup, const char *name, struct err *err)
{
	int r;

	r = make_free_leaf(cgroup, CGROUP_LEAF_PAYLOAD, name, &cgroup->payload_path,
	                   &cgroup->payload_fd, err);
	if (r < 0)
		return r;
	return fchmod(cgroup->payload_fd, 0755) < 0
	               ? err_set(err, -errno, "cannot open up cgroup '%s'", cgroup->payload_path)
	               : 0;
}

static int make_leaves(struct cgroup *cgroup, const char *name, bool with_monitor, struct err *err)
{
	int r;

	cgroup->base_fd = cgroup_open_dir(AT_FDCWD, cgroup->base);
	if (cgroup->base_fd < 0)
		return err_set(err, cgroup->base_fd, "cannot open cgroup '%s'", cgroup->base);
	r = make_payload(cgroup, name, err);
	if (r < 0 || !with_monitor)
		return r;
	return make_free_leaf(cgroup, CGROUP_LEAF_MONITOR, name, &cgroup->monitor_path,
	                      &cgroup->monitor_fd, err);
}

int cgroup_renew_payload(struct cgroup *cgroup, const char *name, int userns_fd, int timeout_ms,
                         struct err *err)
{
	int r;

	if (cgroup->payload_fd < 0)
		return 0;
	(void)cgroup_kill(cgroup); /* who attached and lives on */
	r = cgroup_remove_payload_in_userns(cgroup, userns_fd, timeout_ms);
	if (r < 0)
		return err_set(err, r, "cannot empty cgroup '%s'", cgroup->payload_path);
	return make_payload(cgroup, name, err);
}

static void unmake(const char *path)
{
	if (path)
		(void)rmdir(path);
}

int cgroup_make(const struct cgroup_host *host, const char *name, bool with_monitor,
                struct cgroup *ret_cgroup, struct err *err)
{
	struct cgroup cgroup = CGROUP_NONE;
	int r;

	if (!host->base) {
		*ret_cgroup = cgroup;
		return 0;
	}
	cgroup.base = strdup(host->base);
	r = cgroup.base ? make_leaves(&cgroup, name, with_monitor, err) : err_oom(err);
	if (r < 0) {
		unmake(cgroup.payload_path);
		unmake(cgroup.monitor_path);
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
	free(cgroup->base);
	free(cgroup->monitor_path);
	free(cgroup->payload_path);
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

static bool is_child_of(const char *path, const char *base)
{
	const char *slash = strrchr(path, '/');

	return slash && (size_t)(slash - path) == strlen(base) &&
	       strncmp(path, base, strlen(base)) == 0;
}

int cgroup_reopen(const char *monitor_path, const char *payload_path, struct cgroup *ret_cgroup,
                  struct err *err)
{
	_cleanup_(cgroup_done) struct cgroup cgroup = CGROUP_NONE;
	const char *leaf = payload_path ? payload_path : monitor_path;
	int r;

	if (leaf) {
		r = reopen_base(&cgroup, leaf, err);
		if (r < 0)
			return r;
	}
	if (monitor_path && !is_child_of(monitor_path, cgroup.base))
		return err_say(err, -EINVAL, "the cgroups '%s' and '%s' are not side by side",
		               monitor_path, leaf);
	r = reopen_leaf(payload_path, /* must_exist= */ true, &cgroup.payload_path,
	                &cgroup.payload_fd, err);
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

int cgroup_delegate(int payload_fd, uid_t uid, gid_t gid, struct err *err)
{
	char list[DELEGATE_MAX], name[CGROUP_LEAF_MAX];
	const char *rest = list;
	bool by_group = false;
	int r;

	if (payload_fd < 0)
		return 0;
	r = give_to_user(payload_fd, "", uid, gid);
	if (r == -EPERM) {
		by_group = true;
		(void)setfsgid(gid); /* this thread's only; the next setresgid ends it */
		r = give_to_group(payload_fd, "", gid);
	}
	if (r < 0)
		return err_set(err, r, "cannot give the cgroup to the container's root");
	if (fd_read_short(AT_FDCWD, DELEGATE_LIST, list, sizeof(list)) <= 0)
		rest = delegate_default;
	while ((rest = cgroup_parse_name(rest, name, sizeof(name)))) {
		r = by_group ? give_to_group(payload_fd, name, gid)
		             : give_to_user(payload_fd, name, uid, gid);
		if (r < 0 && r != -ENOENT)
			return err_set(err, r,
			               "cannot give '%s' of the cgroup to the container's root",
			               name);
	}
	return 0;
}

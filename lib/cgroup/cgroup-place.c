/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where our cgroups go. Upward from the best:
 *
 * 1. the subtree we stand in, when it is ours: delegated by systemd (the xattr "user.delegate" of
 *    systemd 251 and later), or anything writable where systemd does not run;
 * 2. a transient scope, asked of the user's systemd, or by root of the host's;
 * 3. what we stand in if it is at least writable (OpenRC, pam_cgfs, an administrator's);
 * 4. nothing.
 *
 * A directory is used only after it was opened and found to be
 *
 * 1. on a cgroup2 file system,
 * 2. owned by us or by root: its owner may freeze and kill all that is below,
 * 3. writable for us, its cgroup.procs too: the kernel wants that for clone3 into a leaf. */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "cgroup/cgroup-internal.h"
#include "cgroup/scope.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MEMBERSHIP_MAX (1U << 20)

int cgroup_say(char **ret_why, const char *fmt, ...)
{
	char *why = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&why, fmt, ap);
	va_end(ap);
	if (len < 0)
		return -ENOMEM;
	free(*ret_why);
	*ret_why = why;
	return 0;
}

/* Directory of a cgroup as /proc/PID/cgroup names it. 1: here it is. 0: it cannot be seen. */
static int find_dir(struct cgroup_host *host, const char *path, char **ret_dir)
{
	const struct cgroup_mounts mounts = { .point = host->v2_mount, .root = host->v2_root };
	int r = cgroup_plan_dir(&mounts, path, ret_dir);

	if (r == -EXDEV)
		return cgroup_say_why(host, "the cgroup '%s' is outside of what is mounted at '%s'",
		                      path, host->v2_mount);
	return r < 0 ? r : 1;
}

/* The same for the process that @file, a /proc/PID/cgroup, tells of. */
static int find_member(struct cgroup_host *host, const char *file, bool is_init, char **ret_dir)
{
	_cleanup_free_ char *text = NULL, *path = NULL;
	int r;

	r = fd_read_file(AT_FDCWD, file, MEMBERSHIP_MAX, &text, NULL);
	if (r == 0)
		r = cgroup_parse_membership(text, &path);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return cgroup_say_why(host, "'%s' names no cgroup2: %s", file, strerror(-r));
	if (is_init)
		cgroup_plan_cut_init_scope(path);
	else
		cgroup_plan_cut_session(path);
	return find_dir(host, path, ret_dir);
}

/* 1: @dir can be a base. 0: it cannot, and why is said. */
static int check_base(struct cgroup_host *host, const struct caller *caller, const char *dir)
{
	_cleanup_close_ int fd = cgroup_open_dir(AT_FDCWD, dir);
	struct stat st;

	if (fd < 0)
		return cgroup_say_why(host, "the cgroup '%s' cannot be opened: %s", dir,
		                      fd == -EMEDIUMTYPE ? "it is no cgroup2 directory"
		                                         : strerror(-fd));
	if (fstat(fd, &st) < 0)
		return cgroup_say_why(host, "the cgroup '%s' cannot be read: %s", dir,
		                      strerror(errno));
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0 ||
	    faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) < 0)
		return cgroup_say_why(host, "the cgroup '%s' is not delegated to user %s: %s", dir,
		                      caller->name ? caller->name : "?", strerror(errno));
	if (!cgroup_plan_may_use(caller, st.st_uid))
		return cgroup_say_why(host,
		                      "the cgroup '%s' belongs to uid %u, who could end or freeze "
		                      "what we put there",
		                      dir, st.st_uid);
	return 1;
}

/* Looks upward for the unit that systemd has delegated. That of a user's manager is his, and the
 * manager administers what is below. */
static bool is_delegated(const struct cgroup_host *host, const char *dir)
{
	_cleanup_free_ char *at = strdup(dir);
	char mark[2];

	while (at && strlen(at) > strlen(host->v2_mount)) {
		if (getxattr(at, "user.delegate", mark, 1) == 1 ||
		    getxattr(at, "trusted.delegate", mark, 1) == 1)
			return mark[0] == '1' && !cgroup_plan_is_manager(at);
		*strrchr(at, '/') = '\0';
	}
	return false;
}

static int find_base(const struct caller *caller, const struct cgroup_wishes *wishes,
                     struct cgroup_host *host)
{
	_cleanup_free_ char *own = NULL, *init = NULL;
	struct cgroup_rung_facts facts = { .is_root = caller->is_root };
	enum cgroup_from from;
	int r;

	if (wishes)
		facts.wishes = *wishes;
	r = find_member(host, "/proc/self/cgroup", /* is_init= */ false, &own);
	if (r > 0)
		r = check_base(host, caller, own);
	if (r < 0)
		return r;
	facts.own_ok = r > 0;
	facts.booted = access("/run/systemd/system", F_OK) == 0;
	facts.own_delegated = facts.booted && facts.own_ok && is_delegated(host, own);
	facts.manager = facts.booted && cgroup_scope_has_manager(caller);
	if (caller->is_root && !facts.own_delegated) {
		r = find_member(host, "/proc/1/cgroup", /* is_init= */ true, &init);
		if (r > 0)
			r = check_base(host, caller, init);
		if (r < 0)
			return r;
		facts.init_ok = r > 0;
	}
	host->rung = cgroup_plan_rung(&facts, &from);
	if (from == CGROUP_FROM_NOWHERE)
		return 0;
	host->base = from == CGROUP_FROM_OWN ? take_ptr(own) : take_ptr(init);
	free(take_ptr(host->why_no_base));
	return 0;
}

int cgroup_place(const struct caller *caller, const struct cgroup_wishes *wishes,
                 struct cgroup_host *host, struct err *err)
{
	if (host->has_v2 && find_base(caller, wishes, host) < 0)
		return err_oom(err);
	if (cgroup_v1_place(caller, wishes && wishes->relative, host) < 0)
		return err_oom(err);
	return 0;
}

int cgroup_place_scope(const struct caller *caller, const char *name, struct cgroup_host *host,
                       struct err *err)
{
	_cleanup_free_ char *path = NULL, *dir = NULL;
	int r;

	host->rung = host->base ? CGROUP_RUNG_OWN : CGROUP_RUNG_NONE;
	r = cgroup_scope_ask(caller, name, getpid(), &path, err);
	if (r < 0)
		return r;
	r = find_dir(host, path, &dir);
	if (r > 0)
		r = check_base(host, caller, dir);
	if (r < 0)
		return err_oom(err);
	if (r == 0)
		return err_say(err, -EXDEV, "the scope that systemd gave cannot be used: %s",
		               host->why_no_base);
	free(host->base);
	host->base = take_ptr(dir);
	free(take_ptr(host->why_no_base));
	host->rung = CGROUP_RUNG_OWN;
	return 0;
}

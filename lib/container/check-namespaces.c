/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/check-internal.h"

#include "base/cleanup.h"
#include "idmap/idmap.h"
#include "ns/ns.h"
#include "os/fd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* /proc/sys/user/max_*_namespaces; -1: there is no such limit. */
static long long read_limit(enum ns_kind kind)
{
	char path[64], text[32];

	(void)snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", ns_name(kind));
	if (fd_read_short(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return -1;
	return strtoll(text, NULL, 10);
}

static void note_limit(struct check_job *job, enum ns_kind kind)
{
	long long limit = read_limit(kind);

	if (limit >= 0 && limit < INT32_MAX)
		check_note(job, "at most %lld of them", limit);
}

static int explain(enum ns_kind kind, int code, struct err *err)
{
	const char *name = ns_name(kind);
	char upper[8] = "";

	for (size_t i = 0; i < sizeof(upper) - 1 && name[i]; i++)
		upper[i] = (char)toupper((unsigned char)name[i]);
	err_set(err, code, "cannot make a namespace of kind %s", name);
	if (code == -ENOSPC)
		err_hint(err, "as root: sysctl -w user.max_%s_namespaces=15000 (it is %lld)", name,
		         read_limit(kind));
	else if (code == -EINVAL)
		err_hint(err, "it takes a kernel with CONFIG_%s_NS", upper);
	return code;
}

static int check_ns(struct check_job *job, struct err *err)
{
	enum ns_kind kind = (enum ns_kind)job->row->what;

	note_limit(job, kind);
	/* What keeps a user from user namespaces is the matter of another row. */
	if (!job->caller->is_root && check_unshare(job, 0, err) < 0)
		return err ? err->code : -EPERM;
	if (unshare((int)ns_clone_flag(kind)) < 0)
		return explain(kind, -errno, err);
	return 0;
}

/* Where AppArmor restricts users they get the namespace, but no right in it. */
static int check_userns(struct check_job *job, struct err *err)
{
	int r;

	note_limit(job, NS_USER);
	if (unshare(CLONE_NEWUSER) == 0 && unshare(CLONE_NEWUTS) == 0)
		return 0;
	r = -errno;
	idmap_explain_clone_failure(r, err);
	return r;
}

static int check_userns_of_users(struct check_job *job, struct err *err)
{
	const uid_t nobody = 65534;

	if (setgroups(0, NULL) < 0 || setresgid(nobody, nobody, nobody) < 0 ||
	    setresuid(nobody, nobody, nobody) < 0)
		return err_set(err, -errno, "cannot become an ordinary user");
	return check_userns(job, err);
}

const struct check_row check_rows_namespaces[] = {
	{ .label = CHECK_USERNS, .need = CHECK_BY_USERS, .run = check_userns },
	{ .label = "User namespace of ordinary users",
	  .root_only = true,
	  .needs = CHECK_USERNS,
	  .run = check_userns_of_users },
	{ .label = "Utsname namespace",
	  .need = CHECK_BY_ALL,
	  .in_userns = true,
	  .run = check_ns,
	  .what = NS_UTS },
	{ .label = "Ipc namespace",
	  .need = CHECK_BY_ALL,
	  .in_userns = true,
	  .run = check_ns,
	  .what = NS_IPC },
	{ .label = "Pid namespace",
	  .need = CHECK_BY_ALL,
	  .in_userns = true,
	  .run = check_ns,
	  .what = NS_PID },
	{ .label = "Mount namespace",
	  .need = CHECK_BY_ALL,
	  .in_userns = true,
	  .run = check_ns,
	  .what = NS_MNT },
	{ .label = "Network namespace",
	  .need = CHECK_BY_ALL,
	  .in_userns = true,
	  .run = check_ns,
	  .what = NS_NET },
	{ .label = "Time namespace", .in_userns = true, .run = check_ns, .what = NS_TIME },
	{ .label = "Cgroup namespace", .in_userns = true, .run = check_ns, .what = NS_CGROUP },
	{},
};

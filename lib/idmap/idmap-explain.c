/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap/idmap.h"

#include "idmap/idmap-internal.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A refused user namespace has many causes and few error numbers. The kernel's switches tell them
 * apart; each answer names the one command that repairs it. */

#define MAX_USERNS_FILE "/proc/sys/user/max_user_namespaces"

static int64_t read_switch(const char *path)
{
	char buf[32];

	if (fd_read_short(AT_FDCWD, path, buf, sizeof(buf)) <= 0)
		return -1;
	return strtoll(buf, NULL, 10);
}

/* A seccomp filter (mode 2) is on this process. */
static bool has_seccomp_filter(void)
{
	char buf[4096];
	const char *s;

	if (fd_read_short(AT_FDCWD, "/proc/self/status", buf, sizeof(buf)) <= 0)
		return false;
	s = strstr(buf, "\nSeccomp:\t");
	return s && s[10] == '2';
}

void idmap_load_facts(struct userns_facts *ret_facts)
{
	*ret_facts = (struct userns_facts){
		.max_user_namespaces = read_switch(MAX_USERNS_FILE),
		.unprivileged_clone = read_switch("/proc/sys/kernel/unprivileged_userns_clone"),
		.apparmor_restrict =
			read_switch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
		.is_root = geteuid() == 0,
		.has_filter = has_seccomp_filter(),
	};
}

static void explain_limit(const struct userns_facts *facts, struct err *err)
{
	if (facts->max_user_namespaces == 0) {
		err_say(err, -ENOSPC, "user namespaces are switched off: %s is 0", MAX_USERNS_FILE);
		err_hint(err, "as root: sysctl -w user.max_user_namespaces=15000");
		return;
	}
	err_say(err, -ENOSPC,
	        "cannot make a user namespace: there are as many namespaces as the limits in "
	        "/proc/sys/user allow, or 32 levels of them");
	if (facts->max_user_namespaces > 0)
		err_hint(err,
		         "as root: sysctl -w user.max_user_namespaces=%lld (it is %lld now; the "
		         "limits of the other kinds are beside it)",
		         (long long)facts->max_user_namespaces * 2,
		         (long long)facts->max_user_namespaces);
}

static void explain_forbidden(int code, const struct userns_facts *facts, struct err *err)
{
	if (facts->unprivileged_clone == 0 && !facts->is_root) {
		err_say(err, code,
		        "ordinary users may not make user namespaces: "
		        "/proc/sys/kernel/unprivileged_userns_clone is 0");
		err_hint(err, "as root: sysctl -w kernel.unprivileged_userns_clone=1");
	} else if (facts->apparmor_restrict > 0 && !facts->is_root) {
		err_say(err, code,
		        "AppArmor keeps ordinary users from making user namespaces: "
		        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns is 1");
		err_hint(err, "as root: load an AppArmor profile that allows 'userns' to this "
		              "program, or sysctl -w "
		              "kernel.apparmor_restrict_unprivileged_userns=0");
	} else if (facts->has_filter) {
		err_say(err, code,
		        "a seccomp filter or the kernel forbids making a user namespace");
		err_hint(err, "inside a container, allow nesting there (with docker: "
		              "--security-opt seccomp=unconfined)");
	} else {
		err_set(err, code, "cannot make a user namespace");
		err_hint(err, "it is not allowed inside a chroot, nor to an id that the own user "
		              "namespace does not map");
	}
}

void idmap_explain_facts(int code, const struct userns_facts *facts, struct err *err)
{
	switch (code) {
	case -ENOSPC:
	case -EUSERS: /* before Linux 4.9 */
		explain_limit(facts, err);
		break;
	case -EPERM:
	case -EACCES:
		explain_forbidden(code, facts, err);
		break;
	case -EINVAL:
		err_say(err, code, "the kernel does not know one of the namespaces asked for");
		err_hint(err,
		         "the kernel configuration needs CONFIG_NAMESPACES and CONFIG_USER_NS");
		break;
	case -ENOSYS:
		err_say(err, code, "the kernel has no clone3(2), or a seccomp filter hides it");
		err_hint(err, "Linux 5.7 or later is needed");
		break;
	default:
		err_set(err, code, "cannot make a process in a new user namespace");
	}
}

void idmap_explain_clone_failure(int code, struct err *err)
{
	struct userns_facts facts;

	idmap_load_facts(&facts);
	idmap_explain_facts(code, &facts, err);
}

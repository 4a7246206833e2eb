/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "priv/caller.h"

#include "priv/auth.h"
#include "priv/open.h"
#include "priv/say.h"

#include "base/num.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Whom priv_drop becomes; the process itself forgets it in priv_become_root. */
static uid_t real_uid = (uid_t)-1;
static gid_t real_gid = (gid_t)-1;

bool priv_ids_allowed(const struct priv_ids *ids)
{
	return AUTH(ids->euid == 0) && AUTH(ids->suid == 0) && AUTH(ids->egid == ids->rgid) &&
	       AUTH(ids->sgid == ids->rgid) && AUTH(ids->ruid != ids->nobody);
}

static uint32_t overflow_id(int proc_fd, const char *path)
{
	char text[NUM_TEXT_MAX];
	uint32_t id;
	ssize_t n = priv_read_at(proc_fd, path, text, sizeof(text));

	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	if (n <= 0 || num_parse_u32(text, &id) < 0)
		priv_fail("cannot start");
	return id;
}

void priv_identify(struct priv_caller *ret_caller)
{
	struct priv_ids ids = {};
	struct stat st;
	int proc_fd;

	if (getresuid(&ids.ruid, &ids.euid, &ids.suid) < 0 ||
	    getresgid(&ids.rgid, &ids.egid, &ids.sgid) < 0)
		_exit(1);
	real_uid = ids.ruid;
	real_gid = ids.rgid;
	if (!AUTH(ids.euid == 0))
		priv_fail("not installed set-user-ID root, or started where that has no effect");
	proc_fd = priv_open_proc();
	ids.nobody = overflow_id(proc_fd, "sys/kernel/overflowuid");
	ret_caller->nobody = overflow_id(proc_fd, "sys/kernel/overflowgid");
	/* The kernel lets an id stay what it is only when it is mapped here. */
	if (!AUTH(priv_ids_allowed(&ids)) || setresgid(ids.rgid, (gid_t)-1, (gid_t)-1) < 0 ||
	    fstatat(proc_fd, "self/exe", &st, 0) < 0 || !AUTH(priv_is_roots(&st, S_IFREG)))
		priv_fail("not installed as root's own program");
	(void)close(proc_fd);
	ret_caller->uid = ids.ruid;
	ret_caller->gid = ids.rgid;
	ret_caller->n_groups = getgroups(NGROUPS_MAX, ret_caller->groups);
	if (ret_caller->n_groups < 0)
		priv_fail("cannot start");
	ret_caller->groups[ret_caller->n_groups++] = ids.rgid;
}

/* ---- capabilities ---- */

static int set_capabilities(uint64_t permitted, uint64_t effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .permitted = (uint32_t)permitted, .effective = (uint32_t)effective },
		{ .permitted = (uint32_t)(permitted >> 32),
		  .effective = (uint32_t)(effective >> 32) },
	};

	return (int)syscall(SYS_capset, &header, data);
}

static uint64_t permitted_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &header, data) < 0)
		_exit(1);
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

void priv_raise(uint64_t mask)
{
	if (set_capabilities(permitted_capabilities(), mask) < 0)
		_exit(1);
}

void priv_keep_capabilities(uint64_t mask)
{
	const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
	                           SECBIT_NO_SETUID_FIXUP_LOCKED;
	unsigned long cap = 0; /* the first that the kernel does not know is the end */

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0)
		priv_fail("not permitted");
	while (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
		cap++;
	if (errno != EINVAL || set_capabilities(mask, 0) < 0)
		priv_fail("not permitted");
}

/* ---- ids ---- */

/* suid_dumpable(5) may make a process dumpable whenever its ids change. */
static void hide(int failed)
{
	if (failed || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		_exit(1);
}

void priv_as_caller(const struct priv_caller *caller)
{
	hide(setresuid((uid_t)-1, caller->uid, 0));
}

void priv_as_root(void)
{
	hide(setresuid((uid_t)-1, 0, (uid_t)-1));
}

void priv_become_root(void)
{
	priv_raise(1ULL << CAP_SETUID | 1ULL << CAP_SETGID);
	hide(setresgid(0, 0, 0));
	hide(setresuid(0, 0, 0));
	priv_raise(0);
}

static bool is_all_theirs(void)
{
	uid_t uid[3];
	gid_t gid[3];

	if (getresuid(&uid[0], &uid[1], &uid[2]) < 0 || getresgid(&gid[0], &gid[1], &gid[2]) < 0)
		_exit(1);
	for (int i = 0; i < 3; i++)
		if (uid[i] != real_uid || gid[i] != real_gid)
			return false;
	return true;
}

void priv_drop(void)
{
	if (real_uid == (uid_t)-1) {
		real_uid = getuid();
		real_gid = getgid();
	}
	if (!is_all_theirs()) {
		priv_raise(permitted_capabilities());
		hide(setresgid(real_gid, real_gid, real_gid));
		hide(setresuid(real_uid, real_uid, real_uid));
	}
	if (set_capabilities(0, 0) < 0 || permitted_capabilities() != 0 || !is_all_theirs())
		_exit(1);
}

/* ---- names ---- */

void priv_find_name(struct priv_caller *caller)
{
	const struct passwd *account;

	priv_as_caller(caller);
	account = getpwuid(caller->uid);
	if (account && account->pw_uid == caller->uid &&
	    strlen(account->pw_name) < sizeof(caller->name))
		(void)strcpy(caller->name, account->pw_name);
	priv_as_root();
}

bool priv_caller_has_gid(const struct priv_caller *caller, gid_t gid)
{
	for (int i = 0; i < caller->n_groups; i++)
		if (caller->groups[i] == gid)
			return AUTH(gid != caller->nobody);
	return false;
}

bool priv_caller_is_in(void *arg, const char *group, bool is_gid, uint32_t *gid)
{
	const struct priv_caller *caller = arg;
	const struct group *entry;

	if (!is_gid) {
		priv_as_caller(caller);
		entry = getgrnam(group);
		priv_as_root();
		if (!entry)
			return false;
		*gid = entry->gr_gid;
	}
	return AUTH(priv_caller_has_gid(caller, *gid));
}

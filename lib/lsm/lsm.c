/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lsm/lsm.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void lsm_find(bool is_host_root, struct lsm_facts *ret_facts)
{
	*ret_facts = (struct lsm_facts){
		.apparmor = access(LSM_APPARMOR_DIR, F_OK) == 0,
		.selinux = access("/sys/fs/selinux/enforce", F_OK) == 0,
		.knows_mounts = access(LSM_APPARMOR_DIR "/features/mount", F_OK) == 0,
		.may_load = is_host_root && access(LSM_APPARMOR_DIR "/.replace", W_OK) == 0,
	};
}

bool lsm_is_generated(const char *profile)
{
	return profile && strcmp(profile, "generated") == 0;
}

static int take(enum lsm_kind kind, const char *text, struct lsm_label *ret_label, struct err *err)
{
	if (strlen(text) >= sizeof(ret_label->text))
		return err_say(err, -EINVAL, "the label '%.40s...' is longer than %zu bytes", text,
		               sizeof(ret_label->text) - 1);
	ret_label->kind = kind;
	(void)strcpy(ret_label->text, text);
	return 0;
}

static bool is_plain(const char *profile)
{
	return !profile || !*profile || strcmp(profile, "unconfined") == 0 ||
	       strcmp(profile, "unchanged") == 0;
}

static int choose_profile(const struct lsm_wishes *wishes, const struct lsm_facts *facts,
                          struct lsm_label *ret_label, const char **ret_note, struct err *err)
{
	bool is_generated = lsm_is_generated(wishes->profile);

	if (!facts->apparmor) {
		*ret_note = "this kernel runs without AppArmor, continuing without lxc.apparmor.*";
		return 0;
	}
	if (is_generated && !facts->may_load) {
		*ret_note = "only root of the host can load AppArmor profiles, continuing without "
			    "one that is generated for the container";
		return 0;
	}
	if (facts->knows_mounts || wishes->allow_incomplete)
		return take(LSM_APPARMOR, is_generated ? wishes->generated : wishes->profile,
		            ret_label, err);
	err_say(err, -EOPNOTSUPP, "the AppArmor of this kernel has no rules for mounts");
	err_hint(err, "'lxc.apparmor.allow_incomplete = 1' does with what it has");
	return -EOPNOTSUPP;
}

static bool is_context(const char *context)
{
	return context && *context && strcmp(context, "unconfined_t") != 0;
}

int lsm_choose(const struct lsm_wishes *wishes, const struct lsm_facts *facts,
               struct lsm_label *ret_label, const char **ret_note, struct err *err)
{
	int r = 0;

	*ret_label = (struct lsm_label){ .kind = LSM_NONE };
	*ret_note = NULL;
	if (!is_plain(wishes->profile))
		r = choose_profile(wishes, facts, ret_label, ret_note, err);
	if (r < 0 || ret_label->kind != LSM_NONE)
		return r;
	if (is_context(wishes->context) && facts->selinux)
		return take(LSM_SELINUX, wishes->context, ret_label, err);
	if ((is_context(wishes->context) || is_context(wishes->keyring)) && !facts->selinux)
		*ret_note = "this kernel runs without SELinux, continuing without lxc.selinux.*";
	return 0;
}

int lsm_choose_keyring(const struct lsm_wishes *wishes, const struct lsm_facts *facts,
                       struct lsm_label *ret_label, struct err *err)
{
	const char *context = wishes->keyring ? wishes->keyring : wishes->context;

	*ret_label = (struct lsm_label){ .kind = LSM_NONE };
	return facts->selinux && is_context(context) ? take(LSM_SELINUX, context, ret_label, err)
	                                             : 0;
}

int lsm_choose_named(const char *text, const struct lsm_facts *facts, struct lsm_label *ret_label,
                     struct err *err)
{
	*ret_label = (struct lsm_label){ .kind = LSM_NONE };
	if (facts->apparmor || facts->selinux)
		return take(facts->apparmor ? LSM_APPARMOR : LSM_SELINUX, text, ret_label, err);
	err_say(err, -EOPNOTSUPP,
	        "there is no label '%.100s': this kernel runs without AppArmor "
	        "and without SELinux",
	        text);
	err_hint(err, "go without -c, --context");
	return -EOPNOTSUPP;
}

int lsm_set_keyring(int proc_fd, const struct lsm_label *label, struct err *err)
{
	int r = 0;

	if (label->kind == LSM_SELINUX)
		r = fd_write_at(proc_fd, "thread-self/attr/keycreate", label->text);
	if (r == 0)
		return 0;
	err_set(err, r, "cannot give the session keyring the SELinux context '%s'", label->text);
	err_hint(err, "the policy must know it: see lxc.selinux.context.keyring and ausearch -m "
	              "avc");
	return r;
}

int lsm_open(int proc_fd, const struct lsm_label *label, struct err *err)
{
	/* The first is AppArmor's own since Linux 5.8; the second belongs to the
	 * first module. */
	static const char *const paths[] = { "thread-self/attr/apparmor/exec",
		                             "thread-self/attr/exec" };
	int fd = -EBADF;

	if (label->kind == LSM_NONE)
		return -EBADF;
	if (label->kind == LSM_APPARMOR)
		fd = openat(proc_fd, paths[0], O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fd = openat(proc_fd, paths[1], O_WRONLY | O_CLOEXEC);
	return fd < 0 ? err_set(err, -errno, "cannot open '/proc/%s'", paths[1]) : fd;
}

static int say_refused(const struct lsm_label *label, int code, struct err *err)
{
	if (label->kind == LSM_SELINUX) {
		err_set(err, code, "cannot change to the SELinux context '%s'", label->text);
		err_hint(err, "the policy must know it and allow the transition: see "
		              "ausearch -m avc");
		return code;
	}
	if (code == -ENOENT) {
		err_say(err, code, "there is no AppArmor profile '%s'", label->text);
		err_hint(err,
		         "aa-status lists those that are loaded, apparmor_parser -r FILE loads "
		         "one");
		return code;
	}
	err_set(err, code, "cannot change to the AppArmor profile '%s'", label->text);
	err_hint(err, "the profile that confines us now must allow the change: see aa-status");
	return code;
}

int lsm_set(int fd, const struct lsm_label *label, struct err *err)
{
	char text[LSM_LABEL_MAX + 8];
	int len;

	if (fd < 0)
		return 0;
	len = snprintf(text, sizeof(text), "%s%s", label->kind == LSM_APPARMOR ? "exec " : "",
	               label->text);
	return write(fd, text, (size_t)len) == len ? 0 : say_refused(label, -errno, err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_LSM_LSM_H
#define RLXC_LSM_LSM_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* The label that a program gets from a security module at its exec: a profile
 * of AppArmor, a context of SELinux. To ask for it is one write to a file of
 * procfs, see proc_pid_attr(5): the modules' own libraries do no more, and are
 * not needed. */

enum lsm_kind { LSM_NONE, LSM_APPARMOR, LSM_SELINUX };

#define LSM_LABEL_MAX 256
#define LSM_APPARMOR_DIR "/sys/kernel/security/apparmor"

struct lsm_label {
	int32_t kind; /* enum lsm_kind */
	char text[LSM_LABEL_MAX];
};

struct lsm_wishes {
	const char *profile;   /* lxc.apparmor.profile, NULL: not set */
	const char *generated; /* name of the profile to make for "generated" */
	const char *context;   /* lxc.selinux.context, NULL: not set */
	const char *keyring;   /* lxc.selinux.context.keyring, NULL: as context */
	bool allow_incomplete;
};

struct lsm_facts {
	bool apparmor, selinux; /* active in this kernel */
	bool knows_mounts;      /* its AppArmor has rules for mounts */
	bool may_load;          /* we may give it a profile */
};

/* @is_host_root: root, and in no user namespace. */
void lsm_find(bool is_host_root, struct lsm_facts *ret_facts);

bool lsm_is_generated(const char *profile);

/* Profiles "unconfined" and "unchanged", and the context "unconfined_t", leave
 * the label alone, and so does what belongs to a module that is not there, and a
 * generated profile where none can be loaded. @ret_note: NULL, or a sentence (a
 * constant) about what was asked for and is left out. */
int lsm_choose(const struct lsm_wishes *wishes, const struct lsm_facts *facts,
               struct lsm_label *ret_label, const char **ret_note, struct err *err);

/* The context of the container's session keyring. */
int lsm_choose_keyring(const struct lsm_wishes *wishes, const struct lsm_facts *facts,
                       struct lsm_label *ret_label, struct err *err);
/* A label that somebody names, of the module that this kernel has. -EOPNOTSUPP: it has none. */
int lsm_choose_named(const char *text, const struct lsm_facts *facts, struct lsm_label *ret_label,
                     struct err *err);

/* The keyrings that this process makes from here on, until its exec, have the label. @proc_fd: as
 * for lsm_open. */
int lsm_set_keyring(int proc_fd, const struct lsm_label *label, struct err *err);

/* Opens the file that takes the label, in the procfs @proc_fd (of the host: the
 * container's is not believed), by the process that will write to it. -EBADF
 * without an error: there is no label. */
int lsm_open(int proc_fd, const struct lsm_label *label, struct err *err);
/* The next exec of this process changes to the label. @fd: of lsm_open; -EBADF:
 * nothing to do. */
int lsm_set(int fd, const struct lsm_label *label, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_SECCOMP_CHOOSE_H
#define RLXC_SECCOMP_CHOOSE_H

#include "base/err.h"

#include <stdbool.h>

struct seccomp_facts {
	const char *profile; /* lxc.seccomp.profile, NULL: not set */
	bool userns;         /* the container has id maps */
	bool has_rootfs;
	bool has_proxy; /* lxc.seccomp.notify.proxy */
};

/* What a container is filtered by. Both owned, both NULL: by nothing. */
struct seccomp_choice {
	char *policy; /* see seccomp_policy_parse */
	char *source; /* for people: a path, or "built in" */
};
void seccomp_choice_done(struct seccomp_choice *choice);

/* Reads the named policy, or takes the built-in one. @ret_note: NULL, or a sentence (a constant)
 * about what was done instead of what was asked for. */
int seccomp_choose(const struct seccomp_facts *facts, struct seccomp_choice *ret_choice,
                   const char **ret_note, struct err *err);

#endif

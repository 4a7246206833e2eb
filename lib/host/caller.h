/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_HOST_CALLER_H
#define RLXC_HOST_CALLER_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Who is calling. /etc/passwd is read directly; only a user that is not in it costs a name
 * service lookup. */
struct caller {
	uid_t uid; /* effective */
	gid_t gid;
	bool is_root;   /* euid 0 */
	bool in_userns; /* our user namespace is not the first one */
	char *name;     /* login name, or the uid in decimal */
	char *home;     /* $HOME when it is absolute, else passwd, else "/" */
	char *own_home; /* passwd, else "/": after su(1) $HOME may be another user's */
};

int caller_load(struct caller *ret_caller, struct err *err);
void caller_done(struct caller *caller);

#endif

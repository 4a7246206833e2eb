/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/caller.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "host/passwd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Inode number of the first user namespace, the same on every Linux since 3.8; in the kernel's
 * headers as USER_NS_INIT_INO only since 6.18. The map does not tell: an inner namespace may
 * also map every id to itself. */
#define FIRST_USERNS_INODE 0xEFFFFFFDU

static bool is_in_userns(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino != FIRST_USERNS_INODE;
}

/* Name and home of @caller, as owned strings; without an entry the uid in decimal and "/". */
static int load_names(struct caller *caller)
{
	_cleanup_(passwd_done) struct passwd_entry entry = {};
	const char *home = getenv("HOME"), *own_home;
	char uid_text[NUM_TEXT_MAX];
	int r;

	r = passwd_by_uid(caller->uid, &entry);
	if (r < 0 && r != -ENOENT)
		return r;
	own_home = entry.home && entry.home[0] == '/' ? entry.home : "/";
	caller->own_home = strdup(own_home);
	caller->home = strdup(home && home[0] == '/' ? home : own_home);
	caller->name = strdup(entry.name ? entry.name : num_format(uid_text, caller->uid));
	return caller->home && caller->own_home && caller->name ? 0 : -ENOMEM;
}

int caller_load(struct caller *ret_caller, struct err *err)
{
	struct caller caller = { .uid = geteuid(), .gid = getegid() };

	caller.is_root = caller.uid == 0;
	caller.in_userns = is_in_userns();
	if (load_names(&caller) < 0) {
		caller_done(&caller);
		return err_oom(err);
	}
	*ret_caller = caller;
	return 0;
}

void caller_done(struct caller *caller)
{
	free(caller->name);
	free(caller->home);
	free(caller->own_home);
	caller->name = NULL;
	caller->home = NULL;
	caller->own_home = NULL;
}

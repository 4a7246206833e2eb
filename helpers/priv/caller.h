/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_PRIV_CALLER_H
#define RLXC_PRIV_CALLER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Who called, by what the kernel says, and the way down from root to them.
 *
 * MUSTs: 1. No name or id comes from the environment. 2. Capabilities: the permitted set only ever
 * shrinks; the effective one is empty but around single calls. 3. Switching ids changes no
 * capability (securebits), and is verified. 4. The process is never dumpable. 5. Nothing runs as
 * root after priv_drop. */

struct priv_caller {
	uid_t uid; /* the real ones */
	gid_t gid;
	char name[100]; /* of the account; empty when there is none */
	int n_groups;   /* what the kernel holds, and gid */
	gid_t groups[NGROUPS_MAX + 1];
	gid_t nobody; /* what any group looks like that is not mapped here */
};

struct priv_ids {
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;
	uid_t nobody; /* what any user looks like who is not mapped here */
};

/* Is this the state after the start of a program that is set-user-ID root, for a caller whom one
 * can tell from others? Which "nobody" is not, wherever it is. */
bool priv_ids_allowed(const struct priv_ids *ids);

void priv_identify(struct priv_caller *ret_caller);
/* Permitted becomes @mask, all else is empty, and no exec gives anything back. */
void priv_keep_capabilities(uint64_t mask);
/* Asks the name service, with the caller's rights. */
void priv_find_name(struct priv_caller *caller);
bool priv_caller_has_gid(const struct priv_caller *caller, gid_t gid);
/* Is the caller in that group, which has a name, or is *gid? With their rights, too. As struct
 * priv_asker wants it. */
bool priv_caller_is_in(void *caller, const char *group, bool is_gid, uint32_t *gid);

/* The effective set. */
void priv_raise(uint64_t mask);
/* Looks things up as the caller: the kernel applies their rights. Then back. */
void priv_as_caller(const struct priv_caller *caller);
void priv_as_root(void);
/* Real ids too: the caller cannot send signals any more. Needs SETUID and SETGID. */
void priv_become_root(void);
/* Becomes the caller for good, without a capability. */
void priv_drop(void);

#endif

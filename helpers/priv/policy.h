/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_PRIV_POLICY_H
#define RLXC_PRIV_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the files of the administrator have in common: lines of words, of which one says for whom
 * the line is. Pure. */

#define PRIV_TEXT_MAX (1 << 20) /* such a file is smaller */
#define PRIV_LINE_MAX 512

/* Calls @fn with a copy of each line, without its end. -1: no text that is meant so (a NUL, a line
 * beyond PRIV_LINE_MAX bytes); the lines before were handed on. */
int priv_each_line(const char *text, size_t len, void (*fn)(void *arg, char *line), void *arg);

/* Cuts the line into its words, at most @max; what is behind the last is a comment. None when it
 * begins with a blank. */
size_t priv_split(char *line, char *words[], size_t max);

struct priv_asker {
	uint32_t uid;
	const char *user; /* empty: has no name */
	/* Is the one who asks in that group, which has a name, or is *gid? */
	bool (*in_group)(void *arg, const char *group, bool is_gid, uint32_t *gid);
	void *arg;
};

/* Is @owner ("name", "@group", "uid:N", "@gid:N") the one who asks? As what, when so. */
bool priv_owner_is(const char *owner, const struct priv_asker *asker, bool *ret_is_group,
                   uint32_t *ret_id);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERIDMAP_SOURCE_H
#define RLXC_USERIDMAP_SOURCE_H

#include "owned.h"

#include "priv/caller.h"

#include <sys/stat.h>

/* The directory that is to be mounted with a map: a descriptor of the caller's. That they have it
 * proves no right, so whose it is decides. */

struct source {
	int fd;
	struct stat st;
	uint64_t mount_id;
};

/* @fd: a directory, opened in no unusual way. */
bool source_take(int fd, struct source *ret_source);

struct source_owners {
	const struct priv_caller *caller;
	const struct owned *uids, *gids;
};
/* Does the directory belong to the caller, or to their subordinate ids below a directory of the
 * caller's? Else it is what such an id has left somewhere. */
bool source_is_own(const struct source *source, const struct source_owners *owners);

/* Is it root's, and the directory at @path or (@below) one in that? Through that mount: another one
 * may show what is covered there. */
bool source_is_published(const struct source *source, const char *path, bool below);

/* Of the mount that @fd stands on. */
bool source_mount_id(int fd, uint64_t *ret_id);

/* Still the same directory of the same owner? */
bool source_is_same(const struct source *source, int fd);

#endif

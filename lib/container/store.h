/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_STORE_H
#define RLXC_CONTAINER_STORE_H

#include "base/err.h"
#include "base/strv.h"
#include "conf/conf.h"
#include "conf/sysconf.h"
#include "host/caller.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <stddef.h>

/* A directory of containers (lxcpath) and who is asking. NAME/config in it defines a container. */
struct store {
	char *path; /* absolute, no trailing slash; need not exist */
	struct caller caller;
	struct sysconf sysconf;
};

/* @path: NULL for lxc.lxcpath of the system configuration. */
int store_open(const char *path, struct store *ret_store, struct err *err);
void store_done(struct store *store);

/* A name is one path component of 1 to 200 bytes, does not start with '.' or '-', and holds no
 * control byte, blank, slash or character that a shell treats specially. */
int store_check_name(const char *name, struct err *err);

/* -ENOENT, "container 'x' does not exist in PATH". */
int store_say_missing(const struct store *store, const char *name, struct err *err);
/* For hints that name a command: " -P PATH", or "" where the command finds the store by itself. */
const char *store_option(const struct store *store, char *buf, size_t size);
#define STORE_OPTION(store) store_option(store, (char[256]){ 0 }, 256)

/* O_PATH directory of the container; -ENOENT: "container 'x' does not exist". The name has been
 * checked. The directory itself must not be a link. */
int store_open_dir(const struct store *store, const char *name, struct err *err);
bool store_is_defined(const struct store *store, const char *name);
/* The same with what is in the way, which may be that one may not look. */
int store_check_defined(const struct store *store, const char *name, struct err *err);
/* What to look at when the disk is full, which @code says or not. */
void store_hint_full(const struct store *store, int code, struct err *err);

/* The container's configuration (@rcfile instead, when given). Pure reading: idmap choice, checks
 * and defaults belong to the plan. -ENOENT: no such container. On a syntax error *@ret_conf is
 * still filled with what could be read when @tolerate, so it can be shown and destroyed; the call
 * returns the error all the same. */
int store_load_conf(const struct store *store, const char *name, const char *rcfile, bool tolerate,
                    struct conf **ret_conf, struct err *err);

/* Clears away what a creation (or a destroy) that did not end has left: the directory @name holds a
 * file `partial` that nobody locks, and our mark. 1: removed. 0: there was nothing to clear away,
 * or a creation is under way, or the directory is not ours. The name has been checked. */
int store_clean_partial(const struct store *store, const char *name, struct err *err);
/* The mode of a container's directory that has no mark yet, or no more: nobody gives the sticky bit
 * to a directory of his own alone. An empty one is removed by whoever looks, also while it is being
 * made; then it is made again. */
#define STORE_BARE_MODE (S_ISVTX | S_IRWXU)
bool store_is_bare(const struct stat *st);
/* Makes the locked file `partial`, which where the file system can do it is never there without its
 * lock. -EEXIST: it is there, and @is_new. -EAGAIN: another process creates or removes the
 * container. */
int store_lock_partial(int dir_fd, bool is_new);
/* For a creation of that name: takes away what one leaves that is killed before its mark is there.
 * Another one that has yet to lock its file notices that the file is gone. */
void store_clean_unmarked(const struct store *store, const char *name);

/* Names of all containers defined here, sorted. Clears away partial ones on the way; a store that
 * does not exist has none. */
int store_names(const struct store *store, struct strv *ret_names, struct err *err);

#endif

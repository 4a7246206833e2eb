/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_STORE_H
#define RLXC_CONTAINER_STORE_H

#include "base/err.h"
#include "conf/conf.h"
#include "conf/sysconf.h"
#include "host/caller.h"

#include <stdbool.h>

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

/* O_PATH directory of the container; -ENOENT: "container 'x' does not exist". The name has been
 * checked. The directory itself must not be a link. */
int store_open_dir(const struct store *store, const char *name, struct err *err);
bool store_is_defined(const struct store *store, const char *name);

/* The container's configuration (@rcfile instead, when given). Pure reading: idmap choice, checks
 * and defaults belong to the plan. -ENOENT: no such container. On a syntax error *@ret_conf is
 * still filled with what could be read when @tolerate, so it can be shown and destroyed. */
int store_load_conf(const struct store *store, const char *name, const char *rcfile, bool tolerate,
                    struct conf **ret_conf, struct err *err);

/* Names of all containers defined here, sorted. */
int store_names(const struct store *store, struct strv *ret_names, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONF_SYSCONF_H
#define RLXC_CONF_SYSCONF_H

#include "base/err.h"

#include <stdbool.h>

/* The system configuration, lxc.conf(5): /etc/lxc/lxc.conf for root, ~/.config/lxc/lxc.conf for
 * others. A different, simpler syntax: first matching line wins, no quotes, no includes. */
struct sysconf {
	char *lxcpath;        /* directory of the containers, no trailing slash */
	char *default_config; /* configuration that a new container starts from */
	char *lvm_vg, *lvm_thin_pool, *zfs_root, *rbd_pool, *rbd_user;
	char *cgroup_pattern, *cgroup_use;
};

/* @home: the caller's home directory ("/" when unset), @is_root: effective uid 0. A missing file
 * is normal. */
int sysconf_load(struct sysconf *ret_conf, const char *home, bool is_root, struct err *err);
void sysconf_done(struct sysconf *conf);

/* Value of a key by its full name ("lxc.lxcpath"), NULL when it is unset; -EINVAL: no such key.
 * The string belongs to @conf. */
int sysconf_get(const struct sysconf *conf, const char *key, const char **ret_value);
/* The i-th key, NULL past the end. */
const char *sysconf_key(unsigned int i);

#endif

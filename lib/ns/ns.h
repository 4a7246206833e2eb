/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NS_NS_H
#define RLXC_NS_NS_H

#include "base/err.h"
#include "conf/conf.h"
#include "conf/nsbits.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Namespaces: which ones a container gets, lists of them on command lines, and opening those that
 * others have made. See namespaces(7); the keys are lxc.namespace.* of lxc.container.conf(5). */

/* What happens to each kind; every one is in exactly one of the three sets of NS_BIT. */
struct ns_choice {
	uint32_t fresh;  /* made for the container */
	uint32_t shared; /* joined, conf->ns_share says whose */
	uint32_t kept;   /* the caller's own */
};

/* Without lxc.namespace.clone and .keep all are new but: user without an id map, net when there
 * are networks and each is of type none, time without an offset. The same exceptions hold for
 * what a keep list leaves; a clone list is taken as it stands, and an id map adds user to it.
 * Shared ones are not made, whatever the lists say.
 * @has_idmap: the container has a map, written or chosen. Pure.
 * -EINVAL: an id map with user kept, user in the clone list without a map, an offset of
 * lxc.time.offset.* without a time namespace of its own. */
int ns_choose(const struct conf *conf, bool has_idmap, struct ns_choice *ret_choice,
              struct err *err);

/* "mnt|PID|NETWORK": names in any case, or the upper-case aliases MOUNT, UTSNAME and NETWORK.
 * -EINVAL names the wrong word. */
int ns_list_parse(const char *text, uint32_t *ret_bits, struct err *err);

/* CLONE_NEW* of one kind, and of all in @bits. */
uint64_t ns_clone_flag(enum ns_kind kind);
uint64_t ns_clone_flags(uint32_t bits);

/* A namespace file of that kind. -EINVAL: it is another thing. */
int ns_open_path(const char *path, enum ns_kind kind, int *ret_fd, struct err *err);

/* A value of lxc.namespace.share.*: a namespace file (it starts with '/'), a pid, or the name of
 * a container beside this one. */
enum ns_share_kind { NS_SHARE_PATH, NS_SHARE_PID, NS_SHARE_CONTAINER };
enum ns_share_kind ns_share_kind_of(const char *value);

/* No namespace of any kind, for an array of NS_MAX descriptors. */
#define NS_NO_FDS                                                                                  \
	{                                                                                          \
		-EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF                     \
	}

/* Opens what @value of lxc.namespace.share.@kind means. @container_init: pid of the container's
 * init when @value is a name, which the caller has looked up and goes on holding (a pidfd that is
 * still alive afterwards proves the answer); 0: it does not run. The file is opened for reading
 * only after it has proved to be a namespace.
 * -EINVAL: no namespace, or one of another kind. -ESRCH: no such process, or not running. */
int ns_open_shared(const char *value, enum ns_kind kind, pid_t container_init, int *ret_fd,
                   struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_PASSWD_SHELL_H
#define RLXC_CONTAINER_PASSWD_SHELL_H

#include <stddef.h>
#include <sys/types.h>

enum passwd_field { PASSWD_NAME = 0, PASSWD_HOME = 5, PASSWD_SHELL = 6 };

/* A field of @uid in a passwd(5) text that a container wrote: at most 64 KiB are looked at, home
 * and shell must be absolute paths, all must fit. 0, or -ENOENT. */
int passwd_find(const char *text, uid_t uid, enum passwd_field field, char *ret_value, size_t size);

#endif

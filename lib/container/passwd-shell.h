/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_PASSWD_SHELL_H
#define RLXC_CONTAINER_PASSWD_SHELL_H

#include <stddef.h>
#include <sys/types.h>

/* Login shell of @uid in a passwd(5) text that a container wrote: at most 64 KiB are looked at,
 * the shell must be an absolute path that fits. 0, or -ENOENT. */
int passwd_find_shell(const char *text, uid_t uid, char *ret_shell, size_t size);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_SECCOMP_PROGRAM_H
#define RLXC_SECCOMP_PROGRAM_H

#include "base/err.h"
#include "base/text.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

/* A policy and the kernel's program for it in one file, as it is kept in the cache and handed from
 * process to process. Whoever reads one checks it: its length, its sum, and the policy. */

/* The bytes of such a file. */
int seccomp_image_make(const char *policy, const struct sock_filter *program, size_t n,
                       struct text *ret_image);
/* Is that an undamaged one, of this policy (NULL: of any)? */
bool seccomp_image_ok(const char *image, size_t len, const char *policy);

/* What rlxc-seccomp answers: lines "unknown CALL", then "program N" and N lines of an instruction's
 * four numbers. -EBADMSG: something else. @ret_unknown: calls that libseccomp does not know, with
 * blanks between them; "" when it knows all. Both owned. */
int seccomp_answer_parse(const char *answer, struct sock_filter **ret_program, size_t *ret_n,
                         char **ret_unknown);

/* Filters this process from here on by the program in the open file. Needs CAP_SYS_ADMIN in the
 * user namespace, or no_new_privs. @notify_fd: where the descriptor goes that answers for calls
 * with the action notify, see notify.h; -EBADF: such calls are ENOSYS. */
int seccomp_load(int image_fd, int notify_fd, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_SECCOMP_BUILTIN_H
#define RLXC_SECCOMP_BUILTIN_H

/* The policy of a container whose configuration names none. common.seccomp is printed from it when
 * we are built, so it is what configurations that include LXC's common.conf mean as well. */
#define SECCOMP_BUILTIN_FILE "common.seccomp"
extern const char seccomp_builtin[];

#endif

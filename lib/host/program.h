/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_HOST_PROGRAM_H
#define RLXC_HOST_PROGRAM_H

#include "base/err.h"

#include <stddef.h>

/* Our own program.
 *
 * Root of a container without a map of ids is root of the host's files too. Of a process of ours in
 * its pid namespace it can keep /proc/PID/exe, and write to that file once nobody executes it any
 * more, such as after an upgrade (CVE-2019-5736). So what enters such containers is executed anew,
 * from a mount of the file that is read-only and attached nowhere: the container can neither write
 * through it nor change it, all pages are shared with the file, and our monitors and what they fork
 * come from there as well. */

/* For main, before all else that runs a program: @argv as main got it, and as it stays. */
void program_init(char **argv);

/* For root, before it enters a container. Returns when there is nothing to do: 0; what comes then
 * is the same program with the same arguments, descriptors and environment. */
int program_detach(struct err *err);

/* The path of our file. -ENAMETOOLONG: longer than that. */
int program_path(char *buf, size_t size);

#endif

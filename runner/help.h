/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_HELP_H
#define RLXC_RUNNER_HELP_H

#include "options.h"

/* What --help, --usage and --version print, on stdout, from the tables. Each returns 0 or a
 * negative errno. */
int help_print(const struct request *req);
int help_usage(const struct request *req);
/* Without a single allocation: probes call it often. */
int help_version(void);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_START_OPTIONS_H
#define RLXC_CONTAINER_START_OPTIONS_H

#include "api/rlxc.h"
#include "base/strv.h"
#include "container/rundir.h"

/* What a start was asked for, in the file "options" of the run-time directory: a monitor that takes
 * over from a killed one comes to the same plan by it. */

struct start_record {
	struct rlxc_start_options options; /* points into the rest */
	char *text;
	struct strv defines, publish, argv;
};

/* Names of files are made absolute. */
int start_options_write(const struct rundir *dir, const struct rlxc_start_options *options);
/* -ENOENT, -EBADMSG. The name is not in there. */
int start_options_read(const struct rundir *dir, struct start_record *ret_record);
void start_record_done(struct start_record *record);

#endif

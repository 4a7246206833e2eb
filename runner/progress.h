/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_PROGRESS_H
#define RLXC_RUNNER_PROGRESS_H

#include "options.h"

#include <stdint.h>

/* A line on the terminal that says how far a copy is, once it takes longer than a second. How much
 * there is in all is not known: looking would take a good part of the time. */
struct progress {
	bool shown; /* may be: stderr is a terminal */
	int64_t begin_ms;
};

void progress_begin(struct progress *progress, const struct request *req);
/* For rlxc_copy_options.progress, also in a child; @arg: struct progress. */
void progress_report(void *arg, uint64_t n_files, uint64_t n_bytes);
/* Takes the line away. */
void progress_end(const struct progress *progress);

#endif

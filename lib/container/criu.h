/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CRIU_H
#define RLXC_CONTAINER_CRIU_H

#include "api/rlxc.h"
#include "base/err.h"
#include "base/strv.h"
#include "host/caller.h"

/* Running criu(8), which writes the processes of a container to files and makes them anew. */

/* May this caller use it, is it there, and does it work with this kernel? */
int criu_check(const struct caller *caller, struct err *err);

struct criu {
	struct strv argv;
	char *dir; /* absolute: of the images */
	char *log; /* absolute */
};
void criu_done(struct criu *criu);
/* The words for @verb ("dump", "pre-dump", "restore") that all three share. */
int criu_begin(struct criu *ret_criu, const char *verb,
               const struct rlxc_checkpoint_options *options, struct err *err);
/* Runs it as a child of this process. @before: called in that child, or NULL; 0-2 are /dev/null
 * by then. The error is the first one of criu's log. */
int criu_run(struct criu *criu, int (*before)(struct criu *criu, const void *arg, struct err *err),
             const void *arg, struct err *err);

#endif

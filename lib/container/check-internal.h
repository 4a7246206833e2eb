/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CHECK_INTERNAL_H
#define RLXC_CONTAINER_CHECK_INTERNAL_H

#include "api/rlxc.h"
#include "base/err.h"
#include "host/caller.h"

#include <stdbool.h>
#include <stdint.h>

/* One row is one thing that is tried. Rows of a subject are together, in check-<subject>.c; the
 * table of subjects is in check.c. */

enum check_need {
	CHECK_OPTIONAL,
	CHECK_BY_USERS, /* an ordinary user's containers do not run without it */
	CHECK_BY_ALL,
};

struct check_job;

struct check_row {
	const char *label; /* where LXC's lxc-checkconfig has such a line, that one's */
	/* Label of a row without which this one has nothing to say, NULL: none. */
	const char *needs;
	/* Tries it: a process of its own, which is ended after a while, with a process group of its
	 * own. What it makes must end with it. @err: what is wrong, and the hint is what repairs
	 * it. */
	int (*run)(struct check_job *job, struct err *err);
	uint8_t need;    /* enum check_need */
	uint8_t what;    /* for @run */
	bool in_userns;  /* for an ordinary user: inside of a user namespace */
	bool root_only;  /* of the host; others find it out by other rows, or have no say */
	bool users_only; /* has no meaning for root */
};

struct check_job {
	const struct check_row *row;
	const struct caller *caller;
	int shell;                                            /* pid of who called us */
	char note[sizeof(((struct rlxc_check *)NULL)->note)]; /* a fact worth telling, or "" */
};

/* Each ends with an empty row. */
extern const struct check_row check_rows_namespaces[], check_rows_ids[], check_rows_cgroup[],
	check_rows_files[], check_rows_mounts[], check_rows_security[], check_rows_net[],
	check_rows_helpers[], check_rows_budget[];

#define CHECK_USERNS "User namespace" /* what .in_userns means */

/* A row of check_rows_net that has a file of its own. */
int check_usernet(struct check_job *job, struct err *err);

void check_note(struct check_job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Runs @fn as root over mounts of its own; for an ordinary user in a user namespace with one id,
 * which takes nobody's help. */
int check_in_userns(struct check_job *job, int (*fn)(void *arg, struct err *err), struct err *err);
/* A namespace of its own for this process, CLONE_NEW*; for an ordinary user in a user namespace. */
int check_unshare(const struct check_job *job, int flags, struct err *err);

#endif

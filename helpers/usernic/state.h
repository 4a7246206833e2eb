/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERNIC_STATE_H
#define RLXC_USERNIC_STATE_H

#include "policy.h"
#include "records.h"

#include "base/num.h"

/* The records of one owner on disk: RUNDIR/<uid> or RUNDIR/g<gid>, replaced as a whole, and a lock
 * beside it that is never replaced. Who stops in the middle, or is stopped, blocks nobody but who
 * shares the owner. */

#define STATE_DIR "/run/lxc/nics.d"

struct state {
	int dir_fd, lock_fd;
	const struct grant *owner;
	char name[NUM_TEXT_MAX]; /* of the file */
	bool is_fresh;           /* there was no file, or a damaged one: only the kernel knows */
	struct records records;
};

/* Waits until @deadline_ms. false: another one has it still. Ends the program when there is
 * something else in place of the lock. */
bool state_lock(struct state *state, int dir_fd, const struct grant *owner, uint64_t deadline_ms);
void state_unlock(struct state *state);
/* 0: written; the old file stays otherwise. */
int state_save(const struct state *state);
/* Has this other owner that record? Without a lock: what is replaced as a whole is never half. */
bool state_has(int dir_fd, const struct grant *owner, const struct record *record);

uint64_t state_now_ms(void); /* since the host was booted */

#endif

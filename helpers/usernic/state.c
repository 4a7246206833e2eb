/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state.h"

#include "priv/open.h"
#include "priv/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define POLL_NS 5000000L

static char text[RECORDS_TEXT_MAX];

uint64_t state_now_ms(void)
{
	struct timespec now = {};

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void name_file(const struct grant *owner, const char *suffix, char name[NUM_TEXT_MAX])
{
	(void)snprintf(name, NUM_TEXT_MAX, "%s%u%s", owner->is_group ? "g" : "", owner->id, suffix);
}

/* What is damaged goes out of the way, for the administrator to see. */
static void set_aside(const struct state *state)
{
	char bad[NUM_TEXT_MAX];

	name_file(state->owner, ".bad", bad);
	priv_log(LOG_WARNING, "%s/%s is damaged and becomes %s", STATE_DIR, state->name, bad);
	if (renameat(state->dir_fd, state->name, state->dir_fd, bad) < 0)
		priv_fail("cannot record");
}

/* 0, -ENOENT when there is nothing, or -EBADMSG for whatever is wrong with it. */
static int load(int dir_fd, const char *name, struct records *ret_records)
{
	const int fd = priv_open_file(dir_fd, name, O_RDONLY);
	ssize_t n;

	ret_records->n = 0;
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -EBADMSG;
	n = priv_read(fd, text, sizeof(text));
	(void)close(fd);
	if (n == 0)
		return -ENOENT;
	return n > 0 && strlen(text) == (size_t)n && records_parse(text, ret_records) == 0
	               ? 0
	               : -EBADMSG;
}

bool state_lock(struct state *state, int dir_fd, const struct grant *owner, uint64_t deadline_ms)
{
	const struct timespec wait = { .tv_nsec = POLL_NS };
	int r;

	state->dir_fd = dir_fd;
	state->owner = owner;
	name_file(owner, ".lock", state->name);
	state->lock_fd = priv_open_file(dir_fd, state->name, O_RDWR | O_CREAT);
	if (state->lock_fd < 0)
		priv_fail("cannot record");
	while (flock(state->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		if (state_now_ms() >= deadline_ms) {
			state_unlock(state);
			return false;
		}
		(void)nanosleep(&wait, NULL);
	}
	name_file(owner, "", state->name);
	r = load(dir_fd, state->name, &state->records);
	state->is_fresh = r < 0;
	if (r == -EBADMSG)
		set_aside(state);
	return true;
}

void state_unlock(struct state *state)
{
	(void)close(state->lock_fd);
}

bool state_has(int dir_fd, const struct grant *owner, const struct record *record)
{
	static struct records others;
	char name[NUM_TEXT_MAX];

	name_file(owner, "", name);
	return load(dir_fd, name, &others) == 0 &&
	       records_find(&others, record->uid, record->bridge, record->nic);
}

int state_save(const struct state *state)
{
	const size_t len = records_format(&state->records, text);
	char temporary[NUM_TEXT_MAX];
	bool ok;
	int fd;

	name_file(state->owner, ".tmp", temporary);
	fd = priv_open_file(state->dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC);
	ok = fd >= 0 && write(fd, text, len) == (ssize_t)len;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	if (ok && renameat(state->dir_fd, temporary, state->dir_fd, state->name) == 0)
		return 0;
	(void)unlinkat(state->dir_fd, temporary, 0);
	return -EIO;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/signals.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One of the Sig* lines of /proc/PID/status. */
static uint64_t mask_of(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line ? strtoull(line + strlen(name), NULL, 16) : 0;
}

static bool read_status(pid_t pid, char *buf, size_t size)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	return fd_read_short(AT_FDCWD, path, buf, size) > 0;
}

/* What programs that are somebody's init take for "halt", the first one that it listens to, and for
 * "reboot". The others do as LXC expects: SIGPWR (or what systemd takes) and SIGINT. */
static const struct init_signals {
	char program[12];
	int halt[2];
	int reboot;
} inits[] = {
	{ "busybox", { SIGUSR2 }, SIGTERM },
	/* They hand signals on to the program they run. */
	{ "catatonit", { SIGTERM }, SIGINT },
	{ "dumb-init", { SIGTERM }, SIGINT },
	{ "finit", { SIGUSR2 }, SIGTERM },
	/* It blocks all other signals, which looks like systemd. */
	{ "openrc-init", { SIGPWR }, SIGINT },
	/* Without Debian's SIGPWR: the script for Ctrl-Alt-Del, which halts. */
	{ "runit", { SIGPWR, SIGINT }, SIGINT },
	{ "tini", { SIGTERM }, SIGINT },
};

/* The program that runs as @pid, by a name that it may have chosen itself: it is only used to talk
 * to that program. Links and programs with many names are seen through. */
static void read_program(pid_t pid, char *name, size_t size)
{
	char path[64], target[256];
	ssize_t n;

	*name = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	n = fd_read_short(AT_FDCWD, path, name, size);
	if (n > 0)
		name[strcspn(name, "\n")] = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = strcmp(name, "init") == 0 ? readlink(path, target, sizeof(target) - 1) : -1;
	if (n < 0)
		return;
	target[n] = '\0';
	(void)snprintf(name, size, "%s", strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
}

static const struct init_signals *find_init(const char *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(inits); i++)
		if (strcmp(program, inits[i].program) == 0)
			return &inits[i];
	return NULL;
}

static bool is_in(uint64_t mask, int sig)
{
	return mask & (1ULL << (sig - 1));
}

int signals_halt_of(const char *program, uint64_t blocked, uint64_t caught, bool *ret_heard)
{
	static const int usual[] = { SIGPWR, SIGTERM };
	const struct init_signals *known = find_init(program);
	const int *ways = known ? known->halt : usual;

	*ret_heard = true;
	if (!known && is_in(blocked, SIGRTMIN + 3))
		return SIGRTMIN + 3;
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (ways[i] && is_in(blocked | caught, ways[i]))
			return ways[i];
	*ret_heard = known;
	return ways[0];
}

int signals_halt(const struct conf *conf, pid_t init, bool *ret_heard)
{
	char program[256], buf[4096] = "";

	*ret_heard = true;
	if (conf->signal_halt)
		return conf->signal_halt;
	read_program(init, program, sizeof(program));
	(void)read_status(init, buf, sizeof(buf));
	return signals_halt_of(program, mask_of(buf, "\nSigBlk:"), mask_of(buf, "\nSigCgt:"),
	                       ret_heard);
}

int signals_reboot(const struct conf *conf, pid_t init)
{
	const struct init_signals *known;
	char program[256];

	if (conf->signal_reboot)
		return conf->signal_reboot;
	read_program(init, program, sizeof(program));
	known = find_init(program);
	return known ? known->reboot : SIGINT;
}

uint64_t signals_expected(pid_t pid)
{
	char buf[4096];

	if (!read_status(pid, buf, sizeof(buf)))
		return 0;
	return mask_of(buf, "\nSigBlk:") | mask_of(buf, "\nSigIgn:") | mask_of(buf, "\nSigCgt:");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/signals.h"

#include "os/fd.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int signals_halt(const struct conf *conf, pid_t init)
{
	char buf[4096];

	if (conf->signal_halt)
		return conf->signal_halt;
	if (read_status(init, buf, sizeof(buf)) &&
	    (mask_of(buf, "\nSigBlk:") & (1ULL << (SIGRTMIN + 2))))
		return SIGRTMIN + 3;
	return SIGPWR;
}

int signals_reboot(const struct conf *conf)
{
	return conf->signal_reboot ? conf->signal_reboot : SIGINT;
}

uint64_t signals_expected(pid_t pid)
{
	char buf[4096];

	if (!read_status(pid, buf, sizeof(buf)))
		return 0;
	return mask_of(buf, "\nSigBlk:") | mask_of(buf, "\nSigIgn:") | mask_of(buf, "\nSigCgt:");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SILENT_MS 1000
#define MIB ((uint64_t)1024 * 1024)

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, const struct request *req)
{
	progress->shown = !req->quiet && !req->json && isatty(STDERR_FILENO);
	progress->begin_ms = now_ms();
}

static bool is_time(const struct progress *progress)
{
	return progress->shown && now_ms() - progress->begin_ms > SILENT_MS;
}

void progress_report(void *arg, uint64_t n_files, uint64_t n_bytes)
{
	char line[128];
	int len;

	if (!is_time(arg))
		return;
	len = snprintf(line, sizeof(line), "\rcopied %" PRIu64 " files, %" PRIu64 " MiB\033[K",
	               n_files, n_bytes / MIB);
	(void)!write(STDERR_FILENO, line, (size_t)len);
}

void progress_end(const struct progress *progress)
{
	static const char erase[] = "\r\033[K";

	if (is_time(progress))
		(void)!write(STDERR_FILENO, erase, sizeof(erase) - 1);
}

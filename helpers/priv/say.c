/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "priv/say.h"

#include "priv/caller.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

static int log_fd = -1; /* the log is the one thing that has no owner */

void priv_fail(const char *message)
{
	char line[160];
	int n;

	/* Who does not read the message, or stops what is theirs again, keeps no lock. */
	(void)syscall(SYS_close_range, 3U, ~0U, 0U);
	priv_drop();
	n = snprintf(line, sizeof(line), "%s: %s\n", priv_program, message);
	if (n > 0 && (size_t)n < sizeof(line))
		(void)!write(STDERR_FILENO, line, (size_t)n);
	_exit(1);
}

void priv_log_open(void)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };

	log_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (log_fd >= 0 && connect(log_fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return;
	if (log_fd >= 0)
		(void)close(log_fd);
	log_fd = open("/dev/kmsg", O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void priv_log(int level, const char *fmt, ...)
{
	char line[512];
	va_list args;
	int head, n;

	head = snprintf(line, sizeof(line), "<%d>%s: ", LOG_AUTH | level, priv_program);
	va_start(args, fmt);
	n = vsnprintf(line + head, sizeof(line) - (size_t)head, fmt, args);
	va_end(args);
	if (log_fd < 0 || n < 0)
		return;
	n = n < (int)sizeof(line) - head ? head + n : (int)sizeof(line) - 1;
	(void)!write(log_fd, line, (size_t)n);
}

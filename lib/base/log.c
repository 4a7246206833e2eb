/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static struct {
	char prog[32];
	char name[80];
	int fd, stderr_fd;
	enum log_level level;
	bool level_given, quiet, syslog;
} sink = { .prog = "rlxc", .fd = -EBADF, .stderr_fd = -EBADF, .level = LOG_LEVEL_ERROR };

static const char level_names[][8] = { "TRACE", "DEBUG", "INFO",  "NOTICE", "WARN",
	                               "ERROR", "CRIT",  "ALERT", "FATAL" };

static const int priorities[] = { LOG_DEBUG, LOG_DEBUG, LOG_INFO,  LOG_NOTICE, LOG_WARNING,
	                          LOG_ERR,   LOG_CRIT,  LOG_ALERT, LOG_CRIT };

void log_setup(const char *prog, const char *name, int fd, enum log_level level, bool quiet)
{
	(void)snprintf(sink.prog, sizeof(sink.prog), "%s", prog ? prog : "rlxc");
	(void)snprintf(sink.name, sizeof(sink.name), "%s", name ? name : "");
	sink.fd = fd;
	sink.level = level == LOG_LEVEL_UNSET ? LOG_LEVEL_ERROR : level;
	sink.level_given = level != LOG_LEVEL_UNSET;
	sink.quiet = quiet;
}

void log_configure(int fd, enum log_level level)
{
	if (sink.fd < 0)
		sink.fd = fd;
	if (!sink.level_given && level != LOG_LEVEL_UNSET)
		sink.level = level;
}

void log_drop(int fd)
{
	if (fd >= 0 && sink.fd == fd)
		sink.fd = -EBADF;
}

void log_to_syslog(const char *facility)
{
	int number = strcasecmp(facility, "daemon") == 0 ? LOG_DAEMON
	                                                 : LOG_LOCAL0 + ((facility[5] - '0') << 3);

	openlog("rlxc", LOG_PID | LOG_NDELAY, number);
	sink.syslog = true;
}

void log_leave_syslog(void)
{
	if (sink.syslog)
		closelog();
	sink.syslog = false;
}

int log_fd(void)
{
	return sink.fd;
}

void log_keep_stderr(void)
{
	cleanup_close(&sink.stderr_fd);
	sink.stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
}

void log_drop_stderr(void)
{
	cleanup_close(&sink.stderr_fd);
}

int log_stderr_fd(void)
{
	return sink.stderr_fd;
}

int log_level_parse(const char *text)
{
	uint32_t number;

	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
		if (strcasecmp(text, level_names[i]) == 0)
			return (int)i;
	if (num_parse_c32(text, &number) == 0 && number < ARRAY_SIZE(level_names))
		return (int)number;
	return -EINVAL;
}

const char *log_level_name(enum log_level level)
{
	if (level < 0 || (size_t)level >= ARRAY_SIZE(level_names))
		return "NOTSET";
	return level_names[level];
}

#define LOG_LINE_MAX 1280

/* @len: as snprintf(3) returns it. In one piece, and without stdio, whose locks would be one more
 * page of each process that ever warned. */
static void put(int fd, char *line, int len)
{
	if (len < 0)
		return;
	if (len >= LOG_LINE_MAX) {
		len = LOG_LINE_MAX - 1;
		line[len - 1] = '\n';
	}
	(void)!write(fd, line, (size_t)len);
}

static void warn(const char *text)
{
	char line[LOG_LINE_MAX];

	put(sink.stderr_fd < 0 ? STDERR_FILENO : sink.stderr_fd, line,
	    snprintf(line, sizeof(line), "%s: %s%swarning: %s\n", sink.prog, sink.name,
	             sink.name[0] ? ": " : "", text));
}

static void write_line(enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX];
	struct timespec now;
	struct tm tm;
	int len;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	len = snprintf(line, sizeof(line), "%s %s %04d%02d%02d%02d%02d%02d.%03ld %-8s %s\n",
	               sink.prog, sink.name[0] ? sink.name : "-", tm.tm_year + 1900, tm.tm_mon + 1,
	               tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000,
	               log_level_name(level), text);
	put(sink.fd, line, len);
}

static void emit(enum log_level level, const char *fmt, va_list ap)
{
	int saved = errno;
	char text[1024];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	if (level == LOG_LEVEL_WARN && !sink.quiet)
		warn(text);
	if (sink.fd >= 0 && level >= sink.level)
		write_line(level, text);
	if (sink.syslog && level >= sink.level)
		syslog(priorities[level], "%s: %s", sink.name[0] ? sink.name : "-", text);
	errno = saved;
}

#define LOG_FUNCTION(fn, lvl)                                                                      \
	void fn(const char *fmt, ...)                                                              \
	{                                                                                          \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, fmt);                                                                 \
		emit(lvl, fmt, ap);                                                                \
		va_end(ap);                                                                        \
	}

LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)

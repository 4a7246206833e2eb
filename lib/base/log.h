/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_BASE_LOG_H
#define RLXC_BASE_LOG_H

#include <stdbool.h>

/* Levels of LXC's log, see lxc.log.level in lxc.container.conf(5). */
enum log_level {
	LOG_LEVEL_TRACE,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_CRIT,
	LOG_LEVEL_ALERT,
	LOG_LEVEL_FATAL,
	LOG_LEVEL_UNSET = -1,
};

/* The one mutable global of the library: where log lines go. A line carries the program's name,
 * the container's, a UTC time stamp and the level.
 *
 * @prog: copied, at most 31 bytes; @name: the container, may be NULL.
 * @fd: the log file, -EBADF for none; the caller keeps owning it until log_setup is called again.
 * @quiet: warnings do not go to stderr. */
void log_setup(const char *prog, const char *name, int fd, enum log_level level, bool quiet);

/* What the configuration says where log_setup was given no file, or no level. @fd: -EBADF for
 * none; the caller keeps owning it until log_drop. */
void log_configure(int fd, enum log_level level);
/* Nothing more goes to @fd. */
void log_drop(int fd);
/* To the system log as well. @facility: "daemon" or "local0" to "local7", in any case. */
void log_to_syslog(const char *facility);
/* In a process that leaves the host, before it closes descriptors. */
void log_leave_syslog(void);
/* Warnings go on to what is stderr now when a start puts /dev/null there, until log_drop_stderr. */
void log_keep_stderr(void);
void log_drop_stderr(void);
int log_stderr_fd(void); /* -EBADF: none is kept */
/* The log file, -EBADF for none: for a process that closes everything else. */
int log_fd(void);

/* Level of a name in any case ("debug") or of a number 0..8; -EINVAL for neither. */
int log_level_parse(const char *text);
const char *log_level_name(enum log_level level);

/* Below the runner nobody prints: a warning says what we do instead, the rest is for the log. */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* For the log file alone: the runner has printed it. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

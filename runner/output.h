/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_OUTPUT_H
#define RLXC_RUNNER_OUTPUT_H

#include "base/text.h"
#include "options.h"

#include <rlxc.h>

/* The one place that prints. stdout is for answers that programs read, stderr for people:
 *
 *     lxc-start: cannot start 'web': cannot mount '/proc': Operation not permitted
 *     hint: ...
 *
 * With --format json an error is one JSON object on stderr instead; -q silences it. */

/* Fills @err; returns @code. */
int output_set(struct rlxc_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints @err; returns the exit code of a failure. */
int output_failed(const struct request *req, const struct rlxc_err *err);
/* The exit code for a call that returned @r: a failure, or the code of a program that was run,
 * with what kept it from running. */
int output_exit_code(const struct request *req, int r, const struct rlxc_err *err);
/* The same for a command line that cannot be right, with the hint to read --help if it has none. */
int output_refused(const struct request *req, struct rlxc_err *err);
int output_usage(const struct request *req, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* One line for people that changes nothing about the outcome. */
void output_note(const struct request *req, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints an answer and empties @text; the exit code: 0, or 1 when stdout took less than all. */
int output_answer(const struct request *req, struct text *text);

/* The answer of who has made a container, which only JSON has: its name and place. */
int output_created(const struct request *req, const struct rlxc *rlxc, const char *name);

/* All of @str to @fd; -errno. */
int output_write(int fd, const char *str, size_t len);

#endif

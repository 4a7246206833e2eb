/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_BASE_ERR_H
#define RLXC_BASE_ERR_H

/* One way for an error to travel. Plain data on the caller's stack: it works when memory is short,
 * and a child can hand it to its parent through a pipe (it is smaller than PIPE_BUF). */
struct err {
	int code;       /* negative errno, 0 while nothing failed */
	char msg[768];  /* what we could not do, outermost first */
	char hint[512]; /* what the reader can do about it, often empty */
};

/* Each accepts @err == NULL and then only returns @code. */

/* Starts anew: the message is the format, then ": " and the text of @code. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As err_set, without the text of @code: the message says it all. */
int err_say(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "fmt: " in front of the message that is there. */
int err_wrap(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The first hint stays: whoever is nearest to the cause knows best. */
void err_hint(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "out of memory" */
int err_oom(struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events.h"

#include "interrupt.h"
#include "open.h"
#include "output.h"
#include "pattern.h"

#include "base/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ENDED 1 /* by who watches */

struct printer {
	const struct events *events;
	regex_t *regexes;
	size_t n_regexes;
	int signal_fd;
	struct rlxc_err *err;
};

static void printer_done(struct printer *printer)
{
	for (size_t i = 0; i < printer->n_regexes; i++)
		regfree(&printer->regexes[i]);
	free(printer->regexes);
	cleanup_close(&printer->signal_fd);
}

/* The whole name has to match. */
static int compile(struct printer *printer, char *const *patterns, size_t n, struct rlxc_err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		_cleanup_free_ char *whole = NULL;

		if (asprintf(&whole, "^(%s)$", patterns[i]) < 0)
			return output_set(err, -ENOMEM, "out of memory");
		r = pattern_compile(whole, patterns[i], &printer->regexes[printer->n_regexes], err);
		if (r == 0)
			printer->n_regexes++;
	}
	return r;
}

static int compile_all(struct printer *printer, const struct request *req, struct rlxc_err *err)
{
	const struct strv *named = printer->events->patterns;
	int r;

	printer->regexes = calloc(named->n + req->n_words + 1, sizeof(*printer->regexes));
	if (!printer->regexes)
		return output_set(err, -ENOMEM, "out of memory");
	r = compile(printer, named->items, named->n, err);
	return r == 0 ? compile(printer, req->words, req->n_words, err) : r;
}

static bool matches(const struct printer *printer, const char *name)
{
	for (size_t i = 0; i < printer->n_regexes; i++)
		if (regexec(&printer->regexes[i], name, 0, NULL, 0) == 0)
			return true;
	return printer->n_regexes == 0;
}

/* A reader that stands still does not keep Ctrl-C from us. */
static bool wait_for_room(const struct printer *printer)
{
	struct pollfd fds[] = { { .fd = printer->signal_fd, .events = POLLIN },
		                { .fd = STDOUT_FILENO, .events = POLLOUT } };

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno == EINTR)
		;
	return !fds[0].revents;
}

static int print(void *arg, const struct rlxc_event *event)
{
	const struct printer *printer = arg;
	_cleanup_(text_done) struct text text = {};
	int r;

	if (!matches(printer, event->name))
		return 0;
	printer->events->add(&text, event);
	if (text.failed)
		return output_set(printer->err, -ENOMEM, "out of memory");
	if (!wait_for_room(printer))
		return ENDED;
	r = text.len ? output_write(STDOUT_FILENO, text.data, text.len) : 0;
	if (r == -EPIPE)
		return ENDED;
	return r < 0 ? output_set(printer->err, r, "cannot write to standard output: %s",
	                          strerror(-r))
	             : 0;
}

/* There is a descriptor for each container that runs. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int run(const struct request *req, struct printer *printer, struct rlxc_err *err)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	struct pollfd until[] = { { .events = POLLIN }, { .fd = STDOUT_FILENO } };
	const struct rlxc_watch_options options = { .present = printer->events->present,
		                                    .until = until,
		                                    .n_until = ARRAY_SIZE(until),
		                                    .event = print,
		                                    .arg = printer };
	int r;

	r = compile_all(printer, req, err);
	if (r >= 0)
		r = open_store(req, &rlxc, err);
	if (r >= 0)
		r = printer->signal_fd = interrupt_open(signals, ARRAY_SIZE(signals), err);
	if (r < 0)
		return r;
	(void)signal(SIGPIPE, SIG_IGN);
	raise_limit();
	until[0].fd = printer->signal_fd;
	return rlxc_watch(rlxc, &options, err);
}

int events_print(const struct request *req, const struct events *events)
{
	struct rlxc_err err = {};
	_cleanup_(printer_done) struct printer printer = { .events = events,
		                                           .signal_fd = -EBADF,
		                                           .err = &err };

	return run(req, &printer, &err) < 0 ? output_failed(req, &err) : EXIT_SUCCESS;
}

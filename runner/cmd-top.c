/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "interrupt.h"
#include "open.h"
#include "output.h"
#include "top-print.h"
#include "top-screen.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define DELAY_S 3
#define BATCH_DELAY_S 300
#define WANT (RLXC_ONLY_RUNNING | RLXC_WANT_STATE | RLXC_WANT_STATS)

struct top_args {
	int delay_s; /* 0: not given */
	bool batch;
	struct top_view view;
	const char *name;
};

static int option_delay(const struct option_row *row, void *args, const char *value,
                        struct rlxc_err *err)
{
	uint32_t seconds;

	if (num_parse_u32(value, &seconds) < 0 || !seconds || seconds > INT_MAX / 1000)
		return output_set(err, -EINVAL, "'--%s' takes a number of seconds, not '%s'",
		                  row->name, value);
	*(int *)(void *)((char *)args + row->field) = (int)seconds;
	return 0;
}

/* Only the first letter counts, as with LXC. */
static int option_sort(const struct option_row *row, void *args, const char *value,
                       struct rlxc_err *err)
{
	if (!*value || !strchr(TOP_SORTS, *value)) {
		output_set(err, -EINVAL, "'--%s' does not take '%s'", row->name, value);
		(void)snprintf(err->hint, sizeof(err->hint),
		               "n name, c CPU, b block I/O, m memory, s memory and swap, k kernel "
		               "memory");
		return -EINVAL;
	}
	*((char *)args + row->field) = *value;
	return 0;
}

#define FIELD(member) offsetof(struct top_args, member)

const struct option_row cmd_top_options[] = {
	OPTION("delay", 'd', "SECONDS", option_delay, FIELD(delay_s), "",
	       "time between two looks (default 3, with --batch 300)"),
	OPTION("batch", 'b', "", option_true, FIELD(batch), "",
	       "print lines of values, joined with ',', and go on until interrupted"),
	OPTION("sort", 's', "KEY", option_sort, FIELD(view.sort),
	       "name cpu blkio memory swap kernel",
	       "order: n name, c CPU, b block I/O, m memory, s memory and swap,\n"
	       "k kernel memory (default n)"),
	OPTION("reverse", 'r', "", option_true, FIELD(view.reverse), "", "the other way round"),
	OPTION("name", 'n', "NAME", option_text, FIELD(name), "@names", "only this container"),
	{},
};

/* What runs, sorted: pointers into @list. */
struct look {
	struct rlxc_list *list;
	const struct rlxc_info **items;
	size_t n;
};

static void look_done(struct look *look)
{
	if (look->list)
		rlxc_list_free(look->list);
	free(look->items);
}

static int look(struct rlxc *rlxc, const struct top_args *args, struct look *ret_look,
                struct rlxc_err *err)
{
	_cleanup_(look_done) struct look look = {};
	int r;

	r = rlxc_list(rlxc, WANT, /* nested= */ false, &look.list, err);
	if (r < 0)
		return r;
	look.items = reallocarray(NULL, look.list->n + 1, sizeof(void *));
	if (!look.items)
		return output_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < look.list->n; i++)
		if (!args->name || strcmp(args->name, look.list->items[i].name) == 0)
			look.items[look.n++] = &look.list->items[i];
	top_sort(&args->view, look.items, look.n);
	*ret_look = look;
	look = (struct look){};
	return 0;
}

/* ---- on the screen ---- */

static int draw(struct rlxc *rlxc, const struct top_args *args, struct rlxc_err *err)
{
	_cleanup_(look_done) struct look now = {};
	_cleanup_(text_done) struct text text = {};
	int r;

	r = look(rlxc, args, &now, err);
	if (r < 0)
		return r;
	top_add_screen(&text, now.items, now.n, screen_rows());
	if (text.failed)
		return output_set(err, -ENOMEM, "out of memory");
	r = screen_show(text.data, text.len);
	return r < 0 ? output_set(err, r, "cannot write to the terminal: %s", strerror(-r)) : 0;
}

static int interact(struct rlxc *rlxc, struct top_args *args, struct rlxc_err *err)
{
	struct screen screen;
	int r, key = 0;

	r = screen_open(&screen, err);
	if (r < 0)
		return r;
	while (r >= 0 && key != SCREEN_QUIT) {
		top_key(&args->view, (char)key);
		r = draw(rlxc, args, err);
		if (r >= 0)
			key = screen_wait(&screen, args->delay_s * 1000);
	}
	screen_close(&screen);
	return r;
}

/* ---- line by line ---- */

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int print_lines(const struct request *req, struct rlxc *rlxc, const struct top_args *args,
                       struct rlxc_err *err)
{
	_cleanup_(look_done) struct look now = {};
	struct text text = {};
	int r;

	r = look(rlxc, args, &now, err);
	if (r < 0)
		return r;
	if (req->json)
		top_add_json(&text, now.items, now.n, now_ms());
	else
		top_add_csv(&text, now.items, now.n, now_ms());
	return output_answer(req, &text);
}

/* False: Ctrl-C was typed, or whoever read the lines is gone. That is how it ends: no failure. */
static bool wait_on(int signal_fd, int delay_s)
{
	struct pollfd fds[] = { { .fd = signal_fd, .events = POLLIN }, { .fd = STDOUT_FILENO } };

	return poll(fds, ARRAY_SIZE(fds), delay_s * 1000) == 0;
}

static int print_on(const struct request *req, struct rlxc *rlxc, const struct top_args *args,
                    struct rlxc_err *err)
{
	static const int signals[] = { SIGINT, SIGQUIT };
	_cleanup_close_ int signal_fd = interrupt_open(signals, ARRAY_SIZE(signals), err);
	struct text head = {};
	int r = EXIT_SUCCESS;

	if (signal_fd < 0)
		return signal_fd;
	if (!req->json) {
		text_add(&head, TOP_CSV_HEADER);
		r = output_answer(req, &head);
	}
	while (r == EXIT_SUCCESS) {
		r = print_lines(req, rlxc, args, err);
		if (r == EXIT_SUCCESS && !wait_on(signal_fd, args->delay_s))
			break;
	}
	return r;
}

static int run(const struct request *req, struct top_args *args, struct rlxc_err *err)
{
	_cleanup_(rlxc_closep) struct rlxc *rlxc = NULL;
	int r;

	r = open_store(req, &rlxc, err);
	if (r < 0)
		return r;
	return args->batch ? print_on(req, rlxc, args, err) : interact(rlxc, args, err);
}

int cmd_top(struct request *req)
{
	struct top_args args = { .view = { .sort = 'n' } };
	struct rlxc_err err = {};
	int r;

	r = options_parse(req, &args);
	if (r != OPTIONS_GO)
		return r;
	if (req->json && !args.batch)
		return output_usage(req, "--format json needs --batch");
	if (!args.delay_s)
		args.delay_s = args.batch ? BATCH_DELAY_S : DELAY_S;
	r = run(req, &args, &err);
	return r < 0 ? output_failed(req, &err) : r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches the containers of a store. What happens is told by the monitors (watchers.h); what no
 * monitor tells is that it was killed. So each one that is known is watched by a pidfd, and when it
 * goes without having said STOPPED, init is watched in its place.
 *
 * A container's states come in their order from one monitor. Two monitors of the same container may
 * cross: the old one tells STOPPED after it has let the next start in, since whoever hears of it
 * may start the container. When the new one is heard first the old one counts as stopped there,
 * with what it said of init before, and its own STOPPED is dropped. */
#include "container/watch.h"

#include "base/cleanup.h"
#include "container/info.h"
#include "container/recover.h"
#include "container/watchers.h"
#include "os/proc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define UNTIL_MAX 4
#define TAG_FIFO 0 /* of epoll events; the others are ids of runs */

/* A container between STARTING and STOPPED. */
struct run {
	struct run *next;
	uint64_t id;
	char *name;
	pid_t monitor_pid, init_pid;
	pid_t before; /* monitor that was taken for stopped when this one was heard */
	int status;   /* of init */
	enum rlxc_state state;
	int pidfd;         /* of the monitor, later of the init it has left behind */
	bool is_orphan;    /* it is of init */
	bool is_unsettled; /* the monitor was gone before we could watch it */
	bool was_listed;   /* found at the beginning */
};

struct source {
	struct watcher watcher;
	size_t len;
	char buf[8192];
};

struct watch {
	const struct store *store;
	const struct rlxc_watch_options *options;
	struct source sources[RUNDIR_BASES_MAX];
	size_t n_sources;
	struct run *runs;
	uint64_t last_id;
	int64_t listed_ns; /* what was told before is in the list */
	int epoll_fd;
};

/* ---- runs ---- */

static struct run *run_free(struct run *run)
{
	if (!run)
		return NULL;
	cleanup_close(&run->pidfd);
	free(run->name);
	free(run);
	return NULL;
}

static struct run *find_run(struct watch *watch, const char *name)
{
	struct run *run = watch->runs;

	while (run && strcmp(run->name, name) != 0)
		run = run->next;
	return run;
}

static void drop_run(struct watch *watch, struct run *run)
{
	struct run **link = &watch->runs;

	while (*link != run)
		link = &(*link)->next;
	*link = run->next;
	(void)run_free(run);
}

/* Takes @pidfd. */
static int watch_process(struct watch *watch, struct run *run, int pidfd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = run->id };

	cleanup_close(&run->pidfd);
	run->pidfd = pidfd;
	return epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, pidfd, &event) < 0 ? -errno : 0;
}

static struct run *add_run(struct watch *watch, const char *name, pid_t monitor_pid)
{
	struct run *run = calloc(1, sizeof(*run));
	int pidfd;

	if (!run)
		return NULL;
	run->pidfd = -EBADF;
	run->name = strdup(name);
	if (!run->name)
		return run_free(run);
	run->id = ++watch->last_id;
	run->monitor_pid = monitor_pid;
	run->status = -1;
	run->next = watch->runs;
	watch->runs = run;
	pidfd = monitor_pid ? pidfd_open_pid(monitor_pid) : -ESRCH;
	run->is_unsettled = pidfd == -ESRCH;
	if (pidfd >= 0)
		(void)watch_process(watch, run, pidfd);
	return run;
}

/* ---- telling ---- */

static int tell(const struct watch *watch, const struct event *event, bool present)
{
	const struct rlxc_event public = { .time_ns = event->time_ns,
		                           .name = event->name,
		                           .state = event->state,
		                           .init_pid = event->init_pid,
		                           .status = event->status,
		                           .why = event->why,
		                           .present = present };

	return watch->options->event(watch->options->arg, &public);
}

/* In place of a monitor. */
static int tell_stopped(struct watch *watch, struct run *run, int64_t time_ns)
{
	const struct event event = { .time_ns = time_ns,
		                     .init_pid = run->init_pid,
		                     .status = run->status,
		                     .state = RLXC_STOPPED,
		                     .name = run->name };
	int r = tell(watch, &event, false);

	drop_run(watch, run);
	return r;
}

/* The process that was watched is gone. */
static int settle(struct watch *watch, struct run *run)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	int pidfd = -ESRCH;

	run->is_unsettled = false;
	if (!run->is_orphan && rundir_find(watch->store, run->name, &dir) == 0)
		pidfd = recover_open_init(&dir, &run->init_pid);
	if (pidfd < 0)
		return tell_stopped(watch, run, event_now_ns());
	run->is_orphan = true;
	return watch_process(watch, run, pidfd);
}

/* Another monitor has taken the container over. */
static void follow(struct watch *watch, struct run *run, pid_t monitor_pid)
{
	int pidfd = pidfd_open_pid(monitor_pid);

	run->monitor_pid = monitor_pid;
	run->is_orphan = false;
	run->is_unsettled = pidfd < 0;
	if (pidfd >= 0)
		(void)watch_process(watch, run, pidfd);
}

static int take_event(struct watch *watch, const struct event *event)
{
	struct run *run = find_run(watch, event->name);
	pid_t before = 0;
	int r = 0;

	if (run && (event->monitor_pid == run->before ||
	            (run->was_listed && watch->options->present &&
	             event->monitor_pid == run->monitor_pid && event->time_ns < watch->listed_ns)))
		return 0;
	if (run && event->state == RLXC_STARTING && event->monitor_pid != run->monitor_pid) {
		before = run->monitor_pid;
		r = tell_stopped(watch, run, event->time_ns);
		run = NULL;
	}
	if (r != 0)
		return r;
	if (run && event->monitor_pid != run->monitor_pid)
		follow(watch, run, event->monitor_pid);
	if (run && event->state == RLXC_RUNNING && run->state == RLXC_RUNNING)
		return 0; /* such a monitor says it, to be followed */
	if (!run && event->state != RLXC_STOPPED) {
		run = add_run(watch, event->name, event->monitor_pid);
		if (!run)
			return -ENOMEM;
		run->before = before;
	}
	if (run) {
		run->init_pid = event->init_pid;
		run->status = event->status;
		run->state = event->state;
	}
	if (run && event->state == RLXC_STOPPED && event->monitor_pid == run->monitor_pid)
		drop_run(watch, run);
	return tell(watch, event, false);
}

/* ---- reading ---- */

static int take_lines(struct watch *watch, struct source *source)
{
	char *line = source->buf, *end = source->buf + source->len, *newline;
	int r = 0;

	while (r == 0 && (newline = memchr(line, '\n', (size_t)(end - line)))) {
		struct event event;

		*newline = '\0';
		if (event_parse(line, &event) == 0)
			r = take_event(watch, &event);
		line = newline + 1;
	}
	source->len = (size_t)(end - line);
	memmove(source->buf, line, source->len);
	if (source->len == sizeof(source->buf))
		source->len = 0; /* no line of ours */
	return r;
}

static int drain(struct watch *watch, struct source *source)
{
	int r = 0;

	while (r == 0) {
		ssize_t n = read(source->watcher.fifo_fd, source->buf + source->len,
		                 sizeof(source->buf) - source->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		source->len += (size_t)n;
		r = take_lines(watch, source);
	}
	return r;
}

/* Everything that was told: a monitor tells its last state before it ends. */
static int drain_all(struct watch *watch, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < watch->n_sources && r == 0; i++) {
		r = drain(watch, &watch->sources[i]);
		/* Asked afterwards: one that is full then has us come back. */
		if (r == 0 && watcher_is_dropped(&watch->sources[i].watcher))
			return err_say(err, -ENOBUFS,
			               "changes of state are lost: they came faster than they "
			               "were read, or the run-time directory was removed");
	}
	for (struct run *run = watch->runs, *next; run && r == 0; run = next) {
		next = run->next;
		if (run->is_unsettled)
			r = settle(watch, run);
	}
	return r;
}

static int dispatch(struct watch *watch, uint64_t tag, struct err *err)
{
	struct run *run;
	int r = drain_all(watch, err);

	if (r != 0 || tag == TAG_FIFO)
		return r;
	for (run = watch->runs; run && run->id != tag;)
		run = run->next;
	return run ? settle(watch, run) : 0;
}

/* One event of epoll at a time: what it leads to may be the end of the process behind another. */
static int loop(struct watch *watch, struct err *err)
{
	const struct rlxc_watch_options *options = watch->options;
	struct pollfd fds[1 + UNTIL_MAX] = { { .fd = watch->epoll_fd, .events = POLLIN } };
	struct epoll_event event;
	int r = 0;

	if (options->n_until > UNTIL_MAX)
		return err_set(err, -E2BIG, "cannot watch so many descriptors");
	memcpy(fds + 1, options->until, options->n_until * sizeof(*fds));
	while (r == 0) {
		int n = poll(fds, 1 + options->n_until, -1);

		if (n < 0 && errno != EINTR)
			return err_set(err, -errno, "cannot wait for containers");
		if (n > (fds[0].revents ? 1 : 0))
			return 0;
		if (n > 0 && epoll_wait(watch->epoll_fd, &event, 1, 0) == 1)
			r = dispatch(watch, event.data.u64, err);
	}
	return r;
}

/* ---- beginning ---- */

static int join_base(struct watch *watch, size_t i, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = TAG_FIFO };
	struct source *source = &watch->sources[watch->n_sources];
	int r;

	do {
		r = rundir_open_base(watch->store, i, err);
		if (r < 0)
			return r;
		r = watcher_join(r, &source->watcher);
	} while (r == -ESTALE);
	if (r < 0)
		return err_set(err, r, "cannot make a FIFO in the run-time directory");
	watch->n_sources++;
	if (epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, source->watcher.fifo_fd, &event) < 0)
		return err_set(err, -errno, "cannot watch a FIFO");
	return 0;
}

/* Containers that we start are in the first one, those of other logins maybe in the others. */
static int join(struct watch *watch, struct err *err)
{
	int r = join_base(watch, 0, err);

	for (size_t i = 1; i < RUNDIR_BASES_MAX && r == 0; i++)
		(void)join_base(watch, i, NULL);
	return r;
}

/* What the monitors do not tell, since it was before. A container that is about to start has its
 * states still to come. */
static int take_present(struct watch *watch, const struct rlxc_info *info)
{
	struct event event = {
		.init_pid = info->init_pid, .status = -1, .state = info->state, .name = info->name
	};
	struct run *run;

	if (info->state == RLXC_STARTING)
		return 0;
	run = add_run(watch, info->name, info->monitor_pid);
	if (!run)
		return -ENOMEM;
	run->init_pid = info->init_pid;
	run->state = info->state;
	run->was_listed = true;
	event.time_ns = watch->listed_ns;
	return watch->options->present ? tell(watch, &event, true) : 0;
}

static int begin(struct watch *watch, struct err *err)
{
	struct rlxc_list *list = NULL;
	int r;

	watch->listed_ns = event_now_ns();
	r = container_list(watch->store, RLXC_ONLY_RUNNING | RLXC_WANT_STATE, /* nested= */ false,
	                   &list, err);
	for (size_t i = 0; r >= 0 && i < list->n; i++)
		r = take_present(watch, &list->items[i]);
	container_list_free(list);
	return r == 0 ? drain_all(watch, err) : r;
}

static void watch_done(struct watch *watch)
{
	for (size_t i = 0; i < watch->n_sources; i++)
		watcher_leave(&watch->sources[i].watcher);
	while (watch->runs)
		drop_run(watch, watch->runs);
	cleanup_close(&watch->epoll_fd);
}

int container_watch(const struct store *store, const struct rlxc_watch_options *options,
                    struct err *err)
{
	_cleanup_(watch_done) struct watch watch = { .store = store, .options = options };
	int r;

	watch.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (watch.epoll_fd < 0)
		return err_set(err, -errno, "cannot make an event queue");
	r = join(&watch, err);
	if (r == 0)
		r = begin(&watch, err);
	if (r == 0)
		r = loop(&watch, err);
	return r == -ENOMEM ? err_oom(err) : r;
}

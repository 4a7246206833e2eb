/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of other commands. A client is our user or root; even so, nothing it sends may take
 * the monitor down: messages are bounded, answers never wait. */
#include "container/monitor-internal.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "conf/item.h"
#include "container/links.h"
#include "container/signals.h"
#include "container/stats.h"
#include "os/fd.h"
#include "os/proc.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static int answer(struct client *client, enum control_type type, int32_t value, const void *data,
                  size_t len, const int *fds, size_t n_fds)
{
	return control_send(client->fd, type, value, data, len, fds, n_fds);
}

int serve_refuse(struct client *client, enum control_type type, const struct err *err)
{
	return answer(client, type, err->code, err, sizeof(*err), NULL, 0);
}

static void client_close(struct client *client)
{
	cleanup_close(&client->console_fd);
	cleanup_close(&client->fd);
	client->pending = 0;
	client->tty = -1;
}

/* ---- the requests ---- */

static void fill_addrs(struct monitor *monitor, struct control_info *info)
{
	const struct run_status *status = &monitor->status_page;

	status_read_addrs(monitor);
	for (size_t i = 0; i < status->n_addrs && i < CONTROL_ADDRS_MAX; i++) {
		struct control_addr *addr = &info->addrs[info->n_addrs++];

		memcpy(addr->interface, status->addrs[i].interface, sizeof(addr->interface));
		memcpy(addr->text, status->addrs[i].text, sizeof(addr->text));
		addr->ipv6 = status->addrs[i].ipv6;
		addr->shown = status->addrs[i].shown;
	}
}

static int serve_info(struct request *request)
{
	struct monitor *monitor = request->monitor;
	const struct conf *conf = monitor->request->conf;
	struct control_info info = { .state = (int32_t)monitor->state,
		                     .init_pid = monitor->init.pid,
		                     .monitor_pid = getpid(),
		                     .autostart = conf->start_auto,
		                     .unprivileged = monitor->request->plan->maps.n > 0 };

	memcpy(info.groups, monitor->status_page.groups, sizeof(info.groups));
	if ((uint32_t)request->arg & RLXC_WANT_ADDRS)
		fill_addrs(monitor, &info);
	container_stats(monitor->request->cgroup, (uint32_t)request->arg, &info.stats);
	return answer(request->client, CONTROL_INFO, 0, &info,
	              offsetof(struct control_info, addrs) + info.n_addrs * sizeof(*info.addrs),
	              NULL, 0);
}

static int serve_item(struct request *request)
{
	const char *pair = links_pair(request->monitor->init.net, request->payload);
	_cleanup_free_ char *value = NULL;
	struct err err = {};

	if (pair)
		return answer(request->client, CONTROL_ITEM, 0, pair, strlen(pair), NULL, 0);
	if (conf_get(request->monitor->request->conf, request->payload, &value, &err) < 0)
		return serve_refuse(request->client, CONTROL_ITEM, &err);
	return answer(request->client, CONTROL_ITEM, 0, value, strlen(value), NULL, 0);
}

static int serve_links(struct request *request)
{
	_cleanup_(text_done) struct text text = {};

	links_list(request->monitor->init.net, request->monitor->init.query_fd, &text);
	return answer(request->client, CONTROL_LINKS, 0, text.data, text.failed ? 0 : text.len,
	              NULL, 0);
}

static int serve_signal(struct request *request)
{
	struct monitor *monitor = request->monitor;
	struct err err = {};
	int sig = request->arg, r;
	bool heard;

	if (sig == CONTROL_SIGNAL_HALT)
		sig = signals_halt(monitor->request->conf, monitor->init.pid, &heard);
	else if (sig == CONTROL_SIGNAL_REBOOT)
		sig = signals_reboot(monitor->request->conf, monitor->init.pid);
	r = sig > 0 && sig <= SIGRTMAX ? pidfd_kill(monitor->init.pidfd, sig) : -EINVAL;
	if (r < 0) {
		err_set(&err, r, "cannot send signal %d to the container's init", sig);
		return serve_refuse(request->client, CONTROL_SIGNAL, &err);
	}
	serve_thaw(monitor);
	return answer(request->client, CONTROL_SIGNAL, sig, NULL, 0, NULL, 0);
}

static int serve_kill(struct request *request)
{
	monitor_kill(request->monitor);
	return answer(request->client, CONTROL_KILL, 0, NULL, 0, NULL, 0);
}

static int serve_wait(struct request *request)
{
	struct client *client = request->client;
	uint32_t states = (uint32_t)request->arg;

	if (!(states & CONTROL_WAIT_NEXT) && (states & (1U << request->monitor->state)))
		return answer(client, CONTROL_WAIT, (int32_t)request->monitor->state, NULL, 0, NULL,
		              0);
	client->pending = CONTROL_WAIT;
	client->wait_states = states;
	return 0;
}

static void answer_freezer(struct monitor *monitor, bool frozen)
{
	if (frozen == (monitor->state == RLXC_FROZEN) &&
	    !(!frozen && monitor->state == RLXC_THAWED))
		return;
	if (frozen && monitor->state == RLXC_THAWED)
		return; /* not yet */
	monitor_set_state(monitor, frozen ? RLXC_FROZEN : RLXC_RUNNING);
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++) {
		struct client *client = &monitor->clients[i];

		if (client->fd < 0 || client->pending != CONTROL_FREEZE ||
		    client->freeze_on != frozen)
			continue;
		client->pending = 0;
		if (answer(client, CONTROL_FREEZE, 0, NULL, 0, NULL, 0) < 0)
			client_close(client);
	}
}

void serve_freezer(struct monitor *monitor)
{
	bool populated, frozen;

	if (cgroup_events_read(monitor->events_fd, &populated, &frozen) == 0)
		answer_freezer(monitor, frozen);
}

static int freeze(struct monitor *monitor, bool on, struct err *err)
{
	int r = cgroup_freeze(monitor->request->cgroup, on, err);

	if (r == 0)
		monitor_set_state(monitor, on ? RLXC_FREEZING : RLXC_THAWED);
	return r;
}

void serve_thaw(struct monitor *monitor)
{
	if ((monitor->state == RLXC_FROZEN || monitor->state == RLXC_FREEZING) &&
	    freeze(monitor, /* on= */ false, NULL) == 0)
		serve_freezer(monitor);
}

static int serve_freeze(struct request *request)
{
	struct monitor *monitor = request->monitor;
	bool on = request->arg;
	struct err err = {};

	if ((monitor->state == RLXC_FROZEN) == on && monitor->state != RLXC_FREEZING)
		return answer(request->client, CONTROL_FREEZE, 0, NULL, 0, NULL, 0);
	if (freeze(monitor, on, &err) < 0)
		return serve_refuse(request->client, CONTROL_FREEZE, &err);
	request->client->pending = CONTROL_FREEZE;
	request->client->freeze_on = on;
	serve_freezer(monitor); /* what never was all frozen has no event to tell */
	return 0;
}

static struct client *tty_user(struct monitor *monitor, int tty)
{
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++)
		if (monitor->clients[i].fd >= 0 && monitor->clients[i].tty == tty)
			return &monitor->clients[i];
	return NULL;
}

static int say_no_tty(const struct monitor *monitor, int wanted, struct err *err)
{
	bool has_console = monitor->init.console_master >= 0;
	int n = (int)monitor->init.n_ttys;

	if (wanted == 0) {
		err_say(err, -ENODEV, "the container has no console");
		err_hint(err, "take 'lxc.console.path = none' out of its configuration and start "
		              "it again");
	} else if (n == 0) {
		err_say(err, -ENODEV, "the container has no ttys");
		err_hint(err, "give it some with 'lxc.tty.max = 4' and start it again%s",
		         has_console ? "; -t 0 connects to its console" : "");
	} else {
		err_say(err, -ENODEV, "the container has no tty %d", wanted);
		err_hint(err, "lxc.tty.max gives it %d: choose one from 1 to %d", n, n);
	}
	return -ENODEV;
}

static int say_busy(int wanted, int n, struct err *err)
{
	if (wanted < 0) {
		err_say(err, -EBUSY, "each of the container's %d ttys is in use", n);
		err_hint(err, "leave one of them, or raise lxc.tty.max and start it again; -t 0 "
		              "connects to its console");
	} else {
		err_say(err, -EBUSY, "%s %d of the container is in use", wanted ? "tty" : "console",
		        wanted);
		err_hint(err,
		         "leave it there (Ctrl+a q), take it with --steal, or choose another one "
		         "with -t");
	}
	return -EBUSY;
}

/* Whoever has the tty is told why he has it no more. */
static void take_tty(struct client *user, int tty)
{
	struct err err = {};

	err_say(&err, -EBUSY, "another lxc-console has taken %s %d", tty ? "tty" : "console", tty);
	(void)serve_refuse(user, CONTROL_CONSOLE, &err);
	client_close(user);
}

static int choose_tty(struct monitor *monitor, int wanted, bool steal, struct err *err)
{
	int n = (int)monitor->init.n_ttys;
	struct client *user;

	if (wanted > n || (wanted < 0 && n == 0) ||
	    (wanted == 0 && monitor->init.console_master < 0))
		return say_no_tty(monitor, wanted, err);
	for (int tty = 1; tty <= n && wanted < 0; tty++)
		if (!tty_user(monitor, tty))
			return tty;
	user = tty_user(monitor, wanted);
	if (wanted < 0 || (user && !steal))
		return say_busy(wanted, n, err);
	if (user)
		take_tty(user, wanted);
	return wanted;
}

/* The console's output is copied to the client, since the log reads it too; a tty's master is
 * the client's alone as long as it is connected. */
static int send_terminal(struct monitor *monitor, struct client *client, struct err *err)
{
	int pair[2], fds[2], r;

	cleanup_close(&client->console_fd); /* of another terminal, or another boot */
	if (client->tty > 0)
		return answer(client, CONTROL_CONSOLE, client->tty, NULL, 0,
		              &monitor->init.tty_masters[client->tty - 1], 1);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, -errno, "cannot make a socket pair");
	client->console_fd = pair[0];
	fds[0] = monitor->init.console_master;
	fds[1] = pair[1];
	r = answer(client, CONTROL_CONSOLE, 0, NULL, 0, fds, 2);
	(void)close(pair[1]);
	return r;
}

static int serve_console(struct request *request)
{
	struct monitor *monitor = request->monitor;
	struct client *client = request->client;
	bool steal = strcmp(request->payload, CONTROL_CONSOLE_STEAL) == 0;
	struct err err = {};
	int tty = choose_tty(monitor, request->arg, steal, &err), r;

	if (tty < 0)
		return serve_refuse(client, CONTROL_CONSOLE, &err);
	client->tty = tty;
	r = send_terminal(monitor, client, &err);
	return err.code ? serve_refuse(client, CONTROL_CONSOLE, &err) : r;
}

void serve_new_consoles(struct monitor *monitor)
{
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++) {
		struct client *client = &monitor->clients[i];

		if (client->fd >= 0 && client->tty >= 0 && send_terminal(monitor, client, NULL) < 0)
			client_close(client);
	}
}

static int serve_console_log(struct request *request)
{
	_cleanup_close_ int fd = memfd_create("console", MFD_CLOEXEC);
	struct console_log *log = request->monitor->log;
	struct err err = {};
	int r = fd < 0 ? -errno : console_log_copy(log, fd);

	if (r == -ENODATA) {
		err_say(&err, r, "the container's console has no buffer");
		err_hint(&err, "give it one with 'lxc.console.buffer.size = auto' and start it "
		               "again; lxc.console.logfile keeps its output in a file");
	} else if (r < 0) {
		err_set(&err, r, "cannot copy the console's buffer");
	}
	if (r < 0)
		return serve_refuse(request->client, CONTROL_CONSOLE_LOG, &err);
	if (request->arg)
		console_log_clear(log);
	return answer(request->client, CONTROL_CONSOLE_LOG, 0, NULL, 0, &fd, 1);
}

static int (*const handlers[CONTROL_TYPE_MAX])(struct request *request) = {
	[CONTROL_INFO] = serve_info,
	[CONTROL_ITEM] = serve_item,
	[CONTROL_SIGNAL] = serve_signal,
	[CONTROL_KILL] = serve_kill,
	[CONTROL_WAIT] = serve_wait,
	[CONTROL_FREEZE] = serve_freeze,
	[CONTROL_ATTACH] = serve_attach,
	[CONTROL_CONSOLE] = serve_console,
	[CONTROL_SPAWN] = serve_spawn,
	[CONTROL_CGROUP] = serve_cgroup,
	[CONTROL_LINKS] = serve_links,
	[CONTROL_DEVICE] = serve_device,
	[CONTROL_CONSOLE_LOG] = serve_console_log,
};

/* ---- connections ---- */

/* A free slot, or that of whoever has been connected longest without a word. NULL: all wait. */
static struct client *find_slot(struct monitor *monitor)
{
	struct client *oldest = NULL;

	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++) {
		struct client *client = &monitor->clients[i];

		if (client->fd < 0)
			return client;
		if (client->silent_since &&
		    (!oldest || client->silent_since < oldest->silent_since))
			oldest = client;
	}
	return oldest;
}

static void turn_away(int fd)
{
	struct err err = {};

	err_say(&err, -EBUSY, "%d commands wait for this container already", MONITOR_CLIENTS_MAX);
	(void)control_send(fd, CONTROL_INFO, err.code, &err, sizeof(err), NULL, 0);
}

void serve_accept(struct monitor *monitor)
{
	_cleanup_close_ int fd =
		accept4(monitor->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *client;
	uint32_t tag;

	if (fd < 0 || !control_peer_ok(fd, geteuid()))
		return;
	client = find_slot(monitor);
	if (!client) {
		turn_away(fd);
		return;
	}
	tag = EVENT_CLIENT + (uint32_t)(client - monitor->clients);
	client_close(client);
	if (monitor_watch(monitor, fd, EPOLLIN, tag) < 0)
		return;
	*client = (struct client){ .fd = take_fd(&fd),
		                   .tty = -1,
		                   .console_fd = -EBADF,
		                   .silent_since = ++monitor->n_connections };
}

void serve_client(struct monitor *monitor, size_t index)
{
	struct client *client = &monitor->clients[index];
	struct control_header header;
	char payload[1024];
	_cleanup_close_ int fd = -EBADF;
	struct request request = {
		.monitor = monitor, .client = client, .payload = payload, .fd = &fd
	};
	int r;

	if (index >= MONITOR_CLIENTS_MAX || client->fd < 0)
		return;
	r = control_recv(client->fd, &header, payload, sizeof(payload), &fd, 1);
	if (r == -EAGAIN)
		return;
	if (r <= 0 || header.type >= CONTROL_TYPE_MAX || !handlers[header.type]) {
		client_close(client);
		return;
	}
	client->silent_since = 0;
	request.arg = header.value;
	if (handlers[header.type](&request) < 0)
		client_close(client);
}

void serve_state_changed(struct monitor *monitor)
{
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++) {
		struct client *client = &monitor->clients[i];

		if (client->fd < 0 || client->pending != CONTROL_WAIT ||
		    !(client->wait_states & (1U << monitor->state)))
			continue;
		client->pending = 0;
		if (answer(client, CONTROL_WAIT, (int32_t)monitor->state, NULL, 0, NULL, 0) < 0)
			client_close(client);
	}
}

void serve_close_consoles(struct monitor *monitor)
{
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++)
		if (monitor->clients[i].fd >= 0 && monitor->clients[i].tty >= 0)
			client_close(&monitor->clients[i]);
}

void serve_close_all(struct monitor *monitor)
{
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++)
		client_close(&monitor->clients[i]);
}

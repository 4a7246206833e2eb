/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The console's bytes: from the container to its log, the terminal of lxc.console.path, whoever
 * started it in the foreground and clients of lxc-console. A reader that is slow loses output,
 * never the container. Input goes straight to the master that clients were sent. */
#include "container/monitor-internal.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_peer(const char *path, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return err_set(err, -errno, "cannot open lxc.console.path '%s'", path);
	if (!isatty(fd)) {
		err_say(err, -ENOTTY, "lxc.console.path '%s' is not a terminal", path);
		err_hint(err, "use lxc.console.logfile for a file, or lxc.console.path = none");
		return -ENOTTY;
	}
	return take_fd(&fd);
}

int console_open(struct monitor *monitor, struct err *err)
{
	const struct conf *conf = monitor->request->conf;

	if (conf->console_path && strcmp(conf->console_path, "none") != 0) {
		monitor->console_peer = open_peer(conf->console_path, err);
		if (monitor->console_peer < 0)
			return monitor->console_peer;
	}
	return console_log_new(conf->console_buffer_size, conf->console_logfile, conf->console_size,
	                       conf->console_rotate, &monitor->log, err);
}

void console_watch(struct monitor *monitor)
{
	if (monitor->init.console_master < 0)
		return;
	(void)fd_set_nonblock(monitor->init.console_master, true);
	(void)monitor_watch(monitor, monitor->init.console_master, EPOLLIN, EVENT_CONSOLE);
	if (monitor->console_peer >= 0)
		(void)monitor_watch(monitor, monitor->console_peer, EPOLLIN, EVENT_PEER);
}

static void send_some(int fd, const char *data, size_t len)
{
	(void)send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void spread(struct monitor *monitor, const char *data, size_t len)
{
	if (monitor->log)
		console_log_add(monitor->log, data, len);
	if (monitor->console_peer >= 0)
		(void)!write(monitor->console_peer, data, len);
	if (monitor->request->console_fd >= 0)
		send_some(monitor->request->console_fd, data, len);
	for (size_t i = 0; i < MONITOR_CLIENTS_MAX; i++)
		if (monitor->clients[i].fd >= 0 && monitor->clients[i].console_fd >= 0)
			send_some(monitor->clients[i].console_fd, data, len);
}

void console_read(struct monitor *monitor)
{
	char data[4096];
	ssize_t n = read(monitor->init.console_master, data, sizeof(data));

	if (n > 0) {
		spread(monitor, data, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* EIO: nobody has the console open just now. There is no event for its return. */
	monitor_unwatch(monitor, monitor->init.console_master);
}

void console_peer_read(struct monitor *monitor)
{
	char data[1024];
	ssize_t n = read(monitor->console_peer, data, sizeof(data));

	if (n > 0)
		(void)!write(monitor->init.console_master, data, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		monitor_unwatch(monitor, monitor->console_peer);
}

void console_drain(struct monitor *monitor)
{
	char data[4096];
	ssize_t n;

	if (monitor->init.console_master < 0)
		return;
	for (int i = 0; i < 64; i++) {
		n = read(monitor->init.console_master, data, sizeof(data));
		if (n <= 0)
			return;
		spread(monitor, data, (size_t)n);
	}
}

void console_close(struct monitor *monitor)
{
	monitor->log = console_log_free(monitor->log);
	cleanup_close(&monitor->console_peer);
}

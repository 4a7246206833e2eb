/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_MONITOR_INTERNAL_H
#define RLXC_CONTAINER_MONITOR_INTERNAL_H

#include "api/rlxc.h"
#include "container/control.h"
#include "container/monitor.h"
#include "container/launch.h"
#include "container/status.h"
#include "term/term.h"

/* What monitor.c (life), monitor-serve.c (requests) and monitor-console.c (bytes) share. */

#define MONITOR_CLIENTS_MAX 64

/* What a connected client still waits for. */
struct client {
	int fd;                    /* -EBADF: free slot */
	enum control_type pending; /* 0: nothing */
	uint64_t silent_since;     /* number of its connection, 0 once it has said something */
	uint32_t wait_states;
	bool freeze_on;
	int tty;        /* allocated to it: 1..N, 0 the console, -1 none */
	int console_fd; /* where console output goes for this client, -EBADF */
};

struct monitor {
	const struct monitor_request *request;
	struct launched init;
	enum rlxc_state state;
	int epoll_fd, listen_fd, events_fd, signal_fd;
	int userns_fd; /* to remove what the container made in its cgroup, -EBADF */
	struct client clients[MONITOR_CLIENTS_MAX];
	uint64_t n_connections;
	struct console_log *log;
	int console_peer; /* lxc.console.path, -EBADF */
	bool stopping;
	struct run_status status_page; /* what lists show */
	bool addrs_changed;
	int64_t looks_since_ms;
	unsigned int looks; /* at the addresses, since then */
	int status;         /* of init, valid once it was reaped */
};

/* Tags of epoll events. */
enum monitor_event {
	EVENT_INIT,
	EVENT_LISTEN,
	EVENT_CONSOLE,
	EVENT_PEER,
	EVENT_CGROUP,
	EVENT_SIGNAL,
	EVENT_NET,
	EVENT_CLIENT, /* + index of the client */
};

int monitor_watch(struct monitor *monitor, int fd, uint32_t events, uint32_t tag);
/* Announces a state: waiting clients are answered. */
void monitor_set_state(struct monitor *monitor, enum rlxc_state state);
/* Ends everything inside at once. */
void monitor_kill(struct monitor *monitor);

/* monitor-serve.c */
void serve_accept(struct monitor *monitor);
void serve_client(struct monitor *monitor, size_t index);
void serve_state_changed(struct monitor *monitor);
void serve_frozen(struct monitor *monitor, bool frozen);
void serve_close_all(struct monitor *monitor);
/* The clients of consoles: their terminals end with init. */
void serve_close_consoles(struct monitor *monitor);

/* monitor-status.c */
#define STATUS_SECOND_MS 1000
#define STATUS_LOOKS_MAX 20
void status_publish(struct monitor *monitor);
void status_watch(struct monitor *monitor);
void status_net_changed(struct monitor *monitor);
/* Asks the kernel for the addresses inside. */
void status_read_addrs(struct monitor *monitor);
/* Called when nothing else is to be done, and now and then. */
void status_refresh(struct monitor *monitor);

/* monitor-console.c */
int console_open(struct monitor *monitor, struct err *err);
void console_watch(struct monitor *monitor);
void console_read(struct monitor *monitor);
void console_peer_read(struct monitor *monitor);
/* Reads what is left after the end of init. */
void console_drain(struct monitor *monitor);
void console_close(struct monitor *monitor);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_MONITOR_INTERNAL_H
#define RLXC_CONTAINER_MONITOR_INTERNAL_H

#include "api/rlxc.h"
#include "container/control.h"
#include "container/monitor.h"
#include "container/launch.h"
#include "container/status.h"
#include "term/term.h"

/* What monitor.c (life), monitor-serve.c and monitor-attach.c (requests) and monitor-console.c
 * (bytes) share. */

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

struct request {
	struct monitor *monitor;
	struct client *client;
	int32_t arg;
	const char *payload;
	int *fd; /* that came with it, or -EBADF; closed unless taken */
};

/* When the program of a user-mode network is started again, of clock_ms. */
struct usernet_retry {
	int64_t due;   /* or, while one starts, its patience ends; 0: neither */
	int64_t since; /* the network is there */
	int wait_ms;   /* before the last try, 0: none yet */
};

struct monitor {
	const struct monitor_request *request;
	struct launched init;
	enum rlxc_state state;
	int epoll_fd, listen_fd, events_fd, signal_fd;
	int userns_fd; /* to remove what the container made in its cgroup, -EBADF */
	struct client clients[MONITOR_CLIENTS_MAX];
	uint64_t n_connections;
	unsigned int n_spawned; /* children that serve attaches */
	struct console_log *log;
	int console_peer; /* lxc.console.path, -EBADF */
	bool stopping;
	int64_t stop_deadline;         /* of clock_ms: asked to end until then, 0: nobody asked */
	int devices_fd;                /* program of the device rules, -EBADF */
	int notify_fd;                 /* takes listeners of filters, -EBADF: nobody is asked */
	struct usernet_retry retry;    /* of the user-mode network's program */
	int notifier;                  /* pidfd of the process that serves them, -EBADF */
	struct run_status status_page; /* what lists show */
	bool addrs_changed;
	int64_t looks_since_ms;
	unsigned int looks; /* at the addresses, since then */
	int watchers_fd;    /* held for the last state, -EBADF */
	int told_status;    /* what watchers hear of init, -1: nothing yet */
	const char *why;    /* the start has just failed, or NULL */
	int status;         /* of init, valid once it was reaped */
	pid_t ended_pid;    /* that was its, 0: it never ran */
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
	EVENT_USERNET,
	EVENT_CLIENT,                                       /* + index of the client */
	EVENT_SPAWNED = EVENT_CLIENT + MONITOR_CLIENTS_MAX, /* + pidfd of the child */
};

int monitor_watch(struct monitor *monitor, int fd, uint32_t events, uint32_t tag);
/* Before @fd is closed: a child of ours that has it, too, would keep it in the loop, and the end of
 * one boot's init would be that of the next one's. -EBADF: nothing. */
void monitor_unwatch(struct monitor *monitor, int fd);
/* Announces a state: waiting clients are answered. */
void monitor_set_state(struct monitor *monitor, enum rlxc_state state);
/* Ends everything inside at once. */
void monitor_kill(struct monitor *monitor);
/* Init, and what came from it, is there: what happens to it is heard of. */
void monitor_watch_init(struct monitor *monitor);

/* monitor-adopt.c */
/* Takes over what is there. What cannot be taken over the container goes without. */
void adopt_init(struct monitor *monitor);
/* Of an init that did not send them, for the stop hooks. */
void monitor_hold_namespaces(struct monitor *monitor);

/* monitor-serve.c */
void serve_accept(struct monitor *monitor);
void serve_client(struct monitor *monitor, size_t index);
void serve_state_changed(struct monitor *monitor);
/* Asks the freezer, and answers who waits for it. */
void serve_freezer(struct monitor *monitor);
/* Lets a frozen container go on: it is to hear a signal. */
void serve_thaw(struct monitor *monitor);
void serve_close_all(struct monitor *monitor);
/* The clients of consoles: their terminals end with init. Those who stay for the next boot get the
 * new ones. */
void serve_close_consoles(struct monitor *monitor);
void serve_new_consoles(struct monitor *monitor);

/* monitor-stop.c */
void stop_begin(struct monitor *monitor);
/* As epoll_wait takes it: -1 when nobody asked for the end. */
int stop_left_ms(const struct monitor *monitor);
/* Ends what was asked to end and did not. */
void stop_check(struct monitor *monitor);

/* monitor-usernet.c */
/* Init has just started: its network's program is watched, if there is one. */
void usernet_watch(struct monitor *monitor);
/* It has ended, or one that was started again is ready. */
void usernet_heard(struct monitor *monitor);
/* As epoll_wait takes it: -1 when nothing is to be started. */
int usernet_left_ms(const struct monitor *monitor);
/* Starts what is due. */
void usernet_check(struct monitor *monitor);

int serve_refuse(struct client *client, enum control_type type, const struct err *err);

/* monitor-attach.c */
void attach_fill_facts(const struct monitor *monitor, struct control_attach *facts);
int serve_attach(struct request *request);
int serve_spawn(struct request *request);
/* The child has ended. */
void spawn_reap(struct monitor *monitor, int pidfd);

/* monitor-hooks.c */
int hooks_pre_start(struct monitor *monitor, struct err *err);
int hooks_start_host(struct monitor *monitor, pid_t init, struct err *err);
/* Those that fail are logged. */
void hooks_stop(struct monitor *monitor);
/* Negative: one failed, which was logged; there is no reboot then. */
int hooks_post_stop(struct monitor *monitor);

/* monitor-cgroup.c */
int serve_cgroup(struct request *request);

/* monitor-notify.c */
/* If the policy asks a proxy: before anything is filtered. */
int notify_start(struct monitor *monitor, struct err *err);
void notify_tell_init(const struct monitor *monitor, const struct launched *init);
void notify_stop(struct monitor *monitor);

/* monitor-device.c */
int serve_device(struct request *request);

/* monitor-watchers.c */
/* Tells them the present state. */
void watchers_hear(struct monitor *monitor);
/* They can be told once more when the run-time directory is gone. */
void watchers_hold(struct monitor *monitor);

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

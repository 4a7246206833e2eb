/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_USERNET_H
#define RLXC_NET_USERNET_H

#include "base/err.h"
#include "base/strv.h"
#include "base/text.h"
#include "net/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A network of type user: a program of the host that runs with the user's rights, speaks with the
 * container over a tap device inside, and with the world over plain sockets outside. */

/* The container's side, whichever program it is; a program brings no more of it than the host's own
 * network has. What others use with these programs, too. */
#define USERNET_IPV4 "10.0.2.100"
#define USERNET_IPV4_PREFIX "24"
#define USERNET_IPV4_GATEWAY "10.0.2.2"
#define USERNET_IPV4_DNS "10.0.2.3"
#define USERNET_IPV6 "fd00::64"
#define USERNET_IPV6_GATEWAY "fd00::2"
#define USERNET_IPV6_DNS "fd00::3"

/* Descriptors of the program. Some programs close all but the first three. */
#define USERNET_NETNS_FD 0
#define USERNET_READY_FD 3 /* of those that have their standard output for themselves */
#define USERNET_DIR_FD 4

#define USERNET_SOCKET "usernet" /* in the run directory, while ports are published */

/* What a program is told. */
struct usernet_setup {
	const struct net_link *link;
	pid_t monitor;
	int userns_fd; /* of @monitor, -EBADF: the host's user namespace */
	bool is_root;
};

struct usernet_tool {
	const char *name, *package;
	bool says_by_stdout; /* that it is ready, else by USERNET_READY_FD */
	bool has_socket;     /* ports are published by requests on USERNET_SOCKET */
	/* Its arguments, without the name; 0 or -ENOMEM. Pure. */
	int (*arguments)(const struct usernet_setup *setup, struct strv *argv);
};

/* In the order of preference; NULL behind the last one. */
const struct usernet_tool *usernet_tool_at(size_t i);

/* The request that publishes a port, as JSON. Pure. */
void usernet_publish_request(const struct conf_publish *publish, struct text *text);
/* The resolv.conf that goes with them, from that of the host. Pure. */
void usernet_resolver(const char *host, struct text *text);
/* What a program printed before it ended, as one line. Pure. */
void usernet_say_output(const char *output, struct text *text);

/* What is missing for any of them, in words; NULL: nothing. */
const char *usernet_why_not(void);

struct usernet_request {
	struct usernet_setup setup;
	int netns_fd;
	int dir_fd; /* the container's run directory */
};

/* A program that runs. */
struct usernet {
	const struct usernet_tool *tool; /* NULL: none */
	int pidfd, ready_fd, output_fd;
	int userns_fd, netns_fd; /* for the next program */
};
#define USERNET_NONE                                                                               \
	((struct usernet){ .pidfd = -EBADF,                                                        \
	                   .ready_fd = -EBADF,                                                     \
	                   .output_fd = -EBADF,                                                    \
	                   .userns_fd = -EBADF,                                                    \
	                   .netns_fd = -EBADF })

/* Starts the first program that is there, without waiting for it. It dies with us. */
int usernet_start(const struct usernet_request *request, struct usernet *ret_usernet,
                  struct err *err);
/* Waits until the network is there, with another program if the first one cannot. When none can,
 * none runs: usernet_again or usernet_stop is next. */
int usernet_finish(const struct usernet_request *request, struct usernet *usernet, struct err *err);
/* As usernet_start, after the program has ended by itself or could not be started again. */
int usernet_again(const struct usernet_request *request, struct usernet *usernet, struct err *err);
/* Ends it; a network like it can still be made again. */
void usernet_end(struct usernet *usernet);
void usernet_stop(struct usernet *usernet);

#endif

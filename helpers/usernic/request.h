/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERNIC_REQUEST_H
#define RLXC_USERNIC_REQUEST_H

#include "names.h"

#include <stdbool.h>
#include <stdint.h>

/* The command line, which is LXC's:
 *
 *	create LXCPATH NAME PID TYPE BRIDGE [NIC]
 *	delete LXCPATH NAME /proc/PID/ns/net TYPE BRIDGE NIC
 *
 * In both PID (or the path) may be fd:N, an open network namespace; delete takes - for one that is
 * gone. LXCPATH and NAME are checked and not used. No argument is ever a path for us. */

#define REQUEST_USAGE "usage: create|delete LXCPATH NAME PID TYPE BRIDGE [NIC], see lxc-user-nic(1)"

struct request {
	bool remove;    /* it is delete */
	uint32_t pid;   /* whose namespace; 0: not by pid */
	int fd;         /* the namespace; -1: not by descriptor */
	bool any_netns; /* delete, and the namespace is gone */
	char bridge[NAME_SIZE];
	char nic[NAME_SIZE]; /* create: inside; delete: on the host */
};

/* Number and length of the words. */
bool request_is_usable(int argc, char *const argv[]);
/* The N of fd:N, or -1: to be known before other descriptors are closed. */
int request_fd(char *const argv[]);
/* 0, or the number of the word that is wrong. A wrong namespace is not: one cannot tell it from a
 * namespace of others, so there is neither pid nor fd then. */
int request_parse(int argc, char *const argv[], struct request *ret_request);

#endif

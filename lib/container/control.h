/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_CONTROL_H
#define RLXC_CONTAINER_CONTROL_H

#include "api/rlxc.h"
#include "base/err.h"
#include "container/rundir.h"
#include "container/store.h"
#include "lsm/lsm.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The control socket between a monitor and the other commands: SOCK_SEQPACKET, one message a
 * request and one a reply, a fixed header in front, descriptors beside. Both ends check the
 * other's credentials (control_peer_ok): root or the same user, nobody else.
 *
 * MUSTs: a length that does not fit its message, an unknown type or another version ends the
 * connection; descriptors that nobody asked for are closed; a client that is slow costs the
 * monitor nothing but its slot. */

#define CONTROL_MAGIC 0x6378726cU /* "lrxc" */
#define CONTROL_VERSION 1
#define CONTROL_MAX (32 * 1024) /* bytes of one message */

enum control_type {
	CONTROL_INFO = 1, /* arg: RLXC_WANT_* -> struct control_info, groups, addresses */
	CONTROL_ITEM,     /* payload: key -> its text in the running configuration */
	CONTROL_SIGNAL,   /* arg: signal for init, or one of CONTROL_SIGNAL_*; answered at once */
	CONTROL_KILL,   /* ends everything; the reply says it was begun, end-of-file that it is over
	                 */
	CONTROL_WAIT,   /* arg: bits of states; answered (result: the state) when one is reached */
	CONTROL_FREEZE, /* arg: 1 freeze, 0 thaw; answered when it is done */
	CONTROL_ATTACH, /* arg: offset -> struct control_attach, the environment from there on as
	                 * far as it fits; fds: init, payload cgroup, filter of system calls
	                 * and what takes its listener, if it has them, its v1 leaves */
	CONTROL_CONSOLE, /* arg: tty or -1; payload: none, or CONTROL_CONSOLE_STEAL -> result: the
	                  * tty; fds: its terminal, for the console also a stream of its output.
	                  * Again after each reboot, or an error when another took it */
	CONTROL_CGROUP,  /* payload: a file's name, or with arg 1 a device rule "FILE VALUE", arg 2
	                  * the same for where rules are in force
	                  * -> struct control_cgroup; fd: the directory that has the file */
	CONTROL_SPAWN,   /* fd: a socket -> a process beside us that serves it, attach-spawn.c */
	CONTROL_LINKS,   /* -> its interfaces, one a line, see links.h */
	CONTROL_DEVICE,  /* arg: 1, an interface of the host goes inside, 0, it comes back;
	                  * payload: "NAME" or "NAME/OTHER-NAME" */
	CONTROL_CONSOLE_LOG, /* arg: 1, to be emptied -> fd: a file with its last output */
	CONTROL_TYPE_MAX,
};

#define CONTROL_SIGNAL_HALT (-1)     /* lxc.signal.halt, or what suits the init */
#define CONTROL_SIGNAL_REBOOT (-2)   /* lxc.signal.reboot */
#define CONTROL_WAIT_NEXT (1U << 30) /* with CONTROL_WAIT: the present state does not count */

#define CONTROL_CONSOLE_STEAL "steal"

struct control_header {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	int32_t value;   /* request: arg; reply: result, negative errno on failure */
	uint32_t length; /* bytes that follow; a failed reply carries a struct err */
};

#define CONTROL_ADDRS_MAX 64

struct control_addr {
	char interface[16];
	char text[46];
	uint8_t ipv6, shown;
};

struct control_info {
	int32_t state, init_pid, monitor_pid;
	uint32_t n_addrs;
	uint8_t autostart, unprivileged;
	struct rlxc_stats stats;
	char groups[256];
	struct control_addr addrs[CONTROL_ADDRS_MAX];
};

/* What an attached process shares with init, decided by the running configuration. */
struct control_attach {
	uint64_t bounding;       /* capability bounding set */
	uint32_t new_namespaces; /* NS_BIT of those that differ from the host's */
	uint32_t uid, gid;       /* container root */
	int32_t persona;         /* personality(2), -1: leave */
	uint8_t no_new_privs, keyring, keep_groups, has_cgroup, has_filter, has_notify;
	int32_t state;
	struct lsm_label label; /* of the security module */
	struct lsm_label keyring_label;
	uint32_t environment_bytes; /* of all of it: lines that end in NUL */
};
struct control_cgroup {
	int32_t kind; /* enum cgroup_item_kind */
	char file[256];
};

#define CONTROL_V1_MAX 24 /* v1 hierarchies; the kernel has 14 controllers for them */
#define CONTROL_ATTACH_FDS (4 + CONTROL_V1_MAX)

/* One request and its reply. @fds: for the reply, @n_fds of them. Returns the reply's value. */
int control_call(int sock, enum control_type type, int32_t arg, const char *payload, void *ret_data,
                 size_t size, size_t *ret_len, int *fds, size_t n_fds, struct err *err);
/* The second half of control_call alone. */
int control_reply(int sock, enum control_type type, void *ret_data, size_t size, size_t *ret_len,
                  int *fds, size_t n_fds, struct err *err);
int control_send(int sock, enum control_type type, int32_t value, const void *data, size_t len,
                 const int *fds, size_t n_fds);
/* Reads one message; the payload is NUL-terminated at ret_data[len]. 0: end-of-file. */
int control_recv(int sock, struct control_header *ret_header, void *ret_data, size_t size, int *fds,
                 size_t n_fds);

/* Connects to the monitor of a running container and checks that it is the caller's.
 * -ESRCH: "container 'x' is not running"; -ENOENT: "container 'x' does not exist". */
int control_connect(const struct store *store, const char *name, struct err *err);
/* The connection alone, for which another monitor takes over from one that was killed; @err says
 * why none can. Otherwise as control_open. */
int control_reach(const struct store *store, const char *name, const struct rundir *dir,
                  struct err *err);
/* Only the connection: -ENOENT no socket, -ECONNREFUSED nobody listens. */
int control_open(const struct rundir *dir, const struct caller *caller);

/* May the process at the other end of @sock use or serve this socket? It must be @uid or root, and
 * in our user namespace: root of a container that maps our own id has the same uid for the kernel.
 * Root that we may not look at is root over us. */
bool control_peer_ok(int sock, uid_t uid);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERNIC_USERNIC_H
#define RLXC_USERNIC_USERNIC_H

#include "priv/caller.h"
#include "priv/policy.h"

#include <sys/socket.h>

struct sockaddr_nl;

/* What the parts of lxc-user-nic know of each other, in the order in which main needs them. */

/* ---- names.c: names of interfaces, by stricter rules than the kernel's ---- */

#define NAME_SIZE 16             /* IFNAMSIZ */
#define NAME_NO_BRIDGE "none"    /* an interface that is attached to nothing */
#define NAME_NIC_DEFAULT "eth%d" /* the kernel puts the next free number in */
#define NAME_RANDOM 4

bool name_is_bridge(const char *name);
/* What the container calls it; may end in one %d. */
bool name_is_nic(const char *name);

/* Host ends carry their owner: "veth<uid>_XXXX" for 1..65536, as in LXC, "veth", the id in base 32
 * (7 places) and XXXX for others. */
void name_host_nic(uint32_t uid, const uint8_t random[NAME_RANDOM], char ret_name[NAME_SIZE]);
/* -1: no name of ours. */
int name_owner(const char *name, uint32_t *ret_uid);

/* ---- request.c: the command line, which is LXC's ----
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

/* ---- target.c: the network namespace that gets the other end ----
 *
 * It is looked up once, with the caller's rights; from then on the descriptor is what counts,
 * whatever becomes of the process. */

struct target_facts {
	uint64_t fs_type;
	int ns_type;
	ino_t netns, own_netns;
	uid_t owner;              /* of the user namespace that owns it */
	ino_t parent, own_userns; /* where that one was made */
};

bool target_allowed(const struct target_facts *facts, uid_t caller);
/* -1: there is none, or it is not the caller's. */
int target_open(const struct request *request, const struct priv_caller *caller);

/* ---- policy.c: what the administrator grants, see lxc-usernet(5) ---- */

#define POLICY_COUNT_MAX 65535
#define POLICY_GRANTS_MAX 64

/* Lines of one owner add up. */
struct grant {
	bool is_group; /* the quota of all members together */
	uint32_t id;   /* uid or gid */
	uint32_t count;
};

struct policy {
	size_t n_grants; /* in the order of the file, none with a count of 0 */
	struct grant grants[POLICY_GRANTS_MAX];
	unsigned int n_ignored; /* lines that are no grant, nor empty, nor comments */
};

/* -1: the file cannot be meant so (NUL, a line beyond 512 bytes), and nothing is granted. */
int policy_parse(const char *text, size_t len, const struct priv_asker *asker, const char *bridge,
                 struct policy *ret_policy);

/* ---- link.c: the few requests of rtnetlink(7) that we need; failures are negative errnos ---- */

#define LINK_HERE (-1) /* no other namespace */

struct link {
	uint32_t ifindex, master, mtu;
	uint32_t peer;     /* ifindex of the other end */
	int32_t peer_nsid; /* our number of the namespace that one is in; LINK_HERE: ours */
	char name[NAME_SIZE], kind[NAME_SIZE];
};

struct link_socket {
	int fd;
	uint32_t seq;
};

struct link_pair {
	char host[NAME_SIZE];
	uint8_t host_address[6];
	uint32_t master; /* 0: none */
	uint32_t mtu;
	const char *peer; /* its name where it is going to be, right from the start */
	int netns_fd;
};

typedef void (*link_fn)(void *arg, const struct link *link);

/* Needs NET_ADMIN, as all that changes something does: the kernel looks at who opened it, too. */
int link_open(struct link_socket *ret_socket);
/* By ifindex, or by name when that is 0; the exact name, no other one. -ENODEV: there is none. */
int link_get(struct link_socket *s, uint32_t ifindex, const char *name, int32_t nsid,
             struct link *ret_link);
/* Each veth below @master, or all with 0. */
int link_list(struct link_socket *s, uint32_t master, link_fn fn, void *arg);
/* All of it, or nothing. -EEXIST: one of the names is taken. */
int link_create_pair(struct link_socket *s, const struct link_pair *pair);
int link_delete(struct link_socket *s, uint32_t ifindex);

/* Pure: one datagram of answers to the request @seq. 1: that was the end, 0: there is more to come,
 * -EAGAIN: the end, but things changed meanwhile. */
int link_parse(const void *data, size_t len, uint32_t seq, link_fn fn, void *arg);
bool link_is_from_kernel(const struct sockaddr_nl *from, socklen_t len);

/* ---- records.c: the interfaces charged to one user, or to one group ----
 *
 * RECORDS_DIR/<uid> or RECORDS_DIR/g<gid> is text, with the version and the number of records in
 *the first line:
 *
 *	1 1
 *	UID veth BRIDGE NIC IFINDEX
 *
 * With an ifindex of 0 it is a reservation. Only what we would write ourselves is read. The file is
 * replaced as a whole; the lock beside it never is. Who stops in the middle, or is stopped, blocks
 * nobody but who shares the owner. */

#define RECORDS_DIR "/run/lxc/nics.d"
#define RECORDS_MAX 2048 /* a Linux bridge has 1023 ports at most */
#define RECORD_LINE_MAX 80
#define RECORDS_TEXT_MAX ((RECORDS_MAX + 1) * RECORD_LINE_MAX)

struct record {
	uint32_t uid; /* who made it, also when a group is charged */
	uint32_t ifindex;
	char bridge[NAME_SIZE], nic[NAME_SIZE];
};

struct records {
	int dir_fd, lock_fd;
	const struct grant *owner;
	unsigned int waited_ms; /* for locks, by this process */
	bool are_lost;          /* the file is damaged, or gone: only the kernel knows */
	size_t n;
	struct record list[RECORDS_MAX];
};

/* Waits for others who are at it, 5 s in all that one process waits, and reads. false: another one
 * has it still. Ends the program when there is something else in place of the lock. */
bool records_lock(struct records *records, int dir_fd, const struct grant *owner);
void records_unlock(struct records *records);
/* 0: written; the old file stays otherwise. */
int records_save(const struct records *records);
/* Has this other owner that record? Without a lock: what is replaced as a whole is never half. */
bool records_have(int dir_fd, const struct grant *owner, const struct record *record);

/* The record of exactly this interface, or NULL. */
struct record *records_find(struct records *records, uint32_t uid, const char *bridge,
                            const char *nic);
void records_remove(struct records *records, size_t i);
size_t records_count(const struct records *records, const char *bridge);

/* Pure. -1: damaged, @records is empty then. */
int records_parse(const char *text, struct records *records);
/* Length of the text, which always fits. */
size_t records_format(const struct records *records, char text[RECORDS_TEXT_MAX]);

/* ---- nic.c: making and removing an interface within the quota ----
 *
 * MUSTs: 1. The kernel's links decide what counts; records say which are whose, and names of links
 * do where records were lost. 2. A record is on
 * disk before its link is made, and goes after it: killed anywhere, the program leaves no link that
 * nobody counts. 3. What is removed is removed by ifindex, after record and link were compared in
 * full. 4. One lock at a time. */

struct nic_job {
	uint32_t uid; /* of the caller */
	struct request request;
	struct policy policy;
	int netns_fd; /* who gets it; -1 for delete of what has none */
	int dir_fd;   /* of the records */
	struct link_socket link;
	struct link bridge; /* ifindex 0: none */
	bool is_ovs;        /* it is Open vSwitch's */

	struct records records;   /* of who is charged */
	struct link host, inside; /* create: the result */
};

/* What was asked for, with each owner in turn that could be charged, until one did it. Ends the
 * program when none can. */
void nic_change(struct nic_job *job);

/* Pure: is @link the one that @record is about, and is it where we put it? */
bool nic_is_recorded(const struct link *link, const struct record *record);
bool nic_is_placed(const struct link *host, uint32_t master);

/* ---- ovs.c: bridges of Open vSwitch, with configure --enable-ovs; else there are none ---- */

#ifdef USERNIC_OVS
/* Forks the child that runs ovs-vsctl later: the system call filter lets nothing be run. */
void ovs_prepare(const struct request *request);
bool ovs_is_bridge(const struct link *bridge);
/* Makes @nic a port of the bridge, or no port any more, as was asked for. Once in a process. */
bool ovs_change(const char *nic);
#else
#define ovs_prepare(request) ((void)0)
#define ovs_is_bridge(bridge) false
#define ovs_change(nic) false
#endif

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONF_CONF_H
#define RLXC_CONF_CONF_H

#include "base/err.h"
#include "base/strv.h"
#include "conf/nsbits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The configuration of one container, as lxc.container.conf(5) describes it: what was written,
 * not what will be done (that is the plan's, lib/container/plan.h). A key that was never set, or
 * was cleared, has its default. Strings are owned and NULL when unset. */

#define CONF_TRISTATE_UNSET (-1)

enum idmap_kind { IDMAP_UID, IDMAP_GID };

/* Ranges of ids inside against outside a user namespace. See user_namespaces(7). */
struct idmap_range {
	enum idmap_kind kind;
	uint32_t ns_first;   /* first id inside the namespace */
	uint32_t host_first; /* first id outside */
	uint32_t count;      /* at least 1; neither end passes UINT32_MAX - 1 */
};

struct conf_idmaps {
	struct idmap_range *items;
	size_t n;
};

/* One "name = value" of a family such as lxc.cgroup2.*, lxc.prlimit.*, lxc.sysctl.*. */
struct conf_pair {
	char *name;
	char *value;
	char *where; /* "FILE:LINE" that set it first, NULL: no file did */
};

struct conf_pairs {
	struct conf_pair *items;
	size_t n;
};

struct conf_addr {
	int family; /* AF_INET or AF_INET6 */
	uint8_t addr[16];
	uint8_t broadcast[16]; /* IPv4 only */
	uint8_t prefix;
};

struct conf_addrs {
	struct conf_addr *items;
	size_t n;
};

enum conf_net_type {
	CONF_NET_EMPTY,
	CONF_NET_NONE,
	CONF_NET_VETH,
	CONF_NET_VLAN,
	CONF_NET_MACVLAN,
	CONF_NET_IPVLAN,
	CONF_NET_PHYS,
	CONF_NET_USER,
	CONF_NET_CLEARED, /* lxc.net.N.type was cleared: no start with this */
};

enum conf_gateway_kind {
	CONF_GATEWAY_NONE,
	CONF_GATEWAY_ADDR,
	CONF_GATEWAY_AUTO,
	CONF_GATEWAY_DEV
};

struct conf_gateway {
	enum conf_gateway_kind kind;
	uint8_t addr[16];
};

/* A port of the host that leads to one of the container. */
struct conf_publish {
	int family; /* of .addr, 0: every address of the host */
	uint8_t addr[16];
	uint16_t host_port, port;
	bool udp;
};

struct conf_publishes {
	struct conf_publish *items;
	size_t n;
};

#define CONF_VLAN_NONE (-1) /* not even that of the bridge */
#define CONF_VLAN_UNSET (-2)

/* One lxc.net.N. Which members mean something depends on the type. */
struct conf_net {
	uint32_t index;
	enum conf_net_type type;
	bool up; /* lxc.net.N.flags */
	char *link, *name, *hwaddr, *mtu;
	char *script_up, *script_down;
	struct conf_addrs ipv4, ipv6;
	struct conf_gateway ipv4_gateway, ipv6_gateway;
	bool l2proxy;
	char *veth_pair, *veth_mode; /* mode NULL: bridge */
	struct conf_addrs veth_ipv4_route, veth_ipv6_route;
	int32_t veth_vlan_id; /* or CONF_VLAN_NONE, CONF_VLAN_UNSET */
	struct strv veth_vlan_tagged;
	int32_t veth_rxqueues, veth_txqueues; /* 0 unset */
	uint32_t vlan_id;
	char *macvlan_mode;                   /* NULL: private */
	char *ipvlan_mode, *ipvlan_isolation; /* NULL: l3, bridge */
	struct conf_publishes publish;
};

struct conf_nets {
	struct conf_net *items; /* sorted by index */
	size_t n;
};

/* lxc.mount.auto, one choice for each class. */
enum conf_auto_proc { CONF_PROC_NONE, CONF_PROC_MIXED, CONF_PROC_RW };
enum conf_auto_sys { CONF_SYS_NONE, CONF_SYS_MIXED, CONF_SYS_RO, CONF_SYS_RW };
enum conf_auto_cgroup {
	CONF_CGROUP_NONE,
	CONF_CGROUP_NOSPEC, /* "cgroup": rw or mixed, by capabilities */
	CONF_CGROUP_MIXED,
	CONF_CGROUP_RO,
	CONF_CGROUP_RW,
};

struct conf_mount_auto {
	enum conf_auto_proc proc;
	enum conf_auto_sys sys;
	enum conf_auto_cgroup cgroup;
	bool cgroup_full;         /* cgroup-full */
	bool cgroup_force;        /* :force, and always for cgroup2 */
	bool cgroup2;             /* cgroup2[:ro] */
	char *shmounts_host;      /* shmounts:HOST[:CONT] */
	char *shmounts_container; /* default /dev/.lxc-mounts */
};

enum conf_hook {
	CONF_HOOK_PRE_START,
	CONF_HOOK_PRE_MOUNT,
	CONF_HOOK_MOUNT,
	CONF_HOOK_AUTODEV,
	CONF_HOOK_START_HOST,
	CONF_HOOK_START,
	CONF_HOOK_STOP,
	CONF_HOOK_POST_STOP,
	CONF_HOOK_CLONE,
	CONF_HOOK_DESTROY,
	CONF_HOOK_MAX,
};

#define CONF_GROUPS_KEEP "keep"

struct conf {
	/* identity, init */
	char *uts_name;
	char *arch; /* as written; conf_arch_is_32bit tells the personality */
	char *init_cmd, *execute_cmd, *init_cwd;
	uint32_t init_uid, init_gid;
	struct strv init_groups; /* decimal numbers, or CONF_GROUPS_KEEP alone */
	struct strv environment, environment_runtime, environment_hooks; /* NAME=value */
	bool ephemeral;

	/* signals (0: unset), autostart, monitor, log */
	int32_t signal_halt, signal_reboot, signal_stop;
	bool start_auto;
	uint32_t start_delay;
	int32_t start_order;
	struct strv groups;
	uint32_t monitor_unshare;
	int32_t monitor_pdeath; /* default SIGKILL */
	int32_t log_level;      /* enum log_level, LOG_LEVEL_UNSET */
	char *log_file, *log_syslog;

	/* namespaces, ids, security */
	struct conf_idmaps idmaps;
	uint32_t ns_clone, ns_keep; /* NS_BIT */
	bool ns_clone_set;          /* lxc.namespace.clone was given */
	char *ns_share[NS_MAX];
	int64_t time_boot_s, time_boot_ns, time_monotonic_s, time_monotonic_ns;
	struct strv cap_drop, cap_keep; /* names as written; keep may be {"none"} */
	bool no_new_privs;
	bool keyring_disabled; /* lxc.keyring.session = 1 */
	bool sched_core;
	char *apparmor_profile;
	bool apparmor_allow_incomplete, apparmor_allow_nesting;
	struct strv apparmor_raw;
	char *selinux_context, *selinux_keyring;
	char *seccomp_profile, *seccomp_notify_proxy, *seccomp_notify_cookie;
	bool seccomp_allow_nesting;

	struct conf_nets nets;

	/* root file system and mounts */
	char *rootfs_path;    /* without the backend */
	char *rootfs_backend; /* "dir" of dir:/path, or NULL */
	char *rootfs_mount, *rootfs_options;
	bool rootfs_managed; /* default true */
	char *mount_fstab;
	struct strv mount_entries;
	struct conf_mount_auto mount_auto;

	/* console and /dev */
	char *console_path, *console_logfile;
	bool console_rotate;
	uint64_t console_size, console_buffer_size; /* bytes, 0: no limit / none */
	uint32_t tty_max, pty_max;
	bool pty_max_set; /* an unset lxc.pty.max does not take ptys from the container */
	char *tty_dir;
	bool autodev;               /* default true */
	int32_t autodev_tmpfs_size; /* bytes */

	/* cgroups and limits */
	struct conf_pairs cgroup2, cgroup1;
	char *cgroup_dir, *cgroup_container, *cgroup_monitor, *cgroup_pivot, *cgroup_inner;
	bool cgroup_relative;
	struct conf_pairs prlimit, sysctl, proc;

	/* hooks */
	struct strv hooks[CONF_HOOK_MAX];
	uint32_t hook_version;

	/* how the text came here */
	char *file;  /* the top-level file, as given */
	char *saved; /* its text, see conf_save in conf/item.h */
};

/* Everything at its default. */
void conf_init(struct conf *conf);
void conf_done(struct conf *conf);
struct conf *conf_new(void);
struct conf *conf_free(struct conf *conf);
static inline void conf_freep(struct conf **conf)
{
	(void)conf_free(*conf);
}

/* lxc.init.groups = keep */
bool conf_keeps_groups(const struct conf *conf);

bool conf_arch_is_32bit(const char *arch);
bool conf_arch_is_known(const char *arch);

/* Capabilities by their numbers, as lxc.cap.drop and lxc.cap.keep write them; NULL at the end. */
#define CONF_CAPS 41
extern const char *const conf_cap_names[CONF_CAPS + 1];

#endif

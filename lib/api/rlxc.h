/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_H
#define RLXC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Containers that speak LXC. Every call returns 0 (or what its comment says) or a negative errno
 * and then fills @err, which may be NULL. Nothing here prints or exits, except where a call runs
 * a program on the caller's terminal (start in the foreground, attach, console). */

struct rlxc_err {
	int code;       /* negative errno */
	char msg[768];  /* what could not be done, outermost first, one line */
	char hint[512]; /* what the reader can do about it, often empty */
};

const char *rlxc_version(void);

/* Call first in main: standard descriptors that the caller closed become /dev/null, or they would
 * be the next files we open; and a monitor can rename its process. */
int rlxc_init(int argc, char **argv);
/* Next in the main of a program that starts or enters containers: run by root it is executed anew,
 * from a read-only mount of its file, so that no root of a container without a map of ids gets a
 * way to write to it (CVE-2019-5736). */
int rlxc_protect(struct rlxc_err *err);

/* ---- states, in LXC's numeric order ---- */

enum rlxc_state {
	RLXC_STOPPED,
	RLXC_STARTING,
	RLXC_RUNNING,
	RLXC_STOPPING,
	RLXC_ABORTING,
	RLXC_FREEZING,
	RLXC_FROZEN,
	RLXC_THAWED,
	RLXC_ERROR, /* its configuration cannot be read; never running */
	RLXC_STATE_MAX,
};

static inline bool rlxc_state_runs(enum rlxc_state state)
{
	return state != RLXC_STOPPED && state != RLXC_ERROR;
}

const char *rlxc_state_name(enum rlxc_state state);
/* Upper-case name; -EINVAL for an unknown one. */
int rlxc_state_parse(const char *name);

/* ---- a directory of containers ---- */

struct rlxc;

/* @lxcpath: NULL for lxc.lxcpath of the system configuration. Reads lxc.conf(5) once. */
int rlxc_open(const char *lxcpath, struct rlxc **ret_rlxc, struct rlxc_err *err);
void rlxc_close(struct rlxc *rlxc);
const char *rlxc_path(const struct rlxc *rlxc);

/* Where log lines and warnings go from now on. @file: NULL or "none" for no log file unless
 * @level is set, then LXC's default place. @level: a name such as "DEBUG", NULL for ERROR. */
int rlxc_log(struct rlxc *rlxc, const char *prog, const char *name, const char *file,
             const char *level, bool quiet, struct rlxc_err *err);

/* A key of lxc.conf(5); *ret_value is NULL when unset and belongs to @rlxc. -EINVAL: no such key.
 */
int rlxc_config_get(const struct rlxc *rlxc, const char *key, const char **ret_value);
const char *rlxc_config_key(unsigned int i); /* NULL past the end */

/* ---- create, destroy ---- */

struct rlxc_create_options {
	const char *name;
	const char *template_name; /* a built-in one, a name in the template directory, or a path */
	char *const *template_argv; /* NULL-terminated words for it, or NULL */
	const char *config;         /* initial configuration file, NULL: lxc.default_config */
	const char *bdev;           /* storage backend, "best", or NULL for "dir" */
	const char *dir;            /* absolute path for the root file system, or NULL */
	/* Of a volume; NULL and 0: lxc.bdev.* of lxc.conf(5), the container's name, ext4, 1 GiB */
	const char *lvname, *vgname, *thinpool, *zfsroot, *fstype;
	uint64_t fssize; /* in bytes */
	bool quiet;      /* the template's output goes to /dev/null */
};
int rlxc_create(struct rlxc *rlxc, const struct rlxc_create_options *options, struct rlxc_err *err);

/* @force: kill it first when it runs. @snapshots: with its snapshots and clones. */
int rlxc_destroy(struct rlxc *rlxc, const char *name, bool force, bool snapshots,
                 struct rlxc_err *err);

/* ---- copies, snapshots ---- */

struct rlxc_copy_options {
	const char *name;     /* of the source */
	const char *new_name; /* NULL: NAME_ and six random characters */
	const char *new_path; /* directory of containers for the copy, NULL: the source's */
	const char *bdev;     /* backend, NULL: that of the source */
	uint64_t fssize;      /* of a new volume, 0: default */
	bool snapshot;        /* copy-on-write, sharing what is not changed */
	bool native;          /* the same where that asks nothing of the source, else a full copy */
	bool allow_running;   /* of the source; what it changes meanwhile is copied as found */
	bool keep_name, keep_mac;
	bool ephemeral; /* it goes when it stops */
	bool tmpfs;     /* of a snapshot: what it writes is kept in memory */
	/* n_mounts lines of lxc.mount.entry; an overlay without upperdir gets one that goes with
	 * the copy */
	const char *const *mounts;
	size_t n_mounts;
	char *const *hook_argv; /* more words for lxc.hook.clone, NULL-terminated, or NULL */
	/* Called now and then, maybe in a child process; or NULL. */
	void (*progress)(void *arg, uint64_t n_files, uint64_t n_bytes);
	void *progress_arg;
};
/* *@ret_name, owned: what the copy is called. */
int rlxc_copy(struct rlxc *rlxc, const struct rlxc_copy_options *options, char **ret_name,
              struct rlxc_err *err);
int rlxc_rename(struct rlxc *rlxc, const char *name, const char *new_name, struct rlxc_err *err);

struct rlxc_snapshot {
	char *name, *path; /* "snap0"; the directory it is in */
	char *time;        /* as LXC writes it, "2026:11:22 02:07:20", local; NULL: not known */
	char *comment;     /* text, or NULL */
};
/* @comment: a file, or NULL. *@ret_name, owned: "snapN". */
int rlxc_snapshot_create(struct rlxc *rlxc, const char *name, const char *comment,
                         const struct rlxc_copy_options *more, char **ret_name,
                         struct rlxc_err *err);
/* By number. */
int rlxc_snapshot_list(struct rlxc *rlxc, const char *name, struct rlxc_snapshot **ret_list,
                       size_t *ret_n, struct rlxc_err *err);
void rlxc_snapshot_list_free(struct rlxc_snapshot *list, size_t n);
/* @snapshot: NULL for all. */
int rlxc_snapshot_destroy(struct rlxc *rlxc, const char *name, const char *snapshot,
                          struct rlxc_err *err);
/* @new_name: of a new container; NULL: the container is what it was at that time. */
int rlxc_snapshot_restore(struct rlxc *rlxc, const char *name, const char *snapshot,
                          const char *new_name, const struct rlxc_copy_options *more,
                          struct rlxc_err *err);

/* ---- archives ---- */

struct rlxc_export_options {
	const char *name;
	const char *file;        /* NULL: stdout */
	const char *compression; /* "none", "gzip", "xz", "zstd"; NULL: by the file's name */
	bool freeze;             /* suspend it meanwhile when it runs */
	bool snapshots;          /* with those there are */
};
/* Writes a stopped container as a tar archive, with the ids inside. -EBUSY: it runs. */
int rlxc_export(struct rlxc *rlxc, const struct rlxc_export_options *options, struct rlxc_err *err);

struct rlxc_import_options {
	const char *name;   /* NULL: as in the archive */
	const char *file;   /* NULL: stdin */
	const char *config; /* whose lxc.idmap counts, NULL: lxc.default_config */
	bool privileged;    /* root: it may have no map of ids although it had one */
	bool trust;         /* its configuration may act on the host, and it be of any size */
};
/* Makes a container from an archive of rlxc_export, or from a tar of a container's directory.
 * *@ret_name, owned: what it is called. */
int rlxc_import(struct rlxc *rlxc, const struct rlxc_import_options *options, char **ret_name,
                struct rlxc_err *err);

/* Prints the help of a template (built-in: from the table; other: runs it with -h). */
int rlxc_template_help(struct rlxc *rlxc, const char *template_name, struct rlxc_err *err);

/* ---- start ---- */

struct rlxc_checkpoint_options;

struct rlxc_start_options {
	const char *name;
	const char *rcfile; /* configuration instead of the container's own, or NULL */
	bool foreground;
	bool execute; /* run argv under our small init; returns its exit code */
	bool close_all_fds;
	bool supervised;    /* in the foreground: SIGTERM asks for a shutdown, and the exit code of
	                     * init is    returned, 0 for a halt */
	int ready_fd;       /* then gets a line break once the container runs; 0: none */
	bool strict_limits; /* a limit that cannot hold is an error */
	const char *pidfile;
	const char *console;        /* lxc.console.path, or NULL */
	const char *console_log;    /* lxc.console.logfile, or NULL */
	const char *const *defines; /* n_defines lines "KEY=VALUE" */
	size_t n_defines;
	const char *const *publish; /* n_publish values of lxc.net.N.publish */
	size_t n_publish;
	char *const *argv; /* NULL: lxc.init.cmd or lxc.execute.cmd */
	/* Goes on from there, by its .dir, .action_script and .verbose; NULL: boots */
	const struct rlxc_checkpoint_options *restore;
};
/* 0 once the container runs (in the foreground: has ended); with .execute in the foreground, or
 * .supervised, the program's exit code (128 + N when signal N ended it). -EALREADY: it runs
 * already, or is starting. */
int rlxc_start(struct rlxc *rlxc, const struct rlxc_start_options *options, struct rlxc_err *err);
/* What a start would do, as JSON; touches nothing. */
int rlxc_start_plan(struct rlxc *rlxc, const struct rlxc_start_options *options, char **ret_json,
                    struct rlxc_err *err);

/* ---- running containers ---- */

struct rlxc_stop_options {
	bool kill;
	bool reboot;
	bool no_kill;  /* do not kill after the timeout */
	int timeout_s; /* -1: for ever; 0: send the signal and return */
	const char *rcfile;
};
/* -ESRCH: not running; -ENOENT: no such container; -ETIMEDOUT. */
int rlxc_stop(struct rlxc *rlxc, const char *name, const struct rlxc_stop_options *options,
              struct rlxc_err *err);

/* @timeout_s: -1 for ever. */
int rlxc_freeze(struct rlxc *rlxc, const char *name, int timeout_s, struct rlxc_err *err);
int rlxc_unfreeze(struct rlxc *rlxc, const char *name, int timeout_s, struct rlxc_err *err);

struct rlxc_checkpoint_options {
	const char *dir; /* of the images; made where it is missing */
	const char
		*predump_dir; /* of the pre-dump that this one adds to, seen from .dir; or NULL */
	const char *action_script; /* that criu runs, or NULL */
	bool pre_dump;             /* memory alone, while all goes on */
	bool stop;                 /* the container is stopped then, else it goes on */
	bool verbose;              /* criu's log, in .dir, has all */
};
/* Writes what runs in the container to a directory, by criu(8). -ESRCH: it does not run. */
int rlxc_checkpoint(struct rlxc *rlxc, const char *name,
                    const struct rlxc_checkpoint_options *options, struct rlxc_err *err);

/* A file of the running container's cgroup, such as "pids.max". A name of cgroup version 1 means
 * its counterpart where the host has version 2, and the other way round; values are translated.
 * @value and *@ret_value are text as the kernel reads and writes it; the latter is owned. */
int rlxc_cgroup_get(struct rlxc *rlxc, const char *name, const char *file, char **ret_value,
                    struct rlxc_err *err);
int rlxc_cgroup_set(struct rlxc *rlxc, const char *name, const char *file, const char *value,
                    struct rlxc_err *err);

/* A device of the host for a running container, until that ends or reboots. @device: the path of a
 * node, bound inside at @other (NULL: the same path); or, for containers of root, the name of a
 * network interface, called @other inside. remove: the node is the one at @other inside; the
 * interface @device comes back to the host, as @other. -EPERM, -EACCES: the error names what is in
 * the way. */
int rlxc_device_add(struct rlxc *rlxc, const char *name, const char *device, const char *other,
                    struct rlxc_err *err);
int rlxc_device_remove(struct rlxc *rlxc, const char *name, const char *device, const char *other,
                       struct rlxc_err *err);

/* What the caller sees at @source, a path of the host, with all that is mounted below it, appears
 * at
 * @target of the running container, until that ends or reboots; what is missing of @target is made.
 * @options: "ro,nosuid", as for a bind mount, or NULL. umount: takes away what is mounted there. */
int rlxc_mount(struct rlxc *rlxc, const char *name, const char *source, const char *target,
               const char *options, struct rlxc_err *err);
int rlxc_umount(struct rlxc *rlxc, const char *name, const char *target, struct rlxc_err *err);

/* Waits until the state is one of @states (bits 1 << enum rlxc_state). -ETIMEDOUT. */
int rlxc_wait(struct rlxc *rlxc, const char *name, unsigned int states, int timeout_s,
              struct rlxc_err *err);

/* A change of a container's state. */
struct rlxc_event {
	int64_t time_ns; /* CLOCK_REALTIME */
	const char *name;
	enum rlxc_state state;
	pid_t init_pid;  /* 0: none */
	int status;      /* of init as waitpid(2) has it, once it has ended; -1: not known */
	const char *why; /* with RLXC_ABORTING: why it did not start; or NULL */
	bool present;    /* no change: it was in that state when the watch began */
};

struct pollfd;
struct rlxc_watch_options {
	bool present;               /* begin with an event for each container that runs */
	const struct pollfd *until; /* at most 4; 0 is returned when one of them is ready */
	size_t n_until;
	/* What it returns ends the watch, unless it is 0. */
	int (*event)(void *arg, const struct rlxc_event *event);
	void *arg;
};
/* Calls .event for each change of each container of the directory, those that come later too, in
 * the order of each. -ENOBUFS: the caller took too long, and some are lost. */
int rlxc_watch(struct rlxc *rlxc, const struct rlxc_watch_options *options, struct rlxc_err *err);

struct rlxc_console_options {
	int tty;              /* -1: the next free one; 0: /dev/console; N: /dev/ttyN */
	unsigned char escape; /* control byte of the prefix, 1 for Ctrl+a */
	bool steal;           /* take that tty from whoever is connected to it */
};
/* Returns when the user leaves (0), the container ends (0) or another one takes the tty (-EBUSY); a
 * reboot does not end it. */
int rlxc_console(struct rlxc *rlxc, const char *name, const struct rlxc_console_options *options,
                 struct rlxc_err *err);
/* What the console printed last, as much as lxc.console.buffer.size keeps: *@ret_fd, a descriptor
 * of the caller's to read it from. @clear: forgets it. -ENODATA: there is no buffer. */
int rlxc_console_log(struct rlxc *rlxc, const char *name, bool clear, int *ret_fd,
                     struct rlxc_err *err);

#define RLXC_ELEVATE_CGROUP 1U
#define RLXC_ELEVATE_CAP 2U
#define RLXC_ELEVATE_LSM 4U

struct rlxc_attach_options {
	const char *rcfile;
	unsigned int elevate; /* RLXC_ELEVATE_* */
	unsigned int
		namespaces; /* bits in the order user mnt pid uts ipc net cgroup time; 0: all */
	bool remount_sys_proc;
	const char *arch; /* personality, or NULL for the container's */
	bool keep_env;    /* start from the caller's environment */
	const char *const *keep_vars;
	size_t n_keep_vars;
	const char *const *set_vars; /* NAME=VALUE */
	size_t n_set_vars;
	const char *pty_log;
	int64_t uid, gid; /* inside; -1: default */
	const char *context;
	bool login;        /* without argv: at home, as login(1) starts it */
	char *const *argv; /* NULL: the user's login shell */
};
/* The program's exit code: 128 + N for signal N, 127 not found, 126 not executable. */
int rlxc_attach(struct rlxc *rlxc, const char *name, const struct rlxc_attach_options *options,
                struct rlxc_err *err);

/* ---- asking ---- */

struct rlxc_addr {
	char interface[16];
	char text[46]; /* inet_ntop(3) */
	bool ipv6;
	bool shown; /* not loopback, not link-local: what LXC's tools list */
};

/* What to find out; more costs more. */
#define RLXC_WANT_STATE 1U  /* state, pids */
#define RLXC_WANT_CONFIG 2U /* autostart, groups, unprivileged */
#define RLXC_WANT_ADDRS 4U
#define RLXC_WANT_CPU 8U /* from here on: statistics, each a file or two of a cgroup */
#define RLXC_WANT_MEMORY 16U
#define RLXC_WANT_SWAP 32U
#define RLXC_WANT_MEMORY_SWAP 64U /* their sum; the two have to be asked for as well */
#define RLXC_WANT_KERNEL_MEMORY 128U
#define RLXC_WANT_IO 256U
#define RLXC_WANT_STATS                                                                            \
	(RLXC_WANT_CPU | RLXC_WANT_MEMORY | RLXC_WANT_SWAP | RLXC_WANT_MEMORY_SWAP |               \
	 RLXC_WANT_KERNEL_MEMORY | RLXC_WANT_IO)
#define RLXC_WANT_LINKS 1024U  /* of rlxc_info alone */
#define RLXC_ONLY_RUNNING 512U /* for rlxc_list: leaves out what does not run, at no cost */

/* UINT64_MAX: not known, or not asked for */
struct rlxc_stats {
	uint64_t cpu_ns, cpu_user_ns, cpu_system_ns;
	uint64_t memory_bytes, swap_bytes;
	uint64_t memory_swap_bytes; /* both */
	uint64_t kernel_memory_bytes;
	uint64_t io_read_bytes, io_write_bytes, io_read_ops, io_write_ops;
};

struct rlxc_link {
	char name[16];               /* on the host, or inside */
	uint64_t rx_bytes, tx_bytes; /* seen from the container */
};

struct rlxc_info {
	char *name;
	bool defined;       /* has a configuration file */
	char *config_error; /* why the state is RLXC_ERROR, or NULL */
	enum rlxc_state state;
	pid_t init_pid, monitor_pid; /* 0: none */
	bool autostart, unprivileged;
	char *groups; /* joined with ", ", NULL: none */
	struct rlxc_addr *addrs;
	size_t n_addrs;
	struct rlxc_stats stats;
	struct rlxc_link *links;
	size_t n_links;
};

/* -ENOENT: neither defined nor running. */
int rlxc_info(struct rlxc *rlxc, const char *name, unsigned int want, struct rlxc_info **ret_info,
              struct rlxc_err *err);
void rlxc_info_free(struct rlxc_info *info);

struct rlxc_list {
	struct rlxc_info *items; /* sorted by name, byte order */
	size_t n;
};
/* Every container of the directory, and running ones without a configuration file. @nested: also
 * the containers in the usual directory of those that run. They stand behind the one that they are
 * in and are named "OUTER/INNER". */
int rlxc_list(struct rlxc *rlxc, unsigned int want, bool nested, struct rlxc_list **ret_list,
              struct rlxc_err *err);
void rlxc_list_free(struct rlxc_list *list);

/* What a container's configuration says about being started with the host. */
struct rlxc_boot {
	char *name;
	bool autostart, runs;
	int order;
	unsigned int delay_s;
	char **groups;      /* ended by NULL; NULL: none */
	char *config_error; /* it cannot be read in full, or NULL */
};
/* Of every container defined in the directory, sorted by name. */
int rlxc_boots(struct rlxc *rlxc, struct rlxc_boot **ret_boots, size_t *ret_n,
               struct rlxc_err *err);
void rlxc_boots_free(struct rlxc_boot *boots, size_t n);

/* A key of the configuration on disk (@running: of the running container). Owned text, lists one
 * element a line. -ENOENT: no such key. */
int rlxc_item(struct rlxc *rlxc, const char *name, const char *key, bool running, char **ret_value,
              struct rlxc_err *err);

/* ---- without a container ---- */

/* What lxc.container.conf(5) says about a key. */
struct rlxc_key {
	const char *name; /* "lxc.net.N.type": a word in capitals stands for others */
	const char *kind; /* "number", or "" */
	const char *text; /* paragraphs, parted by line breaks */
};
/* @key: a key, the beginning of several such as "lxc.net", a name from before LXC 2.1, or NULL for
 * all. *@ret_keys: to be freed with free(3). -ENOENT: no such key. */
int rlxc_explain(const char *key, struct rlxc_key **ret_keys, size_t *ret_n, struct rlxc_err *err);

/* One line of a configuration, or what this host makes of all of them (.line 0). */
struct rlxc_line {
	const char *file;
	unsigned int line, column; /* of the key, or of what is wrong; counted from 1 */
	const char *key, *value;   /* by today's names; NULL: the line has none */
	const char *meaning;       /* of the key, in a sentence, as long as .meaning_len; or NULL */
	size_t meaning_len;
	const char *note;           /* what one may not expect, or what cannot be had here; or "" */
	const struct rlxc_err *err; /* what is wrong, or NULL */
};
/* Reads a configuration as a start by the caller would, and calls @see for each line that is
 * neither blank nor a comment, those of an included file before the one that includes it; then, if
 * they are right, for what this host refuses or cannot hold. *@ret_wrong: how many have .err. */
int rlxc_check_config(struct rlxc *rlxc, const char *path,
                      void (*see)(void *arg, const struct rlxc_line *line), void *arg,
                      unsigned int *ret_wrong, struct rlxc_err *err);

/* Rewrites a configuration that has keys from before LXC 2.1 with today's; the old text is in
 * PATH.backup then. *@ret_changed: false when there was nothing to do. */
int rlxc_update_config(const char *path, bool *ret_changed, struct rlxc_err *err);

/* One thing that containers need of this host, and what came of trying it. */
struct rlxc_check {
	const char *subject, *title; /* "net", "Network" */
	const char *label;           /* "Veth pair device" */
	bool needed;                 /* for the caller's containers; else there is a way without */
	bool works;
	char note[256]; /* a fact, or "" */
	char why[768];  /* it does not work */
	char fix[512];  /* the command or line that repairs it, or "" */
};
/* Tries what containers need, as the caller, and leaves nothing behind. @subjects: which, none for
 * all. *@ret_checks: to be freed with free(3); also what stands in the way of what was asked for.
 * -EINVAL: no such subject. */
int rlxc_check(const char *const *subjects, size_t n_subjects, struct rlxc_check **ret_checks,
               size_t *ret_n, struct rlxc_err *err);
const char *rlxc_check_subject(unsigned int i); /* NULL past the end */

struct rlxc_userns_options {
	const char *const *maps; /* "u:0:100000:65536", "b:..." for both; n_maps 0: the caller's */
	size_t n_maps;
	bool map_self;     /* -s: the caller's own ids behind the others */
	int64_t uid, gid;  /* to switch to, -1: 0 */
	char *const *argv; /* NULL: /bin/sh */
};
/* The program's exit code, 128 + N for signal N. */
int rlxc_usernsexec(const struct rlxc_userns_options *options, struct rlxc_err *err);

struct rlxc_unshare_options {
	unsigned int namespaces; /* as for attach */
	const char *user;        /* name or uid, or NULL */
	const char *hostname;
	const char *const *interfaces;
	size_t n_interfaces;
	bool daemon, remount;
	char *const *argv;
};
int rlxc_unshare(const struct rlxc_unshare_options *options, struct rlxc_err *err);

/* "mnt|PID|NETWORK" and so on; -EINVAL names the wrong word in @err. */
int rlxc_namespaces_parse(const char *text, unsigned int *ret_bits, struct rlxc_err *err);

#endif

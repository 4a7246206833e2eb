/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/child.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/cgroup.h"
#include "container/child-internal.h"
#include "container/exec.h"
#include "container/lent.h"
#include "container/network.h"
#include "container/rlimit.h"
#include "host/tools.h"
#include "idmap/idmap.h"
#include "lsm/lsm.h"
#include "mount/apply.h"
#include "net/net.h"
#include "ns/ns.h"
#include "os/fd.h"
#include "os/mountfd.h"
#include "os/path.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <grp.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHILD_FAILED 1

/* ---- inside before the maps: the caller's ids, every capability over the new namespaces ---- */

/* Costs as much as all else up to here, and newuidmap does not wait for it. */
static int make_late(const struct child *child, struct err *err)
{
	uint32_t late = child->plan->ns_late & ~(NS_BIT(NS_CGROUP) | NS_BIT(NS_TIME));

	if (late && unshare((int)ns_clone_flags(late)) < 0)
		return err_set(err, -errno, "cannot make the container's namespaces");
	return 0;
}

int child_join_failed(const struct child_request *request, int kind, int code, struct err *err)
{
	const struct start_plan *plan = request->plan;

	err_set(err, code, "cannot join the %s namespace of '%s'", ns_name((enum ns_kind)kind),
	        plan->ns_share[kind]);
	if (code == -EPERM && (plan->ns_new & NS_BIT(NS_USER)))
		err_hint(err,
		         "namespaces that belong to a user are joined from inside their user "
		         "namespace only: add lxc.namespace.share.user = %s",
		         plan->ns_share[kind]);
	return code;
}

static int join_shared(const struct child *child, struct err *err)
{
	for (int kind = 0; kind < NS_MAX; kind++) {
		int fd = child->request->shared_ns[kind];

		if (fd < 0 || kind == NS_PID || kind == NS_USER)
			continue; /* we were born in those, see launch.c */
		if (setns(fd, (int)ns_clone_flag(kind)) < 0)
			return child_join_failed(child->request, kind, -errno, err);
	}
	return 0;
}

static int write_proc_settings(const struct child *child, struct err *err)
{
	for (size_t i = 0; i < child->conf->proc.n; i++) {
		const struct conf_pair *pair = &child->conf->proc.items[i];
		char path[512];
		int r;

		(void)snprintf(path, sizeof(path), "/proc/self/%s", pair->name);
		for (char *s = path + strlen("/proc/self/"); *s; s++)
			if (*s == '.')
				*s = '/';
		r = fd_write_at(AT_FDCWD, path, pair->value);
		if (r < 0)
			return err_set(err, r, "cannot set lxc.proc.%s = %s", pair->name,
			               pair->value);
	}
	return 0;
}

/* The init is executed from a read-only mount of its own, so that /proc/1/exe of the container
 * never is a way to write to our file. */
static int open_init(struct child *child, struct err *err)
{
	_cleanup_close_ int program = tools_open("rlxc-init", err);
	int r;

	if (program < 0)
		return program;
	child->init_fd = mountfd_clone(program, "", false);
	r = child->init_fd < 0
	            ? child->init_fd
	            : mountfd_set_attr(child->init_fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0,
	                               false);
	return r < 0 ? err_set(err, r, "cannot prepare our small init") : 0;
}

static int setup_net(struct child *child, struct err *err)
{
	int r;

	if (!child_is_new(child, NS_NET))
		return 0;
	r = net_loopback_up(err);
	if (r < 0)
		return r;
	child->query_fd = net_query_open();
	child->watch_fd = net_watch_open();
	return 0;
}

/* A line of timens_offsets: there the nanoseconds are from 0 to 999999999, whatever the sign. */
static void add_offset(struct text *text, const char *clock, int64_t s, int64_t ns)
{
	const int64_t second = 1000000000;
	int64_t rest = (ns % second + second) % second;

	s += (ns - rest) / second;
	text_addf(text, "%s %" PRId64 " %" PRId64 "\n", clock, s, rest);
}

/* With the caller's ids still: the files of a process that has changed them belong to root. */
static int new_time_ns(const struct child *child, struct err *err)
{
	const struct conf *conf = child->conf;
	_cleanup_(text_done) struct text text = {};
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!child_is_new(child, NS_TIME))
		return 0;
	if (unshare(CLONE_NEWTIME) < 0)
		return err_set(err, -errno, "cannot make a time namespace");
	add_offset(&text, "monotonic", conf->time_monotonic_s, conf->time_monotonic_ns);
	add_offset(&text, "boottime", conf->time_boot_s, conf->time_boot_ns);
	if (text.failed)
		return err_oom(err);
	r = fd_write_at(AT_FDCWD, "/proc/self/timens_offsets", text.data);
	if (r < 0)
		return err_set(err, r, "cannot set lxc.time.offset.boot and .monotonic");
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
		return err_set(err, -errno, "cannot enter the new time namespace");
	return 0;
}

static int sysctl_failed(const struct conf_pair *pair, int code, struct err *err)
{
	if (code == -ENOENT) {
		err_say(err, code, "cannot set lxc.sysctl.%s: there is no such sysctl", pair->name);
		err_hint(err, "sysctl -a lists the host's; those of net.* need a network namespace "
		              "of the container's own");
		return code;
	}
	err_set(err, code, "cannot set lxc.sysctl.%s = %s", pair->name, pair->value);
	if (code == -EACCES || code == -EPERM)
		err_hint(err, "only sysctls of the container's own namespaces can be set by a "
		              "user");
	else if (code == -EINVAL)
		err_hint(err, "the kernel does not take that value: 'sysctl %s' shows the host's",
		         pair->name);
	return code;
}

/* In the host's procfs, and before the change of ids, which takes the right to it. */
static int open_label(struct child *child, struct err *err)
{
	_cleanup_close_ int proc = -EBADF;

	if (child->plan->label.kind == LSM_NONE)
		return 0;
	proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	child->label_fd = lsm_open(proc, &child->plan->label, err);
	return child->label_fd < 0 ? child->label_fd : 0;
}

static int phase_unmapped(struct child *child, struct err *err)
{
	int r;

	r = open_label(child, err);
	if (r == 0 && !child->conf->keyring_disabled)
		r = exec_new_keyring(&child->plan->keyring_label, err);
	if (r == 0)
		r = make_late(child, err);
	if (r == 0)
		r = join_shared(child, err);
	if (r == 0)
		r = new_time_ns(child, err);
	if (r == 0)
		r = write_proc_settings(child, err);
	if (r == 0 && child_is_new(child, NS_MNT))
		r = mount_isolate(err);
	if (r == 0 && child->plan->mounts.has_rootfs)
		r = child_take_sources(child, err);
	if (r == 0 && child->plan->execute)
		r = open_init(child, err);
	return r < 0 ? r : setup_net(child, err);
}

static int wait_for(const struct child *child, char wanted, struct err *err)
{
	char byte = 0;

	if (read(child->request->sync_fd, &byte, 1) != 1 || byte != wanted)
		return err_say(err, -EPIPE, "the monitor ended during the start");
	return 0;
}

static int wait_for_maps(struct child *child, struct err *err)
{
	int r = lent_take(child->request->sync_fd, &child->root, &child->sources, err);

	exec_hide();
	return r;
}

/* ---- mapped root inside: sees the host's tree still, owns the new one ---- */

/* The signal is forgotten at every change of ids, so it is asked for again each time. */
int child_die_with_monitor(const struct child *child, int sig, struct err *err)
{
	struct pollfd poller = { .fd = child->request->sync_fd, .events = POLLRDHUP };

	if (prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0) < 0)
		return err_set(err, -errno, "cannot tie the container to its monitor");
	if (poll(&poller, 1, 0) > 0 && (poller.revents & (POLLHUP | POLLRDHUP)))
		return err_say(err, -EPIPE, "the monitor ended during the start");
	return 0;
}

static int become_root(const struct child *child, struct err *err)
{
	const struct start_plan *plan = child->plan;

	if (plan->maps.n || plan->ns_share[NS_USER])
		return idmap_become(plan->setup_uid, plan->setup_gid, plan->keep_groups, err);
	if (!plan->groups.n && !plan->keep_groups && setgroups(0, NULL) < 0 && errno != EPERM)
		return err_set(err, -errno, "cannot drop the supplementary groups");
	return 0;
}

/* Through an instance of procfs that the container never sees. */
static int write_sysctls(const struct child *child, struct err *err)
{
	_cleanup_close_ int proc = -EBADF;

	if (!child->conf->sysctl.n)
		return 0;
	proc = mountfd_new("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (proc < 0)
		return err_set(err, proc, "cannot mount a procfs for lxc.sysctl");
	for (size_t i = 0; i < child->conf->sysctl.n; i++) {
		const struct conf_pair *pair = &child->conf->sysctl.items[i];
		_cleanup_close_ int fd = -EBADF;
		char path[512];
		int r;

		(void)snprintf(path, sizeof(path), "sys/%s", pair->name);
		for (char *s = path; *s; s++)
			if (*s == '.')
				*s = '/';
		fd = path_open_beneath(proc, path, O_WRONLY | O_NOCTTY);
		r = fd < 0 ? fd : fd_write(fd, pair->value, strlen(pair->value));
		if (r < 0) {
			return sysctl_failed(pair, r, err);
		}
	}
	return 0;
}

/* Needs the map, and the caller's uid, which owns the leaf, for the last time. */
static int delegate_cgroup(const struct child *child, struct err *err)
{
	const struct child_request *request = child->request;
	const struct start_plan *plan = child->plan;
	int r;

	if (!request->delegates || !plan->delegate_cgroup)
		return 0;
	r = cgroup_delegate(request->cgroup_fd, plan->setup_uid, plan->setup_gid, err);
	return r < 0 ? r
	             : cgroup_v1_delegate(request->cgroup, plan->setup_uid, plan->setup_gid, err);
}

bool child_holds_namespace(const struct start_plan *plan, const struct conf *conf,
                           enum ns_kind kind)
{
	const bool hooks = conf->hooks[CONF_HOOK_STOP].n;

	return (plan->ns_new & NS_BIT(kind)) && (hooks || (kind == NS_USER && plan->asks_proxy));
}

/* Here, where /proc is the host's still, and all are made. */
static int hold_namespaces(struct child *child, struct err *err)
{
	for (int kind = 0; kind < NS_MAX; kind++) {
		char path[64];

		if (!child_holds_namespace(child->plan, child->conf, (enum ns_kind)kind))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", ns_name((enum ns_kind)kind));
		child->ns_fds[kind] = open(path, O_RDONLY | O_CLOEXEC);
		if (child->ns_fds[kind] < 0)
			return err_set(err, -errno, "cannot open '%s'", path);
	}
	return 0;
}

static int phase_mapped(struct child *child, struct err *err)
{
	int r;

	r = delegate_cgroup(child, err);
	if (r == 0)
		r = become_root(child, err);
	if (r == 0)
		r = child_die_with_monitor(child, SIGKILL, err);
	if (r == 0 && child_is_new(child, NS_CGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		r = err_set(err, -errno, "cannot make a cgroup namespace");
	if (r == 0)
		r = network_take(child->plan, child->request->sync_fd, err);
	if (r == 0)
		r = hold_namespaces(child, err);
	(void)umask(0);
	if (r == 0)
		r = write_sysctls(child, err);
	if (r == 0)
		r = child_setup_mounts(child, err);
	(void)umask(022);
	return r;
}

/* ---- after pivot: only the container's own tree is left ---- */

static int enter_cwd(const struct child *child, struct err *err)
{
	const char *cwd = child->conf->init_cwd;
	_cleanup_close_ int root = -EBADF, dir = -EBADF;
	int r;

	if (!cwd)
		return 0;
	r = exec_enter_dir(cwd);
	if (r == 0)
		return 0;
	if (r != -ENOENT) {
		err_set(err, r, "cannot enter lxc.init.cwd '%s'", cwd);
		err_hint(err, "it must be a directory of the container; a missing one is made");
		return r;
	}
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	dir = root < 0 ? -errno : path_make_dir(root, cwd, 0755);
	if (dir < 0)
		return err_set(err, dir, "cannot make lxc.init.cwd '%s'", cwd);
	return fchdir(dir) < 0 ? err_set(err, -errno, "cannot enter lxc.init.cwd '%s'", cwd) : 0;
}

static int phase_inside(struct child *child, struct err *err)
{
	const char *hostname = child->conf->uts_name;
	int r = 0;

	if (hostname && child_is_new(child, NS_UTS) && sethostname(hostname, strlen(hostname)) < 0)
		return err_set(err, -errno, "cannot set the host name '%s'", hostname);
	if (child->plan->persona >= 0 && personality((unsigned long)child->plan->persona) < 0)
		return err_set(err, -errno, "cannot set lxc.arch = %s", child->conf->arch);
	for (size_t i = 0; r == 0 && i < child->conf->prlimit.n; i++)
		r = rlimit_apply(&child->conf->prlimit.items[i], err);
	return r < 0 ? r : enter_cwd(child, err);
}

/* ---- last moment before exec ---- */

int child_send_ready(int sync_fd, const struct mount_ttys *ttys, int query_fd, int watch_fd,
                     const int *ns_fds, struct err *err)
{
	struct sync_ready ready = { .n_ttys = (uint32_t)ttys->n,
		                    .has_console = ttys->console_master >= 0,
		                    .has_query = query_fd >= 0,
		                    .has_watch = watch_fd >= 0 };
	int fds[MOUNT_TTYS_MAX + NS_MAX + 3], r;
	size_t n = 0;

	if (ready.has_console)
		fds[n++] = ttys->console_master;
	if (ready.has_query)
		fds[n++] = query_fd;
	if (ready.has_watch)
		fds[n++] = watch_fd;
	for (int kind = 0; kind < NS_MAX; kind++) {
		if (ns_fds[kind] < 0)
			continue;
		ready.ns_held |= NS_BIT(kind);
		fds[n++] = ns_fds[kind];
	}
	for (size_t i = 0; i < ttys->n; i++)
		fds[n++] = ttys->masters[i];
	r = sock_send(sync_fd, &ready, sizeof(ready), fds, n);
	return r < 0 ? err_set(err, r, "cannot report to the monitor") : 0;
}

bool child_waits(const struct start_plan *plan)
{
	return cgroup_limits_has_devices(&plan->limits) || net_plan_user(&plan->net) ||
	       plan->start_host || plan->asks_proxy;
}

static int phase_last(struct child *child, struct err *err)
{
	int r;

	r = child_build_environment(child, err);
	if (r == 0)
		r = child_send_ready(child->request->sync_fd, &child->ttys, child->query_fd,
		                     child->watch_fd, child->ns_fds, err);
	if (r == 0)
		r = child_setup_stdio(child, err);
	if (r == 0 && child_waits(child->plan))
		r = wait_for(child, SYNC_GO, err);
	if (r == 0)
		r = child_run_hooks(child, CONF_HOOK_START, err);
	if (r == 0)
		r = child_confine(child, err);
	return r < 0 ? r : child_run_init(child, err);
}

/* The monitor's descriptors came with the clone. Its end of our own socket pair would hide its
 * death from us, and a child that waits forever would keep the lock and the control socket of a
 * monitor that is gone. */
static int close_monitors(const struct child_request *request, struct err *err)
{
	int keep[NS_MAX + 7], r;
	size_t n = 0;

	log_leave_syslog();
	keep[n++] = request->sync_fd;
	keep[n++] = request->rootfs->fd;
	keep[n++] = request->cgroup_fd;
	keep[n++] = request->filter_fd;
	keep[n++] = request->notify_fd;
	keep[n++] = log_fd();
	keep[n++] = log_stderr_fd();
	for (int kind = 0; kind < NS_MAX; kind++)
		keep[n++] = request->shared_ns[kind];
	r = fd_close_from(3, keep, n);
	return r < 0 ? err_set(err, r, "cannot close the monitor's descriptors") : 0;
}

/* Ends when the monitor has read it and kills us, or is gone itself: a socket that is closed with
 * unread bytes, such as SYNC_MAPPED, gives its peer ECONNRESET in place of what was written. */
static _Noreturn void report_failure(int sync_fd, const struct err *err)
{
	char byte;

	(void)!write(sync_fd, err, sizeof(*err));
	while (read(sync_fd, &byte, 1) > 0)
		;
	_exit(CHILD_FAILED);
}

_Noreturn void child_main(const struct child_request *request)
{
	static int (*const phases[])(struct child * child,
	                             struct err * err) = { phase_unmapped, NULL, phase_mapped,
		                                           phase_inside, phase_last };
	struct child child = { .request = request,
		               .plan = request->plan,
		               .conf = request->conf,
		               .root = STORAGE_ROOT_NONE,
		               .sources = MOUNT_SOURCES_NONE,
		               .ttys = MOUNT_TTYS_NONE,
		               .query_fd = -EBADF,
		               .watch_fd = -EBADF,
		               .ns_fds = NS_NO_FDS,
		               .label_fd = -EBADF,
		               .init_fd = -EBADF };
	struct err err = {};
	int r = close_monitors(request, &err);

	for (size_t i = 0; i < ARRAY_SIZE(phases) && r == 0; i++)
		r = phases[i] ? phases[i](&child, &err) : wait_for_maps(&child, &err);
	err.code = r;
	report_failure(request->sync_fd, &err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/launch.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "container/child.h"
#include "container/exec.h"
#include "container/holder.h"
#include "container/lent.h"
#include "container/network.h"
#include "idmap/idmap.h"
#include "ns/ns.h"
#include "os/proc.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

void launched_done(struct launched *launched)
{
	for (int kind = 0; kind < NS_MAX; kind++)
		cleanup_close(&launched->ns_fds[kind]);
	cleanup_close(&launched->pidfd);
	cleanup_close(&launched->console_master);
	cleanup_close(&launched->query_fd);
	cleanup_close(&launched->watch_fd);
	cleanup_close(&launched->pin_fd);
	for (size_t i = 0; i < launched->n_ttys; i++)
		cleanup_close(&launched->tty_masters[i]);
	for (size_t i = 0; i < launched->n_slaves; i++)
		cleanup_close(&launched->slaves[i]);
	launched->net = net_made_free(launched->net);
	usernet_stop(&launched->usernet);
	*launched = LAUNCHED_NONE;
}

/* ---- the payload's cgroup becomes container root's ---- */

/* Root does it from outside with host ids; a user's child does it itself, see child.c. */
static int delegate(const struct launch_request *request, struct err *err)
{
	const struct start_plan *plan = request->plan;
	int64_t uid, gid;
	int r;

	if (!plan->delegate_cgroup || !request->store->caller.is_root)
		return 0;
	uid = idmap_to_host(&plan->maps, IDMAP_UID, plan->setup_uid);
	gid = idmap_to_host(&plan->maps, IDMAP_GID, plan->setup_gid);
	if (uid < 0 || gid < 0)
		return 0;
	r = cgroup_delegate(cgroup_entry_fd(request->cgroup), (uid_t)uid, (gid_t)gid, err);
	return r < 0 ? r : cgroup_v1_delegate(request->cgroup, (uid_t)uid, (gid_t)gid, err);
}

/* ---- namespaces of others ---- */

/* Pid of another container's init, 0 when it does not run. As long as the pidfd says that it lives,
 * the number is its own. */
static pid_t container_init(const struct store *store, const char *name, int *ret_pidfd)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_(run_state_done) struct run_state state = {};

	if (store_check_name(name, NULL) < 0 || rundir_find(store, name, &dir) < 0 ||
	    run_state_read(&dir, &state) < 0)
		return 0;
	*ret_pidfd = run_state_open_init(&state);
	return *ret_pidfd < 0 ? 0 : state.init_pid;
}

static int open_shared(const struct launch_request *request, int fds[NS_MAX], struct err *err)
{
	for (int kind = 0; kind < NS_MAX; kind++) {
		const char *value = request->plan->ns_share[kind];
		_cleanup_close_ int pidfd = -EBADF;
		pid_t init = 0;
		int r;

		if (!value)
			continue;
		if (ns_share_kind_of(value) == NS_SHARE_CONTAINER)
			init = container_init(request->store, value, &pidfd);
		r = ns_open_shared(value, (enum ns_kind)kind, init, &fds[kind], err);
		if (r == 0 && init && pidfd_kill(pidfd, 0) < 0)
			r = err_say(err, -ESRCH, "container '%s' has just ended", value);
		if (r < 0)
			return r;
	}
	return 0;
}

static void close_shared(int fds[NS_MAX])
{
	for (int kind = 0; kind < NS_MAX; kind++)
		cleanup_close(&fds[kind]);
}

/* ---- the child ---- */

/* A process in between, for what the monitor must not do itself: a user namespace is joined by
 * whoever enters it, a pid namespace from the next child on, and neither can be left again. The
 * child that it makes is the monitor's own. */
struct between {
	struct child_request *child;
	uint64_t flags;
	int cgroup_fd, answer_fd;
	int holder_fd; /* see holder.h, -EBADF: none */
};

struct between_answer {
	pid_t pid;
	struct err err;
};

/* The user namespace gives the rights over the others. */
static int join_first(const struct child_request *child, struct err *err)
{
	static const enum ns_kind kinds[] = { NS_USER, NS_PID };

	if (child->shared_ns[NS_USER] >= 0)
		exec_hide(); /* its root is there already */
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		int fd = child->shared_ns[kinds[i]];

		if (fd >= 0 && setns(fd, (int)ns_clone_flag(kinds[i])) < 0)
			return child_join_failed(child, kinds[i], -errno, err);
	}
	return 0;
}

static int enter(const struct between *between, struct err *err)
{
	int r = between->holder_fd < 0 ? join_first(between->child, err)
	                               : holder_enter(between->holder_fd);

	return r < 0 && !err->code ? err_set(err, r, "cannot enter the holder of the ids") : r;
}

static int map_held(const struct between *between, pid_t pid, struct err *err)
{
	struct idmap_job job = {};

	return between->holder_fd < 0 ? 0
	                              : idmap_write_start(&between->child->plan->maps,
	                                                  IDMAP_WRITE_DIRECT, pid, &job, err);
}

static _Noreturn void between_main(const struct between *between)
{
	struct between_answer answer = {};
	int pidfd = -EBADF;

	if (enter(between, &answer.err) == 0) {
		answer.pid = proc_clone(between->flags | CLONE_PARENT, between->cgroup_fd, &pidfd);
		if (answer.pid == 0) {
			(void)close(between->answer_fd);
			child_main(between->child);
		}
		if (answer.pid < 0)
			err_set(&answer.err, answer.pid, "cannot make the container's namespaces");
		else
			(void)map_held(between, answer.pid, &answer.err);
	}
	(void)sock_send(between->answer_fd, &answer, sizeof(answer), &pidfd, pidfd >= 0 ? 1 : 0);
	_exit(0);
}

static void kill_child(int *pidfd)
{
	int status;

	(void)pidfd_kill(*pidfd, SIGKILL);
	(void)pidfd_wait(*pidfd, &status);
	cleanup_close(pidfd);
}

static pid_t clone_between(struct between *between, int *ret_pidfd, struct err *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, helper = -EBADF;
	struct between_answer answer = {};
	int pair[2], status, r = sock_pair(pair);
	ssize_t n;
	pid_t pid;

	if (r < 0)
		return err_set(err, r, "cannot make a socket pair");
	ours = pair[0];
	theirs = between->answer_fd = pair[1];
	pid = proc_clone(0, -EBADF, &helper);
	if (pid < 0)
		return err_set(err, pid, "cannot start a process");
	if (pid == 0)
		between_main(between);
	cleanup_close(&theirs);
	n = sock_recv(ours, &answer, sizeof(answer), ret_pidfd, 1);
	(void)pidfd_wait(helper, &status);
	if (n != (ssize_t)sizeof(answer))
		return err_say(err, -EPIPE, "the container's first process ended during the start");
	if (answer.err.code == 0)
		return answer.pid;
	if (answer.pid > 0)
		kill_child(ret_pidfd);
	if (err)
		*err = answer.err;
	return answer.err.code;
}

void launch_hint_clone(int code, struct err *err)
{
	if (code == -EAGAIN)
		err_hint(err, "a limit of processes is reached: see 'ulimit -u', and pids.max of "
		              "the cgroups in /proc/self/cgroup");
}

static int explain_clone(int code, uint64_t flags, const struct cgroup *cgroup, struct err *err)
{
	if (code == -ENODEV && cgroup->payload_path)
		return err_say(err, code, "somebody has removed the container's cgroup '%s'",
		               cgroup->payload_path);
	err_set(err, code, "cannot make the container's namespaces");
	launch_hint_clone(code, err);
	if (code == -EAGAIN)
		return code;
	if (flags & CLONE_NEWUSER)
		idmap_explain_clone_failure(code, err);
	else if (code == -EPERM)
		err_hint(err, "without lxc.idmap only root can start a container");
	return code;
}

/* Returns in the parent only. @holder_fd: the child then has its map. */
static pid_t clone_child(const struct launch_request *request, int sync_fd,
                         const int shared[NS_MAX], int holder_fd, int *ret_pidfd, struct err *err)
{
	int entry = cgroup_entry_fd(request->cgroup);
	struct child_request child = { .plan = request->plan,
		                       .conf = request->conf,
		                       .sync_fd = sync_fd,
		                       .rootfs = request->rootfs,
		                       .filter_fd = request->filter_fd,
		                       .notify_fd = request->notify_fd,
		                       .cgroup_fd = request->store->caller.is_root ? -EBADF : entry,
		                       .cgroup = request->cgroup,
		                       .delegates = !request->store->caller.is_root,
		                       .stdio_null = request->stdio_null };
	uint64_t flags = ns_clone_flags(request->plan->ns_new & ~request->plan->ns_late);
	pid_t pid;

	memcpy(child.shared_ns, shared, sizeof(child.shared_ns));
	if (shared[NS_USER] >= 0 || shared[NS_PID] >= 0 || holder_fd >= 0)
		return clone_between(&(struct between){ .child = &child,
		                                        .flags = flags,
		                                        .cgroup_fd = entry,
		                                        .holder_fd = holder_fd },
		                     ret_pidfd, err);
	pid = proc_clone(flags, entry, ret_pidfd);
	if (pid == 0)
		child_main(&child);
	return pid >= 0 ? pid : explain_clone(pid, flags, request->cgroup, err);
}

static int keep_open(struct launched *launched, int master, struct err *err)
{
	int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slave < 0)
		return err_set(err, -errno, "cannot open the container's end of a terminal");
	launched->slaves[launched->n_slaves++] = slave;
	return 0;
}

static int keep_terminals(struct launched *launched, struct err *err)
{
	int r = 0;

	if (launched->console_master >= 0)
		r = keep_open(launched, launched->console_master, err);
	for (size_t i = 0; i < launched->n_ttys && r == 0; i++)
		r = keep_open(launched, launched->tty_masters[i], err);
	return r;
}

/* Hooks run in the child for as long as they like. */
static int wait_for_child(int sync, struct err *err)
{
	int r = proc_wait_or_signal(sync);

	return r < 0 ? err_say(err, r, "the start was ended by a signal to the monitor") : 0;
}

int launch_take_ready(int sync, struct launched *launched, struct err *err)
{
	int fds[MOUNT_TTYS_MAX + NS_MAX + 3];
	struct err theirs;
	struct sync_ready ready;
	char data[sizeof(theirs)];
	size_t next = 0;
	ssize_t n;
	int r = wait_for_child(sync, err);

	if (r < 0)
		return r;
	n = sock_recv(sync, data, sizeof(data), fds, ARRAY_SIZE(fds));
	if (n == (ssize_t)sizeof(theirs)) {
		memcpy(&theirs, data, sizeof(theirs));
		if (err)
			*err = theirs;
		return theirs.code < 0 ? theirs.code : -EPROTO;
	}
	if (n != (ssize_t)sizeof(ready))
		return err_say(err, -EPIPE, "the container's first process ended during the start");
	memcpy(&ready, data, sizeof(ready));
	if (ready.has_console)
		launched->console_master = fds[next++];
	if (ready.has_query)
		launched->query_fd = fds[next++];
	if (ready.has_watch)
		launched->watch_fd = fds[next++];
	for (int kind = 0; kind < NS_MAX; kind++)
		if (ready.ns_held & NS_BIT(kind))
			launched->ns_fds[kind] = fds[next++];
	for (size_t i = 0; i < ready.n_ttys && i < ARRAY_SIZE(launched->tty_masters); i++)
		launched->tty_masters[launched->n_ttys++] = fds[next++];
	return keep_terminals(launched, err);
}

/* End-of-file: exec has happened. */
static int take_exec(int sync, struct err *err)
{
	struct err theirs = {};
	int r = wait_for_child(sync, err);
	ssize_t n;

	if (r < 0)
		return r;
	n = sock_recv(sync, &theirs, sizeof(theirs), NULL, 0);
	if (n == 0)
		return 0;
	if (n == (ssize_t)sizeof(theirs) && theirs.code < 0) {
		if (err)
			*err = theirs;
		return theirs.code;
	}
	return err_say(err, -EPROTO, "the container's first process reported nonsense");
}

/* What was done while the child was busy, and what could not be done before. */
static int let_go(const struct launch_request *request, struct launched *launched, int sync,
                  struct err *err)
{
	char byte = SYNC_GO;
	int r = 0;

	if (!child_waits(request->plan))
		return 0;
	r = network_finish(request, launched, err);
	if (r == 0)
		r = request->at_ready(request->arg, launched, err);
	if (r == 0)
		(void)sock_send(sync, &byte, 1, NULL, 0);
	return r;
}

/* Ids, cgroup and the record are made at the same time; then the child goes on by itself. */
static int meet_child(const struct launch_request *request, int sync, struct idmap_job *job,
                      struct launched *launched, struct err *err)
{
	_cleanup_(lent_done) struct lent lent = {};
	const struct start_plan *plan = request->plan;
	int r = 0;

	if (job->prepared)
		r = idmap_write_start(&plan->maps, plan->writer, launched->pid, job, err);
	if (r < 0)
		return r;
	r = run_state_record(request->dir, request->cgroup, launched->pid);
	r = r < 0 ? err_set(err, r, "cannot write the run-time state of the container")
	          : delegate(request, err);
	/* While the child has the caller's uid, and before it makes its cgroup namespace: what it
	 * stands in is the root of that. */
	if (r == 0)
		r = cgroup_v1_enter(request->cgroup, launched->pid, err);
	if (r == 0)
		r = network_make(request, launched, err);
	if (r == 0 && plan->writer == IDMAP_WRITE_TOOLS)
		r = request->meanwhile(request->arg, err);
	if (r < 0)
		idmap_write_abort(job);
	else if (job->prepared)
		r = idmap_write_finish(job, &request->store->caller, err);
	if (r == 0)
		r = lent_make(request, launched->pid, &lent, err);
	if (r == 0)
		r = lent_tell(&lent, sync, err);
	if (r == 0)
		r = network_tell(launched, sync, err);
	if (r < 0)
		return r;
	if (plan->writer != IDMAP_WRITE_TOOLS)
		r = request->meanwhile(request->arg, err);
	if (r == 0)
		r = launch_take_ready(sync, launched, err);
	if (r == 0)
		r = let_go(request, launched, sync, err);
	if (r == 0)
		r = take_exec(sync, err);
	/* Not in front of an error that is about something else. */
	if (r == 0 && plan->net.why_no_user)
		log_warn("%s, continuing without a network", plan->net.why_no_user);
	return r;
}

/* A limit that is too small shows like this. */
static void hint_early_end(const struct start_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->limits.n; i++)
		if (strcmp(plan->limits.items[i].controller, "memory") == 0) {
			err_hint(err, "is '%s = %s' enough to start with?",
			         plan->limits.items[i].key, plan->limits.items[i].value);
			return;
		}
}

static void end_child(const struct launch_request *request, struct launched *launched)
{
	kill_child(&launched->pidfd);
	network_unmake(request->plan, request->conf, launched);
	launched_done(launched);
}

/* Root without maps may remount the file system itself, and sysvinit makes "/" read-only when it
 * halts: that would be the host's. The kernel refuses while a file of it is open for writing. A
 * file system without O_TMPFILE goes without this. */
static int pin_rootfs(const struct launch_request *request)
{
	if (!rootfs_is_of_host(request->rootfs) || request->plan->maps.n)
		return -EBADF;
	return openat(request->rootfs->fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

/* A new one for each child: of one that was given up, what it has said must not be believed of the
 * next, and should we not know it, then it ends with its socket. */
static int sync_open(int *ours, int *theirs, struct err *err)
{
	int pair[2], r = sock_pair(pair);

	if (r < 0)
		return err_set(err, r, "cannot make a socket pair");
	cleanup_close(ours);
	cleanup_close(theirs);
	*ours = pair[0];
	*theirs = pair[1];
	return 0;
}

/* Whatever stands against it, the tools are there, too. */
static bool clone_held(const struct launch_request *request, const int shared[NS_MAX], int *ours,
                       int *theirs, struct launched *launched)
{
	_cleanup_close_ int holder = holder_open(request);
	struct err err = {};

	if (holder < 0 || sync_open(ours, theirs, &err) < 0)
		return false;
	launched->pid = clone_child(request, *theirs, shared, holder, &launched->pidfd, &err);
	if (launched->pid > 0 && idmap_is_written(&request->plan->maps, launched->pid))
		return true;
	if (launched->pid > 0)
		kill_child(&launched->pidfd);
	log_debug("not in the user namespace that holds the ids: %s", err.msg);
	return false;
}

static int clone_mapped(const struct launch_request *request, const int shared[NS_MAX], int *ours,
                        int *theirs, struct idmap_job *job, struct launched *launched,
                        struct err *err)
{
	const struct start_plan *plan = request->plan;
	int r = 0;

	if (plan->maps.n && (plan->ns_new & NS_BIT(NS_USER)))
		r = idmap_write_prepare(&plan->maps, plan->writer, job, err);
	if (r == 0)
		r = sync_open(ours, theirs, err);
	if (r < 0)
		return r;
	launched->pid = clone_child(request, *theirs, shared, -EBADF, &launched->pidfd, err);
	return launched->pid < 0 ? launched->pid : 0;
}

static int launch(const struct launch_request *request, const int shared[NS_MAX],
                  struct launched *launched, struct err *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF;
	_cleanup_(idmap_write_abort) struct idmap_job job = {};
	int r = 0;

	if (!clone_held(request, shared, &ours, &theirs, launched))
		r = clone_mapped(request, shared, &ours, &theirs, &job, launched, err);
	if (r < 0)
		return r;
	cleanup_close(&theirs);
	launched->pin_fd = pin_rootfs(request);
	r = meet_child(request, ours, &job, launched, err);
	if (r == -EPIPE)
		hint_early_end(request->plan, err);
	if (r < 0)
		end_child(request, launched);
	return r;
}

int container_launch(const struct launch_request *request, struct launched *ret_launched,
                     struct err *err)
{
	struct launched launched = LAUNCHED_NONE;
	int shared[NS_MAX], r;

	for (int kind = 0; kind < NS_MAX; kind++)
		shared[kind] = -EBADF;
	r = open_shared(request, shared, err);
	if (r == 0)
		r = launch(request, shared, &launched, err);
	close_shared(shared);
	if (r == 0)
		*ret_launched = launched;
	return r;
}

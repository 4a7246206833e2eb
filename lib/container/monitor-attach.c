/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lxc-attach asks for: what its process will share with init, and, where it cannot clone into
 * the container's cgroup itself, a child of ours that can. Only for containers with a user
 * namespace: in there a process has no right over the host, whoever it was that asked. */
#include "container/monitor-internal.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "container/attach-internal.h"
#include "os/proc.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define SPAWNED_MAX 256

void attach_fill_facts(const struct monitor *monitor, struct control_attach *facts)
{
	const struct monitor_request *start = monitor->request;
	const struct start_plan *plan = start->plan;

	*facts = (struct control_attach){
		.bounding = plan->bounding,
		.new_namespaces = plan->ns_new,
		.uid = plan->setup_uid,
		.gid = plan->setup_gid,
		.persona = (int32_t)plan->persona,
		.no_new_privs = start->conf->no_new_privs,
		.keep_groups = conf_keeps_groups(start->conf),
		.keyring = !start->conf->keyring_disabled,
		.has_cgroup = start->cgroup->payload_fd >= 0,
		.has_filter = start->filter_fd >= 0,
		.has_notify = monitor->notify_fd >= 0,
		.state = (int32_t)monitor->state,
		.label = plan->label,
		.keyring_label = plan->keyring_label,
	};
	for (int kind = 0; kind < NS_MAX; kind++)
		if (plan->ns_share[kind])
			facts->new_namespaces |= NS_BIT(kind);
	for (size_t i = 0; i < plan->environment.n; i++)
		facts->environment_bytes += (uint32_t)strlen(plan->environment.items[i]) + 1;
}

/* The leaves on v1 hierarchies that are there; the rest of @ret_fds stays. */
static size_t list_v1(const struct cgroup *cgroup, int *ret_fds)
{
	size_t n = 0;

	for (size_t i = 0; i < cgroup->n_v1 && n < CONTROL_V1_MAX; i++)
		if (cgroup->v1[i].fd >= 0)
			ret_fds[n++] = cgroup->v1[i].fd;
	return n;
}

/* As much of the environment behind @start as one message holds. */
static void add_environment(const struct strv *environment, size_t start, struct text *data)
{
	const size_t space = CONTROL_MAX - sizeof(struct control_header);

	for (size_t i = 0; i < environment->n && data->len < space; i++) {
		const char *line = environment->items[i];
		size_t len = strlen(line) + 1, skip = start < len ? start : len;
		size_t left = len - skip, part = space - data->len;

		text_add_len(data, line + skip, left < part ? left : part);
		start -= skip;
	}
}

int serve_attach(struct request *request)
{
	const struct monitor_request *start = request->monitor->request;
	int fds[CONTROL_ATTACH_FDS] = { request->monitor->init.pidfd };
	struct control_attach facts;
	struct text data = {};
	size_t n = 1;
	int r;

	attach_fill_facts(request->monitor, &facts);
	if (facts.has_cgroup)
		fds[n++] = cgroup_entry_fd(start->cgroup);
	if (facts.has_filter)
		fds[n++] = start->filter_fd;
	if (facts.has_notify)
		fds[n++] = request->monitor->notify_fd;
	n += list_v1(start->cgroup, fds + n);
	text_add_len(&data, (const char *)&facts, sizeof(facts));
	add_environment(&start->plan->environment, (uint32_t)request->arg, &data);
	r = data.failed ? -ENOMEM
	                : control_send(request->client->fd, CONTROL_ATTACH, 0, data.data, data.len,
	                               fds, n);
	text_done(&data);
	return r;
}

/* ---- a process beside us ---- */

static _Noreturn void serve_link(const struct monitor *monitor, int link_fd)
{
	const struct monitor_request *start = monitor->request;
	struct attach attach = { ATTACH_NONE, .store = start->store, .name = start->plan->name };

	attach_fill_facts(monitor, &attach.facts);
	attach.init_fd = monitor->init.pidfd;
	attach.cgroup_fd = cgroup_entry_fd(start->cgroup);
	attach.filter_fd = start->filter_fd;
	attach.notify_fd = monitor->notify_fd;
	attach.link_fd = link_fd;
	(void)list_v1(start->cgroup, attach.v1_fds);
	attach_spawned(&attach);
}

static int spawn(struct monitor *monitor, int link_fd, struct err *err)
{
	_cleanup_close_ int pidfd = -EBADF;
	pid_t pid;
	int r;

	if (!(monitor->request->plan->ns_new & NS_BIT(NS_USER)))
		return err_say(err, -EOPNOTSUPP, "the container has no user namespace of its own");
	if (monitor->n_spawned >= SPAWNED_MAX)
		return err_say(err, -EBUSY, "%d processes entered this way already", SPAWNED_MAX);
	pid = proc_clone(0, -EBADF, &pidfd);
	if (pid == 0)
		serve_link(monitor, link_fd);
	r = pid < 0 ? pid : monitor_watch(monitor, pidfd, EPOLLIN, EVENT_SPAWNED + (uint32_t)pidfd);
	if (r < 0)
		return err_set(err, r, "the container's monitor cannot start a process");
	monitor->n_spawned++;
	(void)take_fd(&pidfd);
	return 0;
}

int serve_spawn(struct request *request)
{
	struct err err = {};

	if (*request->fd < 0)
		return -EBADMSG;
	if (spawn(request->monitor, *request->fd, &err) < 0)
		return serve_refuse(request->client, CONTROL_SPAWN, &err);
	return control_send(request->client->fd, CONTROL_SPAWN, 0, NULL, 0, NULL, 0);
}

void spawn_reap(struct monitor *monitor, int pidfd)
{
	(void)pidfd_wait(pidfd, &(int){ 0 });
	/* Closing alone would not do: a child that was forked just now has it open as well. */
	monitor_unwatch(monitor, pidfd);
	(void)close(pidfd);
	monitor->n_spawned--;
}

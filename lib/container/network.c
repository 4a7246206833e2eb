/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/network.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "container/hook.h"
#include "net/inside.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct network {
	const struct start_plan *plan;
	const struct conf *conf;
	const struct launch_request *request; /* NULL at the end */
	pid_t init_pid;
	const char *user; /* who starts it */
};

static int record(void *arg, const struct strv *undo)
{
	const struct network *network = arg;
	const struct launch_request *request = network->request;

	return run_state_record_net(request->dir, request->cgroup, network->init_pid, undo);
}

/* ---- scripts ---- */

static int add_variables(const struct network *network, const struct net_made *made,
                         const struct net_made_link *link, struct strv *env)
{
	const char *type = net_link_type_name(link->link), *parent = link->link->conf->link;
	bool more = network->conf->hook_version > 0;
	int r = 0;

	if (network->request)
		r = strv_addf(env, "LXC_PID=%d", (int)network->init_pid);
	else if (made->netns_fd >= 0)
		r = strv_addf(env, "LXC_NET_NS=/proc/%d/fd/%d", (int)getpid(), made->netns_fd);
	if (r == 0 && more)
		r = strv_addf(env, "LXC_NET_TYPE=%s", type);
	if (r == 0 && more && parent)
		r = strv_addf(env, "LXC_NET_PARENT=%s", parent);
	if (r == 0 && more && link->host_name[0])
		r = strv_addf(env, "LXC_NET_PEER=%s", link->host_name);
	return r;
}

/* Names of interfaces may hold anything but blanks and '/'. */
static void add_quoted(struct text *text, const char *word)
{
	text_add(text, " '");
	for (; *word; word++)
		text_add_len(text, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
	text_add(text, "'");
}

static int run_script(void *arg, const struct net_made *made, const struct net_made_link *link,
                      bool up, struct err *err)
{
	const struct network *network = arg;
	const struct conf_net *conf = link->link->conf;
	struct hook hook = { .conf = network->conf,
		             .name = network->plan->name,
		             .section = "net",
		             .type = up ? "up" : "down",
		             .command = up ? conf->script_up : conf->script_down,
		             .timeout_ms = up ? 0 : HOOK_END_TIMEOUT_MS };
	_cleanup_(strv_done) struct strv variables = {};
	_cleanup_free_ char *extra = NULL;
	struct text text = {};

	text_add(&text, net_link_type_name(link->link));
	if (conf->link) /* LXC's are not quoted, so that without a link there is no argument */
		add_quoted(&text, conf->link);
	if (link->host_name[0])
		add_quoted(&text, link->host_name);
	if (text_finish(&text, &extra) < 0 || add_variables(network, made, link, &variables) < 0)
		return err_oom(err);
	hook.extra = extra;
	hook.variables = &variables;
	return hook_run(&hook, err);
}

/* ---- making and taking away ---- */

static struct net_host_request host_request(struct network *network, int netns_fd)
{
	return (struct net_host_request){ .plan = &network->plan->net,
		                          .is_root = network->plan->net_by_root,
		                          .netns_fd = netns_fd,
		                          .user = network->user,
		                          .container = network->plan->name,
		                          .init_pid = network->init_pid,
		                          .record = record,
		                          .script = run_script,
		                          .arg = network };
}

/* The process is our child, and not reaped: the number is its own. Later it hides its own. */
static int open_ns(const struct launched *launched, const char *kind)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)launched->pid, kind);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* ---- a network of type user ---- */

static struct usernet_request usernet_request(const struct launch_request *request)
{
	return (struct usernet_request){ .setup = { .link = net_plan_user(&request->plan->net),
		                                    .monitor = getpid(),
		                                    .userns_fd = -EBADF,
		                                    .is_root = request->plan->net_by_root },
		                         .netns_fd = -EBADF,
		                         .dir_fd = request->dir->dir_fd };
}

static int start_usernet(const struct launch_request *request, struct launched *launched,
                         int netns_fd, struct err *err)
{
	struct usernet_request usernet = usernet_request(request);
	const struct start_plan *plan = request->plan;
	_cleanup_close_ int userns_fd = -EBADF;

	if (!usernet.setup.link)
		return 0;
	if ((plan->ns_new & NS_BIT(NS_USER)) || plan->ns_share[NS_USER]) {
		userns_fd = open_ns(launched, "user");
		if (userns_fd < 0)
			return err_set(err, userns_fd,
			               "cannot open the container's user namespace");
	}
	usernet.netns_fd = netns_fd;
	usernet.setup.userns_fd = userns_fd;
	return usernet_start(&usernet, &launched->usernet, err);
}

/* ---- the order ---- */

int network_make(const struct launch_request *request, struct launched *launched, struct err *err)
{
	struct network network = { .plan = request->plan,
		                   .conf = request->conf,
		                   .request = request,
		                   .user = request->store->caller.name,
		                   .init_pid = launched->pid };
	_cleanup_close_ int netns_fd = -EBADF;
	struct net_host_request host;
	int r;

	if (!request->plan->net.n)
		return 0;
	netns_fd = open_ns(launched, "net");
	if (netns_fd < 0)
		return err_set(err, netns_fd, "cannot open the container's network namespace");
	host = host_request(&network, netns_fd);
	r = net_host_make(&host, &launched->net, err);
	return r < 0 ? r : start_usernet(request, launched, netns_fd, err);
}

int network_again(const struct launch_request *request, struct launched *launched, struct err *err)
{
	struct usernet_request usernet = usernet_request(request);

	return usernet_again(&usernet, &launched->usernet, err);
}

int network_ready(const struct launch_request *request, struct launched *launched, struct err *err)
{
	struct usernet_request usernet = usernet_request(request);

	return usernet_finish(&usernet, &launched->usernet, err);
}

/* What nobody asked for is no reason not to start. */
int network_finish(const struct launch_request *request, struct launched *launched, struct err *err)
{
	const struct net_link *link = net_plan_user(&request->plan->net);
	struct err why = {};
	int r;

	if (!link)
		return 0;
	r = network_ready(request, launched, &why);
	if (r < 0)
		usernet_stop(&launched->usernet);
	if (r < 0 && link->optional) {
		log_warn("%s, continuing without a network (%s)", why.msg, why.hint);
		return 0;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

void network_adopt(const struct launch_request *request, const struct strv *undo, int netns_fd,
                   struct launched *launched)
{
	struct err why = {};
	int r = 0;

	if (request->plan->net.n || undo->n)
		r = net_made_again(&request->plan->net, undo, netns_fd, &launched->net, &why);
	if (r == 0 && netns_fd >= 0)
		r = start_usernet(request, launched, netns_fd, &why);
	if (r == 0 && netns_fd >= 0)
		r = network_finish(request, launched, &why);
	if (r < 0)
		log_warn("%s, continuing without a network", why.msg);
}

void network_unmake(const struct start_plan *plan, const struct conf *conf,
                    struct launched *launched)
{
	struct network network = { .plan = plan, .conf = conf, .init_pid = launched->pid };
	struct net_host_request host = host_request(&network, -EBADF);

	usernet_stop(&launched->usernet);
	if (!launched->net)
		return;
	net_host_unmake(&host, launched->net);
	launched->net = net_made_free(launched->net);
}

int network_tell(const struct launched *launched, int sync_fd, struct err *err)
{
	size_t n = launched->net ? launched->net->n : 0;
	_cleanup_free_ struct net_gateways *gateways = NULL;

	if (!n)
		return 0;
	gateways = calloc(n, sizeof(*gateways));
	if (!gateways)
		return err_oom(err);
	for (size_t i = 0; i < n; i++)
		gateways[i] = launched->net->links[i].gateways;
	/* A child that is gone shows in the next step. */
	(void)sock_send(sync_fd, gateways, n * sizeof(*gateways), NULL, 0);
	return 0;
}

int network_take(const struct start_plan *plan, int sync_fd, struct err *err)
{
	_cleanup_free_ struct net_gateways *gateways = NULL;
	size_t size = plan->net.n * sizeof(*gateways);

	if (!size)
		return 0;
	gateways = malloc(size);
	if (!gateways)
		return err_oom(err);
	if (sock_recv(sync_fd, gateways, size, NULL, 0) != (ssize_t)size)
		return err_say(err, -EPIPE, "the monitor ended during the start");
	return net_inside_setup(&plan->net, gateways, err);
}

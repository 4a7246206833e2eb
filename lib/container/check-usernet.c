/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network of type user, with a packet: a process in a network namespace of its own connects to
 * a socket of ours at the host's address, through pasta or slirp4netns. Nothing leaves the host. */
#include "container/check-guest.h"

#include "base/cleanup.h"
#include "conf/item.h"
#include "net/usernet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_TIMEOUT_MS 5000

/* The address that the host would send from; no packet is sent for that. */
static int find_address(struct sockaddr_in *ret_address, struct err *err)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in far = { .sin_family = AF_INET, .sin_port = htons(9) };
	socklen_t len = sizeof(*ret_address);

	far.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1, of nobody */
	if (fd >= 0 && connect(fd, (struct sockaddr *)&far, sizeof(far)) == 0 &&
	    getsockname(fd, (struct sockaddr *)ret_address, &len) == 0 &&
	    ret_address->sin_addr.s_addr != htonl(INADDR_LOOPBACK))
		return 0;
	err_say(err, -ENETUNREACH, "the host itself has no network to share");
	err_hint(err, "as root: ip route, ip addr; the host needs an address and a default route");
	return -ENETUNREACH;
}

static int open_listener(struct sockaddr_in *address, struct err *err)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*address);

	address->sin_port = 0;
	if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof(*address)) < 0 ||
	    listen(fd, 1) < 0 || getsockname(fd, (struct sockaddr *)address, &len) < 0)
		return err_set(err, -errno, "cannot open a socket at the host's address");
	return take_fd(&fd);
}

/* In the guest: the message says where to. */
static void send_packet(int sock)
{
	_cleanup_close_ int fd = -EBADF;
	struct sockaddr_in address;

	if (read(sock, &address, sizeof(address)) != (ssize_t)sizeof(address))
		return;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return;
	(void)!write(fd, "x", 1);
	(void)!read(sock, &address, 1); /* until we are ended */
}

static int wait_input(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	return poll(&poller, 1, PACKET_TIMEOUT_MS) == 1 ? 0 : -ETIMEDOUT;
}

static int exchange(const struct guest *guest, const char *tool, struct err *err)
{
	_cleanup_close_ int listener = -EBADF, connection = -EBADF;
	struct sockaddr_in address = {};
	char byte = 0;
	int r = find_address(&address, err);

	if (r < 0)
		return r;
	listener = open_listener(&address, err);
	if (listener < 0)
		return listener;
	if (write(guest->sock, &address, sizeof(address)) != (ssize_t)sizeof(address))
		return err_set(err, -EPIPE, "cannot speak to the process inside");
	if (wait_input(listener) == 0)
		connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (connection >= 0 && wait_input(connection) == 0 && read(connection, &byte, 1) == 1)
		return 0;
	err_say(err, -ETIMEDOUT, "%s runs, but no packet came through it", tool);
	err_hint(err, "does a firewall of the host reject it? As root: nft list ruleset");
	return -ETIMEDOUT;
}

static int run_tool(struct check_job *job, const struct guest *guest, const struct net_link *link,
                    struct err *err)
{
	_cleanup_close_ int dir_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct usernet_request request = { .setup = { .link = link,
		                                      .monitor = getpid(),
		                                      .userns_fd = guest->userns_fd,
		                                      .is_root = job->caller->is_root },
		                           .netns_fd = guest->netns_fd,
		                           .dir_fd = dir_fd };
	_cleanup_(usernet_stop) struct usernet usernet = USERNET_NONE;
	int r = usernet_start(&request, &usernet, err);

	if (r == 0)
		r = usernet_finish(&request, &usernet, err);
	if (r < 0)
		return r;
	check_note(job, "by %s", usernet.tool->name);
	return exchange(guest, usernet.tool->name, err);
}

int check_usernet(struct check_job *job, struct err *err)
{
	static const struct net_facts facts = { .new_netns = true };
	_cleanup_(conf_freep) struct conf *conf = conf_new();
	_cleanup_(guest_end) struct guest guest = GUEST_NONE;
	struct net_plan plan = {};
	int r = conf ? conf_set(conf, "lxc.net.0.type", "user", err) : err_oom(err);

	if (r == 0)
		r = net_plan_make(&conf->nets, &facts, &plan, err);
	if (r == 0)
		r = guest_start(job, send_packet, &guest, err);
	if (r == 0)
		r = run_tool(job, &guest, net_plan_user(&plan), err);
	net_plan_done(&plan);
	return r;
}

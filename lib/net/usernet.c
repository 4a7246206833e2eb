/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/usernet.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/item.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/proc.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define READY_TIMEOUT_MS 10000
#define OUTPUT_SIZE 4096

/* ---- which ---- */

/* Nobody's PATH has a say. */
static const char *find_program(const struct usernet_tool *tool, char path[64])
{
	static const char *const places[] = { "/usr/bin", "/usr/local/bin", "/bin" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		(void)snprintf(path, 64, "%s/%s", places[i], tool->name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* The first one behind @tool (NULL: of all) that is installed. */
static const struct usernet_tool *next_tool(const struct usernet_tool *before, char path[64])
{
	const struct usernet_tool *tool;
	bool behind = !before;

	for (size_t i = 0; (tool = usernet_tool_at(i)); i++) {
		if (behind && find_program(tool, path))
			return tool;
		behind |= tool == before;
	}
	return NULL;
}

const char *usernet_why_not(void)
{
	char path[64];

	if (!next_tool(NULL, path))
		return "neither pasta nor slirp4netns is installed (apt-get install passt)";
	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		return "you may not open /dev/net/tun (as root: modprobe tun; chmod 666 "
		       "/dev/net/tun)";
	return NULL;
}

/* ---- the program ---- */

struct exec {
	const struct usernet_tool *tool;
	const char *path;
	char *const *argv;
	pid_t monitor;
	int netns_fd, dir_fd, ready_fd, output_fd;
};

static int place_fds(const struct exec *exec)
{
	const struct {
		int fd, target;
	} places[] = {
		{ exec->netns_fd, USERNET_NETNS_FD },
		{ exec->tool->says_by_stdout ? exec->ready_fd : exec->output_fd, STDOUT_FILENO },
		{ exec->output_fd, STDERR_FILENO },
		{ exec->ready_fd, USERNET_READY_FD },
		{ exec->dir_fd, USERNET_DIR_FD },
	};
	int high[ARRAY_SIZE(places)];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		high[i] = fcntl(places[i].fd, F_DUPFD_CLOEXEC, USERNET_DIR_FD + 1);
		if (high[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (dup2(high[i], places[i].target) < 0)
			return -errno;
	return fd_close_from(USERNET_DIR_FD + 1, NULL, 0);
}

/* The terminal's signals are not for it. pasta takes an ignored SIGPIPE for an error. */
static _Noreturn void be_program(const struct exec *exec)
{
	char *const environment[] = { NULL };
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setsid();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == exec->monitor &&
	    chdir("/") == 0 && place_fds(exec) == 0)
		(void)execve(exec->path, exec->argv, environment);
	_exit(127);
}

static int make_pipe(int *ret_reader, int *ret_writer, int flags)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | flags) < 0)
		return -errno;
	*ret_reader = ends[0];
	*ret_writer = ends[1];
	return 0;
}

/* Its messages go into a pipe that keeps the first ones: nobody has to read them for it to go on.
 */
static int run_tool(const struct usernet_request *request, struct usernet *usernet, struct err *err)
{
	_cleanup_(strv_done) struct strv argv = {};
	_cleanup_close_ int ready = -EBADF, output = -EBADF;
	struct usernet_setup setup = request->setup;
	char path[64];
	struct exec exec = { .tool = usernet->tool,
		             .path = find_program(usernet->tool, path),
		             .monitor = setup.monitor,
		             .netns_fd = usernet->netns_fd,
		             .dir_fd = request->dir_fd };
	pid_t pid;

	setup.userns_fd = usernet->userns_fd;
	if (strv_add(&argv, usernet->tool->name) < 0 || usernet->tool->arguments(&setup, &argv) < 0)
		return err_oom(err);
	if (make_pipe(&usernet->ready_fd, &ready, 0) < 0 ||
	    make_pipe(&usernet->output_fd, &output, O_NONBLOCK) < 0)
		return err_set(err, -errno, "cannot make a pipe");
	exec.argv = argv.items;
	exec.ready_fd = ready;
	exec.output_fd = output;
	pid = proc_clone(0, -EBADF, &usernet->pidfd);
	if (pid == 0)
		be_program(&exec);
	return pid < 0 ? err_set(err, pid, "cannot start '%s'", exec.path) : 0;
}

void usernet_end(struct usernet *usernet)
{
	int status;

	if (usernet->pidfd >= 0) {
		(void)pidfd_kill(usernet->pidfd, SIGKILL);
		(void)pidfd_wait(usernet->pidfd, &status);
	}
	cleanup_close(&usernet->pidfd);
	cleanup_close(&usernet->ready_fd);
	cleanup_close(&usernet->output_fd);
}

void usernet_stop(struct usernet *usernet)
{
	usernet_end(usernet);
	cleanup_close(&usernet->userns_fd);
	cleanup_close(&usernet->netns_fd);
	*usernet = USERNET_NONE;
}

/* ---- ports ---- */

/* Programs may take what they get, such as a port of one family only. */
static int try_port(const struct conf_publish *publish, int family)
{
	_cleanup_close_ int fd =
		socket(family, (publish->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(publish->host_port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		                    .sin6_port = htons(publish->host_port) };
	bool v6 = family == AF_INET6;
	int on = 1;

	if (fd < 0) /* no such family here */
		return publish->family ? -errno : 0;
	if (!publish->udp) /* for which it would mean: together with others */
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (v6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (publish->family)
		memcpy(v6 ? (void *)&in6.sin6_addr : (void *)&in.sin_addr, publish->addr,
		       v6 ? sizeof(in6.sin6_addr) : sizeof(in.sin_addr));
	if (bind(fd, v6 ? (void *)&in6 : (void *)&in, v6 ? sizeof(in6) : sizeof(in)) < 0)
		return publish->family || errno != EADDRNOTAVAIL ? -errno : 0;
	return 0;
}

static int check_port(const struct net_link *link, const struct conf_publish *publish,
                      struct err *err)
{
	static const int families[] = { AF_INET, AF_INET6 };
	_cleanup_(text_done) struct text name = {};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(families) && r == 0; i++)
		if (!publish->family || publish->family == families[i])
			r = try_port(publish, families[i]);
	if (r == 0)
		return 0;
	conf_publish_format(publish, &name);
	err_set(err, r, "'lxc.net.%u.publish = %s'", link->conf->index, name.data);
	if (r == -EACCES)
		err_hint(err,
		         "low ports are root's; as root, to allow this one and those above it: "
		         "sysctl -w net.ipv4.ip_unprivileged_port_start=%u",
		         publish->host_port);
	else if (r == -EADDRINUSE)
		err_hint(err, "who has the port says: ss -lntup 'sport = :%u'", publish->host_port);
	else if (r == -EADDRNOTAVAIL)
		err_hint(err, "the host has no such address: 'ip addr' lists them");
	return r;
}

static int check_ports(const struct net_link *link, struct err *err)
{
	const struct conf_publishes *list = &link->conf->publish;
	int r = 0;

	for (size_t i = 0; i < list->n && r == 0; i++)
		r = check_port(link, &list->items[i], err);
	return r;
}

/* ---- starting ---- */

int usernet_again(const struct usernet_request *request, struct usernet *usernet, struct err *err)
{
	char path[64];
	int r;

	usernet->tool = next_tool(NULL, path);
	if (!usernet->tool) {
		err_say(err, -ENOENT,
		        "'lxc.net.%u.type = user' needs the program pasta or slirp4netns",
		        request->setup.link->conf->index);
		err_hint(err, "install one of them: apt-get install passt");
		return -ENOENT;
	}
	r = check_ports(request->setup.link, err);
	if (r == 0)
		r = run_tool(request, usernet, err);
	if (r < 0)
		usernet_end(usernet);
	return r;
}

int usernet_start(const struct usernet_request *request, struct usernet *ret_usernet,
                  struct err *err)
{
	_cleanup_(usernet_stop) struct usernet usernet = USERNET_NONE;
	int r;

	usernet.netns_fd = fd_dup(request->netns_fd);
	usernet.userns_fd =
		request->setup.userns_fd < 0 ? -EBADF : fd_dup(request->setup.userns_fd);
	r = usernet_again(request, &usernet, err);
	if (r < 0)
		return r;
	*ret_usernet = usernet;
	usernet = USERNET_NONE;
	return 0;
}

/* ---- ready ---- */

static void hint_failure(const char *words, struct err *err)
{
	if (strstr(words, "tun"))
		err_hint(err, "as root: modprobe tun; chmod 666 /dev/net/tun");
	else if (strstr(words, "MTU"))
		err_hint(err, "choose another mtu of that device, such as 1500");
	else
		err_hint(err, "a program like this needs a host that has a network; without one: "
		              "lxc.net.0.type = empty");
}

/* It ended, or never said a word. */
static int say_failure(struct usernet *usernet, int code, struct err *err)
{
	_cleanup_(text_done) struct text words = {};
	char output[OUTPUT_SIZE];
	ssize_t n;

	(void)pidfd_kill(usernet->pidfd, SIGKILL);
	(void)pidfd_wait_exit(usernet->pidfd, READY_TIMEOUT_MS);
	n = fd_set_nonblock(usernet->output_fd, true) < 0
	            ? -1
	            : read(usernet->output_fd, output, sizeof(output) - 1);
	output[n > 0 ? n : 0] = '\0';
	usernet_say_output(output, &words);
	err_say(err, code, "the user-mode network cannot be made: %s: %s", usernet->tool->name,
	        words.len        ? words.data
	        : code == -EPIPE ? "it ended at once"
	                         : "it does not answer");
	hint_failure(words.len ? words.data : "", err);
	return code;
}

static int wait_ready(struct usernet *usernet, struct err *err)
{
	struct pollfd poller = { .fd = usernet->ready_fd, .events = POLLIN };
	const int64_t deadline = clock_ms() + READY_TIMEOUT_MS;
	char byte;
	int n;

	do
		n = poll(&poller, 1, clock_left_ms(deadline));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return say_failure(usernet, -ETIMEDOUT, err);
	if (read(usernet->ready_fd, &byte, 1) != 1)
		return say_failure(usernet, -EPIPE, err);
	return 0;
}

/* ---- ports, for a program that takes them one by one ---- */

/* Its end of the connection is closed when it is ready for the next one: it has no queue. */
static int ask(int socket_fd, const struct conf_publish *publish, char **ret_answer)
{
	_cleanup_(text_done) struct text request = {};
	_cleanup_close_ int fd = sock_connect_stream(socket_fd);
	const struct timeval patience = { .tv_sec = READY_TIMEOUT_MS / 1000 };

	usernet_publish_request(publish, &request);
	if (fd < 0 || request.failed)
		return fd < 0 ? fd : -ENOMEM;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)fd_set_nonblock(fd, false);
	if (send(fd, request.data, request.len, MSG_NOSIGNAL) < 0 || shutdown(fd, SHUT_WR) < 0)
		return -errno;
	return fd_read_all(fd, OUTPUT_SIZE, ret_answer, NULL);
}

static int publish_one(const struct usernet_request *request, const struct usernet *usernet,
                       int socket_fd, const struct conf_publish *publish, struct err *err)
{
	_cleanup_(text_done) struct text name = {};
	_cleanup_free_ char *answer = NULL;
	int r;

	conf_publish_format(publish, &name);
	if (publish->family == AF_INET6) {
		err_say(err, -EAFNOSUPPORT, "'lxc.net.%u.publish = %s': %s publishes on IPv4 only",
		        request->setup.link->conf->index, name.data, usernet->tool->name);
		err_hint(err, "install pasta: apt-get install passt");
		return -EAFNOSUPPORT;
	}
	r = ask(socket_fd, publish, &answer);
	if (r < 0)
		return err_set(err, r, "cannot ask %s to publish '%s'", usernet->tool->name,
		               name.data);
	if (strstr(answer, "\"return\""))
		return 0;
	err_say(err, -EADDRINUSE, "'lxc.net.%u.publish = %s': %s cannot have that port",
	        request->setup.link->conf->index, name.data, usernet->tool->name);
	return -EADDRINUSE;
}

static int publish_all(const struct usernet_request *request, const struct usernet *usernet,
                       struct err *err)
{
	const struct conf_publishes *list = &request->setup.link->conf->publish;
	_cleanup_close_ int fd = -EBADF;
	int r = 0;

	if (!usernet->tool->has_socket || !list->n)
		return 0;
	fd = openat(request->dir_fd, USERNET_SOCKET, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "cannot ask %s to publish ports", usernet->tool->name);
	for (size_t i = 0; i < list->n && r == 0; i++)
		r = publish_one(request, usernet, fd, &list->items[i], err);
	return r;
}

static int finish_one(const struct usernet_request *request, struct usernet *usernet,
                      struct err *err)
{
	int r = wait_ready(usernet, err);

	if (r == 0)
		r = publish_all(request, usernet, err);
	(void)unlinkat(request->dir_fd, USERNET_SOCKET, 0);
	return r;
}

int usernet_finish(const struct usernet_request *request, struct usernet *usernet, struct err *err)
{
	char path[64];
	int r = finish_one(request, usernet, err);

	while (r < 0) {
		const struct usernet_tool *next = next_tool(usernet->tool, path);

		usernet_end(usernet);
		if (!next)
			break;
		log_info("%s, trying %s", err ? err->msg : usernet->tool->name, next->name);
		usernet->tool = next;
		/* Whoever is preferred knows best why it cannot be. */
		if (run_tool(request, usernet, NULL) == 0 &&
		    finish_one(request, usernet, NULL) == 0)
			r = 0;
	}
	if (r < 0)
		return r;
	log_debug("the user-mode network is made by %s", usernet->tool->name);
	cleanup_close(&usernet->ready_fd);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scope of the service manager's, through our program rlxc-scope: it speaks D-Bus, here is the
 * connection. The environment has no say in it. Who answers could send us, and with us the
 * container, into a cgroup of his choice, hence
 *
 * 1. the directory, which its owner alone writes to, and the socket are the caller's;
 * 2. what was checked is what is connected to, by its descriptor, through no link;
 * 3. the listener has the caller's uid;
 * 4. and our pid namespace, or the pid that we tell would be another process's. */
#include "cgroup/scope.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "cgroup/cgroup-internal.h"
#include "host/tools.h"
#include "os/path.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_DIR_MAX 32

struct scope_socket {
	const char *path; /* below /run, or below /run/user/UID */
	const char *kind; /* as rlxc-scope calls it */
};

/* Root's manager is asked without the detour of the bus, which may not be up early at boot; a
 * user's manager has no such socket of its own on many hosts. */
static const struct scope_socket of_root[] = { { "systemd/private", "direct" },
	                                       { "dbus/system_bus_socket", "bus" } };
static const struct scope_socket of_user[] = { { "bus", "bus" }, { "systemd/private", "direct" } };

/* As unit_name_escape() of systemd does it: a slash is written as a dash. */
void cgroup_scope_stem(const char *name, char ret_stem[CGROUP_SCOPE_MAX])
{
	static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ:_./";
	char *end = stpcpy(ret_stem, "lxc-");

	for (const char *s = name; *s; s++) {
		char text[5] = { *s == '/' ? '-' : *s };

		if (!strchr(plain, *s) || (*s == '.' && s == name))
			(void)snprintf(text, sizeof(text), "\\x%02x", (unsigned char)*s);
		if (end + strlen(text) >= ret_stem + CGROUP_SCOPE_MAX)
			break;
		end = stpcpy(end, text);
	}
}

bool cgroup_scope_take_path(char *answer)
{
	char *end = strchr(answer, '\n');

	if (!end || answer[0] != '/' || end == answer + 1)
		return false;
	*end = '\0';
	return true;
}

static bool is_owned(int fd, uid_t uid, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == uid && (st.st_mode & S_IFMT) == type;
}

int cgroup_scope_connect(const char *run_dir, const char *path, uid_t uid)
{
	_cleanup_close_ int dir = open(run_dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int socket_fd = -EBADF, sock = -EBADF;
	struct ucred peer = {};
	socklen_t len = sizeof(peer);

	if (dir < 0)
		return -errno;
	if (!is_owned(dir, uid, S_IFDIR))
		return -EPERM;
	socket_fd = path_open_beneath(dir, path, O_PATH);
	if (socket_fd < 0)
		return socket_fd;
	if (!is_owned(socket_fd, uid, S_IFSOCK))
		return -EPERM;
	sock = sock_connect_stream(socket_fd);
	if (sock < 0)
		return sock;
	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	if (peer.uid != uid)
		return -EPERM;
	return peer.pid == 0 ? -ESRCH : take_fd(&sock);
}

/* What the exit codes of rlxc-scope mean, see there; others: -EREMOTEIO. */
static int code_of(int status)
{
	static const int codes[] = { [3] = -ENOENT, [4] = -ENOENT, [5] = -EPERM, [6] = -ETIMEDOUT };

	return status < (int)ARRAY_SIZE(codes) && codes[status] ? codes[status] : -EREMOTEIO;
}

static int refused(int status, char *words, const char *name, struct err *err)
{
	_cleanup_(text_done) struct text text = {};

	words[strcspn(words, "\n")] = '\0';
	text_add_printable(&text, words);
	if (text.failed)
		return err_oom(err);
	if (!*words)
		text_addf(&text, "rlxc-scope ends with status %d", status);
	return err_say(err, code_of(status),
	               "cannot get a scope for '%s' from the service manager: %s", name, text.data);
}

static int ask_at(int connection, const char *kind, const char *name, pid_t pid, char **ret_path,
                  struct err *err)
{
	_cleanup_(text_done) struct text description = {};
	_cleanup_free_ char *answer = NULL;
	char stem[CGROUP_SCOPE_MAX], number[NUM_TEXT_MAX];
	int r;

	cgroup_scope_stem(name, stem);
	text_add(&description, "rlxc container ");
	text_add_printable(&description, name); /* a bus ends connections over what is no UTF-8 */
	if (description.failed)
		return err_oom(err);
	r = tools_ask((char *[]){ "rlxc-scope", (char *)kind, stem, num_format(number, pid),
	                          description.data, NULL },
	              connection, &answer, err);
	if (r < 0)
		return r;
	if (r > 0)
		return refused(r, answer, name, err);
	if (!cgroup_scope_take_path(answer))
		return err_say(err, -EREMOTEIO, "the service manager names no cgroup for '%s'",
		               name);
	*ret_path = take_ptr(answer);
	return 0;
}

static const char *why_not(int code)
{
	if (code == -EPERM)
		return "it is not a socket of the caller's own";
	return code == -ESRCH ? "it leads out of this pid namespace" : strerror(-code);
}

static const struct scope_socket *sockets_of(const struct caller *caller,
                                             char ret_run_dir[RUN_DIR_MAX])
{
	if (caller->is_root)
		(void)strcpy(ret_run_dir, "/run");
	else
		(void)snprintf(ret_run_dir, RUN_DIR_MAX, "/run/user/%u", caller->uid);
	return caller->is_root ? of_root : of_user;
}

bool cgroup_scope_has_manager(const struct caller *caller)
{
	char run_dir[RUN_DIR_MAX], path[RUN_DIR_MAX + 64];
	const struct scope_socket *sockets = sockets_of(caller, run_dir);
	bool found = false;

	for (size_t i = 0; !found && i < ARRAY_SIZE(of_user); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", run_dir, sockets[i].path);
		found = access(path, F_OK) == 0;
	}
	return found;
}

int cgroup_scope_ask(const struct caller *caller, const char *name, pid_t pid, char **ret_path,
                     struct err *err)
{
	char run_dir[RUN_DIR_MAX];
	const struct scope_socket *sockets = sockets_of(caller, run_dir);
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(of_user); i++) {
		_cleanup_close_ int connection =
			cgroup_scope_connect(run_dir, sockets[i].path, caller->uid);

		if (connection >= 0)
			r = ask_at(connection, sockets[i].kind, name, pid, ret_path, err);
		else if (i == 0 || connection != -ENOENT)
			err_say(err, -ENOENT, "no service manager can be asked at '%s/%s': %s",
			        run_dir, sockets[i].path, why_not(connection));
	}
	return r;
}

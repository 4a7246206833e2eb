/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attach from where the kernel refuses a clone into the container's cgroup, since the nearest
 * common ancestor is not ours: from another login session. The monitor stands where it may, so it
 * forks the process that joins; everything that process needs comes from the command, through a
 * socket of its own that the monitor only passes on:
 *
 *	one message	struct spawn_request, with sync_fd, the command's 0-2 and maybe host_slave
 *	some more	its text: the environment, the program's words, the working directory
 *	back		the wait status, once
 *
 * MUSTs: what it is confined to is known to the monitor and not asked for (namespaces, bounding
 * set, no_new_privs); it has none of the monitor's descriptors but the ones it was made for; the
 * end of either side of the socket ends the other, and the program with it. */
#include "container/attach-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "container/exec.h"
#include "os/fd.h"
#include "os/proc.h"
#include "os/sock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PART_MAX (32U * 1024)
#define TEXT_MAX (16U * 1024 * 1024) /* more than the kernel hands to any program */

enum { FD_SYNC, FD_STDIO, FD_SLAVE = FD_STDIO + 3, N_FDS };

struct spawn_request {
	struct rlimit limits[RLIM_NLIMITS];
	int64_t uid, gid, persona;
	uint32_t elevate;
	uint32_t text_bytes;
	uint32_t n_environment, n_argv; /* no words: the login shell */
	uint8_t wants_pty, has_cwd, remount_sys_proc, login;
	struct lsm_label label; /* kernel and policy say whether a change to it is allowed */
};

/* ---- the command ---- */

static void add_words(struct text *text, char *const *words, uint32_t *ret_n)
{
	*ret_n = 0;
	for (; words && *words; words++, ++*ret_n)
		text_add_len(text, *words, strlen(*words) + 1);
}

static void fill_request(const struct attach *attach, struct spawn_request *request,
                         struct text *text)
{
	request->uid = attach->options->uid;
	request->gid = attach->options->gid;
	request->persona = attach->persona;
	request->elevate = attach->elevate;
	request->remount_sys_proc = attach->options->remount_sys_proc;
	request->login = attach->options->login;
	request->wants_pty = attach->wants_pty;
	request->label = attach->facts.label;
	request->has_cwd = attach->cwd != NULL;
	for (int i = 0; i < RLIM_NLIMITS; i++)
		(void)getrlimit(i, &request->limits[i]);
	add_words(text, attach->environment.items, &request->n_environment);
	add_words(text, attach->options->argv, &request->n_argv);
	if (attach->cwd)
		text_add_len(text, attach->cwd, strlen(attach->cwd) + 1);
	request->text_bytes = (uint32_t)text->len;
}

int attach_spawn_send(int link_fd, const struct attach *attach, struct err *err)
{
	const int fds[N_FDS] = { attach->sync_fd, 0, 1, 2, attach->host_slave };
	_cleanup_(text_done) struct text text = {};
	struct spawn_request request = {};
	int r;

	fill_request(attach, &request, &text);
	if (text.failed)
		return err_oom(err);
	if (text.len > TEXT_MAX)
		return err_set(err, -E2BIG, "cannot send the program and its environment");
	r = sock_send(link_fd, &request, sizeof(request), fds,
	              attach->host_slave >= 0 ? N_FDS : FD_SLAVE);
	for (size_t done = 0, n; r == 0 && done < text.len; done += n) {
		n = text.len - done < PART_MAX ? text.len - done : PART_MAX;
		r = sock_send(link_fd, text.data + done, n, NULL, 0);
	}
	return r < 0 ? err_set(err, r, "cannot reach the process that enters the container") : 0;
}

/* The connection is a new one: an attach that needs none of this keeps no client's slot. */
static int ask_monitor(const struct attach *attach, int link_fd, struct err *err)
{
	_cleanup_close_ int sock = control_connect(attach->store, attach->name, err);
	int r;

	if (sock < 0)
		return sock;
	r = control_send(sock, CONTROL_SPAWN, 0, NULL, 0, &link_fd, 1);
	if (r < 0)
		return err_set(err, r, "cannot ask the container's monitor");
	return control_reply(sock, CONTROL_SPAWN, NULL, 0, NULL, NULL, 0, err);
}

int attach_spawn(struct attach *attach, struct attached *attached, struct err *err)
{
	_cleanup_close_ int theirs = -EBADF;
	int pair[2], r = sock_pair(pair);

	if (r < 0)
		return err_set(err, r, "cannot make a socket pair");
	attached->link = pair[0];
	theirs = pair[1];
	r = ask_monitor(attach, theirs, err);
	if (r < 0) {
		attached->refused = true;
		return r;
	}
	cleanup_close(&theirs);
	return attach_spawn_send(attached->link, attach, err);
}

/* ---- the monitor's child ---- */

static int take_words(const char **at, const char *end, uint32_t n, struct strv *words)
{
	int r = 0;

	for (; n > 0 && r == 0; n--) {
		if (*at >= end)
			return -EBADMSG;
		r = strv_add(words, *at);
		*at += strlen(*at) + 1;
	}
	return r;
}

/* All of it, or the command is gone. */
static int receive_text(int link_fd, char *text, size_t len)
{
	for (size_t have = 0; have < len;) {
		ssize_t n = sock_recv(link_fd, text + have, len - have, NULL, 0);

		if (n <= 0)
			return n < 0 ? (int)n : -EPIPE;
		have += (size_t)n;
	}
	return len > 0 && text[len - 1] != '\0' ? -EBADMSG : 0;
}

static int take_text(int link_fd, const struct spawn_request *request, struct attach *attach,
                     struct strv *argv)
{
	_cleanup_free_ char *text = NULL;
	const char *at, *end;
	int r;

	if (request->text_bytes > TEXT_MAX)
		return -EBADMSG;
	text = malloc(request->text_bytes + 1);
	if (!text)
		return -ENOMEM;
	r = receive_text(link_fd, text, request->text_bytes);
	at = text;
	end = text + request->text_bytes;
	if (r == 0)
		r = take_words(&at, end, request->n_environment, &attach->environment);
	if (r == 0)
		r = take_words(&at, end, request->n_argv, argv);
	if (r == 0 && request->has_cwd && at < end) {
		attach->cwd = strdup(at);
		at += strlen(at) + 1;
	}
	return r < 0 || at == end ? r : -EBADMSG;
}

static void take_limits(const struct spawn_request *request)
{
	/* More than we may have, ours stays. */
	for (int i = 0; i < RLIM_NLIMITS; i++)
		(void)setrlimit(i, &request->limits[i]);
}

int attach_spawn_receive(int link_fd, struct attach *attach, struct rlxc_attach_options *options,
                         struct strv *argv, int ret_stdio[3])
{
	struct spawn_request request;
	int fds[N_FDS];
	ssize_t n = sock_recv(link_fd, &request, sizeof(request), fds, N_FDS);

	if (n < 0)
		return (int)n;
	attach->sync_fd = fds[FD_SYNC];
	attach->host_slave = fds[FD_SLAVE];
	memcpy(ret_stdio, fds + FD_STDIO, 3 * sizeof(*fds));
	if (n != (ssize_t)sizeof(request) || fds[FD_SLAVE - 1] < 0)
		return n ? -EBADMSG : -EPIPE;
	attach->options = options;
	attach->namespaces = attach->facts.new_namespaces;
	attach->elevate = request.elevate;
	attach->persona = request.persona;
	attach->wants_pty = request.wants_pty;
	attach->facts.label = request.label;
	attach->facts.label.text[LSM_LABEL_MAX - 1] = '\0';
	options->uid = request.uid;
	options->gid = request.gid;
	options->remount_sys_proc = request.remount_sys_proc;
	options->login = request.login;
	n = take_text(link_fd, &request, attach, argv);
	if (n < 0)
		return (int)n;
	options->argv = argv->n ? argv->items : NULL;
	take_limits(&request);
	return 0;
}

static int be_called(const struct attach *attach)
{
	char title[512];

	(void)snprintf(title, sizeof(title), "[lxc attach] %s %s", attach->store->path,
	               attach->name);
	proc_title_set(title);
	return setsid() < 0 ? -errno : 0;
}

/* 0-2 are the monitor's until the command's arrive. */
static int keep_only(const struct attach *attach)
{
	int keep[ATTACH_FDS_MAX];

	log_drop(log_fd());
	return fd_close_from(3, keep, attach_list_fds(attach, keep));
}

/* Signals that the monitor holds back are held back here as well: what ends this process is the end
 * of the program, or of the command. */
_Noreturn void attach_spawned(struct attach *attach)
{
	struct rlxc_attach_options options = {};
	struct strv argv = {};
	int stdio[3];

	exec_hide();
	if (keep_only(attach) < 0 || be_called(attach) < 0 ||
	    attach_spawn_receive(attach->link_fd, attach, &options, &argv, stdio) < 0)
		_exit(1);
	for (int fd = 0; fd < 3; fd++)
		if (dup2(stdio[fd], fd) < 0)
			_exit(1);
	attach_join_and_clone(attach);
}

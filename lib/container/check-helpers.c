/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/check-guest.h"

#include "base/cleanup.h"
#include "base/strv.h"
#include "base/text.h"
#include "host/tools.h"
#include "idmap/idmap.h"
#include "net/host.h"
#include "net/usernic.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define USER_NIC "lxc-user-nic"
#define POLICY RLXC_SYSCONFDIR "/lxc/lxc-usernet"
#define POLICY_MAX (1 << 20)

static int check_idmap_tool(struct check_job *job, struct err *err)
{
	return idmap_check_tool((enum idmap_kind)job->row->what, err);
}

/* ---- lxc-user-nic ---- */

static int find_path(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = '\0';
	return n > 0 ? 0 : -errno;
}

static int check_user_nic(struct check_job *job, struct err *err)
{
	_cleanup_close_ int fd = tools_open(USER_NIC, err);
	char path[PATH_MAX];
	struct statvfs fs;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0 || find_path(fd, path) < 0)
		return err_set(err, -errno, "cannot look at '%s'", USER_NIC);
	check_note(job, "%s", path);
	if (st.st_uid != 0 || !(st.st_mode & S_ISUID) || (st.st_mode & (S_IWGRP | S_IWOTH))) {
		err_say(err, -EPERM, "'%s' is not root's alone with the set-user-ID bit", path);
		err_hint(err, "as root: chown root:root %s && chmod 4755 %s", path, path);
		return -EPERM;
	}
	if (fs.f_flag & ST_NOSUID) {
		err_say(err, -EPERM, "'%s' is on a file system mounted nosuid", path);
		err_hint(err, "mount its file system without nosuid");
		return -EPERM;
	}
	return 0;
}

/* ---- grants ---- */

static int hint_grant(const struct caller *caller, struct err *err)
{
	err_hint(err, "as root, to grant ten on the bridge lxcbr0: echo '%s veth lxcbr0 10' >> %s",
	         caller->name, POLICY);
	return err ? err->code : -ENOENT;
}

/* The bridges of all lines, each once; whose lines these are the program knows best. */
static int list_bridges(struct strv *bridges, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	int r = fd_read_file(AT_FDCWD, POLICY, POLICY_MAX, &text, NULL);

	if (r < 0)
		return err_set(err, r, "cannot read '%s'", POLICY);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		_cleanup_(strv_done) struct strv words = {};

		if (*line == '#' || *line == ' ' || strv_split_words(&words, line) < 0 ||
		    words.n < 4 || strv_has(bridges, words.items[2]))
			continue;
		if (strv_add(bridges, words.items[2]) < 0)
			return err_oom(err);
	}
	return 0;
}

static void wait_end(int sock)
{
	char byte;

	(void)!read(sock, &byte, 1);
}

/* Makes an interface there and removes it. */
static int try_bridge(const struct check_job *job, const struct guest *guest, const char *bridge,
                      struct err *err)
{
	const struct conf_net conf = { .type = CONF_NET_VETH, .link = (char *)bridge };
	const struct net_link link = { .conf = &conf, .name = "eth0", .by_helper = true };
	const struct net_job nic = { .netns_fd = guest->netns_fd,
		                     .user = job->caller->name,
		                     .container = "checkconfig",
		                     .init_pid = guest->pid };
	struct net_made_link made = { .link = &link };
	int r = usernic_create(&nic, &made, err);

	if (r == 0)
		usernic_delete(&nic, &made);
	return r;
}

/* A line of somebody else is no failure, a quota that is used up is one. */
static int try_bridges(struct check_job *job, const struct guest *guest, const struct strv *bridges,
                       struct err *err)
{
	_cleanup_(text_done) struct text works = {};
	struct err refused = {};

	for (size_t i = 0; i < bridges->n; i++) {
		struct err why = {};

		if (try_bridge(job, guest, bridges->items[i], &why) == 0)
			text_addf(&works, "%s%s", works.len ? ", " : "one more is free on ",
			          bridges->items[i]);
		else if (!refused.code || strstr(why.msg, "quota"))
			refused = why;
	}
	if (works.failed)
		return err_oom(err);
	check_note(job, "%s", works.len ? works.data : "");
	if (works.len && !strstr(refused.msg, "quota"))
		return 0;
	if (err)
		*err = refused;
	return refused.code;
}

static int check_grants(struct check_job *job, struct err *err)
{
	_cleanup_(guest_end) struct guest guest = GUEST_NONE;
	_cleanup_(strv_done) struct strv bridges = {};
	int r = list_bridges(&bridges, err);

	if (r == 0 && bridges.n == 0)
		r = err_say(err, -ENOENT, "'%s' grants nobody an interface", POLICY);
	if (r < 0)
		return hint_grant(job->caller, err);
	r = guest_start(job, wait_end, &guest, err);
	return r < 0 ? r : try_bridges(job, &guest, &bridges, err);
}

const struct check_row check_rows_helpers[] = {
	{ .label = "newuidmap", .root_only = true, .run = check_idmap_tool, .what = IDMAP_UID },
	{ .label = "newgidmap", .root_only = true, .run = check_idmap_tool, .what = IDMAP_GID },
	{ .label = USER_NIC, .run = check_user_nic },
	{ .label = "Interfaces by " USER_NIC,
	  .users_only = true,
	  .in_userns = true,
	  .needs = USER_NIC,
	  .run = check_grants },
	{},
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/entry.h"

#include "base/cleanup.h"
#include "caps/caps.h"
#include "container/exec.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

void entry_done(struct entry *entry)
{
	cleanup_close(&entry->init_fd);
}

/* The environment that comes along is not ours to know. */
int entry_ask(int sock, struct entry *ret_entry, struct err *err)
{
	int fds[CONTROL_ATTACH_FDS], r;
	char data[CONTROL_MAX];
	size_t len = 0;

	r = control_call(sock, CONTROL_ATTACH, INT32_MAX, NULL, data, sizeof(data), &len, fds,
	                 CONTROL_ATTACH_FDS, err);
	if (r < 0)
		return r;
	for (size_t i = 1; i < CONTROL_ATTACH_FDS; i++)
		cleanup_close(&fds[i]);
	ret_entry->init_fd = fds[0];
	if (len < sizeof(ret_entry->facts) || fds[0] < 0)
		return err_say(err, -EBADMSG, "the container's monitor gave a malformed answer");
	memcpy(&ret_entry->facts, data, sizeof(ret_entry->facts));
	return 0;
}

int entry_join_userns(const struct entry *entry, struct err *err)
{
	exec_hide();
	if (!(entry->facts.new_namespaces & NS_BIT(NS_USER)))
		return 0;
	if (setns(entry->init_fd, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0)
		return err_set(err, -errno, "cannot join the container's user namespace");
	exec_hide();
	return 0;
}

static int become_root(const struct control_attach *facts, struct err *err)
{
	if (!(facts->new_namespaces & NS_BIT(NS_USER)))
		return 0;
	if (!facts->keep_groups && setgroups(0, NULL) < 0 && errno != EPERM)
		return err_set(err, -errno, "cannot drop the supplementary groups");
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setresgid(facts->gid, facts->gid, facts->gid) < 0 ||
	    setresuid(facts->uid, facts->uid, facts->uid) < 0)
		return err_set(err, -errno, "cannot become root of the container");
	exec_hide();
	return caps_regain(err);
}

int entry_join_mounts(const struct entry *entry, struct err *err)
{
	int fd, r;

	if (setns(entry->init_fd, CLONE_NEWNS) < 0)
		return err_set(err, -errno, "cannot join the container's mount namespace");
	r = become_root(&entry->facts, err);
	if (r < 0)
		return r;
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(err, -errno, "cannot open the container's root") : fd;
}

int entry_say_target(const char *target, int code, struct err *err)
{
	const char *why = path_error_text(code);

	if (why)
		return err_say(err, code, "cannot use '%s' of the container: %s", target, why);
	return err_set(err, code, "cannot use '%s' of the container", target);
}

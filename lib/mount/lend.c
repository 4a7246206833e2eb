/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount/lend.h"

#include "base/cleanup.h"
#include "host/tools.h"
#include "os/mountfd.h"
#include "os/sock.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#define PROGRAM "lxc-user-idmap"
#define POLICY RLXC_SYSCONFDIR "/lxc/lxc-useridmap"
#define OTHERWISE                                                                                  \
	"ext4, xfs, btrfs, f2fs and tmpfs can have a map of ids; elsewhere leave idmap= out and "  \
	"give the files owners that lxc.idmap maps (lxc-usernsexec -- chown)"

static int failed(const struct mount_lend *lend, int code, struct err *err)
{
	err_set(err, code, "cannot mount '%s' with idmap=", lend->path);
	if (code == -EINVAL)
		err_hint(err, OTHERWISE);
	else if (code == -EPERM)
		err_hint(err, "only root of the host can, or " PROGRAM "(1) for ordinary users; a "
		              "tree that has a map already gets no other");
	return code;
}

int mount_lend_make(const struct mount_lend *lend, struct err *err)
{
	_cleanup_close_ int tree = mountfd_clone(lend->fd, "", lend->recursive);
	int r = tree;

	/* What is mounted on a copy of a shared mount would be mounted on the host, too. */
	if (r >= 0)
		r = mountfd_set_attr(tree, 0, 0, MS_SLAVE, lend->recursive);
	if (r >= 0 && lend->userns_fd >= 0)
		r = mountfd_set_idmap(tree, lend->userns_fd, lend->recursive);
	return r < 0 ? failed(lend, r, err) : take_fd(&tree);
}

/* ---- for ordinary users ---- */

static const struct {
	const char *words, *hint; /* what the program says, and what to do */
} reasons[] = {
	{ "set-user-ID", "the program must be root's with mode 4755: make install as root" },
	{ "standard input is no directory", "only directories can be mounted with idmap=" },
	{ "the directory is not yours",
	  "owner and group must be you and a group of yours; root's directories are published in "
	  "lxc-useridmap(5)" },
	{ "are yours",
	  "the ids of lxc.idmap must be in /etc/subuid and /etc/subgid for you alone" },
	{ "something is mounted below", "mount the parts by lines of their own" },
	{ "not on this file system", OTHERWISE },
	{ "the file system cannot", OTHERWISE },
	{ "the kernel cannot", "Linux 5.12 or newer can" },
};

/* Who sees a published tree reads all of it, with the rights of its own root. */
static bool has_secrets(const char *path)
{
	static const char *const dirs[] = { "/", "/boot", "/etc", "/home", "/root", "/var" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (strcmp(path, dirs[i]) == 0)
			return true;
	return false;
}

static void hint_publish(const struct mount_lend *lend, struct err *err)
{
	if (has_secrets(lend->path))
		err_hint(err,
		         "published, all of '%s' could be read by %s, passwords and keys too: copy "
		         "what is needed to a directory of its own, and publish that",
		         lend->path, lend->user);
	else
		err_hint(err, "as root, to publish it: echo '%s image %s' >> %s", lend->user,
		         lend->path, POLICY);
}

static void hint_reason(const struct mount_lend *lend, const char *words, struct err *err)
{
	if (lend->is_image &&
	    (strstr(words, "not published") || strstr(words, "that is root's alone")))
		hint_publish(lend, err);
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (strstr(words, reasons[i].words))
			err_hint(err, "%s", reasons[i].hint);
}

int mount_lend_ask(const struct mount_lend *lend, struct err *err)
{
	const char *argv[] = { PROGRAM,
		               lend->is_image ? "image" : "own",
		               lend->uids,
		               lend->gids,
		               lend->read_only || lend->is_image ? "ro" : "-",
		               NULL };
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, tree = -EBADF;
	_cleanup_free_ char *answer = NULL;
	const char *words;
	int pair[2], r = sock_pair(pair);
	char byte;

	if (r < 0)
		return err_set(err, r, "cannot make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	r = tools_run((char **)argv, lend->fd, theirs, &answer, err);
	if (r < 0)
		return err_wrap(err, r, "cannot mount '%s' with idmap=", lend->path);
	cleanup_close(&theirs);
	if (r == 0 && sock_recv(ours, &byte, 1, &tree, 1) == 1 && tree >= 0)
		return take_fd(&tree);
	answer[strcspn(answer, "\n")] = '\0';
	words = strstr(answer, ": ");
	words = words ? words + 2 : *answer ? answer : "the file system cannot do this";
	err_say(err, -EPERM, "cannot mount '%s' with idmap=: %s: %s", lend->path, PROGRAM, words);
	hint_reason(lend, words, err);
	return -EPERM;
}

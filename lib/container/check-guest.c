/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/check-guest.h"

#include "base/cleanup.h"
#include "idmap/idmap.h"
#include "os/proc.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

static int write_maps(const struct check_job *job, pid_t pid, struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	struct idmap_job writing = {};
	int r;

	if (job->caller->is_root)
		return 0;
	if (idmap_add(&maps, IDMAP_UID, 0, job->caller->uid, 1) < 0 ||
	    idmap_add(&maps, IDMAP_GID, 0, job->caller->gid, 1) < 0)
		return err_oom(err);
	r = idmap_write_start(&maps, IDMAP_WRITE_SELF, pid, &writing, err);
	return r < 0 ? r : idmap_write_finish(&writing, job->caller, err);
}

static int open_ns(pid_t pid, const char *kind)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int prepare(const struct check_job *job, struct guest *guest, struct err *err)
{
	int r = write_maps(job, guest->pid, err);

	if (r < 0)
		return r;
	guest->netns_fd = open_ns(guest->pid, "net");
	if (!job->caller->is_root)
		guest->userns_fd = open_ns(guest->pid, "user");
	return guest->netns_fd < 0 ? err_set(err, -errno, "cannot open a network namespace") : 0;
}

int guest_start(const struct check_job *job, void (*fn)(int sock), struct guest *ret_guest,
                struct err *err)
{
	const uint64_t flags = CLONE_NEWNET | (job->caller->is_root ? 0 : CLONE_NEWUSER);
	struct guest guest = GUEST_NONE;
	int pair[2], r = sock_pair(pair);

	if (r < 0)
		return err_set(err, r, "cannot make a socket pair");
	guest.sock = pair[0];
	guest.pid = proc_clone(flags, -EBADF, &guest.pidfd);
	if (guest.pid == 0) {
		(void)close(pair[0]);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		fn(pair[1]);
		_exit(0);
	}
	(void)close(pair[1]);
	if (guest.pid < 0)
		idmap_explain_clone_failure(guest.pid, err);
	r = guest.pid < 0 ? guest.pid : prepare(job, &guest, err);
	if (r < 0)
		guest_end(&guest);
	else
		*ret_guest = guest;
	return r;
}

void guest_end(struct guest *guest)
{
	if (guest->pidfd >= 0 && pidfd_kill(guest->pidfd, SIGKILL) == 0)
		(void)pidfd_wait(guest->pidfd, &(int){ 0 });
	cleanup_close(&guest->pidfd);
	cleanup_close(&guest->sock);
	cleanup_close(&guest->netns_fd);
	cleanup_close(&guest->userns_fd);
}

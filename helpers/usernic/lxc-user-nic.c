/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Set-user-ID root: gives an ordinary user a network interface, within what the administrator
 * granted in lxc-usernet(5). One end is attached to a bridge of the host, the other is born in a
 * network namespace of the user.
 *
 * MUSTs: 1. Who called is what the kernel says. 2. No argument is a path, an object is looked up
 * once and then is a descriptor or an index. 3. Whatever a caller may not know about gives the same
 * answer as if it did not exist. 4. Privilege only ever goes down, and is gone before anything is
 * printed. 5. No user can stop, fill or damage what another one needs. main is the order. */
#include "usernic.h"

#include "priv/auth.h"
#include "priv/filter.h"
#include "priv/open.h"
#include "priv/say.h"
#include "priv/start.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#define POLICY_DIR RLXC_SYSCONFDIR "/lxc"
#define POLICY_FILE "lxc-usernet"
#define CAP(name) (1ULL << CAP_##name)

const char priv_program[] = "lxc-user-nic";

static _Noreturn void deny(const struct nic_job *job, const char *why)
{
	priv_log(LOG_NOTICE, "user %u is refused on %s: %s", job->uid, job->request.bridge, why);
	priv_fail("not permitted");
}

/* Root needs no grant, but all else holds for root, too. */
static void read_policy(struct nic_job *job, struct priv_caller *caller)
{
	static char text[PRIV_TEXT_MAX];
	const struct priv_asker asker = { caller->uid, caller->name, priv_caller_is_in, caller };
	const int dir_fd = priv_open_dir(POLICY_DIR, /* create= */ false);
	const int fd = priv_open_file(dir_fd, POLICY_FILE, O_RDONLY);
	const ssize_t n = priv_read(fd, text, sizeof(text));

	job->policy = (struct policy){ .n_grants = 1, .grants = { { .count = RECORDS_MAX } } };
	if (caller->uid == 0)
		return;
	if (n < 0)
		deny(job, "no " POLICY_DIR "/" POLICY_FILE " that is root's alone");
	if (!AUTH(policy_parse(text, (size_t)n, &asker, job->request.bridge, &job->policy) == 0))
		deny(job, POLICY_DIR "/" POLICY_FILE " is damaged");
	if (job->policy.n_ignored)
		priv_log(LOG_WARNING, "%u lines of " POLICY_DIR "/" POLICY_FILE " are no grants",
		         job->policy.n_ignored);
	if (!AUTH(job->policy.n_grants > 0))
		deny(job, "no grant");
}

static void close_the_door(void)
{
	static const struct priv_rule rules[] = {
		{ SYS_openat, 2, O_NOFOLLOW | O_CLOEXEC, O_NOFOLLOW | O_CLOEXEC },
		{ SYS_prctl, 0, UINT32_MAX, PR_SET_DUMPABLE },
	};
	static const int calls[] = {
		SYS_read,       SYS_write,     SYS_close,           SYS_fstat,
#ifdef SYS_newfstatat
		SYS_newfstatat,
#endif
#ifdef SYS_renameat
		SYS_renameat,
#endif
#ifdef USERNIC_OVS
		SYS_wait4,
#endif
		SYS_renameat2,  SYS_unlinkat,  SYS_flock,           SYS_sendto,
		SYS_recvfrom,   SYS_getrandom, SYS_clock_nanosleep, SYS_restart_syscall,
		SYS_setresuid,  SYS_setresgid, SYS_getresuid,       SYS_getresgid,
		SYS_capset,     SYS_capget,    SYS_close_range,     SYS_exit_group
	};

	priv_filter(rules, PRIV_COUNT(rules), calls, PRIV_COUNT(calls));
}

static void find_bridge(struct nic_job *job)
{
	const char *name = job->request.bridge;

	if (strcmp(name, NAME_NO_BRIDGE) == 0)
		return;
	if (link_get(&job->link, 0, name, LINK_HERE, &job->bridge) < 0)
		deny(job, "no such bridge");
	job->is_ovs = ovs_is_bridge(&job->bridge);
	if (!job->is_ovs && !AUTH(strcmp(job->bridge.kind, "bridge") == 0))
		deny(job, "that is no bridge");
}

static int answer(const struct nic_job *job)
{
	char line[128] = "";
	const int n = snprintf(line, sizeof(line), "%s:%u:%s:%u\n", job->inside.name,
	                       job->inside.ifindex, job->host.name, job->host.ifindex);

	return job->request.remove || write(STDOUT_FILENO, line, (size_t)n) == n ? 0 : 1;
}

int main(int argc, char **argv)
{
	static struct priv_caller caller;
	static struct nic_job job;
	char bad_argument[] = "bad argument ?";
	int wrong;

	/* 1 to 4: what the caller handed over */
	const bool usable = request_is_usable(argc, argv);
	priv_fix_fds(usable ? request_fd(argv) : -1);
	priv_empty_environment();
	priv_reset_process();
	if (!usable)
		priv_fail(REQUEST_USAGE);
	/* 5 to 9: who that is, and what we keep */
	priv_identify(&caller);
	priv_raise_limits();
	priv_keep_capabilities(CAP(NET_ADMIN) | CAP(SETUID) | CAP(SETGID));
	priv_log_open();
	priv_find_name(&caller);
	job.uid = caller.uid;
	/* 10: what they want */
	wrong = request_parse(argc, argv, &job.request);
	bad_argument[sizeof(bad_argument) - 2] = (char)('0' + wrong);
	if (wrong)
		priv_fail(bad_argument);
	/* 11, 12: for which namespace */
	job.netns_fd = target_open(&job.request, &caller);
	if (!AUTH(job.netns_fd >= 0 || job.request.any_netns))
		deny(&job, "no network namespace of theirs");
	/* 13: by whose leave. From here on only listed system calls */
	read_policy(&job, &caller);
	job.dir_fd = priv_open_dir(RECORDS_DIR, /* create= */ true);
	if (job.dir_fd < 0)
		priv_fail("cannot record");
	ovs_prepare(&job.request);
	priv_raise(CAP(NET_ADMIN));
	if (link_open(&job.link) < 0)
		priv_fail("cannot start");
	priv_raise(0);
	close_the_door();
	/* 14 to 18: the signals of the caller do not reach us any more */
	priv_become_root();
	priv_raise(CAP(NET_ADMIN));
	find_bridge(&job);
	nic_change(&job);
	/* 19: nothing is left of it */
	priv_drop();
	_exit(answer(&job));
}

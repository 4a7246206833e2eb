/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "priv/start.h"

#include "priv/auth.h"
#include "priv/say.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <unistd.h>

static bool is_pseudo_file(int fd)
{
	static const unsigned long kinds[] = {
		PROC_SUPER_MAGIC, SYSFS_MAGIC,   CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		SECURITYFS_MAGIC, TRACEFS_MAGIC, DEBUGFS_MAGIC,      SELINUX_MAGIC,
		BINFMTFS_MAGIC,   BPF_FS_MAGIC,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < PRIV_COUNT(kinds); i++)
		if ((unsigned long)fs.f_type == kinds[i])
			return true;
	return false;
}

/* On both sides of the one to keep. */
static void close_others(int keep_fd)
{
	const unsigned int keep = keep_fd < 0 ? 2 : (unsigned int)keep_fd;

	if ((keep > 3 && syscall(SYS_close_range, 3U, keep - 1, 0U) < 0) ||
	    syscall(SYS_close_range, keep + 1, ~0U, 0U) < 0)
		_exit(1);
}

void priv_fix_fds(int keep_fd)
{
	struct stat st;

	for (int fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &st) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(1);
		if (!AUTH(!is_pseudo_file(fd)))
			_exit(1);
	}
	close_others(keep_fd);
}

void priv_empty_environment(void)
{
	static char *empty[] = { NULL };

	environ = empty;
}

void priv_reset_process(void)
{
	static const struct itimerval never;
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t all;

	/* What is pending stays so: it would only be a way to die. */
	(void)sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		priv_fail("cannot start");
	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &by_default, NULL); /* not for KILL and STOP */
	(void)setitimer(ITIMER_REAL, &never, NULL);         /* alarm(2) is the same timer */
	(void)setitimer(ITIMER_VIRTUAL, &never, NULL);
	(void)setitimer(ITIMER_PROF, &never, NULL);
	(void)umask(077);
	if (chdir("/") < 0)
		priv_fail("cannot start");
}

void priv_raise_limits(void)
{
	static const struct {
		int resource;
		rlim_t least;
	} limits[] = {
		{ RLIMIT_FSIZE, 1 << 20 }, { RLIMIT_NOFILE, 32 },     { RLIMIT_AS, 64 << 20 },
		{ RLIMIT_DATA, 64 << 20 }, { RLIMIT_STACK, 1 << 20 }, { RLIMIT_CPU, 10 },
	};
	static const struct rlimit none;
	struct rlimit limit;

	for (size_t i = 0; i < PRIV_COUNT(limits); i++) {
		const __rlimit_resource_t resource = (__rlimit_resource_t)limits[i].resource;

		if (getrlimit(resource, &limit) < 0 || limit.rlim_max < limits[i].least)
			priv_fail("resource limits too low");
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(resource, &limit) < 0)
			priv_fail("resource limits too low");
	}
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		priv_fail("cannot start");
}

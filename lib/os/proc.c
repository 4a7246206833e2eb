/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/proc.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t proc_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd)
{
	int pidfd = -EBADF;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		/* A sibling (CLONE_PARENT) takes our own exit signal and must not name one. */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	long pid;

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned int)cgroup_fd;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return -errno;
	if (pid > 0 && ret_pidfd)
		*ret_pidfd = pidfd;
	else if (pid > 0)
		(void)close(pidfd);
	return (pid_t)pid;
}

int pidfd_open_pid(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : (int)fd;
}

int pidfd_kill(int pidfd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

int pidfd_wait(int pidfd, int *ret_status)
{
	siginfo_t info = {};
	int r;

	do
		r = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	*ret_status =
		info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status & 0x7f;
	return 0;
}

/* Linux 6.15; the first version of the struct, 64 bytes. */
struct exit_info {
	uint64_t mask, cgroup_id;
	uint32_t ids[11];
	int32_t exit_code;
};
#define GET_INFO _IOWR(0xFF, 11, struct exit_info)
#define INFO_EXIT (1ULL << 3)
/* 3 is the state, a letter; none is a blank. */
static bool stat_field(pid_t pid, int field, char ret_text[NUM_TEXT_MAX])
{
	char path[64], buf[1024];
	const char *s;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (fd_read_short(AT_FDCWD, path, buf, sizeof(buf)) <= 0)
		return false;
	s = strrchr(buf, ')'); /* the name before it may hold anything */
	for (int i = 2; s && i < field; i++)
		s = strchr(s + 1, ' ');
	if (s)
		(void)snprintf(ret_text, NUM_TEXT_MAX, "%.*s", (int)strcspn(s + 1, " \n"), s + 1);
	return s;
}

/* Its parent may reap it at any time, after which it is asked about in the other way. */
int pidfd_exit_status(int pidfd, pid_t pid, int *ret_status)
{
	struct exit_info info = { .mask = INFO_EXIT };
	char text[NUM_TEXT_MAX];

	if (stat_field(pid, 52, text) && pidfd_kill(pidfd, 0) == 0)
		*ret_status = atoi(text);
	else if (ioctl(pidfd, GET_INFO, &info) == 0 && (info.mask & INFO_EXIT))
		*ret_status = info.exit_code;
	else
		return -ENODATA;
	return 0;
}

int pidfd_wait_exit(int pidfd, int timeout_ms)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };
	int r;

	do
		r = poll(&poller, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

int proc_wait_or_signal(int fd)
{
	_cleanup_close_ int signal_fd = -EBADF;
	struct pollfd pollers[] = { { .fd = fd, .events = POLLIN }, { .events = POLLIN } };
	sigset_t set;
	int r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	pollers[1].fd = signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	do
		r = poll(pollers, ARRAY_SIZE(pollers), -1);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return pollers[0].revents ? 0 : -ECANCELED;
}

uint64_t proc_start_time(pid_t pid)
{
	char text[NUM_TEXT_MAX];

	return stat_field(pid, 22, text) ? strtoull(text, NULL, 10) : 0;
}

int proc_exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static struct {
	char *start;
	size_t size; /* of the arguments */
	size_t room; /* with the environment */
} title;

void proc_title_init(int argc, char **argv)
{
	const char *end;

	if (argc < 1)
		return;
	end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
	title.start = argv[0];
	title.size = (size_t)(end - argv[0]);
	for (char **line = environ; *line && *line == end; line++)
		end += strlen(*line) + 1;
	title.room = (size_t)(end - argv[0]);
}

/* The environment stands behind the arguments; what it is good for, it is elsewhere too. */
static int move_environment(void)
{
	char **copy;
	size_t n = 0;

	while (environ[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		copy[i] = strdup(environ[i]);
		if (!copy[i])
			return -ENOMEM;
	}
	environ = copy; /* for good */
	return 0;
}

void proc_title_set(const char *text)
{
	/* A title that does not end where the arguments do goes on behind them, as
	 * proc_pid_cmdline(5) has it. */
	if (strlen(text) >= title.size && title.room > title.size && move_environment() == 0)
		title.size = title.room;
	if (title.start && title.size > 1) {
		(void)snprintf(title.start, title.size, "%s", text);
		memset(title.start + strlen(title.start), 0, title.size - strlen(title.start));
	}
	(void)prctl(PR_SET_NAME, text, 0, 0, 0);
}

#define TRIM_STACK_BYTES (512UL * 1024)
#define TRIM_FRAME_BYTES 512 /* the frame of proc_trim_memory and of what it calls last */

#define TRIM_SEGMENTS 4

struct trim {
	uintptr_t page;
	struct iovec segments[TRIM_SEGMENTS];
	size_t n;
};

/* What is mapped from the program's file and never written: code and constants. */
static int find_segments(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct trim *trim = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum && trim->n < TRIM_SEGMENTS; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = (info->dlpi_addr + segment->p_vaddr) & ~(trim->page - 1);
		uintptr_t end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;

		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
			trim->segments[trim->n++] = (struct iovec){ (void *)start, end - start };
	}
	return 1; /* the first one is the program itself */
}

/* Last of all the code, since each page that runs afterwards is read again with its neighbours:
 * nothing follows but the way back. */
__attribute__((noinline)) void proc_trim_memory(void)
{
	struct trim trim = { .page = (uintptr_t)sysconf(_SC_PAGESIZE) };
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	(void)malloc_trim(0);
	(void)dl_iterate_phdr(find_segments, &trim);
	here = (here - TRIM_FRAME_BYTES) & ~(trim.page - 1);
	(void)madvise((void *)(here - TRIM_STACK_BYTES), TRIM_STACK_BYTES, MADV_DONTNEED);
	for (size_t i = 0; i < trim.n; i++)
		(void)madvise(trim.segments[i].iov_base, trim.segments[i].iov_len, MADV_DONTNEED);
}

int proc_run_child(int (*fn)(void *arg, struct err *err), void *arg, struct err *err)
{
	return proc_run_child_for(fn, arg, 0, err);
}

#define KILLED_MS 2000 /* a file system that does not answer holds even who was killed */

/* 0: it has ended or may take any time. */
static int wait_for_child(int pidfd, int timeout_ms)
{
	int r = 0;

	if (timeout_ms == PROC_UNTIL_SIGNAL)
		r = proc_wait_or_signal(pidfd);
	else if (timeout_ms)
		r = pidfd_wait_exit(pidfd, timeout_ms);
	return r == -ECANCELED || r == -ETIMEDOUT ? r : 0;
}

int proc_run_child_for(int (*fn)(void *arg, struct err *err), void *arg, int timeout_ms,
                       struct err *err)
{
	_cleanup_close_ int reader = -EBADF, writer = -EBADF, pidfd = -EBADF;
	struct err report = {};
	int ends[2], status, late, r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot make a pipe");
	reader = ends[0];
	writer = ends[1];
	pid = proc_clone(0, -EBADF, &pidfd);
	if (pid < 0)
		return err_set(err, pid, "cannot start a process");
	if (pid == 0) {
		r = fn(arg, &report);
		if (r >= 0)
			_exit(r);
		report.code = r;
		(void)!write(writer, &report, sizeof(report));
		_exit(255);
	}
	cleanup_close(&writer);
	late = wait_for_child(pidfd, timeout_ms);
	if (late < 0) { /* not reaped: the number is still its own */
		(void)kill(-pid, SIGKILL);
		(void)pidfd_kill(pidfd, SIGKILL);
	}
	if ((late == 0 || pidfd_wait_exit(pidfd, KILLED_MS) == 0) && pidfd_wait(pidfd, &status) < 0)
		return err_set(err, -ECHILD, "cannot wait for a process");
	if (late == -ECANCELED)
		return err_say(err, late, "a process was ended by a signal to its starter");
	if (late < 0)
		return err_say(err, -ETIMEDOUT, "a process took more than %d ms", timeout_ms);
	do
		r = (int)read(reader, &report, sizeof(report)); /* whole or absent */
	while (r < 0 && errno == EINTR);
	if (r == (int)sizeof(report) && report.code < 0) {
		if (err)
			*err = report;
		return report.code;
	}
	if (!WIFEXITED(status))
		return err_say(err, -EINTR, "a process was ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

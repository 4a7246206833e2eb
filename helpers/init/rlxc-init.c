/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The init of lxc-execute: pid 1 of an application container. Static and alone in one file, since
 * it runs inside any root file system, where it is executed by descriptor:
 *
 *	init [--uid N] [--gid N] -- COMMAND ARG...
 *
 * It starts COMMAND as pid 2, passes signals on to it and reaps what is left behind; its exit
 * status is that of COMMAND (N, or 128 + signal), given after every process has gone. 126: COMMAND
 * cannot be run, 127: there is none, 1: this program's own failure. SIGPWR and SIGTERM are the
 * request to shut down: no more processes if the cgroup is ours alone, SIGTERM to all, and SIGKILL
 * to all once a second has passed without any of them ending.
 *
 * All signals are blocked here and taken one by one by sigtimedwait(2), so nothing races; pid 1
 * gets a blocked signal although it would be spared an unblocked one without a handler. The one
 * exception is SIGRTMIN+3: who stops a container sends that instead of SIGPWR to an init that
 * is seen blocking it, as systemd does, hence a handler passes it on.
 *
 * Supplementary groups and capabilities are those that this program was given: only user and group
 * change. Without a pid namespace of its own it never signals "all", which would be the host. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define CGROUP_ROOT "/sys/fs/cgroup"
#define SIGNAL_PASSED_BY_HANDLER (SIGRTMIN + 3)
#define ID_UNSET UINT32_MAX

enum {
	EXIT_SELF = 1,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

struct request {
	uint32_t uid, gid;
	char **command;
};

struct init {
	bool alone;        /* pid 1: "all processes" are those of the container */
	bool foreground;   /* the application leads the terminal's process group */
	pid_t application; /* 0 after it was reaped */
	int status;        /* of the application, as a shell gives it */
	bool stopping;
	struct timespec kill_at; /* while stopping */
};

/* For the one handler. */
static volatile sig_atomic_t handler_application;

/* ---- messages without stdio ------------------------------------------------------------------ */

static size_t append(char *line, size_t len, size_t size, const char *text)
{
	while (*text && len < size)
		line[len++] = *text++;
	return len;
}

static void say(const char *text, const char *object, int code)
{
	static const char prefix[] = "init: ";
	char line[PIPE_BUF];
	size_t len = 0, size = sizeof(line) - 1;

	len = append(line, len, size, prefix);
	len = append(line, len, size, text);
	if (object) {
		len = append(line, len, size - 64, " '");
		len = append(line, len, size - 64, object);
		len = append(line, len, size, "'");
	}
	if (code) {
		len = append(line, len, size, ": ");
		len = append(line, len, size, strerror(code));
	}
	line[len++] = '\n';
	(void)!write(STDERR_FILENO, line, len);
}

static _Noreturn void fail(const char *text, const char *object, int code)
{
	say(text, object, code);
	_exit(EXIT_SELF);
}

/* ---- arguments ------------------------------------------------------------------------------- */

static uint32_t parse_id(const char *option, const char *text)
{
	const char *s = text ? text : "";
	uint64_t value = 0;

	if (!*s)
		fail("a number is missing after", option, 0);
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			fail("not an id:", text, 0);
		value = value * 10 + (uint64_t)(*s - '0');
		if (value >= ID_UNSET)
			fail("not an id:", text, ERANGE);
	}
	return (uint32_t)value;
}

static struct request parse_arguments(char **argv)
{
	struct request request = { .uid = ID_UNSET, .gid = ID_UNSET };
	char **arg = argv[0] ? argv + 1 : argv;

	for (; *arg && strcmp(*arg, "--") != 0; arg += 2) {
		if (strcmp(arg[0], "--uid") == 0)
			request.uid = parse_id(arg[0], arg[1]);
		else if (strcmp(arg[0], "--gid") == 0)
			request.gid = parse_id(arg[0], arg[1]);
		else
			fail("unknown argument", arg[0], 0);
	}
	if (!arg[0] || !arg[1])
		fail("usage: init [--uid N] [--gid N] -- COMMAND [ARG...]", NULL, 0);
	request.command = arg + 1;
	return request;
}

/* ---- the command ----------------------------------------------------------------------------- */

/* Runs @directory/@name; returns why not. A directory that may not be searched holds nothing. */
static int exec_in(const char *directory, size_t len, char **command)
{
	static char file[PATH_MAX];
	struct stat st;
	size_t n = 0;
	int code;

	if (len + strlen(command[0]) + 2 > sizeof(file))
		return ENOENT;
	memcpy(file, directory, len);
	n = len;
	if (n)
		file[n++] = '/'; /* an empty part of PATH is the working directory */
	memcpy(file + n, command[0], strlen(command[0]) + 1);
	(void)execv(file, command);
	code = errno;
	return stat(file, &st) < 0 ? ENOENT : code;
}

/* Goes on past a file that may not be executed, but says so when nothing else was found. */
static int exec_along_path(char **command, const char *path)
{
	int code = ENOENT;

	for (;;) {
		size_t len = strcspn(path, ":");
		int r = exec_in(path, len, command);

		if (r != ENOENT)
			code = r;
		if (code != ENOENT && code != EACCES)
			return code;
		if (!path[len])
			return code;
		path += len + 1;
	}
}

static _Noreturn void exec_command(char **command)
{
	const char *path = getenv("PATH");
	int code;

	if (!command[0][0]) {
		code = ENOENT;
	} else if (strchr(command[0], '/')) {
		(void)execv(command[0], command);
		code = errno;
	} else {
		code = exec_along_path(command, path ? path : DEFAULT_PATH);
	}
	say("cannot run", command[0], code);
	_exit(code == ENOENT || code == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

/* Gives the terminal to the command's own process group, if it is ours to give: then signals of
 * keys go there, and a shell finds itself where it expects to be. SIGTTOU is blocked. */
static void take_terminal(bool foreground)
{
	if (!foreground || setpgid(0, 0) < 0)
		return;
	(void)tcsetpgrp(STDIN_FILENO, getpid());
}

/* Without libc, which keeps the first two real-time signals to itself. */
static void default_signals(void)
{
	const unsigned long action[4] = {}; /* the kernel's struct sigaction: SIG_DFL */
	sigset_t none;

	for (int sig = 1; sig <= SIGRTMAX; sig++)
		(void)syscall(SYS_rt_sigaction, sig, action, NULL, sizeof(unsigned long));
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void run_command(const struct request *request, bool foreground)
{
	take_terminal(foreground);
	if (request->gid != ID_UNSET && setresgid(request->gid, request->gid, request->gid) < 0)
		fail("cannot become the group of --gid", NULL, errno);
	if (request->uid != ID_UNSET && setresuid(request->uid, request->uid, request->uid) < 0)
		fail("cannot become the user of --uid", NULL, errno);
	default_signals();
	exec_command(request->command);
}

/* ---- shutting down --------------------------------------------------------------------------- */

static ssize_t read_text(int dir_fd, const char *path, char *text, size_t size)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (len + 1 < size && (n = read(fd, text + len, size - len - 1)) > 0)
		len += (size_t)n;
	(void)close(fd);
	text[len] = '\0';
	return n < 0 || len + 1 >= size ? -1 : (ssize_t)len;
}

/* The directory of our cgroup (version 2), or -1. */
static int open_cgroup(void)
{
	static char text[PATH_MAX], path[sizeof(CGROUP_ROOT) + PATH_MAX];
	const char *line;
	size_t len;

	if (read_text(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) < 0)
		return -1;
	line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
	if (!line)
		return -1;
	line = strchr(line, '/');
	len = append(path, 0, sizeof(path) - 1, CGROUP_ROOT);
	len = append(path, len, sizeof(path) - 1, line);
	path[len] = '\0';
	path[strcspn(path, "\n")] = '\0';
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* No process of another pid namespace (those read as 0) and no cgroup below. */
static bool cgroup_is_ours_alone(int cgroup_fd)
{
	static char text[1 << 16];
	struct stat st;

	if (fstat(cgroup_fd, &st) < 0 || st.st_nlink != 2)
		return false;
	if (read_text(cgroup_fd, "cgroup.procs", text, sizeof(text)) <= 0)
		return false;
	return strncmp(text, "0\n", 2) != 0 && !strstr(text, "\n0\n");
}

/* What is told to end cannot start more. Only a help, so nothing here may fail. */
static void forbid_fork(void)
{
	int cgroup_fd = open_cgroup(), fd = -1;

	if (cgroup_fd < 0)
		return;
	if (cgroup_is_ours_alone(cgroup_fd))
		fd = openat(cgroup_fd, "pids.max", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!write(fd, "1", 1);
		(void)close(fd);
	}
	(void)close(cgroup_fd);
}

static void signal_all(const struct init *init, int sig)
{
	if (init->alone)
		(void)kill(-1, sig);
	else if (init->application)
		(void)kill(init->application, sig);
}

static void kill_in_a_second(struct init *init)
{
	(void)clock_gettime(CLOCK_MONOTONIC, &init->kill_at);
	init->kill_at.tv_sec++;
}

static void start_stopping(struct init *init)
{
	if (init->stopping)
		return;
	init->stopping = true;
	if (init->alone)
		forbid_fork();
	signal_all(init, SIGTERM);
	signal_all(init, SIGCONT); /* a stopped process takes no signal */
	kill_in_a_second(init);
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* Reaps what ended; false when no process is left. */
static bool reap(struct init *init)
{
	for (;;) {
		siginfo_t info = { .si_pid = 0 };
		int options = WEXITED | WSTOPPED | WNOHANG;

		if (waitid(P_ALL, 0, &info, options) < 0)
			return errno != ECHILD;
		if (info.si_pid == 0)
			return true;
		if (info.si_code == CLD_STOPPED) {
			/* Nobody inside could continue what the terminal's stop key stopped. */
			if (init->foreground && info.si_pid == init->application &&
			    info.si_status == SIGTSTP)
				(void)kill(-info.si_pid, SIGCONT);
			continue;
		}
		if (info.si_code == CLD_TRAPPED)
			continue;
		if (info.si_pid == init->application) {
			init->application = 0;
			handler_application = 0;
			init->status = info.si_code == CLD_EXITED ? info.si_status & 0xff
			                                          : 128 + info.si_status;
		}
		if (init->stopping)
			kill_in_a_second(init);
	}
}

/* The next signal; 0: the second is over, or nothing in particular. */
static int wait_signal(const struct init *init, const sigset_t *set)
{
	struct timespec now, left;
	int sig;

	if (!init->stopping) {
		sig = sigwaitinfo(set, NULL);
		return sig < 0 ? 0 : sig;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	left.tv_sec = init->kill_at.tv_sec - now.tv_sec;
	left.tv_nsec = init->kill_at.tv_nsec - now.tv_nsec;
	if (left.tv_nsec < 0) {
		left.tv_sec--;
		left.tv_nsec += 1000000000;
	}
	if (left.tv_sec < 0)
		left = (struct timespec){};
	sig = sigtimedwait(set, NULL, &left);
	return sig < 0 ? 0 : sig;
}

static bool kill_time_is_over(const struct init *init)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > init->kill_at.tv_sec ||
	       (now.tv_sec == init->kill_at.tv_sec && now.tv_nsec >= init->kill_at.tv_nsec);
}

static void take_signal(struct init *init, int sig)
{
	if (sig == SIGPWR || sig == SIGTERM)
		start_stopping(init);
	else if (sig && sig != SIGCHLD && init->application)
		(void)kill(init->application, sig);
	if (init->stopping && kill_time_is_over(init)) {
		signal_all(init, SIGKILL);
		kill_in_a_second(init);
	}
}

/* Without a pid namespace, what outlives the application once that was told to end is not ours. */
static bool is_over(const struct init *init)
{
	return !init->alone && !init->application && init->stopping;
}

static int serve(struct init *init, const sigset_t *set)
{
	while (reap(init) && !is_over(init))
		take_signal(init, wait_signal(init, set));
	return init->status;
}

/* ---- start ----------------------------------------------------------------------------------- */

static void pass_signal(int sig)
{
	int saved = errno;

	if (handler_application > 0)
		(void)kill((pid_t)handler_application, sig);
	errno = saved;
}

/* From here on signals wait until they are asked for, all of them; but one is not in @ret_set. */
static void hold_signals(sigset_t *ret_set)
{
	struct sigaction pass = { .sa_handler = pass_signal };
	/* Ignored, SIGCHLD would make waitid(2) find nothing. */
	struct sigaction normal = { .sa_handler = SIG_DFL };

	(void)sigfillset(ret_set);
	(void)sigprocmask(SIG_SETMASK, ret_set, NULL);
	(void)sigdelset(ret_set, SIGNAL_PASSED_BY_HANDLER);
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		(void)sigaction(sig, sig == SIGNAL_PASSED_BY_HANDLER ? &pass : &normal, NULL);
}

static bool owns_terminal(void)
{
	pid_t foreground = tcgetpgrp(STDIN_FILENO);

	return foreground >= 0 && foreground == getpgrp();
}

int main(int argc, char **argv)
{
	struct request request = parse_arguments(argv);
	struct init init = { .alone = getpid() == 1, .status = EXIT_SELF };
	sigset_t set;

	(void)argc;
	init.foreground = owns_terminal();
	(void)prctl(PR_SET_NAME, "init", 0, 0, 0); /* else the number of a descriptor */
	if (!init.alone)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	hold_signals(&set);
	init.application = fork();
	if (init.application < 0)
		fail("cannot start a process", NULL, errno);
	if (init.application == 0)
		run_command(&request, init.foreground);
	handler_application = init.application;
	(void)sigprocmask(SIG_SETMASK, &set, NULL); /* the handler knows whom to pass it on to */
	(void)syscall(SYS_close_range, 3U, ~0U, 0U);
	return serve(&init, &set);
}

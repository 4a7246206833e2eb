/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/exec.h"

#include "base/cleanup.h"
#include "container/environment.h"
#include "os/fd.h"
#include "os/mountfd.h"
#include "os/path.h"
#include "seccomp/program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdbool.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

void exec_hide(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int exec_new_keyring(const struct lsm_label *label, struct err *err)
{
	_cleanup_close_ int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = lsm_set_keyring(proc, label, err);

	if (r < 0)
		return r;
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0)
		return 0;
	r = -errno;
	/* No keyrings in this kernel, or a filter that the payload is under as well. */
	if (r == -ENOSYS || r == -EPERM)
		return 0;
	err_set(err, r, "cannot make a session keyring for the container");
	err_hint(err, "without one it would have the caller's keys, which lxc.keyring.session = 0 "
	              "allows; /proc/key-users shows the quota");
	return r;
}

int exec_enter_dir(const char *path)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int dir = -EBADF;
	_cleanup_free_ char *cwd = NULL;

	if (root < 0)
		return -errno;
	dir = path_open_in_root(root, path, O_PATH | O_DIRECTORY);
	if (dir < 0)
		return dir;
	if (fchdir(dir) < 0)
		return -errno;
	cwd = getcwd(NULL, 0);
	if (cwd && cwd[0] == '/')
		return 0;
	return chdir("/") < 0 ? -errno : -EXDEV;
}

static bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

int exec_replace_null(struct err *err)
{
	_cleanup_close_ int tree = -EBADF, null = -EBADF;

	if (!is_null(0) && !is_null(1) && !is_null(2))
		return 0;
	tree = mountfd_new("tmpfs", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (tree < 0)
		return 0;
	if (mknodat(tree, "null", S_IFCHR | 0666, makedev(1, 3)) < 0) {
		/* In a user namespace, or by an id that it does not map. */
		if (errno == EPERM || errno == EOVERFLOW)
			return 0;
		return err_set(err, -errno, "cannot make a null device");
	}
	(void)fchmodat(tree, "null", 0666, 0);
	null = openat(tree, "null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return err_set(err, -errno, "cannot open a null device");
	for (int fd = 0; fd <= 2; fd++)
		if (is_null(fd) && dup2(null, fd) < 0)
			return err_set(err, -errno, "cannot set up standard input and output");
	return 0;
}

/* What the first line of a script names; empty for other files. */
static void read_interpreter(const char *program, char *buf, size_t size)
{
	char line[256];
	const char *name = line + 2;

	buf[0] = '\0';
	if (fd_read_short(AT_FDCWD, program, line, sizeof(line)) < 3 || strncmp(line, "#!", 2) != 0)
		return;
	name += strspn(name, " \t");
	(void)snprintf(buf, size, "%.*s", (int)strcspn(name, " \t\r\n"), name);
}

/* The program is there, and the kernel says that something is not. */
static int say_no_interpreter(const char *program, struct err *err)
{
	char name[256];

	read_interpreter(program, name, sizeof(name));
	if (!name[0]) {
		err_say(err, -ENOENT,
		        "cannot run '%s' in the container: its dynamic loader is missing", program);
		err_hint(err, "the root file system lacks the libraries that the program needs");
		return -ENOENT;
	}
	err_say(err, -ENOENT, "cannot run '%s' in the container: its interpreter '%s' is missing",
	        program, name);
	err_hint(err, "correct the first line of '%s', or install '%s' in the container", program,
	         name);
	return -ENOENT;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return strchr(path, '/') && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Callers know better what to do about a path that is not there. */
static int exec_error(const char *program, const char *path, int code, struct err *err)
{
	if (code == -ENOENT && !strchr(program, '/')) {
		err_say(err, code,
		        "cannot run '%s' in the container: no directory of its PATH has it",
		        program);
		err_hint(err, "PATH is %s; a program elsewhere needs its whole path", path);
		return code;
	}
	if (code == -ENOENT && access(program, F_OK) == 0)
		return say_no_interpreter(program, err);
	if (code == -EACCES && is_dir(program)) {
		err_say(err, code, "cannot run '%s' in the container: it is a directory", program);
		err_hint(err, "name a program");
		return code;
	}
	err_set(err, code, "cannot run '%s' in the container", program);
	if (code == -EACCES)
		err_hint(err,
		         "it must be an executable file on a file system mounted without noexec");
	else if (code == -ENOEXEC)
		err_hint(err, "the file is for another architecture, or not a program");
	return code;
}

/* As execvpe(3), but with the PATH of the environment that the program gets. */
static int exec_search(char *const *argv, const char *path, const struct strv *env)
{
	int code = -ENOENT;

	while (*path) {
		size_t len = strcspn(path, ":");
		char full[4096];
		int n = snprintf(full, sizeof(full), "%.*s/%s", (int)len, path, argv[0]);

		errno = ENOENT;
		if (n > 0 && (size_t)n < sizeof(full))
			(void)execve(full, argv, env->items);
		if (errno != ENOENT && errno != ENOTDIR)
			code = -errno;
		path += len;
		path += *path == ':';
	}
	return code;
}

uint64_t exec_filter_caps(int filter_fd)
{
	return filter_fd >= 0 ? UINT64_C(1) << CAP_SYS_ADMIN : 0;
}

int exec_prepare(int filter_fd, int notify_fd, struct err *err)
{
	/* The kernel's struct sigaction, SIG_DFL: libc keeps two real-time signals to itself, and
	 * an ignored signal outlives CLONE_CLEAR_SIGHAND. */
	const unsigned long action[4] = {};
	sigset_t none;

	for (int sig = 1; sig <= SIGRTMAX; sig++)
		(void)syscall(SYS_rt_sigaction, sig, action, NULL, sizeof(unsigned long));
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot close inherited descriptors");
	return filter_fd >= 0 ? seccomp_load(filter_fd, notify_fd, err) : 0;
}

int exec_program(char *const *argv, const struct strv *environment, struct err *err)
{
	const char *path = environment_get(environment, "PATH");
	char *none[] = { NULL };

	if (!path)
		path = ENVIRONMENT_PATH;
	if (!strchr(argv[0], '/'))
		return exec_error(argv[0], path, exec_search(argv, path, environment), err);
	(void)execve(argv[0], argv, environment->items ? environment->items : none);
	return exec_error(argv[0], path, -errno, err);
}

int exec_login_shell(const char *shell, const struct strv *environment, struct err *err)
{
	char name[NAME_MAX + 2], *argv[] = { name, NULL };

	(void)snprintf(name, sizeof(name), "-%s", strrchr(shell, '/') + 1);
	(void)execve(shell, argv, environment->items);
	return exec_error(shell, ENVIRONMENT_PATH, -errno, err);
}

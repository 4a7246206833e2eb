/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap/idmap.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"
#include "base/text.h"
#include "idmap/idmap-internal.h"
#include "os/fd.h"
#include "os/proc.h"
#include "os/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* How a map gets into the kernel.
 *
 * newuidmap and newgidmap cost more than everything else in an ordinary user's start, about
 * 1.2 ms each. They are spawned without copying our address space, both before either is waited
 * for, and nobody looks at the files they check before they have failed.
 *
 * The process is named by number. That is safe because it is our own child and nobody has waited
 * for it: the kernel does not give a number away while the dead process behind it is unreaped. */

#ifndef RLXC_NEWUIDMAP
#define RLXC_NEWUIDMAP "/usr/bin/newuidmap"
#endif
#ifndef RLXC_NEWGIDMAP
#define RLXC_NEWGIDMAP "/usr/bin/newgidmap"
#endif

#define OUTPUT_MAX 1024
#define N_KINDS 2

static const struct {
	const char *map_file;
	const char *tool;
	const char *tool_name;
	const char *ids; /* plural, and the file that grants them */
	const char *file;
} kinds[N_KINDS] = {
	[IDMAP_UID] = { "uid_map", RLXC_NEWUIDMAP, "newuidmap", "uids", "/etc/subuid" },
	[IDMAP_GID] = { "gid_map", RLXC_NEWGIDMAP, "newgidmap", "gids", "/etc/subgid" },
};

/* ---- by ourselves ---- */

static int map_format(const struct conf_idmaps *maps, enum idmap_kind kind, char **ret_text,
                      struct err *err)
{
	struct text text = {};
	size_t n = 0;

	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];

		if (range->kind != kind)
			continue;
		text_addf(&text, "%u %u %u\n", range->ns_first, range->host_first, range->count);
		n++;
	}
	if (n > IDMAP_LINES_MAX || text.len >= IDMAP_TEXT_MAX) {
		err_say(err, -E2BIG,
		        "the id map has %zu lines (%zu bytes) for %s, the kernel takes %d lines "
		        "and "
		        "less than %d bytes",
		        n, text.len, kinds[kind].ids, IDMAP_LINES_MAX, IDMAP_TEXT_MAX);
		err_hint(err, "join lines whose ids follow one another");
		text_done(&text);
		return -E2BIG;
	}
	return text_finish(&text, ret_text) < 0 ? err_oom(err) : 0;
}

static int write_proc(pid_t pid, const char *file, const char *text, struct err *err)
{
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	r = fd_write_at(AT_FDCWD, path, text);
	if (r < 0)
		err_set(err, r, "cannot write '%s'", path);
	if (r == -EPERM)
		err_hint(err, "this process lacks CAP_SETUID or CAP_SETGID, or a line names an id "
		              "that its own user namespace does not map");
	return r;
}

/* One kind. A user may map the own gid only where nobody can drop groups any more, since groups
 * are also used to forbid things (CVE-2018-7169). */
static int write_kind(const struct conf_idmaps *maps, enum idmap_kind kind,
                      enum idmap_writer writer, pid_t pid, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = map_format(maps, kind, &text, err);
	if (r < 0 || !text[0])
		return r;
	if (writer == IDMAP_WRITE_SELF && kind == IDMAP_GID) {
		r = write_proc(pid, "setgroups", "deny", err);
		if (r < 0)
			return r;
	}
	return write_proc(pid, kinds[kind].map_file, text, err);
}

/* The kernel gives back what was written, in columns. */
static bool is_text_of(const char *text, const struct conf_idmaps *maps, enum idmap_kind kind)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];
		uint32_t ns_first, host_first, count;
		int len = 0;

		if (range->kind != kind)
			continue;
		if (sscanf(text, " %10u %10u %10u%n", &ns_first, &host_first, &count, &len) != 3 ||
		    ns_first != range->ns_first || host_first != range->host_first ||
		    count != range->count)
			return false;
		text += len;
	}
	return text[strspn(text, " \n")] == '\0';
}

bool idmap_is_written(const struct conf_idmaps *maps, pid_t pid)
{
	bool is_written = true;

	for (enum idmap_kind kind = IDMAP_UID; kind <= IDMAP_GID && is_written; kind++) {
		char path[64], text[IDMAP_LINES_MAX * IDMAP_LINE_LEN + 2];

		(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, kinds[kind].map_file);
		is_written = fd_read_short(AT_FDCWD, path, text, sizeof(text)) > 0 &&
		             is_text_of(text, maps, kind);
	}
	return is_written;
}

/* ---- by the tools ---- */

static int tool_argv(const struct conf_idmaps *maps, enum idmap_kind kind, struct strv *argv)
{
	int r;

	r = strv_add(argv, kinds[kind].tool_name);
	if (r == 0)
		r = strv_add(argv, ""); /* the pid, once it is known */
	for (size_t i = 0; i < maps->n && r == 0; i++) {
		const struct idmap_range *range = &maps->items[i];

		if (range->kind != kind)
			continue;
		r = strv_addf(argv, "%u", range->ns_first);
		if (r == 0)
			r = strv_addf(argv, "%u", range->host_first);
		if (r == 0)
			r = strv_addf(argv, "%u", range->count);
	}
	return r;
}

#define TOOL_NOT_RUN 127
#define GO_FD 3

/* In the child, whose handlers are gone: descriptors 0 and 1 on /dev/null, 2 on the pipe, no
 * other once it runs; no blocked or ignored signal. Then it waits for the pid: end-of-file means
 * that nobody needs it any more. */
static _Noreturn void be_tool(enum idmap_kind kind, char **argv, int go_fd, int error_fd)
{
	static char *const no_environment[] = { NULL };
	char pid[NUM_TEXT_MAX];
	sigset_t none;
	ssize_t n;

	/* Above the numbers that are about to be taken. */
	go_fd = fcntl(go_fd, F_DUPFD_CLOEXEC, GO_FD + 1);
	if (dup2(error_fd, STDERR_FILENO) < 0 || dup3(go_fd, GO_FD, O_CLOEXEC) < 0)
		_exit(TOOL_NOT_RUN);
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	if (open("/dev/null", O_RDONLY) != STDIN_FILENO ||
	    open("/dev/null", O_WRONLY) != STDOUT_FILENO || fd_close_from(GO_FD + 1, NULL, 0) < 0)
		_exit(TOOL_NOT_RUN);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	n = read(GO_FD, pid, sizeof(pid) - 1);
	if (n <= 0)
		_exit(TOOL_NOT_RUN);
	pid[n] = '\0';
	argv[1] = pid;
	(void)execve(kinds[kind].tool, argv, no_environment);
	_exit(TOOL_NOT_RUN);
}

static int explain_spawn(enum idmap_kind kind, int code, struct err *err)
{
	if (code != -ENOENT) {
		err_set(err, code, "cannot run '%s'", kinds[kind].tool);
		if (code == -EACCES)
			err_hint(err, "as root: chmod 4755 %s", kinds[kind].tool);
		return code;
	}
	err_say(err, code, "%s is not installed: there is no '%s'", kinds[kind].tool_name,
	        kinds[kind].tool);
	err_hint(err, "as root: apt install uidmap (elsewhere the package is called shadow, "
	              "shadow-utils or shadow-uidmap)");
	return code;
}

static int prepare_tool(const struct conf_idmaps *maps, enum idmap_kind kind, struct idmap_job *job,
                        struct err *err)
{
	_cleanup_close_ int reader = -EBADF, writer = -EBADF, go_reader = -EBADF, go = -EBADF;
	_cleanup_(strv_done) struct strv argv = {};
	int ends[2], go_ends[2];
	pid_t tool;

	if (tool_argv(maps, kind, &argv) < 0)
		return err_oom(err);
	if (argv.n == 2)
		return 0; /* no line of this kind */
	if (access(kinds[kind].tool, X_OK) < 0)
		return explain_spawn(kind, -errno, err);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(err, -errno, "cannot make a pipe");
	reader = ends[0];
	writer = ends[1];
	if (sock_pair(go_ends) < 0)
		return err_set(err, -errno, "cannot make a socket pair");
	go_reader = go_ends[0];
	go = go_ends[1];
	tool = proc_clone(0, -EBADF, &job->pidfds[kind]);
	if (tool < 0)
		return err_set(err, tool, "cannot start a process for %s", kinds[kind].tool_name);
	if (tool == 0) {
		(void)close(go);
		be_tool(kind, argv.items, go_reader, writer);
	}
	job->pids[kind] = tool;
	job->output[kind] = take_fd(&reader);
	job->go[kind] = take_fd(&go);
	return 0;
}

int idmap_write_prepare(const struct conf_idmaps *maps, enum idmap_writer writer,
                        struct idmap_job *job, struct err *err)
{
	int r = 0;

	*job = (struct idmap_job){
		.writer = writer,
		.prepared = true,
		.pidfds = { -EBADF, -EBADF },
		.output = { -EBADF, -EBADF },
		.go = { -EBADF, -EBADF },
	};
	if (writer != IDMAP_WRITE_TOOLS)
		return 0;
	for (enum idmap_kind kind = IDMAP_UID; kind <= IDMAP_GID && r == 0; kind++)
		r = prepare_tool(maps, kind, job, err);
	if (r < 0)
		idmap_write_abort(job);
	return r;
}

int idmap_write_start(const struct conf_idmaps *maps, enum idmap_writer writer, pid_t pid,
                      struct idmap_job *job, struct err *err)
{
	char text[NUM_TEXT_MAX];
	int r = 0;

	if (!job->prepared)
		r = idmap_write_prepare(maps, writer, job, err);
	num_format(text, pid);
	for (enum idmap_kind kind = IDMAP_UID; kind <= IDMAP_GID && r == 0; kind++) {
		if (writer != IDMAP_WRITE_TOOLS) {
			r = write_kind(maps, kind, writer, pid, err);
		} else if (job->pids[kind] > 0) {
			/* A child that is gone shows when it is waited for. */
			(void)sock_send(job->go[kind], text, strlen(text), NULL, 0);
			cleanup_close(&job->go[kind]);
		}
	}
	if (r < 0)
		idmap_write_abort(job);
	return r;
}

/* ---- the end of a job ---- */

struct tool_end {
	bool ran;
	int status;
	char output[OUTPUT_MAX];
};

/* Reads what is there without waiting for more: the tool has ended. */
static void read_output(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	(void)fd_set_nonblock(fd, true);
	while (len + 1 < size) {
		n = read(fd, buf + len, size - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
}

static void forget_tool(struct idmap_job *job, enum idmap_kind kind)
{
	cleanup_close(&job->pidfds[kind]);
	cleanup_close(&job->output[kind]);
	cleanup_close(&job->go[kind]);
	job->pids[kind] = 0;
}

static int wait_tool(struct idmap_job *job, enum idmap_kind kind, struct tool_end *end,
                     struct err *err)
{
	int r;

	if (job->pids[kind] <= 0)
		return 0;
	r = pidfd_wait(job->pidfds[kind], &end->status);
	if (r < 0) {
		err_set(err, r, "cannot wait for %s", kinds[kind].tool_name);
	} else {
		end->ran = true;
		read_output(job->output[kind], end->output, sizeof(end->output));
	}
	forget_tool(job, kind);
	return r;
}

bool idmap_parse_refused(const char *output, struct idmap_range *ret_refused)
{
	/* "newuidmap: uid range [0-65536) -> [100000-165536) not allowed" */
	const char *s = strstr(output, ") -> [");
	unsigned long long first, end;
	char tail[13];

	if (!s || sscanf(s, ") -> [%20llu-%20llu) %12[a-z ]", &first, &end, tail) != 3)
		return false;
	if (strncmp(tail, "not allowed", 11) != 0 || first >= end || end > IDMAP_ID_LAST + 1)
		return false;
	ret_refused->host_first = (uint32_t)first;
	ret_refused->count = (uint32_t)(end - first);
	return true;
}

/* Why the tool cannot have had the rights it needs, or NULL. @ret_hint: what repairs it. */
static const char *find_powerless(enum idmap_kind kind, const char **ret_hint)
{
	static const char *const chmod_hints[N_KINDS] = {
		[IDMAP_UID] = "as root: chown root " RLXC_NEWUIDMAP " && chmod u+s " RLXC_NEWUIDMAP,
		[IDMAP_GID] = "as root: chown root " RLXC_NEWGIDMAP " && chmod u+s " RLXC_NEWGIDMAP,
	};
	const char *path = kinds[kind].tool;
	struct statvfs fs;
	struct stat st;

	if (stat(path, &st) < 0)
		return NULL;
	*ret_hint = chmod_hints[kind];
	if (!((st.st_mode & S_ISUID) && st.st_uid == 0) &&
	    getxattr(path, "security.capability", NULL, 0) < 0)
		return "is neither set-uid root nor has it file capabilities";
	if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID)) {
		*ret_hint = "mount its file system without nosuid";
		return "is on a file system mounted nosuid";
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		*ret_hint = "start it where no_new_privs is not set (a service with "
			    "NoNewPrivileges=yes, a sandbox and a container may set it)";
		return "cannot gain rights because no_new_privs is set here";
	}
	return NULL;
}

static bool has_failed(const struct tool_end *end)
{
	return end->ran && !(WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0);
}

/* The tool's own words: its first line, without what could drive a terminal. */
static int explain_generic(enum idmap_kind kind, struct tool_end *end, struct err *err)
{
	_cleanup_free_ char *shown = NULL;
	struct text text = {};

	if (WIFSIGNALED(end->status))
		return err_say(err, -EPERM, "%s was ended by signal %d", kinds[kind].tool_name,
		               WTERMSIG(end->status));
	end->output[strcspn(end->output, "\n")] = '\0';
	text_add_printable(&text, end->output);
	if (text_finish(&text, &shown) < 0)
		return err_oom(err);
	err_say(err, -EPERM, "%s failed: %s", kinds[kind].tool_name,
	        shown[0] ? shown : "it does not say why");
	err_hint(err, "see newuidmap(1); the system log may hold its reason");
	return -EPERM;
}

static int say_powerless(enum idmap_kind kind, struct err *err)
{
	const char *hint, *powerless = find_powerless(kind, &hint);

	if (!powerless)
		return 0;
	err_say(err, -EPERM, "'%s' %s", kinds[kind].tool, powerless);
	err_hint(err, "%s", hint);
	return -EPERM;
}

int idmap_check_tool(enum idmap_kind kind, struct err *err)
{
	return access(kinds[kind].tool, X_OK) < 0 ? explain_spawn(kind, -errno, err)
	                                          : say_powerless(kind, err);
}

/* One failed tool; @refused is what the tools did not allow, by kind, NULL where they did. */
static int explain_tool(enum idmap_kind kind, struct tool_end *end,
                        const struct idmap_range *const refused[N_KINDS],
                        const struct caller *caller, struct err *err)
{
	const char *tool = kinds[kind].tool_name;
	int r = say_powerless(kind, err);

	if (r < 0)
		return r;
	if (refused[kind]) {
		err_say(err, -EPERM, "%s does not allow %s %u to %u: %s does not grant them to %s",
		        tool, kinds[kind].ids, refused[kind]->host_first,
		        (uint32_t)(idmap_host_end(refused[kind]) - 1), kinds[kind].file,
		        caller->name);
		idmap_hint_grant(refused[IDMAP_UID], refused[IDMAP_GID], caller, err);
		return -EPERM;
	}
	if (strstr(end->output, "different user")) {
		err_say(err, -EPERM,
		        "%s refuses: we run as uid %u, gid %u, which are not the ones that the "
		        "passwd entry of %s gives",
		        tool, caller->uid, caller->gid, caller->name);
		err_hint(err, "start it from a fresh login; newgrp and sg change the gid");
		return -EPERM;
	}
	return explain_generic(kind, end, err);
}

int idmap_write_finish(struct idmap_job *job, const struct caller *caller, struct err *err)
{
	struct tool_end ends[N_KINDS] = {};
	struct idmap_range ranges[N_KINDS] = {};
	const struct idmap_range *refused[N_KINDS] = {};
	int r = 0;

	for (enum idmap_kind kind = IDMAP_UID; kind <= IDMAP_GID; kind++) {
		int waited = wait_tool(job, kind, &ends[kind], r < 0 ? NULL : err);

		if (r == 0)
			r = waited;
		if (has_failed(&ends[kind]) &&
		    idmap_parse_refused(ends[kind].output, &ranges[kind]))
			refused[kind] = &ranges[kind];
	}
	for (enum idmap_kind kind = IDMAP_UID; kind <= IDMAP_GID && r == 0; kind++) {
		if (has_failed(&ends[kind]))
			r = explain_tool(kind, &ends[kind], refused, caller, err);
	}
	job->prepared = false;
	return r;
}

void idmap_write_abort(struct idmap_job *job)
{
	int status;

	for (enum idmap_kind kind = IDMAP_UID; kind <= IDMAP_GID; kind++) {
		if (job->pids[kind] <= 0)
			continue;
		(void)pidfd_kill(job->pidfds[kind], SIGKILL);
		(void)pidfd_wait(job->pidfds[kind], &status);
		forget_tool(job, kind);
	}
	job->prepared = false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state file of a running container: lines "key value". */
#include "container/rundir.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "cgroup/cgroup.h"
#include "container/record.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_MAX (512 * 1024)

static void read_boot_id(char *buf, size_t size)
{
	ssize_t n = fd_read_short(AT_FDCWD, "/proc/sys/kernel/random/boot_id", buf, size);

	if (n <= 0)
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

/* A copy of the directory is nobody's: what runs belongs to the original. */
static uint64_t inode_of(const struct rundir *dir)
{
	struct stat st;

	return fstat(dir->dir_fd, &st) < 0 ? 0 : (uint64_t)st.st_ino;
}

int run_state_write(const struct rundir *dir, const struct run_state *state)
{
	struct text text = {};
	_cleanup_free_ char *data = NULL;
	char boot_id[40];
	int r;

	read_boot_id(boot_id, sizeof(boot_id));
	text_addf(&text, "inode %llu\n", (unsigned long long)inode_of(dir));
	text_addf(&text, "boot %s\nmonitor %d\nmonitor-start %llu\ninit %d\nstart %llu\n", boot_id,
	          (int)state->monitor_pid, (unsigned long long)state->monitor_start,
	          (int)state->init_pid, (unsigned long long)state->init_start);
	if (state->monitor_cgroup)
		text_addf(&text, "monitor-cgroup %s\n", state->monitor_cgroup);
	if (state->payload_cgroup)
		text_addf(&text, "payload-cgroup %s\n", state->payload_cgroup);
	for (size_t i = 0; i < state->v1_cgroups.n; i++)
		text_addf(&text, "v1-cgroup %s\n", state->v1_cgroups.items[i]);
	for (size_t i = 0; i < state->net.n; i++)
		text_addf(&text, "net %s\n", state->net.items[i]);
	for (size_t i = 0; i < state->wanted.n; i++)
		text_addf(&text, "wanted %s\n", state->wanted.items[i]);
	r = text_finish(&text, &data);
	return r < 0 ? r : record_write(dir->dir_fd, "state", data);
}

int run_state_record_wanted(const struct rundir *dir, const struct strv *wanted)
{
	const struct run_state state = { .monitor_pid = getpid(),
		                         .monitor_start = proc_start_time(getpid()),
		                         .wanted = *wanted };

	return run_state_write(dir, &state);
}

int run_state_record(const struct rundir *dir, const struct cgroup *cgroup, pid_t init_pid)
{
	return run_state_record_net(dir, cgroup, init_pid, &(struct strv){});
}

int run_state_record_net(const struct rundir *dir, const struct cgroup *cgroup, pid_t init_pid,
                         const struct strv *net)
{
	struct run_state state = { .monitor_pid = getpid(),
		                   .monitor_start = proc_start_time(getpid()),
		                   .init_pid = init_pid,
		                   .init_start = init_pid ? proc_start_time(init_pid) : 0,
		                   .monitor_cgroup = cgroup->monitor_path,
		                   .payload_cgroup = cgroup->payload_path,
		                   .net = *net };
	int r = 0;

	for (size_t i = 0; i < cgroup->n_v1 && r == 0; i++)
		r = strv_addf(&state.v1_cgroups, "%s %s", cgroup->v1[i].controllers,
		              cgroup->v1[i].path);
	if (r == 0)
		r = run_state_write(dir, &state);
	strv_done(&state.v1_cgroups);
	return r;
}

static int take_path(char **field, const char *value)
{
	if (*value != '/')
		return -EBADMSG;
	free(*field);
	*field = strdup(value);
	return *field ? 0 : -ENOMEM;
}

static int take_v1(struct strv *list, const char *value)
{
	const char *path = strchr(value, ' ');

	return path && path[1] == '/' ? strv_add(list, value) : -EBADMSG;
}

static int take_pid(pid_t *field, const char *value)
{
	uint32_t number;

	if (num_parse_u32(value, &number) < 0 || number > INT32_MAX)
		return -EBADMSG;
	*field = (pid_t)number;
	return 0;
}

static int take_line(struct run_state *state, const char *key, const char *value)
{
	if (strcmp(key, "boot") == 0) {
		(void)snprintf(state->boot_id, sizeof(state->boot_id), "%s", value);
		return 0;
	}
	if (strcmp(key, "monitor-cgroup") == 0)
		return take_path(&state->monitor_cgroup, value);
	if (strcmp(key, "payload-cgroup") == 0)
		return take_path(&state->payload_cgroup, value);
	if (strcmp(key, "v1-cgroup") == 0)
		return take_v1(&state->v1_cgroups, value);
	if (strcmp(key, "net") == 0)
		return strv_add(&state->net, value);
	if (strcmp(key, "wanted") == 0)
		return *value == '/' ? strv_add(&state->wanted, value) : -EBADMSG;
	if (strcmp(key, "monitor") == 0)
		return take_pid(&state->monitor_pid, value);
	if (strcmp(key, "init") == 0)
		return take_pid(&state->init_pid, value);
	if (strcmp(key, "monitor-start") == 0)
		return num_parse_u64(value, &state->monitor_start) < 0 ? -EBADMSG : 0;
	if (strcmp(key, "inode") == 0)
		return num_parse_u64(value, &state->inode) < 0 ? -EBADMSG : 0;
	if (strcmp(key, "start") == 0)
		return num_parse_u64(value, &state->init_start) < 0 ? -EBADMSG : 0;
	return 0; /* of a later version */
}

int run_state_parse(char *text, struct run_state *ret_state)
{
	struct run_state state = {};
	char *save = NULL;
	int r = 0;

	for (char *line = strtok_r(text, "\n", &save); line && r >= 0;
	     line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, ' ');

		if (!value)
			continue;
		*value++ = '\0';
		r = take_line(&state, line, value);
	}
	if (r < 0) {
		run_state_done(&state);
		return r;
	}
	*ret_state = state;
	return 0;
}

int run_state_read(const struct rundir *dir, struct run_state *ret_state)
{
	_cleanup_free_ char *text = NULL;
	struct run_state state;
	char boot_id[40];
	int r;

	r = record_read(dir->dir_fd, "state", STATE_MAX, &text);
	if (r == 0)
		r = run_state_parse(text, &state);
	if (r < 0)
		return r;
	read_boot_id(boot_id, sizeof(boot_id));
	if (strcmp(boot_id, state.boot_id) != 0 || state.inode != inode_of(dir)) {
		run_state_done(&state);
		return -ENOENT;
	}
	*ret_state = state;
	return 0;
}

void run_state_done(struct run_state *state)
{
	free(state->monitor_cgroup);
	free(state->payload_cgroup);
	strv_done(&state->v1_cgroups);
	strv_done(&state->net);
	strv_done(&state->wanted);
	*state = (struct run_state){};
}

const char *run_state_v1_path(const struct run_state *state, size_t i)
{
	return strchr(state->v1_cgroups.items[i], ' ') + 1; /* it is there: take_v1 looked */
}

static int open_process(pid_t pid, uint64_t start_time)
{
	_cleanup_close_ int pidfd = -EBADF;

	if (pid <= 0)
		return -ESRCH;
	pidfd = pidfd_open_pid(pid);
	if (pidfd < 0)
		return -ESRCH;
	/* Read after the pidfd is open: if it lives still, the number was its own. */
	if (proc_start_time(pid) != start_time)
		return -ESRCH;
	if (pidfd_wait_exit(pidfd, 0) == 0)
		return -ESRCH; /* a zombie: the monitor that would reap it is gone */
	return take_fd(&pidfd);
}

int run_state_open_init(const struct run_state *state)
{
	return open_process(state->init_pid, state->init_start);
}

int run_state_open_monitor(const struct run_state *state)
{
	return open_process(state->monitor_pid, state->monitor_start);
}

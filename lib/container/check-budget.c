/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel counts for each user, or for all of them, and how many containers fit into what
 * is left of it. Nothing is amiss before not even one does. */
#include "container/check-internal.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "host/subid.h"
#include "os/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of one container. What is inside may take any number more: these are the least that a monitor and
 * the init of a distribution take. */
#define INOTIFY_EACH 4   /* systemd, journald, udevd, dbus; one of busybox none */
#define FILES_EACH 48    /* some 20 of the monitor, and what init holds */
#define PROCESSES_EACH 2 /* the monitor and init */
#define PTYS_EACH 1      /* the console; lxc.tty.max comes on top */
#define KEYS_EACH 1      /* its session keyring */

struct budget {
	uint64_t limit, used; /* limit 0: none */
	uint64_t each;
	const char *what;   /* plural */
	const char *repair; /* of the hint, "as root: ..." */
};

static int judge(struct check_job *job, const struct budget *budget, struct err *err)
{
	uint64_t left = budget->limit > budget->used ? budget->limit - budget->used : 0;

	if (!budget->limit) {
		check_note(job, "no limit");
		return 0;
	}
	if (left >= budget->each) {
		check_note(job,
		           "%" PRIu64 " of %" PRIu64 " used, enough for %" PRIu64
		           " more containers of %" PRIu64,
		           budget->used, budget->limit, left / budget->each, budget->each);
		return 0;
	}
	err_say(err, -EDQUOT, "%" PRIu64 " of %" PRIu64 " %s are used, a container takes %" PRIu64,
	        budget->used, budget->limit, budget->what, budget->each);
	err_hint(err, "%s", budget->repair);
	return -EDQUOT;
}

/* The number in a file of /proc/sys, or its @nth one. */
static int read_number(const char *path, int nth, uint64_t *ret_number, struct err *err)
{
	char buf[128], *save = NULL;
	const char *word;
	ssize_t n = fd_read_short(AT_FDCWD, path, buf, sizeof(buf));

	if (n < 0)
		return err_set(err, (int)n, "cannot read '%s'", path);
	word = strtok_r(buf, " \t\n", &save);
	while (word && nth-- > 0)
		word = strtok_r(NULL, " \t\n", &save);
	if (!word || num_parse_u64(word, ret_number) < 0)
		return err_say(err, -EBADMSG, "'%s' has no number where one belongs", path);
	return 0;
}

/* ---- tried until they run out ---- */

#define INOTIFY_ENOUGH 1024

/* Nobody tells how many there are: take them. They end with this process. */
static int check_inotify(struct check_job *job, struct err *err)
{
	struct rlimit files;
	uint64_t left = 0, limit;
	int r;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	r = read_number("/proc/sys/fs/inotify/max_user_instances", 0, &limit, err);
	if (r < 0)
		return r;
	while (left < INOTIFY_ENOUGH && inotify_init1(IN_CLOEXEC) >= 0)
		left++;
	if (left == INOTIFY_ENOUGH) {
		check_note(job, "more than %d of %" PRIu64 " left", INOTIFY_ENOUGH, limit);
		return 0;
	}
	return judge(job,
	             &(struct budget){ .limit = limit,
	                               .used = limit > left ? limit - left : 0,
	                               .each = INOTIFY_EACH,
	                               .what = "inotify instances",
	                               .repair = "as root: sysctl -w "
	                                         "fs.inotify.max_user_instances=1024" },
	             err);
}

/* ---- read ---- */

/* "uid: usage n/n keys/maximum bytes/maximum", proc(5) of /proc/key-users */
static int check_keys(struct check_job *job, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct budget budget = { .each = KEYS_EACH,
		                 .what = "keys",
		                 .repair = "as root: sysctl -w kernel.keys.maxkeys=2000 "
		                           "kernel.keys.maxbytes=200000" };
	char *save = NULL;
	int r = fd_read_file(AT_FDCWD, "/proc/key-users", 1U << 20, &text, NULL);

	if (r == -ENOENT)
		return 0; /* a kernel without keys */
	if (r < 0)
		return err_set(err, r, "cannot read '/proc/key-users'");
	r = read_number(job->caller->uid ? "/proc/sys/kernel/keys/maxkeys"
	                                 : "/proc/sys/kernel/keys/root_maxkeys",
	                0, &budget.limit, err);
	for (char *line = strtok_r(text, "\n", &save); r == 0 && line;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned int uid;
		uint64_t keys;

		if (sscanf(line, "%u: %*u %*u/%*u %" SCNu64 "/", &uid, &keys) == 2 &&
		    uid == job->caller->uid)
			budget.used = keys;
	}
	return r < 0 ? r : judge(job, &budget, err);
}

/* All mounts of devpts count together, the host's own may use the reserve on top. */
static int check_ptys(struct check_job *job, struct err *err)
{
	struct budget budget = { .each = PTYS_EACH,
		                 .what = "pseudo terminals",
		                 .repair = "as root: sysctl -w kernel.pty.max=16384" };
	uint64_t reserve = 0;
	int r = read_number("/proc/sys/kernel/pty/max", 0, &budget.limit, err);

	if (r == 0)
		r = read_number("/proc/sys/kernel/pty/nr", 0, &budget.used, err);
	if (r == 0)
		r = read_number("/proc/sys/kernel/pty/reserve", 0, &reserve, err);
	if (r < 0)
		return r;
	budget.limit -= reserve < budget.limit ? reserve : 0;
	return judge(job, &budget, err);
}

static int check_files(struct check_job *job, struct err *err)
{
	struct budget budget = { .each = FILES_EACH,
		                 .what = "open files of the host",
		                 .repair = "as root: sysctl -w fs.file-max=1000000" };
	int r = read_number("/proc/sys/fs/file-nr", 0, &budget.used, err);

	if (r == 0)
		r = read_number("/proc/sys/fs/file-nr", 2, &budget.limit, err);
	return r < 0 ? r : judge(job, &budget, err);
}

/* ---- processes ---- */

static bool has_id(const struct subids *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->n; i++)
		if (id - ids->items[i].first < ids->items[i].count)
			return true;
	return false;
}

/* Those in user namespaces count for the user who made these: RLIMIT_NPROC in getrlimit(2). */
static int count_processes(const struct caller *caller, uint64_t *ret_n, struct err *err)
{
	_cleanup_(subid_done) struct subids uids = {};
	_cleanup_closedir_ DIR *dir = opendir("/proc");
	struct dirent *entry;
	struct stat st;

	if (!dir)
		return err_set(err, -errno, "cannot read '/proc'");
	(void)subid_load(caller, IDMAP_UID, &uids, NULL);
	*ret_n = 0;
	while ((entry = readdir(dir)))
		if (num_parse_u64(entry->d_name, &(uint64_t){ 0 }) == 0 &&
		    fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
		    (st.st_uid == caller->uid || has_id(&uids, st.st_uid)))
			(*ret_n)++;
	return 0;
}

static int check_processes(struct check_job *job, struct err *err)
{
	struct budget budget = { .each = PROCESSES_EACH,
		                 .what = "processes",
		                 .repair = "raise 'nproc' in /etc/security/limits.conf" };
	struct rlimit limit;
	uint64_t pids;
	int r = read_number("/proc/sys/kernel/pid_max", 0, &pids, err);

	if (r == 0)
		r = count_processes(job->caller, &budget.used, err);
	if (r < 0)
		return r;
	budget.limit = pids;
	if (!job->caller->is_root && getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur < pids)
		budget.limit = limit.rlim_cur;
	return judge(job, &budget, err);
}

const struct check_row check_rows_budget[] = {
	{ .label = "Processes", .run = check_processes },
	{ .label = "Open files", .run = check_files },
	{ .label = "Inotify instances", .run = check_inotify },
	{ .label = "Pseudo terminals", .run = check_ptys },
	{ .label = "Keys", .run = check_keys },
	{},
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* With real cgroups, in a directory of our own below the base that the host offers. */
#include "cgroup/cgroup-internal.h"

#include "base/cleanup.h"
#include "os/fd.h"
#include "os/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <setjmp.h>
#include <cmocka.h>

#define SKIPPED 77
#define SECOND_MS 1000
#define SUBID 100000
#define OTHER_UID 54321

static const struct cgroup_names c1 = { .name = "c1" }, other = { .name = "user" };
static struct cgroup_host host; /* its base is our own directory */

/* A process in @cgroup_fd that runs until it is killed. */
static pid_t start_sleeper(int cgroup_fd, int *ret_pidfd)
{
	pid_t pid = proc_clone(0, cgroup_fd, ret_pidfd);

	if (pid != 0)
		return pid;
	alarm(30);
	for (;;)
		(void)pause();
}

static void assert_killed(int pidfd)
{
	int status;

	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	assert_true(WIFSIGNALED(status));
	(void)close(pidfd);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void assert_named(const char *path, const char *name)
{
	char want[512];

	(void)snprintf(want, sizeof(want), "%s/%s", host.base, name);
	assert_string_equal(path, want);
	assert_true(exists(path));
}

static void no_base_is_no_cgroup(void **state)
{
	struct cgroup_host none = {};
	struct cgroup cgroup;
	struct err err = {};

	(void)state;
	assert_int_equal(cgroup_make(&none, &c1, true, &cgroup, NULL), 0);
	assert_null(cgroup.payload_path);
	assert_true(cgroup.payload_fd < 0 && cgroup.monitor_fd < 0 && cgroup.base_fd < 0);
	assert_int_equal(cgroup_kill(&cgroup), -EOPNOTSUPP);
	assert_int_equal(cgroup_freeze(&cgroup, true, &err), -EOPNOTSUPP);
	assert_int_equal(cgroup_events_open(&cgroup), -EOPNOTSUPP);
	assert_int_equal(cgroup_delegate(cgroup.payload_fd, 0, 0, NULL), 0);
	assert_int_equal(cgroup_remove_payload(&cgroup, 0), 0);
	cgroup_remove_monitor_later(&cgroup, &c1);
	cgroup_remove_stale(NULL, NULL);
	cgroup_done(&cgroup);
}

static void leaves_are_made_and_removed(void **state)
{
	struct cgroup cgroup;
	char *monitor, *payload;
	struct stat st;
	mode_t mask = umask(077);

	(void)state;
	assert_int_equal(cgroup_make(&host, &c1, true, &cgroup, NULL), 0);
	assert_named(cgroup.payload_path, "lxc.payload.c1");
	assert_named(cgroup.monitor_path, "lxc.monitor.c1");
	assert_int_equal(stat(cgroup.payload_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	(void)umask(mask);

	payload = strdup(cgroup.payload_path);
	monitor = strdup(cgroup.monitor_path);
	assert_int_equal(cgroup_remove_payload(&cgroup, 0), 0);
	assert_int_equal(cgroup_remove_payload(&cgroup, 0), 0);
	assert_false(exists(payload));
	cgroup_done(&cgroup); /* gives up the lock */
	cgroup_remove_stale(monitor, payload);
	assert_false(exists(monitor));
	free(payload);
	free(monitor);
}

static void names_that_are_taken_get_a_number(void **state)
{
	static const char *const want[] = { "lxc.payload.c1", "lxc.payload.c1-1",
		                            "lxc.payload.c1-2" };
	struct cgroup cgroups[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cgroups); i++) {
		assert_int_equal(cgroup_make(&host, &c1, false, &cgroups[i], NULL), 0);
		assert_named(cgroups[i].payload_path, want[i]);
		assert_null(cgroups[i].monitor_path);
	}
	/* A living name is not stale, though nobody is in there yet. */
	cgroup_remove_stale(NULL, cgroups[1].payload_path);
	assert_true(exists(cgroups[1].payload_path));
	for (size_t i = 0; i < ARRAY_SIZE(cgroups); i++) {
		assert_int_equal(cgroup_remove_payload(&cgroups[i], 0), 0);
		cgroup_done(&cgroups[i]);
	}
}

static void left_overs_are_made_anew(void **state)
{
	struct cgroup first, second;
	struct stat old, new;

	(void)state;
	assert_int_equal(cgroup_make(&host, &c1, false, &first, NULL), 0);
	assert_int_equal(cgroup_freeze(&first, true, NULL), 0);
	assert_int_equal(fstat(first.payload_fd, &old), 0);
	cgroup_done(&first);
	assert_int_equal(cgroup_make(&host, &c1, false, &second, NULL), 0);
	assert_named(second.payload_path, "lxc.payload.c1");
	assert_int_equal(fstat(second.payload_fd, &new), 0);
	assert_int_not_equal(old.st_ino, new.st_ino); /* not frozen */
	assert_int_equal(cgroup_remove_payload(&second, 0), 0);
	cgroup_done(&second);
}

static void populated_left_overs_are_left_alone(void **state)
{
	struct cgroup first, second;
	int pidfd;

	(void)state;
	assert_int_equal(cgroup_make(&host, &c1, false, &first, NULL), 0);
	assert_true(start_sleeper(first.payload_fd, &pidfd) > 0);
	cleanup_close(&first.payload_fd); /* the lock is gone with the monitor */
	assert_int_equal(cgroup_make(&host, &c1, false, &second, NULL), 0);
	assert_named(second.payload_path, "lxc.payload.c1-1");
	assert_int_equal(cgroup_remove_payload(&second, 0), 0);
	cgroup_done(&second);

	assert_int_equal(cgroup_reopen(NULL, first.payload_path, NULL, &second, NULL), 0);
	assert_int_equal(cgroup_remove_payload(&second, 20), -EBUSY);
	assert_int_equal(cgroup_kill(&second), 0);
	assert_killed(pidfd);
	assert_int_equal(cgroup_remove_payload(&second, SECOND_MS), 0);
	assert_false(exists(first.payload_path));
	cgroup_done(&second);
	cgroup_done(&first);
}

static void wrong_paths_are_not_opened(void **state)
{
	struct cgroup cgroup;
	char gone[512];

	(void)state;
	(void)snprintf(gone, sizeof(gone), "%s/gone", host.base);
	assert_int_equal(cgroup_reopen(NULL, gone, NULL, &cgroup, NULL), -ENOENT);
	assert_int_equal(cgroup_reopen(NULL, "/tmp", NULL, &cgroup, NULL), -EINVAL);
	assert_int_equal(cgroup_reopen(NULL, "/usr/bin", NULL, &cgroup, NULL), -EMEDIUMTYPE);
	assert_int_equal(cgroup_reopen(gone, NULL, NULL, &cgroup, NULL), 0); /* a dead monitor's */
	assert_true(cgroup.monitor_fd < 0);
	cgroup_done(&cgroup);
	assert_int_equal(cgroup_reopen(NULL, NULL, NULL, &cgroup, NULL), 0);
	cgroup_done(&cgroup);
}

static void wait_for_frozen(int events, bool want)
{
	struct pollfd poller = { .fd = events, .events = POLLPRI };
	bool populated, frozen;

	for (int i = 0; i < 20; i++) {
		assert_int_equal(cgroup_events_read(events, &populated, &frozen), 0);
		assert_true(populated);
		if (frozen == want)
			return;
		assert_int_equal(poll(&poller, 1, SECOND_MS), 1);
	}
	fail();
}

static void freezer_works(void **state)
{
	struct cgroup cgroup;
	struct cgroup_stats stats;
	int pidfd, events;

	(void)state;
	assert_int_equal(cgroup_make(&host, &c1, false, &cgroup, NULL), 0);
	assert_true(start_sleeper(cgroup.payload_fd, &pidfd) > 0);
	events = cgroup_events_open(&cgroup);
	assert_true(events >= 0);
	assert_int_equal(cgroup_freeze(&cgroup, true, NULL), 0);
	wait_for_frozen(events, true);
	assert_int_equal(cgroup_freeze(&cgroup, false, NULL), 0);
	wait_for_frozen(events, false);
	cgroup_stats_read(&cgroup, CGROUP_STAT_CPU, &stats);
	assert_true(stats.cpu_ns != UINT64_MAX);
	assert_int_equal(cgroup_freeze(&cgroup, true, NULL), 0);
	assert_int_equal(cgroup_kill(&cgroup), 0); /* the frozen die too */
	assert_killed(pidfd);
	(void)close(events);
	assert_int_equal(cgroup_remove_payload(&cgroup, SECOND_MS), 0);
	cgroup_done(&cgroup);
}

/* Makes @depth cgroups in one another below @dir_fd; returns the innermost. */
static int make_deep(int dir_fd, int depth)
{
	int fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);

	for (int i = 0; i < depth; i++) {
		int next;

		assert_int_equal(mkdirat(fd, "d", 0755), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		(void)close(fd);
		fd = next;
	}
	return fd;
}

static void names_are_as_configured(void **state)
{
	static const struct {
		struct cgroup_names names;
		const char *payload, *monitor;
	} cases[] = {
		{ { .name = "c1", .dir = "a" }, "a/lxc.payload.c1", "a/lxc.monitor.c1" },
		{ { .name = "c1", .dir = "a/b/" }, "a/b//lxc.payload.c1", NULL },
		{ { .name = "c1", .payload = "pay/c1", .monitor = "mon/x/c1" },
		  "pay/c1",
		  "mon/x/c1" },
		{ { .name = "c1", .payload = "p", .monitor = "m" }, "p", "m" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgroup cgroup, second;
		struct err err = {};

		assert_int_equal(cgroup_make(&host, &cases[i].names, true, &cgroup, NULL), 0);
		if (cases[i].monitor) {
			assert_named(cgroup.payload_path, cases[i].payload);
			assert_named(cgroup.monitor_path, cases[i].monitor);
		}
		if (cases[i].names.payload) {
			assert_int_equal(cgroup_make(&host, &cases[i].names, true, &second, &err),
			                 -EEXIST);
			assert_non_null(strstr(err.msg, "in use"));
		}
		assert_int_equal(
			cgroup_renew_payload(&cgroup, &cases[i].names, -EBADF, SECOND_MS, NULL), 0);
		if (cases[i].monitor)
			assert_named(cgroup.payload_path, cases[i].payload);
		assert_int_equal(cgroup_remove_payload(&cgroup, SECOND_MS), 0);
		assert_int_equal(rmdir(cgroup.monitor_path), 0);
		cgroup_prune(&cgroup, &cases[i].names);
		cgroup_done(&cgroup);
	}
	/* main() finds that nothing was left in the base */
}

static void trees_are_removed(void **state)
{
	static const struct {
		int wide, depth;
	} cases[] = { { 0, 1 }, { 3, 0 }, { 3, 3 }, { 30, 5 }, { 1, 200 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgroup cgroup;
		int pidfd, inner;

		assert_int_equal(cgroup_make(&host, &c1, false, &cgroup, NULL), 0);
		for (int k = 0; k < cases[i].wide; k++) {
			char name[16];
			int fd;

			(void)snprintf(name, sizeof(name), "w%d", k);
			assert_int_equal(mkdirat(cgroup.payload_fd, name, 0755), 0);
			fd = openat(cgroup.payload_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			(void)close(make_deep(fd, cases[i].depth));
			(void)close(fd);
		}
		inner = make_deep(cgroup.payload_fd, cases[i].depth);
		assert_true(start_sleeper(inner, &pidfd) > 0);
		(void)close(inner);
		assert_int_equal(cgroup_remove_payload(&cgroup, 0), -EBUSY);
		assert_int_equal(cgroup_kill(&cgroup), 0);
		assert_killed(pidfd);
		assert_int_equal(cgroup_remove_payload(&cgroup, SECOND_MS), 0);
		cgroup_done(&cgroup);
	}
}

/* The only process of our base directory. */
static pid_t find_reaper(void)
{
	char text[64];

	for (int i = 0; i < 400; i++) {
		int fd = open(host.base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ssize_t n = fd_read_short(fd, "cgroup.procs", text, sizeof(text));

		(void)close(fd);
		if (n > 0)
			return (pid_t)atoi(text);
		(void)poll(NULL, 0, 5);
	}
	return -1;
}

static int count_fds(pid_t pid)
{
	char path[64];
	DIR *dir;
	int n = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	(void)closedir(dir);
	return n;
}

static void monitor_leaf_goes_with_the_monitor(void **state)
{
	struct cgroup cgroup, next;
	int status, pidfd, gate[2];
	pid_t monitor, reaper;
	char byte;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	assert_int_equal(cgroup_make(&host, &c1, true, &cgroup, NULL), 0);
	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	monitor = proc_clone(0, cgroup.monitor_fd, &pidfd);
	if (monitor == 0) {
		(void)close(gate[1]);
		cgroup_remove_monitor_later(&cgroup, &c1);
		_exit((int)read(gate[0], &byte, 1));
	}
	assert_true(monitor > 0);
	assert_int_equal(cgroup_remove_payload(&cgroup, 0), 0);
	cleanup_close(&cgroup.monitor_fd); /* the monitor and its reaper hold the lock */

	reaper = find_reaper();
	assert_true(reaper > 0);
	for (int i = 0; i < 400 && count_fds(reaper) != 3; i++)
		(void)poll(NULL, 0, 5);
	assert_int_equal(count_fds(reaper), 3); /* base, leaf, pidfd: no pipe, no terminal */
	assert_int_equal(getsid(reaper), reaper);
	cgroup_remove_stale(cgroup.monitor_path, NULL);
	assert_true(exists(cgroup.monitor_path));

	(void)close(gate[1]);
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	assert_int_equal(waitpid(reaper, &status, 0), reaper);
	assert_int_equal(status, 0);
	assert_false(exists(cgroup.monitor_path));
	(void)close(gate[0]);
	(void)close(pidfd);

	assert_int_equal(cgroup_make(&host, &c1, true, &next, NULL), 0);
	assert_named(next.monitor_path, "lxc.monitor.c1");
	assert_int_equal(cgroup_remove_payload(&next, 0), 0);
	cleanup_close(&next.monitor_fd);
	cgroup_remove_stale(next.monitor_path, NULL);
	cgroup_done(&next);
	cgroup_done(&cgroup);
}

static void delegation_by_root(void **state)
{
	struct cgroup cgroup;
	struct stat dir, procs, events;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(cgroup_make(&host, &c1, false, &cgroup, NULL), 0);
	assert_int_equal(cgroup_delegate(cgroup.payload_fd, SUBID, SUBID, NULL), 0);
	assert_int_equal(fstat(cgroup.payload_fd, &dir), 0);
	assert_int_equal(fstatat(cgroup.payload_fd, "cgroup.procs", &procs, 0), 0);
	assert_int_equal(fstatat(cgroup.payload_fd, "cgroup.freeze", &events, 0), 0);
	assert_int_equal(dir.st_uid, SUBID);
	assert_int_equal(procs.st_uid, SUBID);
	assert_int_equal(events.st_uid, geteuid()); /* limits and freezer stay ours */
	assert_int_equal(cgroup_remove_payload(&cgroup, 0), 0);
	cgroup_done(&cgroup);
}

/* Container root after its ids are set: makes cgroups of its own, one with a closed door. */
static int use_as_container_root(int payload_fd)
{
	int status, fd;
	pid_t pid;

	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return 10;
	if (mkdirat(payload_fd, "a", 0755) < 0 || mkdirat(payload_fd, "a/b", 0700) < 0 ||
	    mkdirat(payload_fd, "a/b/c", 0755) < 0)
		return 11;
	if (fchmodat(payload_fd, "a", 0700, 0) < 0)
		return 12;
	if (fd_write_at(payload_fd, "cgroup.freeze", "1") != -EACCES ||
	    fd_write_at(payload_fd, "cgroup.kill", "1") != -EACCES)
		return 13;
	fd = openat(payload_fd, "a/b", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid = proc_clone(0, fd, NULL);
	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return 14;
	return 0;
}

/* In a new user namespace; the maps are written when @gate gives a byte. */
static int run_container(int payload_fd, int gate)
{
	struct err err = {};
	char byte;

	if (read(gate, &byte, 1) != 1)
		return 2;
	if (cgroup_delegate(payload_fd, 0, 0, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.msg);
		return 3;
	}
	return use_as_container_root(payload_fd);
}

static int write_maps(pid_t pid)
{
	char dir[64];
	int fd, r;

	(void)snprintf(dir, sizeof(dir), "/proc/%d", (int)pid);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd_write_at(fd, "gid_map", "0 100000 65536\n");
	if (r == 0)
		r = fd_write_at(fd, "uid_map", "0 100000 65536\n");
	(void)close(fd);
	return r;
}

/* An ordinary user's whole way: the leaf is his, the map lacks his own id. @asked tells the parent,
 * which is root and plays newuidmap, the pid. Returns the number of the step that failed. */
static int run_user(int asked, int gate_write, int gate_read)
{
	int pidfd, status, userns;
	struct cgroup cgroup;
	char path[64];
	pid_t pid;

	if (setresgid(OTHER_UID, OTHER_UID, OTHER_UID) < 0 ||
	    setresuid(OTHER_UID, OTHER_UID, OTHER_UID) < 0 ||
	    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return 20;
	if (cgroup_make(&host, &other, false, &cgroup, NULL) < 0)
		return 21;
	pid = proc_clone(CLONE_NEWUSER, cgroup.payload_fd, &pidfd);
	if (pid == 0) {
		(void)close(gate_write);
		_exit(run_container(cgroup.payload_fd, gate_read));
	}
	if (pid < 0)
		return 22;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	userns = open(path, O_RDONLY | O_CLOEXEC);
	if (userns < 0 || write(asked, &pid, sizeof(pid)) != (ssize_t)sizeof(pid))
		return 23;
	if (pidfd_wait(pidfd, &status) < 0 || !WIFEXITED(status))
		return 24;
	if (WEXITSTATUS(status))
		return WEXITSTATUS(status);
	if (cgroup_remove_payload(&cgroup, SECOND_MS) != -EACCES)
		return 25;
	if (cgroup_remove_payload_in_userns(&cgroup, userns, SECOND_MS) != 0)
		return 26;
	return 0;
}

static void delegation_by_a_user(void **state)
{
	static const char *const files[] = { ".", "cgroup.procs", "cgroup.threads" };
	int base = open(host.base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int asked[2], gate[2], pidfd, status;
	pid_t user, container;

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(fchownat(base, files[i], OTHER_UID, OTHER_UID, 0), 0);
	assert_int_equal(pipe2(asked, O_CLOEXEC), 0);
	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	user = proc_clone(0, base, &pidfd);
	if (user == 0)
		_exit(run_user(asked[1], gate[1], gate[0]));
	(void)close(asked[1]);
	if (read(asked[0], &container, sizeof(container)) == (ssize_t)sizeof(container)) {
		assert_int_equal(write_maps(container), 0);
		assert_int_equal(write(gate[1], "", 1), 1);
	}
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	assert_int_equal(status, 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(fchownat(base, files[i], 0, 0, 0), 0);
	(void)close(asked[0]);
	(void)close(gate[0]);
	(void)close(gate[1]);
	(void)close(pidfd);
	(void)close(base);
}

/* 0, or SKIPPED with a reason. */
static int find_host(void)
{
	char name[] = "tester";
	struct caller caller = { .uid = geteuid(), .is_root = geteuid() == 0, .name = name };
	struct stat st;
	char *own;

	/* Root in a user namespace owns less than it seems: the tests of root's ways need more. */
	if (geteuid() == 0 && (stat("/proc/1", &st) < 0 || st.st_uid != 0)) {
		(void)printf("1..0 # SKIP root of a user namespace\n");
		return SKIPPED;
	}
	if (cgroup_host_load(&host, NULL) < 0 || cgroup_place(&caller, NULL, &host, NULL) < 0)
		return 1;
	if (!host.base) {
		(void)printf("1..0 # SKIP %s\n", host.why_no_base);
		return SKIPPED;
	}
	if (asprintf(&own, "%s/rlxc-test-%d", host.base, (int)getpid()) < 0)
		return 1;
	if (mkdir(own, 0755) < 0) {
		(void)printf("1..0 # SKIP cannot make '%s'\n", own);
		free(own);
		return SKIPPED;
	}
	free(host.base);
	host.base = own;
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_base_is_no_cgroup),
		cmocka_unit_test(leaves_are_made_and_removed),
		cmocka_unit_test(names_that_are_taken_get_a_number),
		cmocka_unit_test(left_overs_are_made_anew),
		cmocka_unit_test(populated_left_overs_are_left_alone),
		cmocka_unit_test(wrong_paths_are_not_opened),
		cmocka_unit_test(freezer_works),
		cmocka_unit_test(names_are_as_configured),
		cmocka_unit_test(trees_are_removed),
		cmocka_unit_test(monitor_leaf_goes_with_the_monitor),
		cmocka_unit_test(delegation_by_root),
		cmocka_unit_test(delegation_by_a_user),
	};
	int r = find_host();

	if (r == 0) {
		r = cmocka_run_group_tests(tests, NULL, NULL);
		if (rmdir(host.base) < 0 && r == 0) {
			(void)printf("# '%s' is left behind\n", host.base);
			r = 1;
		}
	}
	cgroup_host_done(&host);
	return r;
}

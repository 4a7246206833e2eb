/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing limits: to directories that stand for cgroups, and, as root, to real ones. */
#include "cgroup/limits.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/cgroup-internal.h"
#include "host/caller.h"
#include "os/fd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define TEXT_MAX 1024

static char directory[] = "/tmp/rlxc-apply.XXXXXX";
static int log_file = -EBADF;

static void put(int dir_fd, const char *name, const char *text)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write(fd, text, strlen(text)), 0);
	(void)close(fd);
}

static void assert_holds(int dir_fd, const char *name, const char *want)
{
	char got[TEXT_MAX];

	assert_true(fd_read_short(dir_fd, name, got, sizeof(got)) >= 0);
	assert_string_equal(got, want);
}

/* What was logged since the last call. */
static const char *logged(void)
{
	static char text[8192];
	ssize_t n = pread(log_file, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	assert_int_equal(ftruncate(log_file, 0), 0);
	assert_int_equal(lseek(log_file, 0, SEEK_SET), 0);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in: %s", part, text);
}

/* A base and a payload that have memory and pids, a v1 leaf of cpu. */
static void make_fake(struct cgroup *cgroup)
{
	char path[64];

	*cgroup = CGROUP_NONE;
	assert_true(mkdtemp(directory) != NULL);
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(mkdir("leaf", 0755) | mkdir("cpu", 0755), 0);
	cgroup->base = strdup(directory);
	(void)snprintf(path, sizeof(path), "%s/leaf", directory);
	cgroup->payload_path = strdup(path);
	cgroup->base_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cgroup->payload_fd = open("leaf", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(cgroup->base_fd, "cgroup.controllers", "memory pids\n");
	put(cgroup->base_fd, "cgroup.subtree_control", "");
	put(cgroup->payload_fd, "cgroup.controllers", "memory pids\n");
	put(cgroup->payload_fd, "memory.max", "");
	put(cgroup->payload_fd, "memory.high", "");
	put(cgroup->payload_fd, "pids.max", "");
	cgroup->v1 = calloc(1, sizeof(*cgroup->v1));
	cgroup->n_v1 = 1;
	cgroup->v1[0] = (struct cgroup_v1_leaf){
		.controllers = strdup("cpu,cpuacct"),
		.path = strdup("cpu"),
		.fd = open("cpu", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	};
	put(cgroup->v1[0].fd, "cpu.shares", "");
}

static void remove_fake(struct cgroup *cgroup)
{
	char command[128];

	cgroup_done(cgroup);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(system(command), 0); /* NOLINT(bugprone-command-processor) */
	(void)snprintf(directory, sizeof(directory), "/tmp/rlxc-apply.XXXXXX");
}

static void limits_of(const struct cgroup_host *host, const char *const (*pairs)[2], size_t n,
                      struct cgroup_limits *ret_limits)
{
	struct conf_pair items[8];
	struct conf_pairs cgroup1 = {}, cgroup2 = { items, 0 };

	for (size_t i = 0; i < n; i++)
		items[cgroup2.n++] = (struct conf_pair){ .name = (char *)pairs[i][0],
			                                 .value = (char *)pairs[i][1] };
	assert_int_equal(cgroup_limits_make(&cgroup1, &cgroup2, host, ret_limits, NULL), 0);
}

#define LIMITS(host, limits, ...)                                                                  \
	do {                                                                                       \
		static const char *const pairs[][2] = { __VA_ARGS__ };                             \
		limits_of(host, pairs, ARRAY_SIZE(pairs), limits);                                 \
	} while (0)

static struct cgroup_hierarchy cpu_v1 = {
	.controllers = "cpu,cpuacct", .mount = "/m", .mount_root = "/", .dir = "/m"
};
static const struct cgroup_host pure = { .has_v2 = true, .pure_v2 = true };
static const struct cgroup_host hybrid = { .has_v2 = true, .v1 = &cpu_v1, .n_v1 = 1 };

static void test_written(void **state)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits limits = {};
	struct cgroup cgroup;

	(void)state;
	make_fake(&cgroup);
	LIMITS(&hybrid, &limits, { "memory.max", "1G" }, { "cpu.weight", "50" },
	       { "pids.max", "9" });
	assert_int_equal(cgroup_limits_apply(&cgroup, &limits, true, NULL), 0);
	assert_holds(cgroup.payload_fd, "memory.max", "1G");
	assert_holds(cgroup.payload_fd, "pids.max", "9");
	assert_holds(cgroup.v1[0].fd, "cpu.shares", "512");
	assert_string_equal(logged(), "");
	remove_fake(&cgroup);
}

static void test_missing(void **state)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits limits = {};
	struct cgroup cgroup;
	struct err err = {};
	const char *text;

	(void)state;
	make_fake(&cgroup);
	LIMITS(&pure, &limits, { "memory.max", "1G" }, { "io.weight", "50" },
	       { "io.max", "8:0 rbps=1" }, { "io.weight", "60" });
	assert_int_equal(cgroup_limits_apply(&cgroup, &limits, true, &err), -EOPNOTSUPP);
	assert_has(err.msg, "'lxc.cgroup2.io.weight', 'lxc.cgroup2.io.max' cannot hold: ");
	assert_has(err.msg, "'io'");
	assert_true(err.hint[0]);
	assert_holds(cgroup.payload_fd, "memory.max", ""); /* before the first write */
	assert_int_equal(cgroup_limits_apply(&cgroup, &limits, true, NULL), -EOPNOTSUPP);

	assert_int_equal(cgroup_limits_apply(&cgroup, &limits, false, NULL), 0);
	assert_holds(cgroup.payload_fd, "memory.max", "1G");
	text = logged();
	assert_has(text, "'lxc.cgroup2.io.weight', 'lxc.cgroup2.io.max' cannot hold: ");
	assert_has(text, "continuing without it");
	assert_null(strstr(strstr(text, "cannot hold") + 1, "cannot hold"));
	remove_fake(&cgroup);
}

static void test_no_cgroup(void **state)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits limits = {};
	struct cgroup cgroup = CGROUP_NONE;
	struct err err = {};
	int prog_fd = -EBADF;

	(void)state;
	LIMITS(&pure, &limits, { "memory.max", "1G" }, { "cgroup.max.depth", "1" },
	       { "devices.deny", "a" });
	assert_int_equal(cgroup_enable_controllers(&cgroup, &limits, NULL), 0);
	assert_int_equal(cgroup_limits_apply(&cgroup, &limits, true, &err), -EOPNOTSUPP);
	assert_has(err.msg,
	           "'lxc.cgroup2.memory.max' cannot hold: the container has no cgroup of its own");
	assert_has(err.hint, "rlxc(1)");
	assert_int_equal(cgroup_limits_apply(&cgroup, &limits, false, NULL), 0);
	assert_has(logged(), "'lxc.cgroup2.cgroup.max.depth' cannot hold");
	assert_int_equal(cgroup_limits_apply_devices(&cgroup, &limits, true, &prog_fd, &err),
	                 -EOPNOTSUPP);
	assert_has(err.msg, "device rules");
	assert_int_equal(cgroup_limits_apply_devices(&cgroup, &limits, false, &prog_fd, NULL), 0);
	assert_has(logged(), "device rules");
	cgroup_limits_done(&limits);

	/* A leaf is missing in a v1 hierarchy. */
	LIMITS(&hybrid, &limits, { "cpu.weight", "100" });
	assert_int_equal(cgroup_limits_apply(&cgroup, &limits, true, &err), -EOPNOTSUPP);
	assert_has(err.msg,
	           "'lxc.cgroup2.cpu.weight' cannot hold: the container has no cgroup in the "
	           "v1 hierarchy of 'cpu'");
}

static void test_refused(void **state)
{
	static const struct {
		int code;
		const char *word;
	} reasons[] = {
		{ -EINVAL, "takes no such value" },
		{ -ENOENT, "no such file" },
		{ -EBUSY, "in use" },
		{ -ERANGE, "range" },
		{ -EACCES, "not for us to write" },
		{ -EPERM, "not for us to write" },
		{ -ENODEV, "no such device" },
		{ -EOPNOTSUPP, "on this host" },
		{ -EIO, "Input/output error" },
	};
	_cleanup_(cgroup_limits_done) struct cgroup_limits limits = {};
	struct cgroup cgroup;
	struct err err = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		assert_int_equal(cgroup_report_write(reasons[i].code, "KEY", "FILE", "VALUE", &err),
		                 reasons[i].code);
		assert_has(err.msg, reasons[i].word);
		assert_has(err.msg, "cannot set 'KEY': writing 'VALUE' to 'FILE'");
	}
	/* A refused write is an error with and without strict. */
	make_fake(&cgroup);
	LIMITS(&pure, &limits, { "memory.hihg", "1G" });
	assert_int_equal(cgroup_limits_apply(&cgroup, &limits, false, &err), -ENOENT);
	assert_has(err.msg, "'lxc.cgroup2.memory.hihg'");
	assert_has(err.msg, "this kernel has no such file");
	remove_fake(&cgroup);
}

/* Each controller by itself; what is passed on already is left alone. */
static void test_enable(void **state)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits limits = {};
	struct cgroup cgroup;

	(void)state;
	make_fake(&cgroup);
	assert_int_equal(cgroup_enable_controllers(&cgroup, &limits, NULL), 0);
	assert_holds(cgroup.base_fd, "cgroup.subtree_control", "+pidsry"); /* no O_TRUNC: both */
	put(cgroup.base_fd, "cgroup.subtree_control", "memory pids\n");
	assert_int_equal(cgroup_enable_controllers(&cgroup, &limits, NULL), 0);
	assert_holds(cgroup.base_fd, "cgroup.subtree_control", "memory pids\n");
	remove_fake(&cgroup);
}

/* ---- real cgroups ---- */

struct real {
	char top[256], service[300], base[320], leaf[340];
	char controller[32];
	struct cgroup cgroup;
};

static int make_dir(const char *path)
{
	int fd;

	assert_int_equal(mkdir(path, 0755), 0);
	fd = cgroup_open_dir(AT_FDCWD, path);
	assert_true(fd >= 0);
	return fd;
}

/* TOP/user@1000.service/base/leaf, with some controller in the root. false: not on this host. */
static bool make_real(struct real *real)
{
	_cleanup_(cgroup_host_done) struct cgroup_host host = {};
	_cleanup_(caller_done) struct caller caller = {};
	_cleanup_close_ int root = -EBADF;
	char list[TEXT_MAX], word[40];

	if (caller_load(&caller, NULL) < 0 || cgroup_host_load(&host, NULL) < 0 ||
	    !caller.is_root || caller.in_userns || !host.has_v2)
		return false;
	root = cgroup_open_dir(AT_FDCWD, host.v2_mount);
	if (root < 0 || fd_read_short(root, "cgroup.controllers", list, sizeof(list)) <= 0)
		return false;
	if (sscanf(list, "%31[a-z_]", real->controller) != 1)
		return false;
	(void)snprintf(word, sizeof(word), "+%s", real->controller);
	if (fd_write_at(root, "cgroup.subtree_control", word) < 0)
		return false;
	(void)snprintf(real->top, sizeof(real->top), "%s/rlxc-test-apply-%d", host.v2_mount,
	               (int)getpid());
	(void)snprintf(real->service, sizeof(real->service), "%s/user@1000.service", real->top);
	(void)snprintf(real->base, sizeof(real->base), "%s/base", real->service);
	(void)snprintf(real->leaf, sizeof(real->leaf), "%s/leaf", real->base);
	if (mkdir(real->top, 0755) < 0 || mkdir(real->service, 0755) < 0)
		return false;
	real->cgroup = CGROUP_NONE;
	real->cgroup.base = strdup(real->base);
	real->cgroup.base_fd = make_dir(real->base);
	real->cgroup.payload_path = strdup(real->leaf);
	real->cgroup.payload_fd = make_dir(real->leaf);
	return true;
}

static void remove_real(struct real *real)
{
	cgroup_done(&real->cgroup);
	(void)rmdir(real->leaf);
	(void)rmdir(real->base);
	(void)rmdir(real->service);
	(void)rmdir(real->top);
}

static void pass_on(const char *path, const char *controller)
{
	_cleanup_close_ int fd = cgroup_open_dir(AT_FDCWD, path);
	char word[40];

	(void)snprintf(word, sizeof(word), "+%s", controller);
	assert_int_equal(fd_write_at(fd, "cgroup.subtree_control", word), 0);
}

static void test_explained(void **state)
{
	struct cgroup_missing missing = {};
	struct real real = {};
	char command[600];

	(void)state;
	if (!make_real(&real))
		skip();
	/* Below a user's service manager: the drop-in. */
	assert_int_equal(cgroup_explain_missing(&real.cgroup, real.controller, &missing), 0);
	assert_has(missing.why, "is not delegated to");
	assert_has(missing.why, real.base);
	assert_has(missing.remedy, "/etc/systemd/system/user@.service.d/delegate.conf");
	assert_has(missing.remedy, "Delegate=cpu cpuset io memory pids");
	cgroup_missing_done(&missing);
	assert_int_equal(cgroup_explain_missing(&real.cgroup, "bogus", &missing), 0);
	assert_has(missing.why, "'bogus'");
	assert_null(missing.remedy);
	cgroup_missing_done(&missing);

	/* Elsewhere: the writes, from the top down. */
	free(real.cgroup.base);
	real.cgroup.base = strdup(real.service);
	assert_int_equal(cgroup_explain_missing(&real.cgroup, real.controller, &missing), 0);
	(void)snprintf(command, sizeof(command), "as root: echo +%s > %s/cgroup.subtree_control",
	               real.controller, real.top);
	assert_string_equal(missing.remedy, command);
	cgroup_missing_done(&missing);
	remove_real(&real);
}

static void test_real(void **state)
{
	_cleanup_(cgroup_limits_done) struct cgroup_limits limits = {};
	struct cgroup_limit limit = {};
	struct real real = {};
	struct err err = {};
	char member[8];
	pid_t pid;

	(void)state;
	if (!make_real(&real))
		skip();
	pass_on(real.top, real.controller);
	pass_on(real.service, real.controller);
	limit.key = strdup("lxc.cgroup2.x");
	limit.controller = strdup(real.controller);
	limit.file = strdup("cgroup.max.depth");
	limit.value = strdup("bogus");
	limits.items = calloc(1, sizeof(limit));
	limits.items[limits.n++] = limit;

	/* A process in the base is in the way of what is needed, and only of that. */
	pid = fork();
	if (pid == 0) {
		(void)alarm(20);
		(void)pause();
		_exit(0);
	}
	(void)snprintf(member, sizeof(member), "%d", (int)pid);
	assert_int_equal(fd_write_at(real.cgroup.base_fd, "cgroup.procs", member), 0);
	assert_int_equal(cgroup_enable_controllers(&real.cgroup, &limits, &err), -EBUSY);
	assert_has(err.msg, "there are processes in it");
	assert_int_equal(cgroup_enable_controllers(&real.cgroup, &(struct cgroup_limits){}, &err),
	                 0);
	assert_int_equal(cgroup_limits_apply(&real.cgroup, &limits, true, &err), -EOPNOTSUPP);
	assert_has(err.msg, "does not pass the controller");
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);

	/* Then it is passed on, and the kernel has its say about the value. */
	assert_int_equal(cgroup_enable_controllers(&real.cgroup, &limits, &err), 0);
	assert_int_equal(cgroup_limits_apply(&real.cgroup, &limits, false, &err), -EINVAL);
	assert_has(err.msg,
	           "cannot set 'lxc.cgroup2.x': writing 'bogus' to 'cgroup.max.depth': the "
	           "kernel takes no such value there");
	free(limits.items[0].value);
	limits.items[0].value = strdup("5");
	assert_int_equal(cgroup_limits_apply(&real.cgroup, &limits, true, &err), 0);
	assert_holds(real.cgroup.payload_fd, "cgroup.max.depth", "5\n");
	remove_real(&real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),   cmocka_unit_test(test_missing),
		cmocka_unit_test(test_no_cgroup), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_enable),    cmocka_unit_test(test_explained),
		cmocka_unit_test(test_real),
	};

	log_file = memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (log_file < 0)
		return 99;
	log_setup("test", NULL, log_file, LOG_LEVEL_WARN, /* quiet= */ true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

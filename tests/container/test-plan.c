/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/plan.h"

#include "base/cleanup.h"
#include "conf/read.h"
#include "ns/ns.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ROOTFS "lxc.rootfs.path = dir:/nowhere/c1/rootfs\n"
#define OWN_ID "lxc.idmap = u 0 4242 1\nlxc.idmap = g 0 4343 1\n"
#define BIG_MAP "lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n"

/* What a plan is made from. The user is in no file, so has no subordinate ids. */
struct scene {
	bool is_root, in_userns, has_cgroup;
	bool has_v1, v1_is_others;
	struct start_request request;
};

static struct start_request request_of(const struct scene *scene)
{
	struct start_request request = scene->request;

	request.name = "c1";
	return request;
}

static int make(const struct scene *scene, struct conf *conf, struct start_plan *plan,
                struct err *err)
{
	static char path[] = "/nowhere", name[] = "no-such-user-for-tests", home[] = "/";
	static char base[] = "/sys/fs/cgroup/mine", why[] = "nobody gave us a cgroup";
	const struct store store = {
		.path = path,
		.caller = { .uid = scene->is_root ? 0 : 4242,
		            .gid = scene->is_root ? 0 : 4343,
		            .is_root = scene->is_root,
		            .in_userns = scene->in_userns,
		            .name = name,
		            .home = home },
	};
	static char pids[] = "pids", point[] = "/sys/fs/cgroup/pids", not_ours[] = "not ours";
	struct cgroup_hierarchy v1 = { .controllers = pids,
		                       .mount = point,
		                       .dir = point,
		                       .why_not = scene->v1_is_others ? not_ours : NULL };
	const struct cgroup_host cgroups = { .has_v2 = scene->has_cgroup,
		                             .pure_v2 = scene->has_cgroup && !scene->has_v1,
		                             .v1 = &v1,
		                             .n_v1 = scene->has_v1 ? 1 : 0,
		                             .rung = scene->has_cgroup ? CGROUP_RUNG_OWN
		                                                       : CGROUP_RUNG_NONE,
		                             .base = scene->has_cgroup ? base : NULL,
		                             .why_no_base = scene->has_cgroup ? NULL : why };
	const struct start_request request = request_of(scene);

	return start_plan_make(&store, conf, &request, &cgroups, plan, err);
}

static void read_conf(struct conf *conf, const char *text)
{
	struct err err = {};

	conf_init(conf);
	if (conf_read_text(conf, "t", text, &err) < 0)
		fail_msg("%s", err.msg);
}

static const struct scene user = {};
static const struct scene user_with_cgroup = { .has_cgroup = true };
static const struct scene root = { .is_root = true, .has_cgroup = true };

/* ---- what is refused ---- */

static void test_refused(void **state)
{
	static const struct scene execute = { .request.execute = true };
	static const struct {
		const struct scene *scene;
		const char *text;
		int want;
		const char *says;
	} cases[] = {
		{ &root, ROOTFS "lxc.init.uid = 4294967295\n", -EINVAL, "lxc.init.uid" },
		{ &root, ROOTFS "lxc.init.gid = 4294967295\n", -EINVAL, "lxc.init.gid" },
		{ &root, ROOTFS BIG_MAP "lxc.init.uid = 65536\n", -EINVAL, "not mapped" },
		{ &root, ROOTFS BIG_MAP "lxc.init.gid = 70000\n", -EINVAL, "not mapped" },
		{ &root, ROOTFS BIG_MAP "lxc.init.groups = 5,70000\n", -EINVAL, "not mapped" },
		{ &root, ROOTFS "lxc.idmap = u 0 100000 65536\n", -EINVAL, "no line for gids" },
		{ &user, ROOTFS BIG_MAP, -EPERM, "not all granted" },
		{ &user, ROOTFS "lxc.idmap = u 0 0 1\nlxc.idmap = g 0 4343 1\n", -EPERM,
		  "only root may" },
		{ &user, ROOTFS OWN_ID "lxc.init.groups = 0\n", -EPERM, "lxc.init.groups" },
		{ &root, ROOTFS "lxc.namespace.keep = mnt\n", -EINVAL, "mount namespace" },
		{ &root, ROOTFS "lxc.namespace.clone = user\n", -EINVAL, "no id map" },
		{ &root, ROOTFS BIG_MAP "lxc.namespace.keep = user\n", -EINVAL, "user" },
		{ &root, ROOTFS "lxc.init.cmd = '/sbin/init\n", -EINVAL, "quotes" },
		{ &root, ROOTFS "lxc.prlimit.nofile = 5:4\n", -EINVAL, "above the hard" },
		{ &root, ROOTFS "lxc.mount.entry = /srv ../srv none bind 0 0\n", -EXDEV,
		  "outside" },
		{ &root, "lxc.mount.entry = /srv srv none bind 0 0\nlxc.init.cmd = /x\n",
		  -EOPNOTSUPP, "lxc.rootfs.path" },
		{ &root, "", -EINVAL, "lxc.rootfs.path" },
		{ &execute, ROOTFS, -EINVAL, "no command" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		struct start_plan plan = { .persona = 77 };
		struct err err = {};

		read_conf(&conf, cases[i].text);
		if (make(cases[i].scene, &conf, &plan, &err) != cases[i].want)
			fail_msg("case %zu: %d %s", i, err.code, err.msg);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("case %zu: '%s' does not say '%s'", i, err.msg, cases[i].says);
		assert_int_equal(plan.persona, 77); /* untouched */
	}
}

static void test_too_many_groups(void **state)
{
	_cleanup_(conf_done) struct conf conf;
	struct start_plan plan;
	struct err err = {};

	(void)state;
	read_conf(&conf, ROOTFS);
	for (int i = 0; i < START_GROUPS_MAX; i++)
		assert_int_equal(strv_addf(&conf.init_groups, "%d", i), 0);
	assert_int_equal(make(&root, &conf, &plan, &err), 0);
	assert_int_equal(plan.groups.n, START_GROUPS_MAX);
	start_plan_done(&plan);
	assert_int_equal(strv_add(&conf.init_groups, "1000"), 0);
	assert_int_equal(make(&root, &conf, &plan, &err), -E2BIG);
}

/* ---- ids ---- */

static void test_ids(void **state)
{
	static const struct {
		const struct scene *scene;
		const char *text;
		size_t n_maps;
		bool single;
		enum idmap_writer writer;
		uint32_t setup_uid, setup_gid, uid, gid;
	} cases[] = {
		{ &root, ROOTFS, 0, false, IDMAP_WRITE_DIRECT, 0, 0, 0, 0 },
		{ &root, ROOTFS "lxc.init.uid = 7\nlxc.init.gid = 8\n", 0, false,
		  IDMAP_WRITE_DIRECT, 0, 0, 7, 8 },
		{ &root, ROOTFS BIG_MAP, 2, false, IDMAP_WRITE_DIRECT, 0, 0, 0, 0 },
		{ &root, ROOTFS BIG_MAP "lxc.init.uid = 7\n", 2, false, IDMAP_WRITE_DIRECT, 0, 0, 7,
		  0 },
		/* Nobody is root inside: the init's own ids set up. */
		{ &root,
		  ROOTFS "lxc.idmap = u 5 100000 9\nlxc.idmap = g 6 100000 9\n"
		         "lxc.init.uid = 7\nlxc.init.gid = 8\n",
		  2, false, IDMAP_WRITE_DIRECT, 7, 8, 7, 8 },
		/* No range: the own id is root. */
		{ &user, ROOTFS, 2, true, IDMAP_WRITE_SELF, 0, 0, 0, 0 },
		{ &user, ROOTFS OWN_ID, 2, true, IDMAP_WRITE_SELF, 0, 0, 0, 0 },
		{ &user,
		  ROOTFS "lxc.idmap = u 1000 4242 1\nlxc.idmap = g 1001 4343 1\n"
		         "lxc.init.uid = 1000\nlxc.init.gid = 1001\n",
		  2, true, IDMAP_WRITE_SELF, 1000, 1001, 1000, 1001 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(start_plan_done) struct start_plan plan = {};
		struct err err = {};

		read_conf(&conf, cases[i].text);
		if (make(cases[i].scene, &conf, &plan, &err) < 0)
			fail_msg("case %zu: %s", i, err.msg);
		assert_int_equal(plan.maps.n, cases[i].n_maps);
		assert_int_equal(plan.single_id, cases[i].single);
		assert_int_equal(plan.writer, cases[i].writer);
		assert_int_equal(plan.setup_uid, cases[i].setup_uid);
		assert_int_equal(plan.setup_gid, cases[i].setup_gid);
		assert_int_equal(plan.uid, cases[i].uid);
		assert_int_equal(plan.gid, cases[i].gid);
	}
}

/* ---- namespaces, capabilities, cgroup ---- */

#define ALWAYS                                                                                     \
	(NS_BIT(NS_MNT) | NS_BIT(NS_PID) | NS_BIT(NS_UTS) | NS_BIT(NS_IPC) | NS_BIT(NS_CGROUP))

static void test_namespaces(void **state)
{
	static const struct {
		const struct scene *scene;
		const char *text;
		uint32_t fresh;
		uint32_t late; /* always less than fresh */
	} cases[] = {
		{ &root, ROOTFS, ALWAYS | NS_BIT(NS_NET), NS_BIT(NS_CGROUP) },
		{ &root, ROOTFS BIG_MAP, ALWAYS | NS_BIT(NS_NET) | NS_BIT(NS_USER),
		  NS_BIT(NS_CGROUP) },
		{ &user, ROOTFS, ALWAYS | NS_BIT(NS_NET) | NS_BIT(NS_USER), NS_BIT(NS_CGROUP) },
		{ &root, ROOTFS "lxc.net.0.type = none\n", ALWAYS, NS_BIT(NS_CGROUP) },
		{ &root, ROOTFS "lxc.namespace.keep = pid cgroup\n",
		  (ALWAYS | NS_BIT(NS_NET)) & ~(NS_BIT(NS_PID) | NS_BIT(NS_CGROUP)), 0 },
		{ &root, ROOTFS "lxc.namespace.clone = mnt\n", NS_BIT(NS_MNT), 0 },
		{ &root, ROOTFS "lxc.namespace.share.net = 1\n", ALWAYS, NS_BIT(NS_CGROUP) },
		{ &root, ROOTFS "lxc.time.offset.boot = 1s\n",
		  ALWAYS | NS_BIT(NS_NET) | NS_BIT(NS_TIME), NS_BIT(NS_CGROUP) | NS_BIT(NS_TIME) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(start_plan_done) struct start_plan plan = {};
		struct err err = {};

		read_conf(&conf, cases[i].text);
		if (make(cases[i].scene, &conf, &plan, &err) < 0)
			fail_msg("case %zu: %s", i, err.msg);
		if (plan.ns_new != cases[i].fresh || plan.ns_late != cases[i].late)
			fail_msg("case %zu: %x, late %x", i, plan.ns_new, plan.ns_late);
	}
}

static void test_shared_namespace(void **state)
{
	_cleanup_(conf_done) struct conf conf;
	_cleanup_(start_plan_done) struct start_plan plan = {};

	(void)state;
	read_conf(&conf, ROOTFS "lxc.namespace.share.net = other\n");
	assert_int_equal(make(&root, &conf, &plan, NULL), 0);
	assert_string_equal(plan.ns_share[NS_NET], "other");
	assert_null(plan.ns_share[NS_PID]);
}

static void test_capabilities(void **state)
{
	static const struct {
		const char *text;
		uint64_t want, among; /* the bits that are looked at */
	} cases[] = {
		{ ROOTFS, UINT64_MAX, 0xffffffff },
		{ ROOTFS "lxc.cap.drop = chown\n", ~(uint64_t)1, 0xffffffff },
		{ ROOTFS "lxc.cap.keep = chown\n", 1, UINT64_MAX },
		{ ROOTFS "lxc.cap.keep = none\n", 0, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(start_plan_done) struct start_plan plan = {};

		read_conf(&conf, cases[i].text);
		assert_int_equal(make(&root, &conf, &plan, NULL), 0);
		assert_true((plan.bounding & cases[i].among) == (cases[i].want & cases[i].among));
	}
}

static void test_cgroup(void **state)
{
	static const struct {
		const struct scene *scene;
		const char *text;
		bool use, delegate;
		size_t n_notes;
	} cases[] = {
		{ &root, ROOTFS, true, false, 0 },
		{ &root, ROOTFS "lxc.mount.auto = cgroup\n", true, false, 0 },
		{ &root, ROOTFS BIG_MAP "lxc.mount.auto = cgroup\n", true, true, 0 },
		{ &root, ROOTFS BIG_MAP "lxc.mount.auto = cgroup:ro\n", true, false, 0 },
		{ &root, ROOTFS BIG_MAP "lxc.mount.auto =\n", true, false, 0 },
		/* With a single id its owner is container root already. */
		{ &user_with_cgroup, ROOTFS "lxc.mount.auto = cgroup\n", true, false, 0 },
		{ &user, ROOTFS, false, false, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(start_plan_done) struct start_plan plan = {};
		struct err err = {};

		read_conf(&conf, cases[i].text);
		if (make(cases[i].scene, &conf, &plan, &err) < 0)
			fail_msg("case %zu: %s", i, err.msg);
		assert_int_equal(plan.use_cgroup, cases[i].use);
		assert_int_equal(plan.delegate_cgroup, cases[i].delegate);
		/* Then what it sees begins below the limits. */
		assert_int_equal(plan.inner_cgroup != NULL, plan.single_id);
		assert_int_equal(plan.notes.n, cases[i].n_notes);
		if (plan.notes.n)
			assert_string_equal(plan.notes.items[0], "nobody gave us a cgroup");
	}
}

/* ---- the program ---- */

static char *const words[] = { (char[]){ "/bin/a" }, (char[]){ "b c" }, NULL };

static void test_argv(void **state)
{
	static const struct scene asked = { .is_root = true, .request.argv = words };
	static const struct scene execute = { .is_root = true,
		                              .request = { .execute = true, .argv = words } };
	static const struct scene execute_conf = { .is_root = true, .request.execute = true };
	static const struct {
		const struct scene *scene;
		const char *text;
		const char *want[5];
	} cases[] = {
		{ &root, ROOTFS, { "/sbin/init" } },
		{ &root, ROOTFS "lxc.init.cmd = /x 'y z' \"\"\n", { "/x", "y z", "" } },
		{ &root, "lxc.init.cmd = /x\n", { "/x" } },
		{ &asked, ROOTFS "lxc.init.cmd = /x\n", { "/bin/a", "b c" } },
		{ &asked, "", { "/bin/a", "b c" } },
		{ &execute, ROOTFS "lxc.execute.cmd = /x\n", { "init", "--", "/bin/a", "b c" } },
		{ &execute_conf, ROOTFS "lxc.execute.cmd = /x y\n", { "init", "--", "/x", "y" } },
		{ &execute_conf, ROOTFS "lxc.init.cmd = /x\n", { "init", "--", "/x" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(start_plan_done) struct start_plan plan = {};
		struct err err = {};
		size_t n = 0;

		read_conf(&conf, cases[i].text);
		if (make(cases[i].scene, &conf, &plan, &err) < 0)
			fail_msg("case %zu: %s", i, err.msg);
		for (; n < ARRAY_SIZE(cases[i].want) && cases[i].want[n]; n++) {
			assert_true(n < plan.argv.n);
			assert_string_equal(plan.argv.items[n], cases[i].want[n]);
		}
		assert_int_equal(plan.argv.n, n);
		assert_null(plan.argv.items[n]);
	}
}

/* Nothing of the caller's environment but TERM, and that only on a terminal. */
static void test_environment(void **state)
{
	static const struct {
		const char *text;
		const char *want[5];
	} cases[] = {
		{ "",
		  { "container=lxc",
		    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		    "/sbin:/bin",
		    "TERM=linux" } },
		{ "lxc.environment = A=1\nlxc.environment = B=\nlxc.environment = A=2=3\n",
		  { "B=", "A=2=3", "container=lxc", "PATH=*", "TERM=linux" } },
		{ "lxc.environment = PATH=/p\nlxc.environment = TERM=vt\n",
		  { "PATH=/p", "TERM=vt", "container=lxc" } },
		{ "lxc.environment = container=other\n",
		  { "container=lxc", "PATH=*", "TERM=linux" } },
		{ "lxc.environment.runtime = A=1\nlxc.environment = A=2\n",
		  { "A=1", "container=lxc", "PATH=*", "TERM=linux" } },
		{ "lxc.environment = PATHS=/p\n",
		  { "PATHS=/p", "container=lxc", "PATH=*", "TERM=linux" } },
	};

	(void)state;
	assert_int_equal(setenv("SSH_AUTH_SOCK", "/secret", 1), 0);
	assert_int_equal(setenv("TERM", "secret", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(start_plan_done) struct start_plan plan = {};
		char text[400] = ROOTFS;
		size_t n = 0;

		(void)strcat(text, cases[i].text);
		read_conf(&conf, text);
		assert_int_equal(make(&root, &conf, &plan, NULL), 0);
		for (; n < ARRAY_SIZE(cases[i].want) && cases[i].want[n]; n++) {
			const char *want = cases[i].want[n];

			assert_true(n < plan.environment.n);
			if (strcmp(want, "PATH=*") == 0)
				assert_memory_equal(plan.environment.items[n], "PATH=", 5);
			else
				assert_string_equal(plan.environment.items[n], want);
		}
		assert_int_equal(plan.environment.n, n);
	}
}

static void test_persona(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
		{ ROOTFS, -1 },
		{ ROOTFS "lxc.arch = x86_64\n", PER_LINUX },
		{ ROOTFS "lxc.arch = i686\n", PER_LINUX32 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(start_plan_done) struct start_plan plan = {};

		read_conf(&conf, cases[i].text);
		assert_int_equal(make(&root, &conf, &plan, NULL), 0);
		assert_int_equal(plan.persona, cases[i].want);
	}
}

/* ---- what the mounts are told ---- */

static bool has_mknod(const struct start_plan *plan)
{
	for (size_t i = 0; i < plan->mounts.n; i++)
		if (plan->mounts.ops[i].kind == MOUNT_DEVICE && plan->mounts.ops[i].mknod)
			return true;
	return false;
}

static void test_mount_facts(void **state)
{
	static const struct scene nested = { .is_root = true, .in_userns = true };
	static const struct {
		const struct scene *scene;
		const char *text;
		bool mknod, console, tty_gid;
	} cases[] = {
		{ &root, ROOTFS, true, true, true },
		{ &root, ROOTFS BIG_MAP, false, true, true },
		{ &root, ROOTFS "lxc.console.path = none\n", true, false, true },
		{ &root, ROOTFS "lxc.namespace.share.user = other\n", false, true, false },
		{ &nested, ROOTFS, false, true, true },
		{ &user, ROOTFS, false, true, false },
		{ &root, ROOTFS "lxc.idmap = u 0 100000 9\nlxc.idmap = g 0 100000 5\n", false, true,
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(start_plan_done) struct start_plan plan = {};
		struct err err = {};

		read_conf(&conf, cases[i].text);
		if (make(cases[i].scene, &conf, &plan, &err) < 0)
			fail_msg("case %zu: %s", i, err.msg);
		assert_int_equal(has_mknod(&plan), cases[i].mknod);
		assert_int_equal(plan.mounts.console, cases[i].console);
		assert_int_equal(plan.mounts.tty_gid_mapped, cases[i].tty_gid);
	}
}

static void test_v1(void **state)
{
	static const struct {
		const char *text;
		struct scene scene;
		bool want;
	} cases[] = {
		{ "", { .has_cgroup = true }, false },
		{ "", { .has_cgroup = true, .has_v1 = true }, false },
		{ "lxc.cgroup2.memory.max = 1M\n", { .has_cgroup = true, .has_v1 = true }, false },
		{ "lxc.cgroup.pids.max = 9\n", { .has_cgroup = true }, false },
		{ "lxc.cgroup.pids.max = 9\n", { .has_cgroup = true, .has_v1 = true }, true },
		{ "lxc.cgroup.pids.max = 9\n",
		  { .has_cgroup = true, .has_v1 = true, .v1_is_others = true },
		  false },
		{ "", { .has_v1 = true }, true },
		{ "", { .has_v1 = true, .v1_is_others = true }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(conf_done) struct conf conf;
		_cleanup_(start_plan_done) struct start_plan plan = {};
		_cleanup_free_ char *text = NULL;

		assert_true(asprintf(&text, ROOTFS OWN_ID "%s", cases[i].text) > 0);
		read_conf(&conf, text);
		assert_int_equal(make(&cases[i].scene, &conf, &plan, NULL), 0);
		assert_int_equal(plan.use_v1, cases[i].want);
	}
}

static void test_json(void **state)
{
	static const struct cgroup_host none = {};
	_cleanup_(conf_done) struct conf conf;
	_cleanup_(start_plan_done) struct start_plan plan = {};
	_cleanup_free_ char *json = NULL;

	(void)state;
	read_conf(&conf, ROOTFS OWN_ID "lxc.environment = A=\"q\\\n");
	assert_int_equal(make(&user, &conf, &plan, NULL), 0);
	assert_int_equal(start_plan_json(&plan, &conf, &none, &json), 0);
	assert_non_null(strstr(json, "\"name\": \"c1\""));
	assert_non_null(strstr(json, "\"idmap\": [\"u 0 4242 1\", \"g 0 4343 1\"]"));
	assert_non_null(strstr(json, "\"A=\\\"q\\\\\""));
	assert_non_null(strstr(json, "nobody gave us a cgroup"));
}

/* ---- settings of the host ---- */

static void test_host_sysctls(void **state)
{
	static const char set[] =
		"lxc.sysctl.vm.swappiness = 7\nlxc.sysctl.net.ipv4.ip_forward = 1\n"
		"lxc.sysctl.kernel.msgmax = 1\n";
	static const struct {
		const struct scene *scene;
		const char *more;
		size_t want;
	} cases[] = {
		{ &root, "", 1 },
		{ &root, "lxc.namespace.keep = ipc net\n", 3 },
		{ &root, BIG_MAP, 0 }, /* the kernel refuses it */
		{ &user, OWN_ID, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(start_plan_done) struct start_plan plan = {};
		_cleanup_(conf_done) struct conf conf;
		_cleanup_free_ char *text = NULL;
		struct err err = {};

		assert_true(asprintf(&text, ROOTFS "%s%s", set, cases[i].more) > 0);
		read_conf(&conf, text);
		if (make(cases[i].scene, &conf, &plan, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(plan.host_sysctls.n, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_sysctls),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many_groups),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_shared_namespace),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_v1),
		cmocka_unit_test(test_argv),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_persona),
		cmocka_unit_test(test_mount_facts),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

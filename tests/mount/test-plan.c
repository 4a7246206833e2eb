/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order and the attributes of what is mounted. A step is written as
 *	KIND SOURCE TARGET +SET -CLEAR FLAGS [OPTION=VALUE,...]
 * with the letters of MOUNT_ATTR_*: ro nosuid Dev eXec. */
#include "mount/plan.h"

#include "base/cleanup.h"
#include "conf/read.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ROOTFS "lxc.rootfs.path = dir:/nowhere/rootfs\n"
#define BARE ROOTFS "lxc.autodev = 0\nlxc.mount.auto =\n"

#define ROOT_FACTS                                                                                 \
	.new_pidns = true, .new_netns = true, .new_cgroupns = true, .cap_sys_admin = true,         \
	.cap_net_admin = true, .console = true, .container_rootfs = "/lxc/c1/rootfs"

static const struct mount_facts root = { ROOT_FACTS, .may_mknod = true, .tty_gid_mapped = true };
static const struct mount_facts user = { ROOT_FACTS, .new_userns = true };

static void add_attr(struct text *text, char sign, uint64_t attr)
{
	static const struct {
		uint64_t bit;
		char letter;
	} letters[] = { { MOUNT_ATTR_RDONLY, 'r' },
		        { MOUNT_ATTR_NOSUID, 's' },
		        { MOUNT_ATTR_NODEV, 'd' },
		        { MOUNT_ATTR_NOEXEC, 'x' } };

	if (!attr)
		return;
	text_addf(text, " %c", sign);
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (attr & letters[i].bit)
			text_addf(text, "%c", letters[i].letter);
}

static void add_step(struct text *text, const struct mount_op *op)
{
	static const char *const kinds[] = { "new",    "inside",  "host",     "cgroup",
		                             "change", "device",  "resolver", "link",
		                             "layer",  "overlay", "mask" };

	text_addf(text, "%s %s %s", kinds[op->kind], op->source, op->target);
	add_attr(text, '+', op->attr_set);
	add_attr(text, '-', op->attr_clear);
	if (op->kind == MOUNT_OVERLAY)
		text_addf(text, " of %zu%s", op->n_layers, op->upper_tmpfs ? " tmpfs" : "");
	if (op->kind == MOUNT_LAYER && op->idmap)
		text_addf(text, " idmap=%s", op->idmap);
	text_addf(text, "%s%s%s%s%s%s", op->recursive ? " rec" : "", op->create_dir ? " dir" : "",
	          op->create_file ? " file" : "", op->optional ? " opt" : "",
	          op->skip_absent ? " skip" : "", op->mknod ? " mknod" : "");
	for (size_t i = 0; i < op->n_options; i += 2)
		text_addf(text, " %s%s%s", op->options[i], op->options[i + 1] ? "=" : "",
		          op->options[i + 1] ? op->options[i + 1] : "");
	text_add(text, "\n");
}

/* Without the links, which every container has. */
static char *describe(const struct mount_plan *plan)
{
	struct text text = {};
	char *steps = NULL;

	for (size_t i = 0; i < plan->n; i++)
		if (plan->ops[i].kind != MOUNT_LINK)
			add_step(&text, &plan->ops[i]);
	assert_int_equal(text_finish(&text, &steps), 0);
	return steps;
}

static int make(const char *conf_text, const struct mount_facts *facts, struct mount_plan *plan,
                struct err *err)
{
	_cleanup_(conf_done) struct conf conf;
	struct err why = {};

	conf_init(&conf);
	if (conf_read_text(&conf, "t", conf_text, &why) < 0)
		fail_msg("%s", why.msg);
	return mount_plan_make(&conf, facts, plan, err);
}

static void expect(const char *conf_text, const struct mount_facts *facts, const char *want)
{
	_cleanup_(mount_plan_done) struct mount_plan plan = {};
	_cleanup_free_ char *got = NULL;
	struct err err = {};

	if (make(conf_text, facts, &plan, &err) < 0)
		fail_msg("%s", err.msg);
	got = describe(&plan);
	assert_string_equal(got, want);
}

/* ---- /dev ---- */

#define DEV "new tmpfs dev +s dir mode=0755 size=500000\n"
#define BOUND_NODES                                                                                \
	"device null dev/null\ndevice zero dev/zero\ndevice full dev/full\n"                       \
	"device random dev/random\ndevice urandom dev/urandom\ndevice tty dev/tty\n"
#define MADE_NODES                                                                                 \
	"device null dev/null mknod\ndevice zero dev/zero mknod\ndevice full dev/full mknod\n"     \
	"device random dev/random mknod\ndevice urandom dev/urandom mknod\n"                       \
	"device tty dev/tty mknod\n"

static void test_dev(void **state)
{
	_cleanup_(mount_plan_done) struct mount_plan plan = {};

	(void)state;
	expect(ROOTFS "lxc.mount.auto =\n", &root, DEV MADE_NODES);
	expect(ROOTFS "lxc.mount.auto =\n", &user, DEV BOUND_NODES);
	expect(ROOTFS "lxc.mount.auto =\nlxc.autodev.tmpfs.size = 1000\n", &user,
	       "new tmpfs dev +s dir mode=0755 size=1000\n" BOUND_NODES);
	expect(BARE, &root, "");
	/* What the tree has in its /dev, old fstab files expect to find. */
	expect(ROOTFS "lxc.mount.auto =\nlxc.mount.entry = none dev/shm tmpfs defaults 0 0\n"
	              "lxc.mount.entry = none devices tmpfs defaults 0 0\n"
	              "lxc.mount.entry = /etc dev/etc none bind 0 0\n",
	       &user,
	       DEV "new tmpfs dev/shm dir\nnew tmpfs devices\nhost /etc dev/etc\n" BOUND_NODES);
	expect(BARE "lxc.mount.entry = none dev/shm tmpfs defaults 0 0\n", &user,
	       "new tmpfs dev/shm\n");
	/* What is bound is checked to be the device that it is called. */
	assert_int_equal(make(ROOTFS "lxc.mount.auto =\n", &user, &plan, NULL), 0);
	assert_int_equal(plan.ops[1].major, 1);
	assert_int_equal(plan.ops[1].minor, 3);
	assert_int_equal(plan.ops[6].major, 5);
	assert_int_equal(plan.ops[6].minor, 0);
}

static void test_links(void **state)
{
	static const char *const want[] = { "dev/fd", "dev/stdin", "dev/stdout", "dev/stderr" };
	_cleanup_(mount_plan_done) struct mount_plan plan = {};

	(void)state;
	assert_int_equal(make(BARE, &root, &plan, NULL), 0);
	assert_int_equal(plan.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_string_equal(plan.ops[i].target, want[i]);
}

/* ---- proc, sys, cgroup ---- */

#define BARE_WITH(words) ROOTFS "lxc.autodev = 0\nlxc.mount.auto =\nlxc.mount.auto = " words "\n"
#define PROC "new proc proc +sdx dir\n"
#define PROC_MASKS_IDS                                                                             \
	"mask null proc/kcore skip\nmask null proc/keys skip\nmask null proc/timer_list skip\n"
#define PROC_MASKS                                                                                 \
	PROC_MASKS_IDS "mask null proc/acpi skip\nmask null proc/asound skip\n"                    \
		       "mask null proc/latency_stats skip\nmask null proc/sched_debug skip\n"      \
		       "mask null proc/scsi skip\n"
#define SYS_MASKS "mask null sys/devices/virtual/powercap skip\nmask null sys/firmware skip\n"

static void test_proc(void **state)
{
	struct mount_facts facts = root;

	(void)state;
	expect(BARE_WITH("proc:rw"), &root, PROC);
	expect(BARE_WITH("proc"), &root,
	       PROC "inside proc/sys proc/sys +r rec skip\n"
	            "inside proc/sys/net proc/sys/net -r rec skip\n"
	            "inside proc/sysrq-trigger proc/sysrq-trigger +r rec skip\n" PROC_MASKS);
	facts.cap_net_admin = false;
	expect(BARE_WITH("proc:mixed"), &facts,
	       PROC "inside proc/sys proc/sys +r rec skip\n"
	            "inside proc/sysrq-trigger proc/sysrq-trigger +r rec skip\n" PROC_MASKS);
	/* The host's network settings are not for a container without a namespace of its own. */
	facts.cap_net_admin = true;
	facts.new_netns = false;
	expect(BARE_WITH("proc:mixed"), &facts,
	       PROC "inside proc/sys proc/sys +r rec skip\n"
	            "inside proc/sysrq-trigger proc/sysrq-trigger +r rec skip\n" PROC_MASKS);
}

static void test_sys(void **state)
{
	struct mount_facts facts = user;

	(void)state;
	expect(BARE_WITH("sys:rw"), &root, "new sysfs sys dir\n");
	expect(BARE_WITH("sys:ro"), &root, "new sysfs sys +r dir\n");
	expect(BARE_WITH("sys:mixed"), &root,
	       "new sysfs sys +rsdx dir\n"
	       "inside sys/devices/virtual/net sys/devices/virtual/net -r rec skip\n" SYS_MASKS);
	expect(BARE_WITH("sys:mixed"), &user,
	       "new sysfs sys +rsdx dir\n"
	       "inside sys/devices/virtual/net sys/devices/virtual/net -r rec skip\n");
	facts.new_userns = facts.new_netns = false;
	expect(BARE_WITH("sys:mixed"), &facts, "new sysfs sys +rsdx dir\n" SYS_MASKS);
	/* Behind a node of the container's own. */
	expect(ROOTFS "lxc.mount.auto =\nlxc.mount.auto = sys:mixed\n", &root,
	       DEV "new sysfs sys +rsdx dir\n"
	           "inside sys/devices/virtual/net sys/devices/virtual/net -r rec skip\n" MADE_NODES
	           "mask null sys/devices/virtual/powercap skip mknod\n"
	           "mask null sys/firmware skip mknod\n");
	facts.new_userns = true;
	expect(BARE_WITH("sys:rw"), &facts, "host /sys sys +rsdx rec dir\n");
}

/* A host with the unified hierarchy alone; both kinds; the old ones alone. */
static const struct mount_hierarchy pure[] = { { .point = "/sys/fs/cgroup", .own = true } };
static const struct mount_hierarchy hybrid[] = {
	{ .point = "/sys/fs/cgroup/unified", .own = true },
	{ .point = "/sys/fs/cgroup/cpu,cpuacct", .controllers = "cpu,cpuacct", .own = true },
	{ .point = "/sys/fs/cgroup/systemd", .controllers = "name=systemd", .own = true },
	{ .point = "/sys/fs/cgroup/pids", .controllers = "pids" },
};
static const struct mount_hierarchy half[] = {
	{ .point = "/sys/fs/cgroup/unified", .own = true },
	{ .point = "/sys/fs/cgroup/pids", .controllers = "pids" },
};
static const struct mount_hierarchy nothing[] = {
	{ .point = "/sys/fs/cgroup/unified" },
	{ .point = "/sys/fs/cgroup/pids", .controllers = "pids" },
};
static const struct mount_hierarchy legacy[] = {
	{ .point = "/cgroup/memory", .controllers = "memory", .own = true },
};

#define CGROUP2 "new cgroup2 sys/fs/cgroup +sdx dir\n"
#define CGROUP2_RO "new cgroup2 sys/fs/cgroup +rsdx dir\n"
#define CG_TMPFS "new tmpfs sys/fs/cgroup +sdx dir mode=0755 size=10240k\n"
#define CG_UNIFIED "sys/fs/cgroup/unified"
#define CG_CPU "sys/fs/cgroup/cpu,cpuacct"
#define CG_SYSTEMD "sys/fs/cgroup/systemd"
#define CG_NEW(attr)                                                                               \
	CG_TMPFS "new cgroup2 " CG_UNIFIED " " attr " dir\n"                                       \
		 "new cgroup " CG_CPU " " attr " dir cpu cpuacct\n"                                \
		 "new cgroup " CG_SYSTEMD " " attr " dir none name=systemd\n"
#define CG_EACH(kind, attr)                                                                        \
	kind " /" CG_UNIFIED " " CG_UNIFIED " " attr " dir\n" kind " /" CG_CPU " " CG_CPU " " attr \
	     " dir\n" kind " /" CG_SYSTEMD " " CG_SYSTEMD " " attr " dir\n"
#define CG_PAIR(point) "host /" point " " point " +rsdx dir\ncgroup /" point " " point " +sdx dir\n"
#define CG_CLOSE "change sys/fs/cgroup sys/fs/cgroup +r\n"

#define HOST(list) list, ARRAY_SIZE(list)

/* @want NULL: refused. */
struct cgroup_case {
	const char *token;
	const struct mount_hierarchy *hierarchies;
	size_t n;
	const char *want;
};

static void check_cgroup(const struct cgroup_case *c, bool cgroupns, bool sys_admin)
{
	struct mount_facts facts = root;
	char text[200] = BARE "lxc.mount.auto = ";

	facts.hierarchies = c->hierarchies;
	facts.n_hierarchies = c->n;
	facts.cgroup_pure_v2 = c->hierarchies == pure;
	facts.new_cgroupns = cgroupns;
	facts.cap_sys_admin = sys_admin;
	(void)strcat(strcat(text, c->token), "\n");
	if (c->want) {
		expect(text, &facts, c->want);
	} else {
		struct mount_plan plan = { .n = 77 };
		struct err err = {};

		assert_int_equal(make(text, &facts, &plan, &err), -EOPNOTSUPP);
		assert_int_equal(plan.n, 77);
		assert_non_null(strstr(err.msg, c->token)); /* what cannot be carried out */
		assert_true(strlen(err.hint) > 0);          /* and what to write instead */
	}
}

/* In a cgroup namespace of the container's own. */
static void test_cgroup_new(void **state)
{
	static const struct cgroup_case cases[] = {
		{ "cgroup", HOST(pure), CGROUP2 },
		{ "cgroup:mixed", HOST(pure), CGROUP2 },
		{ "cgroup:rw:force", HOST(pure), CGROUP2 },
		{ "cgroup:ro", HOST(pure), CGROUP2_RO },
		{ "cgroup-full:mixed", HOST(pure), CGROUP2 },
		{ "cgroup-full:ro:force", HOST(pure), CGROUP2_RO },
		{ "cgroup2", HOST(pure), CGROUP2 },
		{ "cgroup2:ro", HOST(pure), CGROUP2_RO },
		{ "cgroup2:force", HOST(hybrid), CGROUP2 },
		{ "cgroup2:ro:force", HOST(hybrid), CGROUP2_RO },
		/* its init mounts what it likes */
		{ "cgroup", HOST(hybrid), "" },
		{ "cgroup:ro", HOST(hybrid), "" },
		{ "cgroup-full:mixed", HOST(legacy), "" },
		{ "cgroup:force", HOST(hybrid), CG_NEW("+sdx") },
		{ "cgroup:mixed:force", HOST(hybrid), CG_NEW("+sdx") },
		{ "cgroup:ro:force", HOST(hybrid), CG_NEW("+rsdx") },
		{ "cgroup-full:rw:force", HOST(hybrid), CG_NEW("+sdx") },
		{ "cgroup:force", HOST(legacy),
		  CG_TMPFS "new cgroup sys/fs/cgroup/memory +sdx dir memory\n" },
		/* the old hierarchies are not this container's: for it the host is unified */
		{ "cgroup", HOST(half), CGROUP2 },
		{ "cgroup:ro:force", HOST(half), CGROUP2_RO },
		/* nothing of its own: the namespace begins where others stand */
		{ "cgroup", HOST(nothing), "" },
		{ "cgroup:rw:force", HOST(nothing),
		  CG_TMPFS "new cgroup2 sys/fs/cgroup/unified +rsdx dir\n" },
		{ "cgroup2", HOST(nothing), CGROUP2_RO },
		{ "cgroup2", HOST(legacy), NULL },
		{ "cgroup2:ro", HOST(legacy), NULL },
		{ "cgroup:rw:force", NULL, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_cgroup(&cases[i], /* cgroupns= */ true, /* sys_admin= */ true);
}

/* Without the capability no init inside could mount anything. */
static void test_cgroup_no_cap(void **state)
{
	static const struct cgroup_case cases[] = {
		{ "cgroup", HOST(hybrid), CG_NEW("+sdx") },
		{ "cgroup:ro", HOST(hybrid), CG_NEW("+rsdx") },
		{ "cgroup:mixed", HOST(half), CGROUP2 },
		{ "cgroup:mixed", NULL, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_cgroup(&cases[i], /* cgroupns= */ true, /* sys_admin= */ false);
	check_cgroup(&(struct cgroup_case){ "cgroup", HOST(hybrid),
	                                    CG_TMPFS CG_EACH("cgroup", "+sdx") CG_CLOSE },
	             /* cgroupns= */ false, /* sys_admin= */ false);
}

/* In the host's cgroup namespace: what the host has, bound. */
static void test_cgroup_binds(void **state)
{
	static const struct cgroup_case cases[] = {
		{ "cgroup", HOST(hybrid), CG_TMPFS CG_EACH("cgroup", "+sdx") },
		{ "cgroup:rw:force", HOST(hybrid), CG_TMPFS CG_EACH("cgroup", "+sdx") },
		{ "cgroup:mixed", HOST(hybrid), CG_TMPFS CG_EACH("cgroup", "+sdx") CG_CLOSE },
		{ "cgroup:ro", HOST(hybrid), CG_TMPFS CG_EACH("cgroup", "+rsdx") CG_CLOSE },
		{ "cgroup-full:rw", HOST(hybrid), CG_TMPFS CG_EACH("host", "+sdx") },
		{ "cgroup-full", HOST(hybrid), CG_TMPFS CG_EACH("host", "+sdx") },
		{ "cgroup-full:ro", HOST(hybrid), CG_TMPFS CG_EACH("host", "+rsdx") },
		{ "cgroup-full:mixed", HOST(hybrid),
		  CG_TMPFS CG_PAIR(CG_UNIFIED) CG_PAIR(CG_CPU) CG_PAIR(CG_SYSTEMD) },
		{ "cgroup:mixed", HOST(legacy),
		  CG_TMPFS "cgroup /cgroup/memory sys/fs/cgroup/memory +sdx dir\n" CG_CLOSE },
		{ "cgroup:mixed", HOST(nothing), NULL },
		{ "cgroup:rw:force", NULL, 0, NULL },
		{ "cgroup", HOST(pure), NULL },
		{ "cgroup-full:ro", HOST(pure), NULL },
		{ "cgroup2", HOST(pure), NULL },
		{ "cgroup2", HOST(hybrid), NULL },
		{ "cgroup2:ro", HOST(legacy), NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_cgroup(&cases[i], /* cgroupns= */ false, /* sys_admin= */ true);
}

/* ---- lines of the configuration ---- */

static void test_entries(void **state)
{
	static const struct {
		const char *line;
		const char *want;
	} cases[] = {
		{ "/srv srv none bind 0 0", "host /srv srv\n" },
		{ "/srv srv none rbind,ro,nosuid,create=dir 0 0", "host /srv srv +rs rec dir\n" },
		{ "/srv srv none bind,dev,suid 0 0", "host /srv srv -sd\n" },
		{ "/f f none bind,create=file,optional 0 0", "host /f f file opt\n" },
		{ "a b none bind,relative 0 0", "inside a b\n" },
		{ "tmpfs tmp tmpfs size=1m,mode=1777,nodev 0 0",
		  "new tmpfs tmp +d size=1m mode=1777\n" },
		{ "none tmp tmpfs", "new tmpfs tmp\n" },
		{ "overlay o overlay lowerdir=/a,upperdir=/b",
		  "layer /a lowerdir\nlayer /b upperdir\noverlay overlay o of 2\n" },
		{ "/a o overlay workdir=/w,upperdir=/u,lowerdir=/a:/b,optional,index=off",
		  "layer /a lowerdir opt\nlayer /b lowerdir opt\nlayer /u upperdir opt\n"
		  "layer /w workdir opt\noverlay overlay o of 4 opt index=off source=/a\n" },
		{ "overlay o overlay lowerdir=/a,upper=tmpfs,idmap=container",
		  "layer /a lowerdir idmap=container\noverlay overlay o of 1 tmpfs\n" },
		{ "overlay o overlay lowerdir=a,upperdir=/b",
		  "new overlay o lowerdir=a upperdir=/b\n" },
		{ "overlay o overlay lowerdir=a", "new overlay o lowerdir=a\n" },
		{ "thing tmp tmpfs", "new tmpfs tmp source=thing\n" },
		{ "/srv /nowhere/rootfs/srv none bind", "host /srv srv\n" },
		{ "/srv /lxc/c1/rootfs/srv none bind", "host /srv srv\n" },
		{ "/srv /elsewhere none bind", "" },
		{ "# /srv srv none bind", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[400] = BARE "lxc.mount.entry = ";

		(void)strcat(strcat(text, cases[i].line), "\n");
		expect(text, &root, cases[i].want);
	}
	expect(BARE "lxc.mount.entry = /a o overlay lowerdir=/a", &user,
	       "layer /a lowerdir\noverlay overlay o of 1 userxattr source=/a\n");
}

static void test_idmap(void **state)
{
	static const char text[] = BARE "lxc.rootfs.options = idmap=container\n"
					"lxc.mount.entry = /a a none bind\n"
					"lxc.mount.entry = /b b none bind,idmap=/proc/1/ns/user\n";
	struct mount_plan plan = {};

	(void)state;
	assert_int_equal(make(text, &user, &plan, NULL), 0);
	assert_string_equal(plan.rootfs_options.idmap, "container");
	assert_null(plan.ops[0].idmap);
	assert_string_equal(plan.ops[1].idmap, "/proc/1/ns/user");
	assert_int_equal(plan.ops[1].kind, MOUNT_BIND_HOST);
	mount_plan_done(&plan);
}

static void test_entries_refused(void **state)
{
	static const struct {
		const char *line;
		int want;
	} cases[] = {
		{ "/srv ../srv none bind", -EXDEV },
		{ "/srv a/../../srv none bind", -EXDEV },
		{ "/srv . none bind", -EINVAL },
		{ "/srv /lxc/c1/rootfs/../x none bind", -EXDEV },
		{ "/srv", -EINVAL },
		{ "/srv srv none move", -EOPNOTSUPP },
		{ "/srv srv none", -EINVAL },
		{ "/srv srv", -EINVAL },
		{ "srv srv none bind,relative,idmap=container", -EINVAL },
		{ "overlay o overlay lowerdir=a,upper=tmpfs", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[400] = BARE "lxc.mount.entry = ";
		struct mount_plan plan = { .n = 77 };
		struct err err = {};

		(void)strcat(strcat(text, cases[i].line), "\n");
		if (make(text, &root, &plan, &err) != cases[i].want)
			fail_msg("'%s': %d %s", cases[i].line, err.code, err.msg);
		assert_int_equal(plan.n, 77);
	}
	assert_int_equal(
		make("lxc.mount.entry = /a a none bind\n", &root, &(struct mount_plan){}, NULL),
		-EOPNOTSUPP);
}

static void test_entries_ignored(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "/srv /srv none bind", "inside the container it is 'srv'" },
		{ "/srv / none bind", "not below the root file system" },
		{ "/srv srv none bind,ro,noexce", "the option 'noexce'" },
		{ "/srv /nowhere/rootfs/srv none bind,sync,rslave", NULL },
		{ "tmpfs srv tmpfs size=1M", NULL },
		{ "/srv srv none optional", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(mount_plan_done) struct mount_plan plan = {};
		char text[200];

		(void)snprintf(text, sizeof(text), BARE "lxc.mount.entry = %s\n", cases[i].line);
		assert_int_equal(make(text, &root, &plan, NULL), 0);
		assert_int_equal(plan.ignored.n, cases[i].want ? 1 : 0);
		if (cases[i].want)
			assert_non_null(strstr(plan.ignored.items[0], cases[i].want));
	}
}

/* Devices come late: an entry that replaces /dev gets them too. What is read-only in procfs is so
 * before the entries, so that nothing the container brings along stands in between; what is hidden
 * comes last, with its own null device, and where no entry has mounted something. */
static void test_order(void **state)
{
	(void)state;
	expect(ROOTFS "lxc.mount.auto =\nlxc.mount.auto = proc:mixed\n"
	              "lxc.mount.entry = /a a none bind\nlxc.mount.entry = /b b none bind\n",
	       &user,
	       DEV PROC "inside proc/sys proc/sys +r rec skip\n"
	                "inside proc/sys/net proc/sys/net -r rec skip\n"
	                "inside proc/sysrq-trigger proc/sysrq-trigger +r rec skip\n"
	                "host /a a\nhost /b b\n" BOUND_NODES PROC_MASKS_IDS);
}

/* ---- the rest of the plan ---- */

static void test_root_options(void **state)
{
	_cleanup_(mount_plan_done) struct mount_plan plan = {};

	(void)state;
	assert_int_equal(make(BARE "lxc.rootfs.options = ro,nosuid,rshared\n", &root, &plan, NULL),
	                 0);
	assert_true(plan.has_rootfs);
	assert_int_equal(plan.rootfs_options.attr_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
	assert_int_equal(plan.rootfs_options.propagation, MS_SHARED);
	assert_true(plan.rootfs_options.propagation_recursive);
}

static void test_ttys(void **state)
{
	static const struct {
		const char *text;
		bool console, devpts;
		uint32_t n_ttys, pty_max;
		const char *dir;
	} cases[] = {
		{ BARE, true, true, 0, 1024, NULL },
		{ BARE "lxc.tty.max = 3\nlxc.tty.dir = lxc\n", true, true, 3, 1024, "lxc" },
		{ BARE "lxc.pty.max = 5\n", true, true, 0, 5, NULL },
	};
	struct mount_facts facts = root;
	struct mount_plan none = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(mount_plan_done) struct mount_plan plan = {};

		assert_int_equal(make(cases[i].text, &root, &plan, NULL), 0);
		assert_int_equal(plan.console, cases[i].console);
		assert_int_equal(plan.private_devpts, cases[i].devpts);
		assert_int_equal(plan.n_ttys, cases[i].n_ttys);
		assert_int_equal(plan.pty_max, cases[i].pty_max);
		if (cases[i].dir)
			assert_string_equal(plan.tty_dir, cases[i].dir);
		else
			assert_null(plan.tty_dir);
	}
	facts.console = false;
	assert_int_equal(make(BARE "lxc.pty.max = 0\n", &facts, &none, NULL), 0);
	assert_false(none.private_devpts);
	mount_plan_done(&none);
}

static void test_json(void **state)
{
	_cleanup_(mount_plan_done) struct mount_plan plan = {};
	_cleanup_free_ char *json = NULL;
	struct text text = {};

	(void)state;
	assert_int_equal(make(BARE "lxc.mount.entry = /a\"b c none bind,ro,exec,optional\n", &root,
	                      &plan, NULL),
	                 0);
	mount_plan_json(&plan, &text);
	assert_int_equal(text_finish(&text, &json), 0);
	assert_non_null(strstr(json,
	                       "{\"kind\": \"bind-host\", \"source\": \"/a\\\"b\", \"target\": "
	                       "\"c\", \"set\": [\"ro\"], \"clear\": [\"noexec\"], "
	                       "\"optional\": true}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dev),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_proc),
		cmocka_unit_test(test_sys),
		cmocka_unit_test(test_cgroup_new),
		cmocka_unit_test(test_cgroup_no_cap),
		cmocka_unit_test(test_cgroup_binds),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_entries_refused),
		cmocka_unit_test(test_entries_ignored),
		cmocka_unit_test(test_idmap),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_root_options),
		cmocka_unit_test(test_ttys),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

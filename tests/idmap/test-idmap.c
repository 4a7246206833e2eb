/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap/idmap.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "idmap/idmap-internal.h"
#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define U IDMAP_UID
#define G IDMAP_GID
#define MAX_LINES 8

static char user_name[] = "user";
static char home[] = "/";
static const struct caller user = { .uid = 1001, .gid = 1002, .name = user_name, .home = home };
static const struct caller root = { .is_root = true, .name = user_name, .home = home };

/* A table's row of lines ends with the first whose count and first ids are all 0. */
static struct conf_idmaps lines(const struct idmap_range *rows)
{
	struct conf_idmaps maps = { (struct idmap_range *)rows, 0 };

	while (maps.n < MAX_LINES && (rows[maps.n].count || rows[maps.n].host_first))
		maps.n++;
	return maps;
}

static const char *format(const struct conf_idmaps *maps, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < maps->n; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%c %u %u %u", i ? ", " : "",
		                        idmap_letter(maps->items[i].kind), maps->items[i].ns_first,
		                        maps->items[i].host_first, maps->items[i].count);
	return buf;
}

static struct subid_range uid_ranges[] = { { 100000, 65536 }, { 165536, 1000 }, { 500000, 10 } };
static struct subid_range gid_ranges[] = { { 200000, 65536 } };
static const struct subids uids = { uid_ranges, ARRAY_SIZE(uid_ranges) };
static const struct subids gids = { gid_ranges, ARRAY_SIZE(gid_ranges) };
static const struct subids none;

static void test_check(void **state)
{
	static const struct {
		struct idmap_range rows[MAX_LINES];
		int want_user, want_root;
		const char *msg, *hint; /* parts of what the user reads */
	} cases[] = {
		{ { { U, 0, 100000, 0 }, { G, 0, 200000, 1 } },
		  -ERANGE,
		  -ERANGE,
		  "'u 0 100000 0' maps no id",
		  "count" },
		{ { { U, UINT32_MAX, 100000, 1 }, { G, 0, 200000, 1 } },
		  -ERANGE,
		  -ERANGE,
		  "past the last id",
		  "count" },
		{ { { U, 0, 100000, UINT32_MAX }, { G, 0, 200000, 1 } },
		  -ERANGE,
		  -ERANGE,
		  "past the last id",
		  "count" },
		{ { { U, 0, 100000, 10 } }, -EINVAL, -EINVAL, "no line for gids", "'g 0 100000" },
		{ { { G, 0, 200000, 10 } }, -EINVAL, -EINVAL, "no line for uids", "'u 0 100000" },
		{ { { U, 0, 100000, 10 }, { G, 0, 200000, 1 }, { U, 9, 100500, 1 } },
		  -EINVAL,
		  -EINVAL,
		  "'u 0 100000 10' and 'u 9 100500 1' overlap inside",
		  "each uid" },
		{ { { U, 0, 100000, 10 }, { G, 0, 200000, 9 }, { G, 10, 200008, 1 } },
		  -EINVAL,
		  -EINVAL,
		  "overlap on the host",
		  "each gid" },
		{ { { U, 0, 0, 1 }, { G, 0, 200000, 1 } },
		  -EPERM,
		  0,
		  "uid 0 of the host",
		  "own id 1001" },
		{ { { U, 0, 100000, 1 }, { G, 0, 0, 1 } },
		  -EPERM,
		  0,
		  "gid 0 of the host",
		  "own id 1002" },
		{ { { U, 0, 99999, 2 }, { G, 0, 200000, 1 } },
		  -EPERM,
		  0,
		  "uids 99999 to 100000 of the id map line 'u 0 99999 2' are not all granted to "
		  "user by "
		  "/etc/subuid",
		  "as root: usermod --add-subuids 99999-100000 user" },
		{ { { U, 0, 100000, 1 }, { G, 0, 4294967000, 294 } },
		  -EPERM,
		  0,
		  "/etc/subgid",
		  "usermod --add-subgids 4294967000-4294967293 user" },
		{ { { U, 0, 300000, 5 }, { G, 0, 300000, 5 } },
		  -EPERM,
		  0,
		  "'u 0 300000 5'",
		  "usermod --add-subuids 300000-300004 --add-subgids 300000-300004 user" },
		{ { { U, 0, 1001, 2 }, { G, 0, 1002, 1 } },
		  -EPERM,
		  0,
		  "uids 1001 to 1002",
		  "1001-1002" },
		{ { { U, 0, 1002, 1 }, { G, 0, 1002, 1 } },
		  -EPERM,
		  0,
		  "uids 1002 to 1002",
		  "1002-1002" },
		{ { { U, 0, 166536, 1 }, { G, 0, 200000, 1 } },
		  -EPERM,
		  0,
		  "166536",
		  "166536-166536" },
		{ { { U, 0, 0, 0 } }, 0, 0, NULL, NULL },
		{ { { U, 0, 100000, 65536 }, { G, 0, 200000, 65536 } }, 0, 0, NULL, NULL },
		/* Two ranges that follow one another are one. */
		{ { { U, 0, 100000, 66536 }, { G, 0, 200000, 65536 } }, 0, 0, NULL, NULL },
		{ { { U, 0, 1001, 1 }, { G, 0, 1002, 1 } }, 0, 0, NULL, NULL },
		{ { { U, 0, 100000, 1000 },
		    { G, 0, 200000, 1000 },
		    { U, 1000, 1001, 1 },
		    { G, 1000, 1002, 1 } },
		  0,
		  0,
		  NULL,
		  NULL },
		/* Neighbours do not overlap; a uid and a gid never do. */
		{ { { U, 0, 100000, 10 }, { G, 5, 200000, 10 }, { U, 10, 100010, 10 } },
		  0,
		  0,
		  NULL,
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_idmaps maps = lines(cases[i].rows);
		struct err err = {};

		assert_int_equal(idmap_check(&maps, &root, &none, &none, NULL), cases[i].want_root);
		assert_int_equal(idmap_check(&maps, &user, &uids, &gids, &err), cases[i].want_user);
		if (!cases[i].msg)
			continue;
		if (!strstr(err.msg, cases[i].msg) || !strstr(err.hint, cases[i].hint))
			fail_msg("case %zu: '%s' / '%s'", i, err.msg, err.hint);
	}
}

static void test_check_many_lines(void **state)
{
	struct conf_idmaps maps = {};

	(void)state;
	assert_int_equal(idmap_add(&maps, G, 0, 1, 1), 0);
	for (uint32_t i = 0; i < 340; i++)
		assert_int_equal(idmap_add(&maps, U, i * 2, i * 2 + 1, 1), 0);
	assert_int_equal(idmap_check(&maps, &root, &none, &none, NULL), 0);
	assert_int_equal(idmap_add(&maps, U, 5000, 5000, 1), 0);
	assert_int_equal(idmap_check(&maps, &root, &none, &none, NULL), -E2BIG);
	idmap_done(&maps);
}

static void test_lookup(void **state)
{
	static const struct idmap_range rows[MAX_LINES] = {
		{ U, 10, 500, 10 }, { U, 0, 100, 10 }, { U, 21, 900, 1 },
		{ G, 1, 100, 5 },   { G, 0, 50, 1 },   { G, 6, 4294967000, 295 },
	};
	static const struct {
		enum idmap_kind kind;
		uint32_t ns_id;
		int64_t want;
	} cases[] = {
		{ U, 20, -1 }, { U, 22, -1 },  { U, UINT32_MAX, -1 },  { G, 301, -1 },
		{ U, 0, 100 }, { U, 10, 500 }, { U, 19, 509 },         { U, 21, 900 },
		{ G, 0, 50 },  { G, 5, 104 },  { G, 300, 4294967294 },
	};
	struct conf_idmaps maps = lines(rows);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(idmap_to_host(&maps, cases[i].kind, cases[i].ns_id),
		                 cases[i].want);
		if (cases[i].want >= 0)
			assert_int_equal(idmap_to_ns(&maps, cases[i].kind, (uint32_t)cases[i].want),
			                 cases[i].ns_id);
	}
	assert_int_equal(idmap_to_ns(&maps, U, 99), -1);
	assert_int_equal(idmap_to_ns(&maps, U, 110), -1);
	assert_int_equal(idmap_first_free(&maps, U), 20);
	assert_int_equal(idmap_first_free(&maps, G), 301);
	assert_int_equal(idmap_first_free(&(struct conf_idmaps){}, U), 0);
	assert_int_equal(
		idmap_first_free(
			&(struct conf_idmaps){ &(struct idmap_range){ U, 0, 0, UINT32_MAX }, 1 },
			U),
		UINT32_MAX);
}

static void test_mount_own(void **state)
{
	static const struct {
		struct idmap_range rows[MAX_LINES];
		uint32_t own, ns_id;
		int want;
		const char *text;
	} cases[] = {
		{ { { U, 0, 100, 10 } }, 1000, 10, -EINVAL, NULL },
		{ { { G, 0, 100, 10 } }, 1000, 0, -EINVAL, NULL },
		{ { {} }, 1000, 0, -EINVAL, NULL },
		{ { { U, 0, 100, 10 } }, 1000, 0, 0, "1000:100:1,101:101:9" },
		{ { { U, 0, 100, 10 }, { G, 0, 7, 9 } }, 1000, 9, 0, "1000:109:1,100:100:9" },
		{ { { U, 0, 100, 10 } }, 1000, 5, 0, "1000:105:1,100:100:5,106:106:4" },
		{ { { U, 0, 100, 10 }, { U, 20, 300, 5 } },
		  1000,
		  20,
		  0,
		  "1000:300:1,100:100:10,301:301:4" },
		/* one id, which is the own */
		{ { { U, 0, 1000, 1 } }, 1000, 0, 0, "1000:1000:1" },
		/* the own id is mapped, as another than the one that stands for it */
		{ { { U, 0, 100, 10 }, { U, 10, 1000, 1 } }, 1000, 0, 0, "1000:100:1,101:101:9" },
		{ { { U, 0, 100, 10 } }, 104, 2, 0, "104:102:1,100:100:2,103:103:1,105:105:5" },
		{ { { U, 0, 100, 10 } }, 102, 4, 0, "102:104:1,100:100:2,103:103:1,105:105:5" },
		{ { { U, 0, 4294967290, 5 } }, 0, 4, 0, "0:4294967294:1,4294967290:4294967290:4" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_idmaps maps = lines(cases[i].rows);
		char *text = NULL;

		assert_int_equal(
			idmap_mount_own(&maps, U, cases[i].own, cases[i].ns_id, &text, NULL),
			cases[i].want);
		if (cases[i].text)
			assert_string_equal(text, cases[i].text);
		else
			assert_null(text);
		free(text);
	}
}

static void test_mount_inside(void **state)
{
	static const struct idmap_range rows[MAX_LINES] = {
		{ U, 0, 100000, 1000 },
		{ U, 65000, 300000, 1000 },
		{ U, 70000, 400000, 5 },
		{ G, 5, 7, 3 },
	};
	struct conf_idmaps maps = lines(rows);
	char *text;

	(void)state;
	assert_int_equal(idmap_mount_inside(&maps, U, 65536, &text, NULL), 0);
	assert_string_equal(text, "0:100000:1000,65000:300000:536");
	free(text);
	assert_int_equal(idmap_mount_inside(&maps, G, 6, &text, NULL), 0);
	assert_string_equal(text, "5:7:1");
	free(text);
}

static void test_with_self(void **state)
{
	static const struct {
		struct idmap_range rows[MAX_LINES];
		const struct caller *caller;
		int want;
		const char *text;
	} cases[] = {
		{ { { U, 0, 1, 1000 }, { U, 1000, 5000, UINT32_MAX - 1000 }, { G, 0, 1, 1 } },
		  &user,
		  -ENOSPC,
		  "" },
		{ { {} }, &root, 0, "" },
		{ { {} }, &user, 0, "u 0 1001 1, g 0 1002 1" },
		{ { { U, 0, 100000, 10 }, { G, 1, 200000, 10 } },
		  &user,
		  0,
		  "u 0 100000 10, g 1 200000 10, u 10 1001 1, g 0 1002 1" },
		{ { { U, 0, 100000, 10 }, { G, 0, 200000, 10 } },
		  &root,
		  0,
		  "u 0 100000 10, g 0 200000 10, u 10 0 1, g 10 0 1" },
		{ { { U, 5, 1000, 10 }, { G, 0, 200000, 10 } },
		  &user,
		  0,
		  "u 5 1000 10, g 0 200000 10, g 10 1002 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_idmaps maps = lines(cases[i].rows), got = {};
		char text[256];

		assert_int_equal(idmap_with_self(&maps, cases[i].caller, &got), cases[i].want);
		assert_string_equal(format(&got, text, sizeof(text)), cases[i].text);
		idmap_done(&got);
	}
}

static void test_choose(void **state)
{
	static const struct {
		struct subid_range uids[3], gids[3];
		struct idmap_range taken[MAX_LINES];
		bool single;
		const char *text;
	} cases[] = {
		{ { {} }, { {} }, { {} }, true, "u 0 1001 1, g 0 1002 1" },
		{ { { 100000, 65536 } }, { {} }, { {} }, true, "u 0 1001 1, g 0 1002 1" },
		{ { { 0, 1 } }, { { 5, 1 } }, { {} }, true, "u 0 1001 1, g 0 1002 1" },
		{ { { 100000, 65536 } },
		  { { 200000, 65536 } },
		  { {} },
		  false,
		  "u 0 100000 65536, g 0 200000 65536" },
		{ { { 100000, 500 } },
		  { { 200000, 65537 } },
		  { {} },
		  false,
		  "u 0 100000 500, g 0 200000 65536" },
		/* The second block, the one behind a crooked one, the one in the second range. */
		{ { { 100000, 131072 } },
		  { { 100000, 131072 } },
		  { { U, 0, 100000, 65536 }, { G, 0, 100000, 65536 } },
		  false,
		  "u 0 165536 65536, g 0 165536 65536" },
		{ { { 100000, 131073 } },
		  { { 100000, 131072 } },
		  { { U, 0, 99999, 2 } },
		  false,
		  "u 0 100001 65536, g 0 100000 65536" },
		{ { { 100000, 65536 }, { 500000, 70000 } },
		  { { 100000, 65536 } },
		  { { U, 0, 165535, 10 } },
		  false,
		  "u 0 500000 65536, g 0 100000 65536" },
		/* All taken: the whole first range, shared. */
		{ { { 100000, 131072 } },
		  { { 100000, 65536 } },
		  { { U, 0, 100000, 65536 }, { U, 0, 165536, 65536 }, { G, 0, 100000, 65536 } },
		  false,
		  "u 0 100000 65536, g 0 100000 65536" },
		/* Host id 0 is nobody's. */
		{ { { 0, 65537 } }, { { 0, 65536 } }, { {} }, false, "u 0 1 65536, g 0 1 65535" },
		{ { { 4294901759, 65536 } },
		  { { 4294967294, 1 } },
		  { { U, 0, 4294901758, 1 } },
		  false,
		  "u 0 4294901759 65536, g 0 4294967294 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct subids u = { (struct subid_range *)cases[i].uids, 0 };
		struct subids g = { (struct subid_range *)cases[i].gids, 0 };
		struct conf_idmaps taken = lines(cases[i].taken), got = {};
		bool single = !cases[i].single;
		char text[256];

		while (u.n < 3 && u.items[u.n].count)
			u.n++;
		while (g.n < 3 && g.items[g.n].count)
			g.n++;
		assert_int_equal(idmap_choose(&user, &u, &g, &taken, &got, &single, NULL), 0);
		assert_string_equal(format(&got, text, sizeof(text)), cases[i].text);
		assert_int_equal(single, cases[i].single);
		idmap_done(&got);
	}
}

static void test_writer(void **state)
{
	static const struct {
		struct idmap_range rows[MAX_LINES];
		enum idmap_writer want;
	} cases[] = {
		{ { { U, 0, 1001, 1 }, { G, 0, 1002, 1 } }, IDMAP_WRITE_SELF },
		{ { { U, 77, 1001, 1 } }, IDMAP_WRITE_SELF },
		{ { { U, 0, 1001, 2 }, { G, 0, 1002, 1 } }, IDMAP_WRITE_TOOLS },
		{ { { U, 0, 1002, 1 }, { G, 0, 1002, 1 } }, IDMAP_WRITE_TOOLS },
		{ { { U, 0, 1001, 1 }, { G, 0, 200000, 1 } }, IDMAP_WRITE_TOOLS },
		{ { { U, 0, 100000, 9 }, { G, 0, 200000, 9 }, { U, 9, 1001, 1 } },
		  IDMAP_WRITE_TOOLS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_idmaps maps = lines(cases[i].rows);

		assert_int_equal(idmap_writer_for(&maps, &user), cases[i].want);
		assert_int_equal(idmap_writer_for(&maps, &root), IDMAP_WRITE_DIRECT);
	}
}

static void test_parse_refused(void **state)
{
	static const struct {
		const char *output;
		bool want;
		uint32_t first, count;
	} cases[] = {
		{ "", false, 0, 0 },
		{ "newuidmap: write to uid_map failed: Operation not permitted\n", false, 0, 0 },
		{ "newuidmap: uid range [0-1) -> [5-4) not allowed\n", false, 0, 0 },
		{ "newuidmap: uid range [0-1) -> [5-4294967296) not allowed\n", false, 0, 0 },
		{ "newuidmap: uid range [0-1) -> [5-99999999999999999999999) not allowed", false, 0,
		  0 },
		{ "newuidmap: uid range [0-1) -> [5-6) is fine", false, 0, 0 },
		{ "newuidmap: uid range [0-65536) -> [300000-365536) not allowed\n", true, 300000,
		  65536 },
		{ "warning\nnewgidmap: gid range [0-1) -> [0-1) not allowed", true, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct idmap_range range = {};

		assert_int_equal(idmap_parse_refused(cases[i].output, &range), cases[i].want);
		assert_int_equal(range.host_first, cases[i].first);
		assert_int_equal(range.count, cases[i].count);
	}
}

static void test_explain(void **state)
{
	static const struct {
		int code;
		struct userns_facts facts;
		const char *msg, *hint;
	} cases[] = {
		{ -ENOSPC,
		  { 0, -1, -1, false, false },
		  "switched off",
		  "sysctl -w user.max_user_namespaces=15000" },
		{ -ENOSPC,
		  { 100, -1, -1, false, false },
		  "as many",
		  "user.max_user_namespaces=200" },
		{ -EPERM,
		  { 100, 0, -1, false, false },
		  "unprivileged_userns_clone is 0",
		  "kernel.unprivileged_userns_clone=1" },
		{ -EPERM,
		  { 100, 1, 1, false, false },
		  "AppArmor",
		  "kernel.apparmor_restrict_unprivileged_userns=0" },
		{ -EPERM, { 100, -1, 0, false, true }, "seccomp", "nesting" },
		{ -EPERM, { 100, 0, 1, true, false }, "Operation not permitted", "chroot" },
		{ -EINVAL, { 100, -1, -1, false, false }, "does not know", "CONFIG_USER_NS" },
		{ -ENOSYS, { 100, -1, -1, false, false }, "clone3", "5.7" },
		{ -ENOMEM, { 100, -1, -1, false, false }, "Cannot allocate memory", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {};

		idmap_explain_facts(cases[i].code, &cases[i].facts, &err);
		assert_int_equal(err.code, cases[i].code);
		assert_non_null(strstr(err.msg, cases[i].msg));
		assert_non_null(strstr(err.hint, cases[i].hint));
	}
	struct err err = {};

	idmap_explain_clone_failure(-EPERM, &err);
	assert_int_equal(err.code, -EPERM);
	assert_true(err.msg[0] && err.hint[0]);
}

/* ---- with the kernel ---- */

static int check_inside(void *arg, struct err *err)
{
	int *number = arg;
	struct stat st;

	if (getuid() != 0 || getgid() != 0)
		return err_say(err, -EPERM, "not root inside");
	if (fstat(number[0], &st) < 0)
		return err_say(err, -EBADF, "the descriptor is gone");
	if (number[1] < 0) {
		err_say(err, number[1], "told to fail");
		err_hint(err, "the hint");
	}
	return number[1];
}

static int die_inside(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	(void)raise(SIGKILL);
	return 0;
}

static bool may_make_userns(void)
{
	int pidfd, status;
	pid_t pid = proc_clone(CLONE_NEWUSER | CLONE_NEWNS, -EBADF, &pidfd);

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return false;
	(void)pidfd_wait(pidfd, &status);
	(void)close(pidfd);
	return true;
}

/* The own id, which anybody may map where user namespaces are allowed at all. */
static void test_run_self(void **state)
{
	struct conf_idmaps maps = {};
	struct caller caller = {};
	int arg[2] = { open("/", O_PATH | O_CLOEXEC), 0 };
	struct err err = {};
	int r;

	(void)state;
	if (!may_make_userns())
		skip();
	assert_int_equal(caller_load(&caller, NULL), 0);
	assert_int_equal(idmap_with_self(&(struct conf_idmaps){},
	                                 &(struct caller){ .uid = caller.uid, .gid = caller.gid },
	                                 &maps),
	                 0);
	for (arg[1] = 0; arg[1] < 1000; arg[1] += 999) {
		r = idmap_run(&maps, &caller, check_inside, arg, &err);
		if (r != arg[1])
			fail_msg("%d: %s", r, err.msg);
	}
	arg[1] = -ENOTTY;
	assert_int_equal(idmap_run(&maps, &caller, check_inside, arg, &err), -ENOTTY);
	assert_string_equal(err.msg, "told to fail");
	assert_string_equal(err.hint, "the hint");
	assert_int_equal(idmap_run(&maps, &caller, die_inside, arg, &err), -EINTR);
	(void)close(arg[0]);
	idmap_done(&maps);
	caller_done(&caller);
}

static void test_run_no_map(void **state)
{
	struct err err = {};

	(void)state;
	assert_int_equal(idmap_run(&(struct conf_idmaps){}, &user, die_inside, NULL, &err),
	                 -EINVAL);
	assert_non_null(strstr(err.msg, "id map"));
}

/* A range that nobody has been granted, by the tools; they refuse it to root as well. */
static void test_tools_refuse(void **state)
{
	static const struct idmap_range rows[MAX_LINES] = { { U, 0, 4294900000, 7 },
		                                            { G, 0, 4294900000, 7 } };
	struct conf_idmaps maps = lines(rows);
	struct idmap_job job = {}, empty = {};
	struct err err = {};
	int pidfd, status;
	pid_t pid;

	(void)state;
	idmap_write_abort(&empty);
	if (access("/usr/bin/newuidmap", X_OK) < 0 || access("/usr/bin/newgidmap", X_OK) < 0)
		skip();
	pid = proc_clone(CLONE_NEWUSER, -EBADF, &pidfd);
	if (pid < 0)
		skip();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a failed check ends us too */
		(void)pause();
		_exit(0);
	}
	if (idmap_write_start(&maps, IDMAP_WRITE_TOOLS, pid, &job, &err) < 0)
		fail_msg("start: %s", err.msg);
	assert_int_equal(idmap_write_finish(&job, &user, &err), -EPERM);
	if (!strstr(err.msg, "newuidmap") || !err.hint[0])
		fail_msg("finish: '%s' / '%s'", err.msg, err.hint);
	if (strstr(err.hint, "usermod"))
		assert_string_equal(err.hint,
		                    "as root: usermod --add-subuids 4294900000-4294900006 "
		                    "--add-subgids 4294900000-4294900006 user");
	assert_int_equal(idmap_write_finish(&job, &user, NULL), 0); /* finished: nothing to do */

	assert_int_equal(idmap_write_start(&maps, IDMAP_WRITE_TOOLS, pid, &job, NULL), 0);
	idmap_write_abort(&job);
	idmap_write_abort(&job);
	assert_int_equal(waitpid(-1, &status, WNOHANG), 0); /* only the paused child is left */
	(void)pidfd_kill(pidfd, SIGKILL);
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	(void)close(pidfd);
}

static void test_is_written(void **state)
{
	const uint32_t uid = getuid(), gid = getgid();
	const struct idmap_range written[MAX_LINES] = { { U, 7, uid, 1 }, { G, 8, gid, 1 } };
	const struct idmap_range others[][MAX_LINES] = {
		{ { U, 7, uid, 1 } },
		{ { G, 8, gid, 1 } },
		{ { U, 7, uid, 2 }, { G, 8, gid, 1 } },
		{ { U, 7, uid, 1 }, { G, 7, gid, 1 } },
		{ { U, 7, uid + 1, 1 }, { G, 8, gid, 1 } },
		{ { U, 7, uid, 1 }, { G, 8, gid, 1 }, { G, 9, 5000, 1 } },
	};
	struct conf_idmaps maps = lines(written);
	struct idmap_job job = {};
	int pidfd, status;
	pid_t pid;

	(void)state;
	pid = proc_clone(CLONE_NEWUSER, -EBADF, &pidfd);
	if (pid < 0)
		skip();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		(void)pause();
		_exit(0);
	}
	assert_false(idmap_is_written(&maps, pid));
	assert_int_equal(idmap_write_start(&maps, IDMAP_WRITE_SELF, pid, &job, NULL), 0);
	assert_true(idmap_is_written(&maps, pid));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct conf_idmaps other = lines(others[i]);

		assert_false(idmap_is_written(&other, pid));
	}
	(void)pidfd_kill(pidfd, SIGKILL);
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	assert_false(idmap_is_written(&maps, pid)); /* nobody */
	(void)close(pidfd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),         cmocka_unit_test(test_check_many_lines),
		cmocka_unit_test(test_lookup),        cmocka_unit_test(test_with_self),
		cmocka_unit_test(test_choose),        cmocka_unit_test(test_writer),
		cmocka_unit_test(test_parse_refused), cmocka_unit_test(test_explain),
		cmocka_unit_test(test_run_self),      cmocka_unit_test(test_run_no_map),
		cmocka_unit_test(test_tools_refuse),  cmocka_unit_test(test_mount_own),
		cmocka_unit_test(test_mount_inside),  cmocka_unit_test(test_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

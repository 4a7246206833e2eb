/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lsm/lsm.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

static void test_choice(void **state)
{
	static const struct lsm_facts none = {}, apparmor = { true, false, true, true },
				      user = { true, false, true, false },
				      old = { true, false, false, true },
				      selinux = { false, true, true, false };
	static const struct {
		struct lsm_wishes wishes;
		const struct lsm_facts *facts;
		int r;
		enum lsm_kind kind;
		const char *text;
		const char *note; /* its beginning */
	} cases[] = {
		{ { NULL, "g", NULL, NULL, false }, &apparmor, 0, LSM_NONE, "", NULL },
		{ { "", "g", NULL, NULL, false }, &apparmor, 0, LSM_NONE, "", NULL },
		{ { "p", "g", NULL, NULL, false },
		  &none,
		  0,
		  LSM_NONE,
		  "",
		  "this kernel runs without" },
		{ { "p", "g", NULL, NULL, false },
		  &selinux,
		  0,
		  LSM_NONE,
		  "",
		  "this kernel runs without" },
		{ { "p", "g", NULL, NULL, false }, &apparmor, 0, LSM_APPARMOR, "p", NULL },
		{ { "p", "g", NULL, NULL, false }, &user, 0, LSM_APPARMOR, "p", NULL },
		{ { "p//q", "g", "c", NULL, false }, &apparmor, 0, LSM_APPARMOR, "p//q", NULL },
		{ { "unconfined", "g", NULL, NULL, false }, &apparmor, 0, LSM_NONE, "", NULL },
		{ { "unconfined", "g", NULL, NULL, false }, &none, 0, LSM_NONE, "", NULL },
		{ { "unchanged", "g", NULL, NULL, false }, &apparmor, 0, LSM_NONE, "", NULL },
		{ { "generated", "g", NULL, NULL, false }, &apparmor, 0, LSM_APPARMOR, "g", NULL },
		{ { "generated", "g", NULL, NULL, false },
		  &none,
		  0,
		  LSM_NONE,
		  "",
		  "this kernel runs" },
		{ { "generated", "g", NULL, NULL, false },
		  &user,
		  0,
		  LSM_NONE,
		  "",
		  "only root of the" },
		{ { "generated", "g", NULL, NULL, false }, &old, -EOPNOTSUPP, LSM_NONE, "", NULL },
		{ { "generated", "g", NULL, NULL, true }, &old, 0, LSM_APPARMOR, "g", NULL },
		{ { "p", "g", NULL, NULL, false }, &old, -EOPNOTSUPP, LSM_NONE, "", NULL },
		{ { "unconfined", "g", NULL, NULL, false }, &old, 0, LSM_NONE, "", NULL },
		{ { "p", "g", NULL, NULL, true }, &old, 0, LSM_APPARMOR, "p", NULL },
		{ { NULL, "g", "u:r:t:s0", NULL, false },
		  &selinux,
		  0,
		  LSM_SELINUX,
		  "u:r:t:s0",
		  NULL },
		{ { "p", "g", "u:r:t:s0", NULL, false },
		  &selinux,
		  0,
		  LSM_SELINUX,
		  "u:r:t:s0",
		  "this" },
		{ { "p", "g", "unconfined_t", NULL, false }, &selinux, 0, LSM_NONE, "", "this" },
		{ { NULL, "g", "u:r:t:s0", NULL, false }, &none, 0, LSM_NONE, "", "this" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lsm_label label = { .kind = 9 };
		const char *note = "?";

		assert_int_equal(lsm_choose(&cases[i].wishes, cases[i].facts, &label, &note, NULL),
		                 cases[i].r);
		assert_int_equal(label.kind, cases[i].kind);
		assert_string_equal(label.text, cases[i].text);
		if (!cases[i].note)
			assert_null(note);
		else
			assert_memory_equal(note, cases[i].note, strlen(cases[i].note));
	}
}

static void test_too_long(void **state)
{
	const struct lsm_facts facts = { .apparmor = true, .knows_mounts = true };
	char name[LSM_LABEL_MAX + 1];
	struct lsm_wishes wishes = { .profile = name };
	struct lsm_label label;
	const char *note;
	struct err err = {};

	(void)state;
	memset(name, 'p', sizeof(name));
	name[LSM_LABEL_MAX] = '\0';
	assert_int_equal(lsm_choose(&wishes, &facts, &label, &note, &err), -EINVAL);
	assert_int_equal(label.kind, LSM_NONE);
	name[LSM_LABEL_MAX - 1] = '\0';
	assert_int_equal(lsm_choose(&wishes, &facts, &label, &note, &err), 0);
	assert_string_equal(label.text, name);
}

/* What is written, to a file of memory. */
static void test_written(void **state)
{
	static const struct {
		struct lsm_label label;
		const char *want;
	} cases[] = {
		{ { LSM_APPARMOR, "my profile" }, "exec my profile" },
		{ { LSM_SELINUX, "u:r:t:s0" }, "u:r:t:s0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_close_ int fd = memfd_create("exec", MFD_CLOEXEC);
		char got[64] = "";

		assert_int_equal(lsm_set(fd, &cases[i].label, NULL), 0);
		assert_true(pread(fd, got, sizeof(got) - 1, 0) > 0);
		assert_string_equal(got, cases[i].want);
	}
	assert_int_equal(lsm_set(-EBADF, &cases[0].label, NULL), 0);
	assert_int_equal(lsm_open(-EBADF, &(struct lsm_label){ LSM_NONE, "" }, NULL), -EBADF);
}

static void test_keyring(void **state)
{
	static const struct lsm_facts none = {}, selinux = { .selinux = true };
	static const struct {
		const char *context, *keyring;
		const struct lsm_facts *facts;
		enum lsm_kind kind;
		const char *text;
	} cases[] = {
		{ NULL, NULL, &selinux, LSM_NONE, "" },
		{ "c", NULL, &selinux, LSM_SELINUX, "c" },
		{ "c", "k", &selinux, LSM_SELINUX, "k" },
		{ NULL, "k", &selinux, LSM_SELINUX, "k" },
		{ "c", "", &selinux, LSM_NONE, "" },
		{ "c", "unconfined_t", &selinux, LSM_NONE, "" },
		{ "unconfined_t", NULL, &selinux, LSM_NONE, "" },
		{ "c", "k", &none, LSM_NONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct lsm_wishes wishes = { .context = cases[i].context,
			                           .keyring = cases[i].keyring };
		struct lsm_label label = { .kind = 9 };

		assert_int_equal(lsm_choose_keyring(&wishes, cases[i].facts, &label, NULL), 0);
		assert_int_equal(label.kind, cases[i].kind);
		assert_string_equal(label.text, cases[i].text);
	}
}

/* A directory stands in for procfs. */
static void test_keyring_written(void **state)
{
	const struct lsm_label label = { LSM_SELINUX, "u:r:k:s0" };
	char dir[] = "/tmp/rlxc-lsm.XXXXXX", got[64] = "", file[64];
	_cleanup_close_ int proc = -EBADF, fd = -EBADF;
	struct err err = {};

	(void)state;
	assert_non_null(mkdtemp(dir));
	proc = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(lsm_set_keyring(proc, &(struct lsm_label){ LSM_NONE, "" }, &err), 0);
	assert_int_equal(lsm_set_keyring(proc, &label, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "'u:r:k:s0'"));
	assert_int_equal(mkdirat(proc, "thread-self", 0700), 0);
	assert_int_equal(mkdirat(proc, "thread-self/attr", 0700), 0);
	fd = openat(proc, "thread-self/attr/keycreate", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_int_equal(lsm_set_keyring(proc, &label, NULL), 0);
	assert_true(pread(fd, got, sizeof(got) - 1, 0) > 0);
	assert_string_equal(got, "u:r:k:s0");
	(void)snprintf(file, sizeof(file), "rm -r %s", dir);
	assert_int_equal(system(file), 0); /* NOLINT(bugprone-command-processor): our own name */
}

static void test_named(void **state)
{
	struct lsm_label label;
	struct err err = {};

	(void)state;
	assert_int_equal(
		lsm_choose_named("p", &(struct lsm_facts){ .apparmor = true }, &label, NULL), 0);
	assert_int_equal(label.kind, LSM_APPARMOR);
	assert_int_equal(
		lsm_choose_named("c", &(struct lsm_facts){ .selinux = true }, &label, NULL), 0);
	assert_int_equal(label.kind, LSM_SELINUX);
	assert_string_equal(label.text, "c");
	assert_int_equal(lsm_choose_named("c", &(struct lsm_facts){}, &label, &err), -EOPNOTSUPP);
	assert_int_equal(label.kind, LSM_NONE);
	assert_true(err.hint[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),          cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_written),         cmocka_unit_test(test_keyring),
		cmocka_unit_test(test_keyring_written), cmocka_unit_test(test_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lsm/lsm.h"

#include "base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

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
		{ { NULL, "g", NULL, false }, &apparmor, 0, LSM_NONE, "", NULL },
		{ { "", "g", NULL, false }, &apparmor, 0, LSM_NONE, "", NULL },
		{ { "p", "g", NULL, false }, &none, 0, LSM_NONE, "", "this kernel runs without" },
		{ { "p", "g", NULL, false },
		  &selinux,
		  0,
		  LSM_NONE,
		  "",
		  "this kernel runs without" },
		{ { "p", "g", NULL, false }, &apparmor, 0, LSM_APPARMOR, "p", NULL },
		{ { "p", "g", NULL, false }, &user, 0, LSM_APPARMOR, "p", NULL },
		{ { "p//q", "g", "c", false }, &apparmor, 0, LSM_APPARMOR, "p//q", NULL },
		{ { "unconfined", "g", NULL, false }, &apparmor, 0, LSM_NONE, "", NULL },
		{ { "unconfined", "g", NULL, false }, &none, 0, LSM_NONE, "", NULL },
		{ { "unchanged", "g", NULL, false }, &apparmor, 0, LSM_NONE, "", NULL },
		{ { "generated", "g", NULL, false }, &apparmor, 0, LSM_APPARMOR, "g", NULL },
		{ { "generated", "g", NULL, false }, &none, 0, LSM_NONE, "", "this kernel runs" },
		{ { "generated", "g", NULL, false }, &user, 0, LSM_NONE, "", "only root of the" },
		{ { "generated", "g", NULL, false }, &old, -EOPNOTSUPP, LSM_NONE, "", NULL },
		{ { "generated", "g", NULL, true }, &old, 0, LSM_APPARMOR, "g", NULL },
		{ { "p", "g", NULL, false }, &old, -EOPNOTSUPP, LSM_NONE, "", NULL },
		{ { "unconfined", "g", NULL, false }, &old, 0, LSM_NONE, "", NULL },
		{ { "p", "g", NULL, true }, &old, 0, LSM_APPARMOR, "p", NULL },
		{ { NULL, "g", "u:r:t:s0", false }, &selinux, 0, LSM_SELINUX, "u:r:t:s0", NULL },
		{ { "p", "g", "u:r:t:s0", false }, &selinux, 0, LSM_SELINUX, "u:r:t:s0", "this" },
		{ { "p", "g", "unconfined_t", false }, &selinux, 0, LSM_NONE, "", "this" },
		{ { NULL, "g", "u:r:t:s0", false }, &apparmor, 0, LSM_NONE, "", NULL },
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

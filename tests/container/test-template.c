/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/template.h"

#include "base/cleanup.h"
#include "container/unpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void test_options(void **state)
{
	static const struct {
		const char *words[4];
		int want;
		const char *file;
		bool flag;
	} cases[] = {
		{ { "--other" }, -EINVAL, NULL, false },
		{ { "word" }, -EINVAL, NULL, false },
		{ { "--file" }, -EINVAL, NULL, false },
		{ { "--file", "" }, -EINVAL, NULL, false },
		{ { "--file=" }, -EINVAL, NULL, false },
		{ { "--files", "x" }, -EINVAL, NULL, false },
		{ { "--flag=1" }, -EINVAL, NULL, false },
		{ { "-h" }, -EINVAL, NULL, false },
		{ { NULL }, 0, NULL, false },
		{ { "--file", "x" }, 0, "x", false },
		{ { "--file=x=y" }, 0, "x=y", false },
		{ { "-f", "x", "--flag" }, 0, "x", true },
		{ { "-fx" }, 0, "x", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *file = NULL;
		bool flag = false;
		const struct template_option options[] = {
			{ .name = "file", .letter = 'f', .ret_value = &file },
			{ .name = "flag", .ret_flag = &flag },
		};
		struct err err = {};

		assert_int_equal(template_parse("t", (char *const *)cases[i].words, options,
		                                ARRAY_SIZE(options), &err),
		                 cases[i].want);
		assert_int_equal(flag, cases[i].flag);
		if (cases[i].file)
			assert_string_equal(file, cases[i].file);
	}
}

static void test_find(void **state)
{
	static const struct {
		const char *name;
		int want;
	} cases[] = {
		{ NULL, -EINVAL },       { "", -EINVAL },     { "../busybox", -EINVAL },
		{ "n", -ENOENT },        { "/etc", -EACCES }, { "/etc/passwd", -EACCES },
		{ "/no/such", -ENOENT }, { "busybox", 0 },    { "local", 0 },
		{ "none", 0 },           { "/bin/sh", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct template *template = NULL;
		_cleanup_free_ char *path = NULL;

		assert_int_equal(template_find(cases[i].name, &template, &path, NULL),
		                 cases[i].want);
		assert_int_equal(template != NULL, cases[i].want == 0);
		assert_int_equal(path != NULL, template == &template_external);
	}
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 1; template_get(i); i++)
		assert_true(strcmp(template_get(i - 1)->name, template_get(i)->name) < 0);
}

static void test_small_files(void **state)
{
	static const struct {
		const char *data;
		int want;
		size_t n;
	} cases[] = {
		{ "5", -EBADMSG, 0 },         { "5 name\n1234", -EBADMSG, 0 },
		{ "-1 name\n", -EBADMSG, 0 }, { "x name\n", -EBADMSG, 0 },
		{ "0 \n", -EBADMSG, 0 },      { "4294967295 a\nabc", -EBADMSG, 0 },
		{ "name\n", -EBADMSG, 0 },    { "", 0, 0 },
		{ "0 empty\n", 0, 1 },        { "3 config\nabc3 fstab\n\n\n\n", 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(unpack_files_done) struct unpack_files files = {};

		assert_int_equal(unpack_files_parse(cases[i].data, strlen(cases[i].data), &files),
		                 cases[i].want);
		assert_int_equal(files.n, cases[i].n);
		if (files.n == 2) {
			assert_string_equal(unpack_file_find(&files, "config")->text, "abc");
			assert_string_equal(unpack_file_find(&files, "fstab")->text, "\n\n\n");
			assert_null(unpack_file_find(&files, "other"));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_small_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

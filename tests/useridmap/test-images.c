/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap/images.h"

#include "priv/auth.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int asked;

/* The one who asks is in the group "gang", 500, only. */
static bool in_group(void *arg, const char *group, bool is_gid, uint32_t *gid)
{
	(void)arg;
	asked++;
	return is_gid ? *gid == 500 : strcmp(group, "gang") == 0;
}

/* The directory is /srv/a. */
static bool is_it(void *arg, const char *path, bool below)
{
	(void)arg;
	return strcmp(path, below ? "/srv" : "/srv/a") == 0;
}

static int ask(const char *text, size_t len, unsigned int *ret_ignored)
{
	struct images_question question = { .asker = { 1000, "ann", in_group, NULL },
		                            .is_it = is_it };
	int r = images_ask(text, len, &question);

	*ret_ignored = question.n_ignored;
	return r;
}

static void test_lines(void **state)
{
	static const struct {
		const char *line;
		int want;
		unsigned int ignored;
	} cases[] = {
		{ "", 0, 0 },
		{ "# ann image /srv/a", 0, 0 },
		{ "anna image /srv/a", 0, 0 },
		{ "an image /srv/a", 0, 0 },
		{ "1000 image /srv/a", 0, 0 },
		{ "uid:1001 image /srv/a", 0, 0 },
		{ "uid:01000 image /srv/a", 0, 0 },
		{ "@ann image /srv/a", 0, 0 },
		{ "@gid:501 image /srv/a", 0, 0 },
		{ "** image /srv/a", 0, 0 },
		{ "ann image /srv", 0, 0 },
		{ "ann image /srv/b", 0, 0 },
		{ "ann image /srv/a/*", 0, 0 },
		{ "ann image /srv*", 0, 0 },
		{ "ann image /*", 0, 0 },
		{ "ann image srv/a", 0, 1 },
		{ "ann image", 0, 1 },
		{ "ann /srv/a", 0, 1 },
		{ "ann images /srv/a", 0, 1 },
		{ " ann image /srv/a", 0, 1 },
		{ "ann image /srv/a", 1, 0 },
		{ "ann image /srv/*", 1, 0 },
		{ "ann\timage \t/srv/a\tand more", 1, 0 },
		{ "* image /srv/a", 1, 0 },
		{ "uid:1000 image /srv/a", 1, 0 },
		{ "@gang image /srv/a", 1, 0 },
		{ "@gid:500 image /srv/*", 1, 0 },
		{ "ben image /srv/a\nann image /srv/a", 1, 0 },
		{ "x\nann image /srv/a\ny", 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		unsigned int ignored;

		if (ask(cases[i].line, strlen(cases[i].line), &ignored) != cases[i].want ||
		    ignored != cases[i].ignored)
			fail_msg("%s", cases[i].line);
	}
}

static void test_refused_as_a_whole(void **state)
{
	char text[600] = "ann image /srv/a\n";
	unsigned int ignored;

	(void)state;
	(void)memset(text + 17, '#', sizeof(text) - 17);
	assert_int_equal(ask(text, 17 + 513, &ignored), -1);
	assert_int_equal(ask(text, 17 + 512, &ignored), 1);
	assert_int_equal(ask("ann image /srv/a\n\0", 18, &ignored), -1);
}

/* No name service is asked about lines that are not about the directory. */
static void test_groups_are_asked_for_last(void **state)
{
	static const char text[] = "@gang image /srv/b\n@gang images /srv/a\n@other image /srv/a\n";
	unsigned int ignored;

	(void)state;
	asked = 0;
	assert_int_equal(ask(text, strlen(text), &ignored), 0);
	assert_int_equal(asked, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_refused_as_a_whole),
		cmocka_unit_test(test_groups_are_asked_for_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

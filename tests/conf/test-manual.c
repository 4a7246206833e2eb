/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rlxc config says about keys is the manual: each key is in it, and nothing else. */
#include "conf/manual.h"

#include "base/cleanup.h"
#include "conf/conf-internal.h"
#include "conf/item.h"
#include "conf/read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_each_key_is_there(void **state)
{
	const struct conf_key *key;
	char name[128];

	(void)state;
	for (size_t i = 0; (key = conf_key_at(i)); i++) {
		const char *sub = key->flags & CONF_FAMILY ? ".x" : "";

		(void)snprintf(name, sizeof(name), "%s%s", key->name, sub);
		if (key->type != &conf_nets && !conf_manual_find(name))
			fail_msg("%s", name);
	}
	for (size_t i = 0; (key = conf_net_key_at(i)); i++) {
		(void)snprintf(name, sizeof(name), "lxc.net.12.%s", key->name);
		if (!conf_manual_find(name))
			fail_msg("%s", name);
	}
}

/* "lxc.net.N.type" -> "lxc.net.0.type", and the first member of other families. */
static void fill_in(const char *pattern, char *name, size_t size)
{
	static const struct {
		const char *word, *with;
	} words[] = { { "NAMESPACE", "net" }, { "NAME", "core" }, { "FILE", "x" }, { "N", "0" } };

	(void)snprintf(name, size, "%s", pattern);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *at = strstr(pattern, words[i].word);

		if (!at)
			continue;
		(void)snprintf(name, size, "%.*s%s%s", (int)(at - pattern), pattern, words[i].with,
		               at + strlen(words[i].word));
		return;
	}
}

static void test_all_are_keys(void **state)
{
	(void)state;
	for (const struct conf_manual *entry = conf_manual; *entry->name; entry++) {
		const char *sub;
		char name[128];

		fill_in(entry->name, name, sizeof(name));
		if (!conf_key_find(name, &sub))
			fail_msg("%s", name);
		assert_true(!entry->text_at || !conf_manual_texts[entry->text_at - 1]);
		assert_true(strlen(conf_manual_text(entry)) > 10);
		assert_null(strpbrk(entry->kind, "*_\t"));
		assert_null(strpbrk(conf_manual_text(entry), "\t\\"));
	}
}

static void test_find(void **state)
{
	static const struct {
		const char *key, *want; /* NULL: nothing */
	} cases[] = {
		{ "lxc.net.0.type", "lxc.net.N.type" },
		{ "lxc.net.N.type", "lxc.net.N.type" },
		{ "lxc.net.0.typ", NULL },
		{ "lxc.net.0.type.x", NULL },
		{ "lxc.net", NULL },
		{ "lxc.cgroup2.memory.max", "lxc.cgroup2.FILE" },
		{ "lxc.cgroup2.devices.allow", "lxc.cgroup2.devices.allow" },
		{ "lxc.cgroup.dir", "lxc.cgroup.dir" },
		{ "lxc.apparmor.allow_nesting", "lxc.apparmor.allow_nesting" },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct conf_manual *found = conf_manual_find(cases[i].key);

		if (!found != !cases[i].want || (found && strcmp(found->name, cases[i].want) != 0))
			fail_msg("%s: %s", cases[i].key, found ? found->name : "nothing");
	}
}

static void test_below(void **state)
{
	static const struct {
		const char *key;
		unsigned int at_least;
		const char *first;
	} cases[] = {
		{ "lxc", 100, "lxc.include" },
		{ "lxc.net", 20, "lxc.net.N.type" },
		{ "lxc.net.0", 20, "lxc.net.N.type" },
		{ "lxc.net.3.veth", 7, "lxc.net.N.veth.mode" },
		{ "lxc.tty", 2, "lxc.tty.max" },
		{ "lxc.tt", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *first = NULL;
		unsigned int n = 0;

		for (const struct conf_manual *entry = conf_manual; *entry->name; entry++)
			if (conf_manual_is_below(entry, cases[i].key) && n++ == 0)
				first = entry->name;
		assert_true(cases[i].at_least ? n >= cases[i].at_least : n == 0);
		if (first)
			assert_string_equal(first, cases[i].first);
	}
}

static void test_check(void **state)
{
	static const struct {
		const char *key;
		int want;
		const char *today;
	} cases[] = {
		{ "lxc.tty", 0, "lxc.tty" },
		{ "lxc.utsname", 0, "lxc.uts.name" },
		{ "lxc.network.hwaddr", 0, "lxc.net.0.hwaddr" },
		{ "lxc.kmsg", -ENOENT, "lxc.kmsg" },
		{ "lxc.uts.nam", -ENOENT, "lxc.uts.nam" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *key = strdup(cases[i].key);

		assert_int_equal(conf_manual_check(&key, NULL), cases[i].want);
		assert_string_equal(key, cases[i].today);
	}
}

/* ---- lines as they are read ---- */

static void see(void *arg, const struct conf_seen *seen)
{
	text_addf(arg, "%s:%u:%u %s=%s%s%s\n", seen->file, seen->line, seen->column,
	          seen->key ? seen->key : "", seen->value ? seen->value : "",
	          *seen->note ? " note" : "", seen->err->code ? " wrong" : "");
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, 0644), 0);
}

static void test_seen(void **state)
{
	static const char want[] = "top:2:1 lxc.uts.name=a note\n"
				   "top:3:1 lxc.init.cmd=b # c note\n"
				   "top:4:1 lxc.autodev=1 # d note\n"
				   "top:5:16 lxc.tty.max=many wrong\n"
				   "more:1:8 = wrong\n"
				   "more:3:1 lxc.ephemeral=1\n"
				   "top:6:1 lxc.include=more\n"
				   "top:7:1 = note\n"
				   "top:8:15 lxc.include=none wrong\n"
				   "top:9:1 lxc.kmsg=0 note\n"
				   "top:10:1 lxc.bogus=1 wrong\n";
	_cleanup_(conf_freep) struct conf *conf = conf_new();
	char dir[] = "/tmp/rlxc-manual.XXXXXX";
	_cleanup_free_ char *got = NULL;
	struct text seen = {};
	unsigned int n_wrong = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	write_file("top", "# comment\nlxc.utsname = a\nlxc.init.cmd = b # c\n"
	                  "lxc.autodev = 1 # d\n lxc.tty.max = many\nlxc.include = more\n"
	                  "x = y\nlxc.include = none\nlxc.kmsg = 0\nlxc.bogus = 1\n");
	write_file("more", "lxc.uts\n\nlxc.ephemeral = 1\n");

	assert_int_equal(conf_read_seen(conf, "top", see, &seen, &n_wrong, NULL), 0);
	assert_int_equal(n_wrong, 4);
	assert_int_equal(text_finish(&seen, &got), 0);
	assert_string_equal(got, want);
	assert_int_equal(conf->tty_max, 0); /* the wrong ones changed nothing */
	assert_true(conf->ephemeral);

	write_file("top", "lxc.include = more\nlxc.include = top\n");
	assert_int_equal(conf_read_seen(conf, "none", see, &seen, &n_wrong, NULL), -ENOENT);
	assert_int_equal(n_wrong, 0);
	assert_int_equal(conf_read_seen(conf, "top", see, &seen, &n_wrong, NULL), 0);
	assert_int_equal(n_wrong, 2); /* one of them in the included file */
	text_done(&seen);

	assert_int_equal(unlink("top") | unlink("more"), 0);
	assert_int_equal(chdir("/") | rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_key_is_there),
		cmocka_unit_test(test_all_are_keys),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

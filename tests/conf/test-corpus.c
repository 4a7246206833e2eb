/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configurations of every age: each is read, and means the same after it was saved, and after
 * lxc-update-config has rewritten it. */
#include "conf/update.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/conf-internal.h"
#include "conf/item.h"
#include "conf/read.h"
#include "os/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CORPUS_MIN 60

#define SHARE "share/lxc/config"

static char place[] = "/tmp/rlxc-corpus.XXXXXX";

/* What a container asks about its devices is not in the table of keys. */
static const char *const families[] = { "type",   "link",         "flags",        "name",
	                                "mtu",    "ipv4.address", "ipv6.address", "ipv4.gateway",
	                                "hwaddr", "macvlan.mode", "script.up",    "vlan.id" };
static const char *const more_keys[] = {
	"lxc.prlimit.nofile",  "lxc.prlimit.core", "lxc.sysctl.kernel.msgmax",
	"lxc.hook.pre-start",  "lxc.cgroup",       "lxc.cgroup2",
	"lxc.prlimit.memlock", "lxc.net",          "lxc.proc.oom_score_adj",
};

static void same(const struct conf *a, const struct conf *b, const char *key, const char *where)
{
	_cleanup_free_ char *a_value = NULL, *b_value = NULL;
	int r = conf_get(a, key, &a_value, NULL);

	if (r == conf_get(b, key, &b_value, NULL) &&
	    strcmp(a_value ? a_value : "", b_value ? b_value : "") == 0)
		return;
	print_error("%s: %s: '%s', now '%s'\n", where, key, a_value, b_value);
	fail();
}

static void all_same(const struct conf *a, const struct conf *b, const char *where)
{
	const struct conf_key *key;

	for (size_t i = 0; (key = conf_key_at(i)); i++)
		same(a, b, key->name, where);
	for (size_t i = 0; i < ARRAY_SIZE(more_keys); i++)
		same(a, b, more_keys[i], where);
	for (unsigned int net = 0; net < 5; net++)
		for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
			char name[64];

			(void)snprintf(name, sizeof(name), "lxc.net.%u.%s", net, families[i]);
			same(a, b, name, where);
		}
}

static struct conf *read_conf(const char *where, const char *text)
{
	struct conf *conf = conf_new();
	struct err err = {};

	assert_non_null(conf);
	if (conf_read_text(conf, where, text, &err) == 0)
		return conf;
	print_error("%s\n", err.msg);
	fail();
	return conf;
}

static void check(const char *where, const char *text)
{
	_cleanup_(conf_freep) struct conf *conf = read_conf(where, text);
	_cleanup_(conf_freep) struct conf *again = NULL, *updated = NULL;
	_cleanup_free_ char *saved = NULL, *new = NULL, *twice = NULL;
	size_t len;

	assert_int_equal(conf_save(conf, "saved", NULL), 0);
	assert_int_equal(fd_read_file(AT_FDCWD, "saved", 1 << 20, &saved, &len), 0);
	again = read_conf(where, saved);
	all_same(conf, again, where);

	assert_int_equal(conf_update_text(where, text, &new, NULL), 0);
	updated = read_conf(where, new);
	all_same(conf, updated, where);
	assert_int_equal(conf_update_text(where, new, &twice, NULL), 0);
	assert_string_equal(twice, new);
}

/* The text with each @SHARE@ replaced; with @crlf, lines end as in other systems' files. */
static char *prepare(const char *text, bool crlf)
{
	struct text out = {};
	char *result;

	for (; *text; text++) {
		if (strncmp(text, "@SHARE@", 7) == 0) {
			text_add(&out, "./" SHARE);
			text += 6;
			continue;
		}
		if (crlf && *text == '\n')
			text_add(&out, "\r");
		text_add_len(&out, text, 1);
	}
	assert_int_equal(text_finish(&out, &result), 0);
	return result;
}

static void test_corpus(void **state)
{
	const char *top = getenv("top_srcdir");
	_cleanup_free_ char *all = NULL, *path = NULL;
	size_t len, n = 0;
	char *part;

	(void)state;
	if (!top)
		skip();
	assert_true(asprintf(&path, "%s/tests/conf/corpus.txt", top) > 0);
	assert_int_equal(fd_read_file(AT_FDCWD, path, 1 << 20, &all, &len), 0);
	part = strstr(all, "\n### ");
	while (part) {
		char *where = part + 5, *end = strchr(where, '\n'), *next = strstr(where, "\n### ");
		_cleanup_free_ char *text = NULL;

		*end = '\0';
		if (next)
			*next = '\0';
		text = prepare(end + 1, strstr(where, "another system"));
		check(where, text);
		part = next;
		if (next)
			*next = '\n';
		n++;
	}
	assert_true(n >= CORPUS_MIN);
}

static const char *const dirs[] = { "share", "share/lxc", SHARE };
static const char *const files[] = { SHARE "/common.conf", SHARE "/userns.conf" };

static int make_share(void **state)
{
	(void)state;
	log_setup("test", NULL, -1, LOG_LEVEL_UNSET, /* quiet= */ true);
	if (!mkdtemp(place) || chdir(place) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdir(dirs[i], 0755) < 0)
			return -1;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_close_ int fd = open(files[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

		if (fd < 0)
			return -1;
	}
	return 0;
}

static int remove_share(void **state)
{
	(void)state;
	(void)unlink("saved");
	for (size_t i = ARRAY_SIZE(files); i-- > 0;)
		(void)unlink(files[i]);
	for (size_t i = ARRAY_SIZE(dirs); i-- > 0;)
		(void)rmdir(dirs[i]);
	return chdir("/") < 0 ? -1 : rmdir(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_corpus, make_share, remove_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every key, as tests/keys.txt has it: set, get, clear, save, reload, bad values. */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/item.h"
#include "conf/read.h"
#include "os/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define VETH "lxc.net.0.type = veth\n"

/* ---- tests/keys.txt ---- */

#define PART_MAX 5100

/* What the lines about a key have said so far. */
struct section {
	char key[64];       /* header of the section */
	char name[64];      /* the same; of a family the member that is set */
	char before[256];   /* lines that stand in front */
	char cleared[64];   /* what get gives after clear */
	char emptied[64];   /* and after an empty value, or "refused" */
	bool empty_differs; /* from clear */
	size_t n_good, n_bad;
};

static char *keys_text; /* the whole file */

/* One character of a value: \n, \r, \\, \xNN or itself; \{N} in front means N times. */
static const char *decode_char(const char *in, char *ret_c, size_t *ret_times)
{
	char *end = (char *)in;

	*ret_times = 1;
	if (in[0] == '\\' && in[1] == '{') {
		*ret_times = strtoul(in + 2, &end, 10);
		in = end + 1;
	}
	*ret_c = *in++;
	if (*ret_c != '\\')
		return in;
	*ret_c = *in == 'n' ? '\n' : *in == 'r' ? '\r' : *in;
	if (*in++ != 'x')
		return in;
	assert_int_equal(sscanf(in, "%2hhx", (unsigned char *)ret_c), 1);
	return in + 2;
}

static void decode(char *out, const char *in, const char *end)
{
	size_t len = 0, times;
	char c;

	while (in < end) {
		in = decode_char(in, &c, &times);
		assert_true(len + times < PART_MAX);
		memset(out + len, c, times);
		len += times;
	}
	out[len] = '\0';
}

static void put(char *to, size_t size, const char *from)
{
	assert_true(strlen(from) < size);
	strcpy(to, from);
}
#define PUT(array, from) put(array, sizeof(array), from)

/* A line of a section behind its first word: "VALUE => WANT => HINT", decoded. */
struct line {
	char parts[3][PART_MAX];
	size_t n;
};

static void split_line(struct line *line, const char *at, const char *end)
{
	static const char arrow[] = " =>";

	for (line->n = 0; line->n < ARRAY_SIZE(line->parts) && at; line->n++) {
		const char *next = memmem(at, (size_t)(end - at), arrow, strlen(arrow));

		decode(line->parts[line->n], at, next ? next : end);
		at = next ? next + strlen(arrow) : NULL;
		if (at && *at == ' ')
			at++;
	}
}

static void load(struct conf *conf, const char *text)
{
	struct err err = {};

	conf_init(conf);
	if (conf_read_text(conf, "text", text, &err) < 0)
		fail_msg("%s", err.msg);
}

static void check(const struct conf *conf, const char *key, const char *want)
{
	_cleanup_free_ char *value = NULL;
	struct err err = {};

	if (conf_get(conf, key, &value, &err) < 0)
		fail_msg("%s: %s", key, err.msg);
	if (strcmp(value, want) != 0)
		fail_msg("%s: '%s' instead of '%s'", key, value, want);
}

/* What is in memory is what the saved text brings back. */
static void check_reload(const struct conf *conf, const char *key)
{
	_cleanup_free_ char *value = NULL;
	_cleanup_(conf_done) struct conf again;

	assert_int_equal(conf_get(conf, key, &value, NULL), 0);
	load(&again, conf->saved);
	check(&again, key, value);
	assert_string_equal(again.saved, conf->saved);
}

/* Set, get, save, reload, clear. */
static void check_good(const struct section *s, const char *value, const char *want)
{
	_cleanup_(conf_done) struct conf conf;
	struct err err = {};

	load(&conf, s->before);
	if (*value && conf_save_set(&conf, s->name, value, &err) < 0)
		fail_msg("%s = %s: %s", s->name, value, err.msg);
	check(&conf, s->name, want);
	check_reload(&conf, s->name);

	assert_int_equal(conf_save_clear(&conf, s->name, NULL), 0);
	check(&conf, s->name, s->cleared);
	if (strcmp(s->key, "lxc.net.N.type") != 0) /* a device that is gone needs no clearing */
		check_reload(&conf, s->name);
}

/* The empty value clears, but for what the manual says. */
static void check_empty(const struct section *s, const char *value)
{
	int want = strcmp(s->emptied, "refused") == 0 ? -EINVAL : 0;
	_cleanup_(conf_done) struct conf conf;

	load(&conf, s->before);
	if (*value)
		assert_int_equal(conf_set(&conf, s->name, value, NULL), 0);
	if (conf_set(&conf, s->name, "", NULL) != want)
		fail_msg("an empty value of '%s' is %s", s->name, want ? "taken" : "refused");
	if (want == 0)
		check(&conf, s->name, s->empty_differs ? s->emptied : s->cleared);
}

/* An error that says what is wrong, and nothing has changed. Without @hint it has none. */
static void check_bad(const struct section *s, const char *value, const char *msg, const char *hint)
{
	_cleanup_(conf_done) struct conf conf;
	_cleanup_free_ char *before = NULL, *after = NULL;
	struct err err = {};

	load(&conf, s->before);
	(void)conf_get(&conf, s->name, &before, NULL);
	if (conf_save_set(&conf, s->name, value, &err) >= 0)
		fail_msg("%s = %s was accepted", s->name, value);
	if (!*msg || !strstr(err.msg, msg))
		fail_msg("%s = %s: '%s' does not say '%s'", s->name, value, err.msg, msg);
	if (hint ? !strstr(err.hint, hint) : err.hint[0] != '\0')
		fail_msg("%s = %s: hint '%s'", s->name, value, err.hint);
	(void)conf_get(&conf, s->name, &after, NULL);
	if (before)
		assert_string_equal(before, after);
	assert_string_equal(conf.saved, s->before);
}

static void check_lines(struct section *s, const char *header);

static void on_clear(struct section *s, const struct line *line)
{
	PUT(s->cleared, line->parts[0]);
}

static void on_empty(struct section *s, const struct line *line)
{
	PUT(s->emptied, line->parts[0]);
	s->empty_differs = true;
}

static void on_in(struct section *s, const struct line *line)
{
	PUT(s->before, line->parts[0]);
	if (*s->before)
		strcat(s->before, "\n");
}

static void on_as(struct section *s, const struct line *line)
{
	PUT(s->name, line->parts[0]);
}

static void on_set(struct section *s, const struct line *line)
{
	check_good(s, line->parts[0], line->parts[line->n > 1]);
	check_empty(s, line->parts[0]);
	s->n_good++;
}

static void on_get(struct section *s, const struct line *line)
{
	check_good(s, "", line->parts[0]);
	check_empty(s, "");
	s->n_good++;
}

static void on_bad(struct section *s, const struct line *line)
{
	assert_true(line->n > 1);
	check_bad(s, line->parts[0], line->parts[1], line->n > 2 ? line->parts[2] : NULL);
	s->n_bad++;
}

static void on_is(struct section *s, const struct line *line)
{
	char header[64];
	const char *at;

	(void)snprintf(header, sizeof(header), "\nkind %.40s\n", line->parts[0]);
	at = strstr(keys_text, header);
	if (!at)
		fail_msg("%s: there is no kind '%s'", s->key, line->parts[0]);
	check_lines(s, at + 1);
}

/* The other words are about effects, and read by tools/update-keys. */
static const struct {
	const char *word;
	void (*run)(struct section *s, const struct line *line);
} verbs[] = {
	{ "clear", on_clear }, { "empty", on_empty }, { "in", on_in },   { "as", on_as },
	{ "set", on_set },     { "get", on_get },     { "bad", on_bad }, { "is", on_is },
};

static void check_line(struct section *s, const char *text, const char *end)
{
	size_t len = strcspn(text, " \n");

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		struct line line;

		if (strncmp(text, verbs[i].word, len) != 0 || verbs[i].word[len])
			continue;
		text += len;
		split_line(&line, text + (*text == ' '), end);
		verbs[i].run(s, &line);
		return;
	}
}

/* The indented lines below @header. */
static void check_lines(struct section *s, const char *header)
{
	const char *end = strchr(header, '\n');

	while (end && end[1] == '\t') {
		const char *text = end + 2;

		end = strchr(text, '\n');
		assert_non_null(end);
		check_line(s, text, end);
	}
}

/* The next header of a key behind @at. */
static const char *next_key(const char *at)
{
	at = strstr(at, "\nlxc.");
	return at ? at + 1 : NULL;
}

/* Of lxc.net.N.* the first device is set. */
static void section_init(struct section *s, const char *header)
{
	char *number;

	*s = (struct section){};
	assert_int_equal(sscanf(header, "%63s", s->key), 1);
	PUT(s->name, s->key);
	number = strstr(s->name, ".N.");
	if (number)
		number[1] = '0';
}

static void test_every_key(void **state)
{
	(void)state;
	for (const char *at = next_key(keys_text); at; at = next_key(at)) {
		struct section s;

		section_init(&s, at);
		check_lines(&s, at);
		if (s.n_bad < 5)
			fail_msg("'%s' is tested with %zu bad values only", s.key, s.n_bad);
		if (!s.n_good && strcmp(s.key, "lxc.hook") != 0 &&
		    strcmp(s.key, "lxc.include") != 0)
			fail_msg("'%s' is tested with no good value", s.key);
	}
}

/* A section for each row, in the same order. */
static const char *same_key(const char *at, const char *prefix, const struct conf_key *key)
{
	char want[64];

	(void)snprintf(want, sizeof(want), "%s%s ", prefix, key->name);
	if (!at || !str_starts_with(at, want))
		fail_msg("tests/keys.txt has no section '%s' here, but '%.30s'", want,
		         at ? at : "");
	return next_key(at);
}

static void test_table(void **state)
{
	const char *at = next_key(keys_text), *sub;
	const struct conf_key *key, *previous = NULL;

	(void)state;
	for (size_t i = 0; (key = conf_key_at(i)); i++) {
		if (previous && strcmp(previous->name, key->name) >= 0)
			fail_msg("'%s' stands behind '%s'", key->name, previous->name);
		previous = key;
		if (!(key->flags & CONF_FAMILY_ONLY))
			assert_ptr_equal(conf_key_find(key->name, &sub), key);
		at = same_key(at, "", key);
	}
	for (size_t i = 0; (key = conf_net_key_at(i)); i++)
		at = same_key(at, "lxc.net.N.", key);
	if (at)
		fail_msg("no such key: '%.30s'", at);
}

static int read_keys(void **state)
{
	const char *top = getenv("top_srcdir");
	_cleanup_free_ char *path = NULL;
	size_t len;

	(void)state;
	if (!top) {
		print_error("top_srcdir must name the directory of the sources\n");
		return -1;
	}
	assert_true(asprintf(&path, "%s/tests/keys.txt", top) > 0);
	return fd_read_file(AT_FDCWD, path, 1 << 20, &keys_text, &len);
}

static int free_keys(void **state)
{
	(void)state;
	free(keys_text);
	return 0;
}

/* ---- what is not a value of one key ---- */

static void test_unknown_keys(void **state)
{
	static const struct {
		const char *key;
		const char *hint;
	} unknown[] = {
		{ "lxc.utsnam", "did you mean 'lxc.uts.name'?" },
		{ "lxc.utsname", "called 'lxc.uts.name' now" },
		{ "lxc.network.0.ipv4", "called 'lxc.net.0.ipv4.address' now" },
		{ "lxc.network.link", "called 'lxc.net.0.link' now" },
		{ "lxc.limit.nofile", "called 'lxc.prlimit.nofile' now" },
		{ "lxc.rootfs.pth", "'lxc.rootfs.path'" },
		{ "lxc.net.0.lnk", "'lxc.net.0.link'" },
		{ "lxc.net.12.ipv4.adress", "'lxc.net.12.ipv4.address'" },
		{ "lxc.net.eth0.type", "by its number" },
		{ "lxc.net.-1.type", "by its number" },
		{ "lxc.net.2147483647.type", NULL },
		{ "lxc.net.0.", NULL },
		{ "lxc.net.0..type", NULL },
		{ "lxc.net.0.macvlan.vlan", NULL },
		{ "lxc.prlimit.nofiles", "'lxc.prlimit.nofile'" },
		{ "lxc.prlimit.16", NULL },
		{ "lxc.namespace.share.nett", "'lxc.namespace.share.net'" },
		{ "lxc.namespace.share.NET", NULL },
		{ "lxc.namespace.share", "'lxc.namespace.share" },
		{ "lxc.cgroup.dir.foo", NULL },
		{ "lxc.cgroup2.", "'lxc.cgroup2'" },
		{ "lxc.cgroup2memory", NULL },
		{ "lxc.hook.prestart", "'lxc.hook.pre-start'" },
		{ "lxc.uts.name ", "'lxc.uts.name'" },
		{ "lxc.", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		_cleanup_(conf_done) struct conf conf;
		struct err err = {};
		char *value;

		conf_init(&conf);
		assert_int_equal(conf_set(&conf, unknown[i].key, "1", &err), -ENOENT);
		assert_non_null(strstr(err.msg, "unknown key"));
		if (unknown[i].hint && !strstr(err.hint, unknown[i].hint))
			fail_msg("%s: hint '%s'", unknown[i].key, err.hint);
		assert_int_equal(conf_get(&conf, unknown[i].key, &value, NULL), -ENOENT);
		assert_int_equal(conf_clear(&conf, unknown[i].key, NULL), -ENOENT);
	}
}

/* What structs say, where the getter does not. */
static void test_fields(void **state)
{
	_cleanup_(conf_done) struct conf conf;

	(void)state;
	load(&conf, "lxc.mount.auto = cgroup2 shmounts:/host\n"
	            "lxc.rootfs.path = overlay:/l:/u\n"
	            "lxc.rootfs.path = /plain\n"
	            "lxc.net.2.type = veth\n"
	            "lxc.net.2.ipv4.address = 192.168.1.5/24\n"
	            "lxc.net.2.ipv4.address = 192.168.1.6/31\n"
	            "lxc.net.1.flags = up\n"
	            "lxc.namespace.clone = user\n"
	            "lxc.pty.max = 0\n"
	            "lxc.idmap = g 1 2 3\n"
	            "lxc.namespace.share.ipc = other\n");
	assert_true(conf.mount_auto.cgroup2 && conf.mount_auto.cgroup_force);
	assert_int_equal(conf.mount_auto.cgroup, CONF_CGROUP_RW);
	assert_string_equal(conf.mount_auto.shmounts_host, "/host");
	assert_string_equal(conf.mount_auto.shmounts_container, "/dev/.lxc-mounts");
	assert_null(conf.rootfs_backend); /* the later line has none */
	assert_int_equal(conf.nets.n, 2);
	assert_int_equal(conf.nets.items[0].index, 1);
	assert_int_equal(conf.nets.items[0].type, CONF_NET_EMPTY);
	assert_true(conf.nets.items[0].up);
	assert_int_equal(conf.nets.items[1].veth_vlan_id, -2);
	assert_int_equal(conf.nets.items[1].ipv4.items[0].broadcast[3], 255);
	assert_int_equal(conf.nets.items[1].ipv4.items[1].broadcast[3], 0);
	assert_true(conf.ns_clone_set);
	assert_true(conf.pty_max_set);
	assert_int_equal(conf.idmaps.items[0].kind, IDMAP_GID);
	assert_int_equal(conf.idmaps.items[0].count, 3);
	assert_string_equal(conf.ns_share[NS_IPC], "other");

	assert_int_equal(conf_clear(&conf, "lxc.pty.max", NULL), 0);
	assert_false(conf.pty_max_set);
	assert_int_equal(conf_set(&conf, "lxc.net.2.type", "veth", NULL), 0);
	assert_int_equal(conf.nets.items[1].ipv4.n, 0); /* the type makes a new device */
	assert_int_equal(conf_set(&conf, "lxc.net.1", "", NULL), 0);
	assert_int_equal(conf.nets.n, 1);
	assert_int_equal(conf_set(&conf, "lxc.net.9", "", NULL), 0);
	assert_int_equal(conf_set(&conf, "lxc.net.9.link", "", NULL), -EINVAL);
	assert_int_equal(conf_set(&conf, "lxc.net", "", NULL), 0);
	assert_int_equal(conf.nets.n, 0);
	assert_null(conf.nets.items);
}

static void test_defaults(void **state)
{
	_cleanup_(conf_done) struct conf conf;

	(void)state;
	conf_init(&conf);
	assert_true(conf.autodev);
	assert_true(conf.rootfs_managed);
	assert_int_equal(conf.autodev_tmpfs_size, 500000);
	assert_int_equal(conf.monitor_pdeath, 9);
	assert_int_equal(conf.log_level, LOG_LEVEL_UNSET);
	assert_false(conf.pty_max_set || conf.ns_clone_set || conf.ephemeral);
	assert_null(conf.init_cmd);
}

static void test_random_hwaddr(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		_cleanup_(conf_done) struct conf conf;
		const char *hwaddr;

		load(&conf, "lxc.net.0.type = veth\nlxc.net.0.hwaddr = xX:16:3e:Xx:xx:xx\n");
		hwaddr = conf.nets.items[0].hwaddr;
		assert_int_equal(strlen(hwaddr), 17);
		assert_null(strpbrk(hwaddr, "xX"));
		assert_non_null(strchr("26ae", hwaddr[1]));
		assert_non_null(strstr(conf.saved, hwaddr)); /* it is drawn once */
		assert_int_equal(
			conf_save_set(&conf, "lxc.net.0.hwaddr", "02:xx:00:00:00:00", NULL), 0);
		assert_non_null(strstr(conf.saved, conf.nets.items[0].hwaddr));
	}
}

static void test_get_refused(void **state)
{
	static const struct {
		const char *key;
		int want;
	} refused[] = {
		{ "lxc.include", -ENOSYS },       { "lxc.hook", -EINVAL },
		{ "lxc.net.0", -ENOENT },         { "lxc.net.7", -ENOENT },
		{ "lxc.net.7.link", -EINVAL },    { "lxc.net.0.vlan.id", -EINVAL },
		{ "lxc.net.0.nothing", -ENOENT },
	};
	_cleanup_(conf_done) struct conf conf;

	(void)state;
	load(&conf, VETH "lxc.net.1.type = vlan\nlxc.net.1.type =\n");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		char *value;

		assert_int_equal(conf_get(&conf, refused[i].key, &value, NULL), refused[i].want);
	}
	check(&conf, "lxc.net", "veth\n(invalid)\n");
	check(&conf, "lxc.net.1.type", "");
}

static void test_key_lists(void **state)
{
	static const struct {
		const char *family;
		const char *want;
	} lists[] = {
		{ "lxc.apparmor", "allow_incomplete\nallow_nesting\nprofile\nraw\n" },
		{ "lxc.mount", "auto\nentry\nfstab\n" },
		{ "lxc.start", "auto\ndelay\norder\n" },
		{ "lxc.net.0", "type\nscript.up\nscript.down\n" },
		{ "lxc.net.1", "type\nscript.up\nscript.down\nflags\nlink\nname\nhwaddr\nmtu\n"
		               "ipv6.address\nipv6.gateway\nipv4.address\nipv4.gateway\nl2proxy\n"
		               "vlan.id\n" },
	};
	_cleanup_(conf_done) struct conf conf;
	_cleanup_free_ char *all = NULL;

	(void)state;
	load(&conf, "lxc.net.0.type = empty\nlxc.net.1.type = vlan\n");
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_free_ char *text = NULL;

		assert_int_equal(conf_keys(&conf, lists[i].family, &text, NULL), 0);
		assert_string_equal(text, lists[i].want);
	}
	assert_int_equal(conf_keys(&conf, "lxc.net.2", &all, NULL), -EINVAL);
	assert_int_equal(conf_keys(&conf, "lxc.nothing", &all, NULL), -EINVAL);
	assert_int_equal(conf_keys(&conf, NULL, &all, NULL), 0);
	assert_true(str_starts_with(all, "lxc.apparmor.allow_incomplete\n"));
	assert_non_null(strstr(all, "\nlxc.net\n"));
	assert_null(strstr(all, "lxc.namespace.share"));
}

static void test_arch(void **state)
{
	(void)state;
	assert_true(conf_arch_is_32bit("i686"));
	assert_true(conf_arch_is_32bit("x86"));
	assert_false(conf_arch_is_32bit("aarch64"));
	assert_false(conf_arch_is_32bit("x86_64"));
	assert_false(conf_arch_is_32bit(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),        cmocka_unit_test(test_every_key),

		cmocka_unit_test(test_unknown_keys), cmocka_unit_test(test_fields),
		cmocka_unit_test(test_defaults),     cmocka_unit_test(test_random_hwaddr),
		cmocka_unit_test(test_get_refused),  cmocka_unit_test(test_key_lists),
		cmocka_unit_test(test_arch),
	};

	log_setup("test", NULL, -EBADF, LOG_LEVEL_ERROR, /* quiet= */ true);
	(void)setenv("CONF_TEST_VARIABLE", "here", 1);
	(void)unsetenv("CONF_TEST_NOT_THERE");
	return cmocka_run_group_tests(tests, read_keys, free_keys);
}

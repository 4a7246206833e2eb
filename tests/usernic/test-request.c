/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic/usernic.h"

#include "priv/auth.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define WORDS 8

/* A good line of each command, with one word replaced. */
static int parse(bool remove, int position, const char *word, struct request *request)
{
	const char *words[WORDS] = { "lxc-user-nic", "create", "/home/ann/lxc", "c1",
		                     "4711",         "veth",   "br0",           "eth0" };

	if (remove) {
		words[1] = "delete";
		words[4] = "/proc/4711/ns/net";
		words[7] = "veth1000_AAAA";
	}
	if (position)
		words[position] = word;
	return request_parse(WORDS, (char *const *)words, request);
}

static void test_words(void **state)
{
	char text[300];
	char *words[10];

	(void)state;
	(void)memset(text, 'x', sizeof(text));
	for (int i = 0; i < 10; i++)
		words[i] = text + 299;
	text[299] = '\0';
	for (int argc = 0; argc < 10; argc++)
		assert_int_equal(request_is_usable(argc, words), argc == 7 || argc == 8);
	for (int i = 0; i < 8; i++) {
		const size_t limit = i == 4 ? 63 : 255;

		words[i] = text + 299 - limit;
		assert_true(request_is_usable(8, words));
		words[i]--;
		assert_false(request_is_usable(8, words));
		words[i] = NULL;
		assert_false(request_is_usable(8, words));
		words[i] = text + 299;
	}
}

static void test_good(void **state)
{
	const char *const short_line[] = { "", "create", "/x", "c", "1", "veth", "none" };
	struct request request;

	(void)state;
	assert_int_equal(parse(false, 0, NULL, &request), 0);
	assert_false(request.remove);
	assert_false(request.any_netns);
	assert_int_equal(request.pid, 4711);
	assert_int_equal(request.fd, -1);
	assert_string_equal(request.bridge, "br0");
	assert_string_equal(request.nic, "eth0");
	assert_int_equal(parse(true, 0, NULL, &request), 0);
	assert_true(request.remove);
	assert_int_equal(request.pid, 4711);
	assert_string_equal(request.nic, "veth1000_AAAA");
	assert_int_equal(request_parse(7, (char *const *)short_line, &request), 0);
	assert_string_equal(request.nic, "eth%d");
}

static void test_namespace(void **state)
{
	static const struct {
		const char *word;
		uint32_t create_pid, delete_pid;
		int fd;
		bool any;
	} cases[] = {
		{ "", 0, 0, -1, false },
		{ "0", 0, 0, -1, false },
		{ "-1", 0, 0, -1, false },
		{ "+1", 0, 0, -1, false },
		{ " 1", 0, 0, -1, false },
		{ "1 ", 0, 0, -1, false },
		{ "1\n", 0, 0, -1, false },
		{ "01", 0, 0, -1, false },
		{ "0x1", 0, 0, -1, false },
		{ "1e3", 0, 0, -1, false },
		{ "4194305", 0, 0, -1, false },
		{ "4294967295", 0, 0, -1, false },
		{ "4294967297", 0, 0, -1, false },
		{ "18446744073709551617", 0, 0, -1, false },
		{ "111111111111111111111111111111111111111111111111111111111111", 0, 0, -1, false },
		{ "\xd9\xa3", 0, 0, -1, false },
		{ "/proc/1/ns", 0, 0, -1, false },
		{ "/proc/1/ns/", 0, 0, -1, false },
		{ "/proc/1/ns/mnt", 0, 0, -1, false },
		{ "/proc/1/ns/net/", 0, 0, -1, false },
		{ "/proc//ns/net", 0, 0, -1, false },
		{ "/proc/0/ns/net", 0, 0, -1, false },
		{ "/proc/self/ns/net", 0, 0, -1, false },
		{ "/proc/1/../1/ns/net", 0, 0, -1, false },
		{ "//proc/1/ns/net", 0, 0, -1, false },
		{ "proc/1/ns/net", 0, 0, -1, false },
		{ "/etc/shadow", 0, 0, -1, false },
		{ "fd:", 0, 0, -1, false },
		{ "fd:0", 0, 0, -1, false },
		{ "fd:2", 0, 0, -1, false },
		{ "fd:1024", 0, 0, -1, false },
		{ "fd:-1", 0, 0, -1, false },
		{ "fd:03", 0, 0, -1, false },
		{ "FD:3", 0, 0, -1, false },
		{ "--", 0, 0, -1, false },
		{ "-", 0, 0, -1, true },
		{ "1", 1, 0, -1, false },
		{ "4194304", 4194304, 0, -1, false },
		{ "/proc/1/ns/net", 0, 1, -1, false },
		{ "fd:3", 0, 0, 3, false },
		{ "fd:1023", 0, 0, 1023, false },
	};
	struct request request;

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		assert_int_equal(parse(false, 4, cases[i].word, &request), 0);
		assert_int_equal(request.pid, cases[i].create_pid);
		assert_int_equal(request.fd, cases[i].fd);
		assert_false(request.any_netns);
		assert_int_equal(parse(true, 4, cases[i].word, &request), 0);
		assert_int_equal(request.pid, cases[i].delete_pid);
		assert_int_equal(request.fd, cases[i].fd);
		assert_int_equal(request.any_netns, cases[i].any);
	}
}

static void test_bad(void **state)
{
	static const struct {
		int position;
		const char *word;
	} cases[] = {
		{ 1, "" },      { 1, "Create" }, { 1, "createx" }, { 2, "" },
		{ 2, "a\x01" }, { 2, "a\x7f" },  { 2, "a\n" },     { 3, "" },
		{ 3, "a/b" },   { 3, "\t" },     { 5, "" },        { 5, "vet" },
		{ 5, "veth " }, { 5, "vlan" },   { 6, "" },        { 6, "a/b" },
		{ 6, ".." },    { 6, "br%d" },   { 6, "-br" },     { 7, "" },
		{ 7, "lo" },    { 7, "a b" },    { 7, "a%s" },     { 7, "/etc/shadow" },
	};
	struct request request = { .pid = 77 };

	(void)state;
	for (size_t i = 0; i < PRIV_COUNT(cases); i++) {
		assert_int_equal(parse(false, cases[i].position, cases[i].word, &request),
		                 cases[i].position);
		assert_int_equal(parse(true, cases[i].position, cases[i].word, &request),
		                 cases[i].position);
	}
	assert_int_equal(parse(true, 7, "eth0", &request), 7);
	assert_int_equal(request.pid, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_namespace),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lxc-info prints; LXC's labels, to the byte. */
/* The program itself is no library: its files are part of this test. */
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "../../runner/info-print.c"
#include "../../runner/stats-print.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct rlxc_addr addrs[] = {
	{ "lo", "127.0.0.1", false, false },
	{ "eth0", "10.0.3.21", false, true },
	{ "eth0", "fd00::1", true, true },
};

static struct rlxc_link links[] = {
	{ "vethdQM9rz", 610, 522 },
	{ "", 1, 2 },
	{ "veth2", UINT64_MAX, 3 },
};

static const struct rlxc_info running = {
	.name = (char *)"nv",
	.state = RLXC_RUNNING,
	.init_pid = 18803,
	.addrs = addrs,
	.n_addrs = COUNT(addrs),
	.stats = { .cpu_ns = 17127618,
	           .cpu_user_ns = UINT64_MAX,
	           .cpu_system_ns = UINT64_MAX,
	           .memory_bytes = 663552,
	           .memory_swap_bytes = UINT64_MAX,
	           .kernel_memory_bytes = UINT64_MAX,
	           .io_write_ops = UINT64_MAX },
	.links = links,
	.n_links = COUNT(links),
};

static const struct rlxc_info stopped = { .name = (char *)"a", .state = RLXC_STOPPED };

static void check(struct text *text, const char *want)
{
	assert_string_equal(text->data ? text->data : "", want);
	text_done(text);
}

static void test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *want;
	} cases[] = {
		{ 0, "0 bytes" },
		{ 1024, "1024 bytes" },
		{ 1025, "1.00 KiB" },
		{ 663552, "648.00 KiB" },
		{ 1048576, "1024.00 KiB" },
		{ 1572864, "1.50 MiB" },
		{ UINT64_C(5) << 30, "5.00 GiB" },
		{ UINT64_MAX - 1, "17179869184.00 GiB" },
	};
	struct text text = {};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		stats_add_size(&text, cases[i].bytes);
		check(&text, cases[i].want);
	}
}

#define STATS                                                                                      \
	"CPU use:        0.02 seconds\n"                                                           \
	"BlkIO use:      0 bytes\n"                                                                \
	"Memory use:     648.00 KiB\n"                                                             \
	"Link:           vethdQM9rz\n"                                                             \
	" TX bytes:      522 bytes\n"                                                              \
	" RX bytes:      610 bytes\n"                                                              \
	" Total bytes:   1.11 KiB\n"                                                               \
	"Link:           veth2\n"                                                                  \
	" TX bytes:      3 bytes\n"

static void test_text(void **state)
{
	static const struct {
		struct info_args args;
		const struct rlxc_info *info;
		const char *want;
	} cases[] = {
		{ { .all = true, .state = true, .pid = true, .ips = true, .stats = true },
		  &running,
		  "Name:           nv\nState:          RUNNING\nPID:            18803\n"
		  "IP:             10.0.3.21\nIP:             fd00::1\n" STATS },
		{ { .all = true, .state = true, .pid = true, .ips = true, .stats = true },
		  &stopped,
		  "Name:           a\nState:          STOPPED\n" },
		{ { .state = true }, &running, "State:          RUNNING\n" },
		{ { .state = true, .raw = true }, &running, "RUNNING\n" },
		{ { .pid = true, .raw = true }, &running, "18803\n" },
		{ { .pid = true }, &stopped, "" },
		{ { .ips = true, .raw = true }, &running, "10.0.3.21\nfd00::1\n" },
		{ { .state = true, .pid = true, .raw = true },
		  &running,
		  "State:          RUNNING\nPID:            18803\n" },
		{ { .stats = true }, &running, STATS },
		{ { .stats = true }, &stopped, "" },
		{ { .stats = true, .raw = true },
		  &running,
		  "CPU use:        17127618\nBlkIO use:      0\nMemory use:     663552\n"
		  "Link:           vethdQM9rz\n TX bytes:      522\n RX bytes:      610\n"
		  " Total bytes:   1132\nLink:           veth2\n TX bytes:      3\n" },
		{ { .stats = true, .state = true, .raw = true },
		  &stopped,
		  "State:          STOPPED\n" },
	};
	struct text text = {};
	struct strv none = {};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		info_add_text(&text, cases[i].info, &cases[i].args, &none);
		check(&text, cases[i].want);
	}
}

static void test_items(void **state)
{
	static const struct {
		const char *value, *text, *bare, *json;
	} cases[] = {
		{ "", "key =\n", "\n", "\"\"" },
		{ "4", "key = 4\n", "4\n", "\"4\"" },
		{ "a\nb\n", "key = a\nb\n\n", "a\nb\n\n", "[\"a\",\"b\"]" },
		{ "a\n", "key = a\n\n", "a\n\n", "[\"a\"]" },
		{ "\033[1m", "key = \\x1b[1m\n", "\\x1b[1m\n", "\"\\u001b[1m\"" },
		{ INFO_UNKNOWN, "", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct info_args args = {};
		struct strv values = {};
		struct text text = {};

		assert_int_equal(strv_add(&args.keys, "key"), 0);
		assert_int_equal(strv_add(&values, cases[i].value), 0);
		info_add_text(&text, &stopped, &args, &values);
		check(&text, cases[i].text);
		args.raw = true;
		info_add_text(&text, &stopped, &args, &values);
		check(&text, cases[i].bare);
		if (cases[i].json) {
			info_add_item_json(&text, cases[i].value);
			check(&text, cases[i].json);
		}
		/* With two keys the labels stay. */
		assert_int_equal(strv_add(&args.keys, "other"), 0);
		assert_int_equal(strv_add(&values, "x"), 0);
		info_add_text(&text, &stopped, &args, &values);
		assert_int_equal(strncmp(text.data, cases[i].text, strlen(cases[i].text)), 0);
		assert_string_equal(text.data + strlen(cases[i].text), "other = x\n");
		text_done(&text);
		strv_done(&args.keys);
		strv_done(&values);
	}
}

static void test_json(void **state)
{
	static const struct info_args all = {
		.all = true, .state = true, .pid = true, .ips = true, .stats = true
	};
	static const struct info_args only_state = { .state = true };
	struct text text = {};
	struct strv none = {};

	(void)state;
	info_add_json(&text, &running, &all, &none);
	check(&text, "{\"name\":\"nv\",\"state\":\"RUNNING\",\"pid\":18803,\"ips\":["
	             "{\"interface\":\"eth0\",\"address\":\"10.0.3.21\",\"family\":\"inet\"},"
	             "{\"interface\":\"eth0\",\"address\":\"fd00::1\",\"family\":\"inet6\"}],"
	             "\"cpu_ns\":17127618,\"memory_bytes\":663552,\"swap_bytes\":0,\"io_bytes\":0,"
	             "\"io_read_bytes\":0,\"io_write_bytes\":0,"
	             "\"links\":[{\"link\":\"vethdQM9rz\",\"tx_bytes\":522,\"rx_bytes\":610},"
	             "{\"link\":\"\",\"tx_bytes\":2,\"rx_bytes\":1},"
	             "{\"link\":\"veth2\",\"tx_bytes\":3}]}\n");
	info_add_json(&text, &stopped, &all, &none);
	check(&text, "{\"name\":\"a\",\"state\":\"STOPPED\",\"pid\":null,\"ips\":[]}\n");
	info_add_json(&text, &running, &only_state, &none);
	check(&text, "{\"name\":\"nv\",\"state\":\"RUNNING\"}\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
